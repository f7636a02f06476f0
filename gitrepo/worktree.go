package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// A DirtyError means that tracked files have changes that are not committed.
type DirtyError struct{}

func (e *DirtyError) Error() string { return "the work tree has changes that are not committed" }

// CheckClean returns a *DirtyError when a tracked file differs from HEAD.
// Untracked files do not count.
func (r *Repo) CheckClean(ctx context.Context) error {
	out, err := r.git.output(ctx, "status", "--porcelain", "--untracked-files=no", "--ignore-submodules=dirty", "-z")
	if err != nil {
		return err
	}
	if len(out) != 0 {
		return &DirtyError{}
	}
	return nil
}

// Checkout makes branch, a short name, the current one as the user's own
// "git checkout" would, hooks and filters included.
func (r *Repo) Checkout(ctx context.Context, branch string) error {
	cmd := r.git.porcelain(ctx, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--no-recurse-submodules", branch, "--")
	_, err := finish(ctx, cmd)
	return err
}

// An EditorError means that the editor said that the text is not to be used.
type EditorError struct {
	Command     string
	Err         error
	Interrupted bool // by the user, with Ctrl-C
}

func (e *EditorError) Error() string {
	return fmt.Sprintf("the editor %q ended with: %v", e.Command, e.Err)
}

func (e *EditorError) Unwrap() error { return e.Err }

// Editor returns the editor that git would choose, a shell command. It returns an
// *EditorError when there is none.
func (r *Repo) Editor() (string, error) { return r.editor() }

func (r *Repo) findEditor(ctx context.Context) (string, error) {
	out, err := r.git.output(ctx, "var", "GIT_EDITOR")
	if ge := (*Error)(nil); errors.As(err, &ge) {
		err = &EditorError{Command: "GIT_EDITOR", Err: errors.New(ge.reason())}
	}
	return string(trimNewline(out)), err
}

// Edit opens file in the editor that git would choose and waits for it. The
// editor shares the terminal; Ctrl-C belongs to it while it runs.
func (r *Repo) Edit(ctx context.Context, file string, stdin, stdout, stderr *os.File) error {
	editor, err := r.Editor()
	if err != nil {
		return err
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	// As git does: the shell splits the command, the file stays one word.
	cmd := exec.Command("sh", "-c", editor+` "$@"`, editor, file)
	cmd.Dir, cmd.Env = r.Dir, r.git.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	if err := cmd.Run(); err != nil {
		return &EditorError{Command: editor, Err: err, Interrupted: interrupted(cmd.ProcessState)}
	}
	return nil
}

// interrupted says whether a command died of SIGINT, or the shell around it says
// so.
func interrupted(state *os.ProcessState) bool {
	if state == nil {
		return false
	}
	status, ok := state.Sys().(syscall.WaitStatus)
	return state.ExitCode() == 128+int(syscall.SIGINT) || ok && status.Signaled() && status.Signal() == syscall.SIGINT
}

func trimNewline(b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == '\n' {
		b = b[:len(b)-1]
	}
	return b
}
