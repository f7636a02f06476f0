package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Attach returns a repository that is only read through git log and range
// options: nothing is looked up before it is asked for, and no process is
// kept. Only Dir is set. An error in it shows with the first question.
func Attach(ctx context.Context, dir string, opts Options) (*Repo, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	env := opts.Env
	if len(env) == 0 {
		env = os.Environ()
	}
	r := &Repo{Dir: abs, git: newRunner(abs, env, opts.Config)}
	r.config = inBackground(func() (*Config, error) { return r.readConfig(ctx) })
	return r, nil
}

// ParseRevisions reads words as git rev-parse does, each by itself: the ids
// that a word names, and after a "^" those that it excludes. It is an error
// when git takes one of the words for anything else.
func (r *Repo) ParseRevisions(ctx context.Context, words []string) ([][]string, error) {
	// rev-parse repeats what it takes for the options of another program, so
	// one process tells the words apart.
	const next = "--next"
	args := []string{"rev-parse"}
	for _, word := range words {
		args = append(args, word, next)
	}
	out, err := finish(ctx, r.git.porcelain(ctx, args...))
	if err != nil {
		return nil, err
	}
	parsed := make([][]string, 0, len(words))
	var ids []string
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		id := strings.TrimPrefix(line, "^")
		switch {
		case line == next:
			parsed = append(parsed, ids)
			ids = nil
		case len(id) != 40 && len(id) != 64 || !isHex(id):
			return nil, fmt.Errorf("git rev-parse answered %q", line)
		default:
			ids = append(ids, line)
		}
	}
	if len(parsed) != len(words) {
		return nil, fmt.Errorf("git rev-parse answered for %d of %d words", len(parsed), len(words))
	}
	return parsed, nil
}

// LogOf runs git log as the user's own, under his configuration and
// environment, and hands its output to read while it is made. A warning of
// git is an error.
func (r *Repo) LogOf(ctx context.Context, args []string, read func(io.Reader) error) error {
	return readOutput(ctx, r.git.porcelain(ctx, append([]string{"log"}, args...)...), read)
}

// readOutput is stream where a warning of git is an error.
func readOutput(ctx context.Context, cmd *exec.Cmd, read func(io.Reader) error) error {
	warnings, err := stream(ctx, cmd, read)
	if err == nil && warnings != "" {
		return fmt.Errorf("git log warned: %s", strings.TrimSpace(warnings))
	}
	return err
}

// Colour returns the escape sequence that a colour in the configuration means.
func (r *Repo) Colour(ctx context.Context, key string) (string, error) {
	out, err := r.git.output(ctx, "config", "--get-color", key)
	return string(out), err
}

// A Heading is what a list shows of a commit: its id, shortened as far as git
// shortens ids here, and the first paragraph of its message as one line.
type Heading struct{ Short, Subject string }

// A HeadingReader is a git process that knows headings.
type HeadingReader struct {
	ctx context.Context
	cmd *exec.Cmd
	in  io.WriteCloser
	out bytes.Buffer
	err bytes.Buffer
}

// StartHeadings starts the process, which then waits to be asked.
func (r *Repo) StartHeadings(ctx context.Context) (*HeadingReader, error) {
	h := &HeadingReader{ctx: ctx, cmd: r.git.porcelain(ctx, "log", "--no-walk=unsorted", "--stdin", "--pretty=oneline", "--abbrev-commit",
		"--no-decorate", "--no-patch", "--no-notes", "--no-show-signature", "--no-color", "--no-mailmap")}
	h.cmd.Stdout, h.cmd.Stderr = &h.out, &h.err
	var err error
	if h.in, err = h.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	return h, h.cmd.Start()
}

// Read asks for commits, given by their full ids, and ends the process. The
// subjects are in the encoding that git's log is configured for.
func (h *HeadingReader) Read(ids []string) (map[string]Heading, error) {
	headings := make(map[string]Heading, len(ids))
	var asked []string // git tells of each commit once
	for _, id := range ids {
		if _, twice := headings[id]; !twice {
			headings[id] = Heading{}
			asked = append(asked, id)
		}
	}
	_, writeErr := io.WriteString(h.in, strings.Join(asked, "\n")+"\n")
	h.in.Close()
	if err := h.cmd.Wait(); err != nil {
		return nil, commandError(h.ctx, h.cmd, h.err.String(), err)
	}
	if writeErr != nil {
		return nil, writeErr
	}
	lines := strings.Split(strings.TrimSuffix(h.out.String(), "\n"), "\n")
	if len(lines) != len(asked) {
		return nil, fmt.Errorf("git log told of %d of %d commits", len(lines), len(asked))
	}
	for n, line := range lines {
		short, subject, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(asked[n], short) {
			return nil, fmt.Errorf("git log told of %q when asked for %s", line, asked[n])
		}
		headings[asked[n]] = Heading{Short: short, Subject: subject}
	}
	return headings, nil
}

// Close ends a process that was not asked.
func (h *HeadingReader) Close() {
	h.in.Close()
	h.cmd.Process.Kill()
	h.cmd.Wait()
}

// RunGit runs a git command as if the user had typed it in dir, and returns
// its exit status. The error says that it could not be run.
func RunGit(ctx context.Context, dir string, opts Options, stdin io.Reader, stdout, stderr io.Writer, args ...string) (int, error) {
	cmd := newRunner(dir, opts.Env, opts.Config).porcelain(ctx, args...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.Exited() {
		return exit.ExitCode(), nil
	}
	if err != nil {
		return 0, commandError(ctx, cmd, "", err)
	}
	return 0, nil
}
