package submission

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
)

// collectLimit is how long one command may take for one patch.
const collectLimit = 60 * time.Second

// What is kept of what a command prints.
const (
	maxAnswer = 1 << 20
	maxStderr = 4 << 10
)

// A CommandError reports a command for recipients that failed.
type CommandError struct {
	Command project.Command
	Title   string // of the patch it was asked about
	Status  string // "exit status 2", "signal: killed", "no answer after 1m0s" …
	Stderr  string // its end, safe for a terminal; "" when there was none
	Err     error
}

func (e *CommandError) Error() string {
	text := fmt.Sprintf("%s: %q for patch %q: %s", e.Command.Key, e.Command.String(), e.Title, e.Status)
	if e.Stderr != "" {
		text += "\n" + e.Stderr
	}
	return text
}

func (e *CommandError) Unwrap() error { return e.Err }

// A question is whom a patch goes to, or who gets a copy, and who answers it:
// the query of MAINTAINERS where there is one, else the command.
type question struct {
	field   Field
	command project.Command // the zero Command asks nobody
	query   *query          // nil for the command
}

// asks says whether anybody is asked.
func (q question) asks() bool { return q.query != nil || q.command.Line != "" }

// finder asks the questions about a patch at the same time. Commands run in
// dir, the top of the work tree, with the patch mail on standard input; an
// empty env is the process's own. The caller has made sure of consent.
func finder(dir string, env []string, limit time.Duration, questions ...question) Finder {
	r := runner{dir: dir, env: env, limit: limit}
	return func(ctx context.Context, patch int, p PatchMail) (Answer, error) {
		answers, errs := make([]Answer, len(questions)), make([]error, len(questions))
		var group errgroup.Group
		for i, q := range questions {
			group.Go(func() error {
				answers[i], errs[i] = r.answer(ctx, q, patch, p)
				return nil
			})
		}
		group.Wait()
		var all Answer
		for i, a := range answers {
			if errs[i] != nil {
				return Answer{}, errs[i]
			}
			all.Found, all.Warnings = append(all.Found, a.Found...), append(all.Warnings, a.Warnings...)
		}
		return all, nil
	}
}

func (r runner) answer(ctx context.Context, q question, patch int, p PatchMail) (Answer, error) {
	if q.query != nil {
		return q.query.answer(q.field, patch, p), nil
	}
	out, complaint, err := r.ask(ctx, q.command, p)
	var a Answer
	if complaint != "" {
		a.Warnings = append(a.Warnings, Warning{Source: q.command.Key, Reason: complaint})
	}
	a.read(out, q.field, patch, q.command.Key)
	return a, err
}

// A runner runs commands that read a patch mail.
type runner struct {
	dir   string
	env   []string
	limit time.Duration
}

// ask returns what the command prints and what it complains of, or a
// *CommandError.
func (r runner) ask(ctx context.Context, c project.Command, p PatchMail) (out, complaint string, err error) {
	out, complaint, err = r.run(ctx, c.Words(), p.Mail)
	switch {
	case ctx.Err() != nil:
		return "", "", ctx.Err()
	case err != nil:
		return "", "", &CommandError{Command: c, Title: p.Title, Status: err.Error(), Stderr: complaint, Err: err}
	}
	return out, complaint, nil
}

// run returns what the command prints on standard output, the end of what it
// complains of, safe for a terminal, and how it failed. When ctx ends or time
// is up, the command goes with everything that it started. No words print
// nothing.
func (r runner) run(ctx context.Context, words []string, mail []byte) (out, complaint string, err error) {
	if len(words) == 0 {
		return "", "", nil
	}
	limited, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	cmd := exec.CommandContext(limited, words[0], words[1:]...)
	cmd.Dir, cmd.Env, cmd.Stdin = r.dir, r.env, bytes.NewReader(mail)
	apart(cmd)
	cmd.Cancel = func() error { return killAll(cmd.Process) }
	cmd.WaitDelay = time.Second
	stdout, stderr := start{max: maxAnswer, full: cancel}, end{max: maxStderr}
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	switch {
	case stdout.cut:
		err = fmt.Errorf("it printed more than %d bytes", maxAnswer)
	case err != nil && limited.Err() != nil:
		err = fmt.Errorf("no answer after %s: %w", r.limit, limited.Err())
	case errors.Is(err, exec.ErrWaitDelay):
		killAll(cmd.Process)
		err = fmt.Errorf("it ended but left a process behind that holds its output open: %w", err)
	}
	return string(stdout.text), stderr.printable(), err
}

// exited says whether the command came to its end by itself.
func exited(err error) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.Exited()
}

// A start keeps the beginning of what is written to it. It embeds no
// bytes.Buffer, whose ReadFrom would go round Write.
type start struct {
	text []byte
	max  int
	cut  bool
	full func() // called as soon as there is more
}

func (s *start) Write(p []byte) (int, error) {
	keep := min(len(p), s.max-len(s.text))
	if keep < len(p) && !s.cut {
		s.cut = true
		s.full()
	}
	s.text = append(s.text, p[:keep]...)
	return len(p), nil
}

// An end keeps the last bytes of what is written to it: an error stands there.
type end struct {
	text []byte
	max  int
	cut  bool
}

func (e *end) Write(p []byte) (int, error) {
	e.text = append(e.text, p...)
	if extra := len(e.text) - e.max; extra > 0 {
		e.text = append(e.text[:0], e.text[extra:]...)
		e.cut = true
	}
	return len(p), nil
}

func (e *end) printable() string {
	text := strings.TrimSpace(string(e.text))
	if e.cut {
		text = "... " + text
	}
	return patchmail.Printable(text)
}
