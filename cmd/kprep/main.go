package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/sendmail/smtp"
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
	ctx, cancel := context.WithCancel(parent)
	received := make(chan os.Signal, 1)
	signal.Notify(received, endings()...)
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

// endings are the signals by which somebody wants the program to end.
func endings() []os.Signal {
	signals := []os.Signal{syscall.SIGTERM, syscall.SIGQUIT}
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGHUP} {
		if !signal.Ignored(s) {
			signals = append(signals, s)
		}
	}
	return signals
}

// hurried is for sending mail: there the second signal, too, lets the program
// end by itself, so that the journal tells what it can, but at once; only the
// third ends it from outside (spec/mail.md 4.4, F38).
func hurried(ctx context.Context) (context.Context, context.CancelFunc) {
	hurry, cancel := context.WithCancel(context.Background())
	received := make(chan os.Signal, 2)
	signal.Notify(received, endings()...)
	go func() {
		for range 2 {
			select {
			case <-received:
			case <-hurry.Done():
			}
		}
		signal.Stop(received)
		cancel()
	}()
	return smtp.WithHurry(ctx, hurry), cancel
}
