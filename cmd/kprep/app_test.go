package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// A buffered env for tests that need no git.
type bufferedEnv struct {
	*env
	out, err *bytes.Buffer
}

func testEnv(t testing.TB) bufferedEnv {
	t.Helper()
	var out, errs bytes.Buffer
	return bufferedEnv{
		env: &env{
			stdin:  strings.NewReader(""),
			stdout: &output{w: &out},
			stderr: &errs,
			random: strings.NewReader("0123456789"),
			now:    func() time.Time { return time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC) },
			dir:    t.TempDir(),
			colour: "auto",
		},
		out: &out,
		err: &errs,
	}
}

// verb returns a list of one verb that runs action.
func verb(action cli.ActionFunc, flags ...cli.Flag) func(*env) []*cli.Command {
	return func(*env) []*cli.Command {
		return []*cli.Command{{Name: "act", Usage: "act", Action: action, Flags: flags, ArgsUsage: "NAME"}}
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	fails := func(err error) func(*env) []*cli.Command {
		return verb(func(*cli.Context) error { return err })
	}
	for _, tc := range []struct {
		name   string
		verbs  func(*env) []*cli.Command
		words  []string
		status int
		stdout string
		stderr string
	}{
		{"the version", mailVerbs, []string{"--version"}, 0, "kprep devel\n", ""},
		{"success is silent", mailVerbs, []string{"send"}, 0, "", ""},
		{"wrong usage, and where to read on", mailVerbs, []string{"sned"}, 2, "", "kprep: unknown verb \"sned\"; did you mean \"send\"?\nhint: 'kprep --help' lists the verbs, and the options that stand before them\n"},
		{"a verb refuses what it does not take", verb(func(c *cli.Context) error { _, err := args(c, 0); return err }),
			[]string{"act", "topic"}, 2, "", "kprep: act takes no arguments, not \"topic\"\nhint: 'kprep act --help' tells how it is used\n"},
		{"a verb wants its arguments", verb(func(c *cli.Context) error { _, err := args(c, 1); return err }),
			[]string{"act"}, 2, "", "kprep: act takes 1 argument (NAME), not 0\nhint: 'kprep act --help' tells how it is used\n"},
		{"a failure", fails(errors.New("read cover letter: broken")), []string{"act"}, 1, "", "kprep: read cover letter: broken\n"},
		{"several failures", fails(errors.Join(errors.New("one"), errors.New("two"))), []string{"act"}, 1, "", "kprep: one\nkprep: two\n"},
		{"a failure in several lines", fails(errors.New("git said:\nfatal: no")), []string{"act"}, 1, "", "kprep: git said:\n  fatal: no\n"},
		{"text of others is not raw", fails(errors.New("subject \x1b[2J")), []string{"act"}, 1, "", "kprep: subject \\x1b[2J\n"},
		{"words of the user are not raw", mailVerbs, []string{"a\x1b[2J\nb"}, 2, "", "kprep: unknown verb \"a\\x1b[2J\\nb\"\nhint: 'kprep --help' lists the verbs, and the options that stand before them\n"},
		{"the verb has said all", fails(&exitError{status: statusOutstanding}), []string{"act"}, 3, "", ""},
		{"a status with a reason", fails(&exitError{status: statusConflict, err: errors.New("patch 2 conflicts")}), []string{"act"}, 6, "", "kprep: patch 2 conflicts\n"},
		{"the library does not exit by itself", fails(cli.Exit("over", 9)), []string{"act"}, 1, "", "kprep: over\n"},
		{"a wrong address", mailVerbs, []string{"send", "--to", "no body"}, 2, "", "kprep: send: --to: address \"no body\": no local@domain\nhint: 'kprep send --help' tells how it is used\n"},
		{"a wrong colour", mailVerbs, []string{"--color=blue", "send"}, 2, "", "kprep: --color is always, never or auto, not \"blue\"\nhint: 'kprep --help' lists the verbs, and the options that stand before them\n"},
		{"a wrong setting", mailVerbs, []string{"-c", "nodot=1", "send"}, 2, "", "kprep: -c wants SECTION.KEY=VALUE, not \"nodot=1\"\nhint: 'kprep --help' lists the verbs, and the options that stand before them\n"},
		{"no repository", verb(func(c *cli.Context) error { return fmt.Errorf("no: %w", context.Canceled) }),
			[]string{"act"}, 1, "", "kprep: no: context canceled\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := testEnv(t)
			status := run(t.Context(), e.env, tc.verbs, append([]string{"git-kprep"}, tc.words...))
			if status != tc.status || e.out.String() != tc.stdout || e.err.String() != tc.stderr {
				t.Errorf("kprep %q\n got %d, stdout %q, stderr %q\nwant %d, stdout %q, stderr %q",
					tc.words, status, e.out, e.err, tc.status, tc.stdout, tc.stderr)
			}
		})
	}
}

func TestRunHandsOptionsToTheVerb(t *testing.T) {
	t.Parallel()
	e := testEnv(t)
	ran := false
	act := verb(func(c *cli.Context) error {
		ran = true
		if got, err := args(c, 1); err != nil || got[0] != "topic" {
			t.Errorf("arguments %q, %v", got, err)
		}
		if got := c.StringSlice("to"); len(got) != 1 || got[0] != `"Doe, Jane" <jane@example.org>` {
			t.Errorf("--to %q is not one value", got)
		}
		if !c.Bool("dry-run") || !c.IsSet("resend") || c.String("resend") != "" {
			t.Error("options after the argument are lost")
		}
		return nil
	},
		&cli.StringSliceFlag{Name: "to"}, &cli.BoolFlag{Name: "dry-run"},
		&optionalFlag{StringFlag: cli.StringFlag{Name: "resend"}})
	status := run(t.Context(), e.env, act, []string{"kprep", "-c", "a.b=c", "-q", "--color", "act", "topic",
		"--to", `"Doe, Jane" <jane@example.org>`, "--dry-run", "--resend"})
	if status != 0 || !ran || !e.quiet || e.colour != "always" || len(e.config) != 1 || e.config[0] != "a.b=c" {
		t.Errorf("status %d, ran %v, env %+v, stderr %q", status, ran, e.env, e.err)
	}
}

func TestRunWithoutVerb(t *testing.T) {
	t.Parallel()
	e := testEnv(t)
	if status := run(t.Context(), e.env, mailVerbs, []string{"kprep"}); status != statusUsage {
		t.Errorf("status %d, want %d", status, statusUsage)
	}
	if !strings.HasPrefix(e.out.String(), "usage: kprep ") || e.err.Len() > 0 {
		t.Errorf("stdout %q, stderr %q", e.out, e.err)
	}
}

func TestRunInterrupted(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		err    error
		status int
		stderr string
	}{
		{"the context's error", context.Canceled, statusInterrupted, "kprep: interrupted\n"},
		{"an error on the way", errors.New("git fetch: killed"), statusInterrupted, "kprep: interrupted: git fetch: killed\n"},
		{"mail is out", &exitError{status: statusUnknown}, statusUnknown, ""},
		{"it was done already", nil, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := testEnv(t)
			ctx, cancel := context.WithCancel(t.Context())
			act := verb(func(*cli.Context) error { cancel(); return tc.err })
			if status := run(ctx, e.env, act, []string{"kprep", "act"}); status != tc.status || e.err.String() != tc.stderr {
				t.Errorf("status %d, stderr %q; want %d, %q", status, e.err, tc.status, tc.stderr)
			}
		})
	}
}

// Not every text that becomes a usage error was quoted on the way.
func TestUsageErrorIsOnePrintableLine(t *testing.T) {
	t.Parallel()
	if got, want := usagef("send", "two\nlines\x1b[m").Error(), `send: two\nlines\x1b[m`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A verb that does not look at the errors of its writes must not end well.
func TestRunOutputFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		cause  error
		status int
		stderr string
	}{
		{"disk full", syscall.ENOSPC, statusFailed, "kprep: write standard output: no space left on device\n"},
		{"the pipe is closed", syscall.EPIPE, statusBrokenPipe, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, ignores := range []bool{true, false} {
				e := testEnv(t)
				e.stdout = &output{w: brokenWriter{tc.cause}}
				act := verb(func(*cli.Context) error {
					_, err := io.WriteString(e.stdout, "result\n")
					if ignores {
						return nil
					}
					return err
				})
				if status := run(t.Context(), e.env, act, []string{"kprep", "act"}); status != tc.status || e.err.String() != tc.stderr {
					t.Errorf("verb ignores %v: status %d, stderr %q; want %d, %q", ignores, status, e.err, tc.status, tc.stderr)
				}
			}
		})
	}
}

type brokenWriter struct{ err error }

func (w brokenWriter) Write([]byte) (int, error) { return 0, w.err }
