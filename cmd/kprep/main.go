package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	os.Exit(execute(processEnv()))
}

// execute carries out the command line of this process in e.
func execute(e *env) int {
	ctx, stop := interruptible(context.Background())
	defer stop()
	return run(ctx, e, commands, os.Args)
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels.
// The second finds the default handling restored and ends the program at
// once. A SIGINT that was ignored at the start stays ignored, as a shell wants
// it for its background jobs.
//
// From here on a closed pipe is an error of the write, not the end of the
// program: a reader that goes away must not stop a send in the middle.
func interruptible(parent context.Context) (context.Context, context.CancelFunc) {
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	signals := []os.Signal{syscall.SIGTERM}
	if !signal.Ignored(os.Interrupt) {
		signals = append(signals, os.Interrupt)
	}
	ctx, stop := signal.NotifyContext(parent, signals...)
	context.AfterFunc(ctx, stop)
	return ctx, stop
}
