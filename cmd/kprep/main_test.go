package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/urfave/cli/v2"
)

// frameCommands are verbs that only the program under test has.
func frameCommands(e *env) []*cli.Command {
	return []*cli.Command{waitCommand(e), writeCommand(e)}
}

// writeCommand writes a line to stdout, and goes on whatever comes of it.
func writeCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "test-write", Hidden: true,
		Action: func(*cli.Context) error {
			fmt.Fprintln(e.stdout, "result")
			fmt.Fprintln(e.stderr, "still here")
			return nil
		},
	}
}

// waitCommand says "ready", and then waits for an interrupt; a stubborn one
// goes on waiting after it.
func waitCommand(e *env) *cli.Command {
	return &cli.Command{
		Name: "test-wait", Hidden: true,
		Flags: []cli.Flag{&cli.BoolFlag{Name: "stubborn"}},
		Action: func(c *cli.Context) error {
			fmt.Fprintln(e.stdout, "ready, SIGINT ignored:", signal.Ignored(os.Interrupt))
			<-c.Context.Done()
			if c.Bool("stubborn") {
				fmt.Fprintln(e.stdout, "no")
				time.Sleep(10 * time.Second)
			}
			return fmt.Errorf("wait: %w", c.Context.Err())
		},
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			p := startWaiting(t)
			p.signal(sig)
			if state := p.end(); state.ExitCode() != statusInterrupted {
				t.Errorf("ended with %v, want status %d", state, statusInterrupted)
			}
			if got := p.stderr.String(); got != "kprep: interrupted\n" {
				t.Errorf("stderr %q", got)
			}
		})
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	p := startWaiting(t, "--stubborn")
	p.signal(syscall.SIGINT)
	p.read("no")
	p.signal(syscall.SIGINT)
	if status, ok := p.end().Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGINT {
		t.Errorf("ended with %v, want death by SIGINT", p.cmd.ProcessState)
	}
}

// A shell ignores SIGINT for the jobs that a script puts into the background.
func TestIgnoredInterruptStaysIgnored(t *testing.T) {
	t.Parallel()
	p := start(t, `trap "" INT; exec kprep test-wait`)
	p.read("ready, SIGINT ignored: true")
	p.signal(syscall.SIGTERM)
	if state := p.end(); state.ExitCode() != statusInterrupted {
		t.Errorf("ended with %v, want status %d by SIGTERM", state, statusInterrupted)
	}
}

// A waiting is a running program.
type waiting struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr *bytes.Buffer
}

func startWaiting(t *testing.T, args ...string) *waiting {
	t.Helper()
	p := start(t, `exec kprep test-wait "$@"`, args...)
	p.read("ready, SIGINT ignored: false")
	return p
}

func start(t *testing.T, script string, args ...string) *waiting {
	t.Helper()
	p := &waiting{t: t, stderr: &bytes.Buffer{}}
	p.cmd = exec.CommandContext(t.Context(), "sh", append([]string{"-c", script, "sh"}, args...)...)
	p.cmd.Env = append(os.Environ(), "KPREP_NOW=2025-01-02T03:04:05Z")
	p.cmd.Stderr = p.stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(out)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *waiting) read(want string) {
	p.t.Helper()
	if line, err := p.stdout.ReadString('\n'); line != want+"\n" {
		p.t.Fatalf("the program said %q, %v; want %q", line, err, want)
	}
}

func (p *waiting) signal(sig syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Fatal(err)
	}
}

func (p *waiting) end() *os.ProcessState {
	p.t.Helper()
	err := p.cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.t.Fatal(err)
	}
	return p.cmd.ProcessState
}
