package gitrepo

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"
)

// RunShell runs a command line of the user's, as it stands in the configuration,
// in the shell, with more arguments behind it, and waits for it. It shares the
// terminal: Ctrl-C belongs to it while it runs. Else it is stopped with ctx.
func (r *Repo) RunShell(ctx context.Context, command string, stdin io.Reader, stdout, stderr *os.File, args ...string) error {
	// As git does: the shell splits the command, each argument stays one word.
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", command + ` "$@"`, command}, args...)...)
	cmd.Dir, cmd.Env = r.Dir, r.git.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	return runOnTerminal(cmd)
}

// runOnTerminal runs a command, made with a context, that people use: at Ctrl-C it
// decides itself what becomes of it. When the context ends for another reason it is
// asked to end.
func runOnTerminal(cmd *exec.Cmd) error {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	cmd.Cancel = func() error {
		// Whoever cancels the context has heard of the same signal, perhaps sooner.
		const soon = 100 * time.Millisecond
		select {
		case <-interrupts:
			return os.ErrProcessDone // that is, nothing has gone wrong
		case <-time.After(soon):
			return cmd.Process.Signal(syscall.SIGTERM)
		}
	}
	return cmd.Run()
}
