package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
)

// The exit statuses of docs/exit-statuses.md.
const (
	statusFailed      = 1   // refused or failed, nothing sent, nothing changed
	statusUsage       = 2   // wrong usage
	statusOutstanding = 3   // mail went out, and --continue is safe
	statusUnknown     = 4   // at least one message of unknown fate
	statusUnfinished  = 5   // mail complete, tag or reroll not
	statusConflict    = 6   // the user must resolve
	statusInterrupted = 130 // interrupted with nothing sent
	statusBrokenPipe  = 141 // the reader of our output went away: as a shell reports SIGPIPE
)

// status maps an error to the exit status of the program.
func status(err error) int {
	if err == nil {
		return 0
	}
	if exit := (*exitError)(nil); errors.As(err, &exit) {
		return exit.status
	}
	if usage := (*usageError)(nil); errors.As(err, &usage) {
		return statusUsage
	}
	if interrupted := (*interruptedError)(nil); errors.As(err, &interrupted) {
		return statusInterrupted
	}
	if out := (*outputError)(nil); errors.As(err, &out) && out.brokenPipe() {
		return statusBrokenPipe
	}
	return statusFailed
}

// hint returns what the user can do about err, or "".
func hint(err error) string {
	if errors.Is(err, gitrepo.ErrNotRepository) {
		return "run kprep inside a git repository, or name one with 'kprep -C DIR'"
	}
	return ""
}

// report says on the terminal what went wrong, and what can be done about it.
func report(w io.Writer, err error) {
	if exit := (*exitError)(nil); err == nil || errors.As(err, &exit) && exit.err == nil {
		return
	}
	if out := (*outputError)(nil); errors.As(err, &out) && out.brokenPipe() {
		return // nobody is listening
	}
	for _, each := range joined(err) {
		text := strings.TrimRight(patchmail.Printable(each.Error()), "\n")
		fmt.Fprintln(w, "kprep: "+strings.ReplaceAll(text, "\n", "\n  "))
	}
	if h := hint(err); h != "" {
		fmt.Fprintln(w, "hint: "+patchmail.Printable(h))
	}
}

// joined returns the errors that errors.Join put together, or err alone.
func joined(err error) []error {
	if j, ok := err.(interface{ Unwrap() []error }); ok {
		// fmt.Errorf with several %w has the method as well, and words of its own.
		if errs := j.Unwrap(); errors.Join(errs...).Error() == err.Error() {
			return errs
		}
	}
	return []error{err}
}

// A usageError reports a command line that cannot be understood.
type usageError struct {
	verb string // "" for the program itself
	text string // one line
}

func usagef(verb, format string, args ...any) error {
	return &usageError{verb: verb, text: fmt.Sprintf(format, args...)}
}

func (e *usageError) Error() string {
	text := patchmail.PrintableLine(e.text)
	if e.verb == "" {
		return text
	}
	return e.verb + ": " + text
}

// An exitError ends the program with a status of its own. The verb has said
// all there is to say when err is nil.
type exitError struct {
	status int
	err    error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// An interruptedError reports that the user stopped a verb before it had sent
// anything. An err that knows better, such as a send under way, keeps its own
// status.
type interruptedError struct{ cause error }

func (e *interruptedError) Error() string {
	if errors.Is(e.cause, context.Canceled) {
		return "interrupted"
	}
	return fmt.Sprintf("interrupted: %v", e.cause)
}

func (e *interruptedError) Unwrap() error { return e.cause }

// An outputError reports that results could not be written.
type outputError struct{ cause error }

func (e *outputError) Error() string    { return fmt.Sprintf("write standard output: %v", cause(e.cause)) }
func (e *outputError) Unwrap() error    { return e.cause }
func (e *outputError) brokenPipe() bool { return errors.Is(e.cause, syscall.EPIPE) }

// cause strips the operation and path that package os puts before an error,
// for a message that names both in its own words.
func cause(err error) error {
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
