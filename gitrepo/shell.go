package gitrepo

import (
	"context"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// RunShell runs a command line of the user's, as it stands in the configuration,
// in the shell, with more arguments behind it, and waits for it. It shares the
// terminal: Ctrl-C belongs to it while it runs. Only with ctx it is stopped.
func (r *Repo) RunShell(ctx context.Context, command string, stdin io.Reader, stdout, stderr *os.File, args ...string) error {
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	defer signal.Stop(interrupts)
	// As git does: the shell splits the command, each argument stays one word.
	cmd := exec.CommandContext(ctx, "sh", append([]string{"-c", command + ` "$@"`, command}, args...)...)
	cmd.Dir, cmd.Env = r.Dir, r.git.env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	return cmd.Run()
}
