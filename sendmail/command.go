package sendmail

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/sendmail/smtp"
)

// A Command is the transport over a program that takes sendmail's arguments:
// sendemail.sendmailCmd, which a shell runs, or sendemail.smtpServer as the
// path of a program. It is called as git send-email calls it (spec/mail.md
// 1.3), with the message on its standard input, LF line ends, one recipient an
// argument.
//
// Exit status 0 means that the command took the message; 75 (EX_TEMPFAIL) and
// 126, 127 (the shell could not run it) that it did not, now; any other that
// it refused. Killed by a signal, out of time, or status 0 without having read
// the message to its end leaves the fate unknown.
//
// Ctrl-C and a terminal that closes concern kprep, which lets the message in
// flight end: the command ignores their signals. It stays in the terminal's
// process group all the same, as it may ask there for a password.
type Command struct {
	name    string // for people
	program string // that there must be
	argv    []string
	options []string
	limits  limits
	waiting func(step string, limit time.Duration) // nil: nobody wants to know
}

func (c *Command) watch(waiting func(step string, limit time.Duration)) { c.waiting = waiting }

// exTempFail is sysexits.h's.
const exTempFail = 75

func newCommand(shell string, s Settings) (*Command, error) {
	return &Command{
		name: shell, program: "sh", options: s.ServerOptions, limits: s.commandLimits(),
		// The dash is $0; sender and recipients are never part of the text.
		argv: []string{"sh", "-c", deafened + shell + ` "$@"`, "-"},
	}, nil
}

func newProgram(path string, s Settings) (*Command, error) {
	return &Command{name: path, program: path, options: s.ServerOptions, limits: s.commandLimits(),
		argv: []string{"sh", "-c", deafened + `exec "$0" "$@"`, path}}, nil
}

// deafened has what a shell runs ignore the signals of a terminal.
const deafened = "trap '' HUP INT QUIT; "

// String names the command.
func (c *Command) String() string { return clean("the command " + c.name) }

// Authorize does nothing: the command has its own ways.
func (c *Command) Authorize(context.Context) error { return nil }

// Prepare finds a program that is not there. Commands take 8-bit text, and
// what they pass on is theirs.
func (c *Command) Prepare(context.Context, []Outgoing) (Abilities, error) {
	if _, err := exec.LookPath(c.program); err != nil {
		return Abilities{}, fmt.Errorf("run %s: %w", clean(c.name), err)
	}
	return Abilities{EightBit: true, UTF8: true}, nil
}

// Close does nothing.
func (c *Command) Close() error { return nil }

// arguments are those for the program, of addresses that cannot be options.
func (c *Command) arguments(from string, recipients []string) []string {
	args := slices.Concat(c.argv[1:], c.options)
	if from != "" {
		args = append(args, "-f", from)
	}
	return append(append(args, "-i"), recipients...)
}

// TakenForOption says that a mail command would take the address for an option.
func TakenForOption(mailbox string) bool { return strings.HasPrefix(mailbox, "-") }

// Send runs the command once, for those whom it can be given. An interrupt
// leaves it the time of grace.
func (c *Command) Send(ctx context.Context, from string, index int, m Outgoing, recipients []string,
	before func(recipients []string) error) ([]Receipt, error) {
	if TakenForOption(from) {
		return nil, fmt.Errorf("the sender %s begins with a dash, which %s would take for an option", clean(from), clean(c.name))
	}
	var options []string
	recipients = slices.Clone(recipients)
	recipients = slices.DeleteFunc(recipients, func(to string) bool {
		if TakenForOption(to) {
			options = append(options, to)
		}
		return TakenForOption(to)
	})
	refused := receipts(index, options, Refused, AtLocal, 0, "it begins with a dash, and the command would take it for an option")
	if len(recipients) == 0 {
		return refused, nil
	}
	if err := before(recipients); err != nil {
		return append(refused, receipts(index, recipients, Deferred, AtCommand, 0, "the journal could not be written")...), err
	}
	if c.waiting != nil {
		c.waiting("command", c.limits.program)
	}
	state, code, text := c.run(ctx, c.arguments(from, recipients), m.Raw)
	return append(refused, receipts(index, recipients, state, AtCommand, code, text)...), nil
}

func (c *Command) run(ctx context.Context, args []string, input []byte) (State, int, string) {
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.limits.program)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(c.limits.grace, cancel) })()
	defer context.AfterFunc(smtp.Hurry(ctx), cancel)()

	cmd := exec.CommandContext(limited, c.argv[0], args...)
	cmd.WaitDelay = c.limits.linger
	var output head
	cmd.Stdout, cmd.Stderr = &output, &output
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return Deferred, 0, err.Error()
	}
	if err := cmd.Start(); err != nil {
		return Deferred, 0, err.Error()
	}
	// exec would hide a broken pipe, so the input is written here.
	_, writeErr := stdin.Write(input)
	closeErr := stdin.Close()
	err = cmd.Wait()
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it has exited with 0
	}
	code := cmd.ProcessState.ExitCode()
	said := strings.TrimSpace(output.String())
	switch {
	case code < 0:
		return Unknown, 0, strings.TrimSuffix(fmt.Sprintf("%s was killed (%v); %s", c.name, cmd.ProcessState, said), "; ")
	case code == 0 && err == nil && errors.Join(writeErr, closeErr) != nil:
		return Unknown, 0, strings.TrimSuffix(fmt.Sprintf("%s ended well without reading the whole message; %s", c.name, said), "; ")
	case code == 0 && err == nil:
		return Accepted, 0, "queued by " + c.name
	case code == exTempFail, code == 126, code == 127:
		return Deferred, code, ended(code, said)
	case code > 128:
		// The shell's way of saying that a signal killed what it ran.
		return Unknown, code, ended(code, "as after a signal", said)
	}
	return Refused, code, ended(code, said)
}

// ended puts an exit status and what there is to say about it in a line.
func ended(code int, said ...string) string {
	text := fmt.Sprintf("exit status %d", code)
	for _, more := range said {
		if more != "" {
			text += ": " + more
		}
	}
	return text
}

// maxOutput is how much of what a command says is looked at.
const maxOutput = 2048

// A head keeps the beginning of what is written to it.
type head struct{ text []byte }

func (h *head) Write(p []byte) (int, error) {
	if room := maxOutput - len(h.text); room > 0 {
		h.text = append(h.text, p[:min(room, len(p))]...)
	}
	return len(p), nil
}

func (h *head) String() string { return string(h.text) }
