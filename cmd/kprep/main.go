package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"
)

func main() {
	os.Exit(execute(processEnv(), commands))
}

// execute carries out the command line of this process in e.
func execute(e *env, verbs func(*env) []*cli.Command) int {
	ctx, stop := interruptible(context.Background())
	defer stop()
	return run(ctx, e, verbs, os.Args)
}

// interruptible returns a context that the first SIGINT, SIGTERM, SIGQUIT or
// SIGHUP (the terminal was closed) cancels. The second finds the default
// handling restored and ends the program at once. A SIGINT or SIGHUP that was
// ignored at the start stays ignored, as a shell wants it for its background
// jobs and nohup for its.
//
// From here on a closed pipe is an error of the write, not the end of the
// program: a reader that goes away must not stop a send in the middle.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := []os.Signal{syscall.SIGTERM, syscall.SIGQUIT}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	ctx, cancel := context.WithCancel(parent)
	received := make(chan os.Signal, 1)
	signal.Notify(received, signals...)
	go func() {
		select {
		case <-received:
		case <-ctx.Done():
		}
		// First, so that nobody who has seen the cancellation can lose a
		// second signal to us.
		signal.Stop(received)
		cancel()
	}()
	return ctx, cancel
}
