package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"time"
)

// An Error reports a git command that failed.
type Error struct {
	Command  string // the sub-command, e.g. "update-ref"
	ExitCode int    // -1 when git did not exit by itself
	Stderr   string // as git wrote it
	cause    error
}

func (e *Error) Error() string {
	return fmt.Sprintf("git %s: %s", e.Command, e.reason())
}

func (e *Error) Unwrap() error { return e.cause }

// reason is git's last words without its own prefixes.
func (e *Error) reason() string {
	text := strings.TrimSpace(e.Stderr)
	if text == "" {
		return e.cause.Error()
	}
	text = strings.TrimPrefix(text, "fatal: ")
	return strings.TrimPrefix(text, "error: ")
}

// A runner starts git processes for one repository.
type runner struct {
	dir    string
	env    []string
	config []string // "-c", "k=v", …
}

// pinned is the environment that no user setting may change for plumbing:
// replaced objects would have contents that disagree with their ids, reading
// must not take locks, and GIT_DIFF_OPTS is stronger than -U.
var pinned = [...]string{"GIT_NO_REPLACE_OBJECTS=1", "GIT_OPTIONAL_LOCKS=0", "GIT_DIFF_OPTS=", "LC_ALL=C", "LANGUAGE=", "GIT_DIFF_OPTS="}

func newRunner(dir string, env, overrides []string) runner {
	run := runner{dir: dir, env: env}
	for _, o := range overrides {
		run.config = append(run.config, "-c", o)
	}
	return run
}

// command prepares a plumbing process.
func (g runner) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := g.porcelain(ctx, args...)
	cmd.Env = append(cmd.Env, pinned[:]...)
	return cmd
}

// porcelain prepares a process that behaves as if the user had typed it.
func (g runner) porcelain(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append(g.config[:len(g.config):len(g.config)], args...)...)
	cmd.Dir = g.dir
	cmd.Env = g.env[:len(g.env):len(g.env)]
	cmd.WaitDelay = time.Second
	return cmd
}

// output runs git and returns what it printed, also when it failed.
func (g runner) output(ctx context.Context, args ...string) ([]byte, error) {
	return g.filter(ctx, nil, args...)
}

// filter is output with something on standard input.
func (g runner) filter(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := g.command(ctx, args...)
	cmd.Stdin = stdin
	return finish(ctx, cmd)
}

func finish(ctx context.Context, cmd *exec.Cmd) ([]byte, error) {
	var out, errText bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errText
	if err := cmd.Run(); err != nil {
		return out.Bytes(), commandError(ctx, cmd, errText.String(), err)
	}
	return out.Bytes(), nil
}

// stream runs a command and hands its output to read while it is made. What
// read does not want to read ends the command. It returns what the command said
// on standard error.
func stream(ctx context.Context, cmd *exec.Cmd, read func(io.Reader) error) (stderr string, err error) {
	var errText bytes.Buffer
	cmd.Stderr = &errText
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", commandError(ctx, cmd, "", err)
	}
	readErr := read(out)
	if readErr != nil {
		cmd.Process.Kill()
	}
	if err := cmd.Wait(); err != nil && readErr == nil {
		return errText.String(), commandError(ctx, cmd, errText.String(), err)
	}
	return errText.String(), readErr
}

func commandError(ctx context.Context, cmd *exec.Cmd, stderr string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, exec.ErrNotFound) {
		return fmt.Errorf("the git program is not installed or not in PATH: %w", err)
	}
	code := -1
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	}
	return &Error{Command: subcommand(cmd.Args), ExitCode: code, Stderr: stderr, cause: err}
}

// subcommand finds the verb behind git's own -c options.
func subcommand(args []string) string {
	for i := 1; i < len(args); i++ {
		if args[i] == "-c" {
			i++
			continue
		}
		return args[i]
	}
	return ""
}
