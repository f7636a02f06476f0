package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// A terminal at which nobody types; it tells when somebody waits for a line.
type silence struct{ waited, over chan struct{} }

func (s *silence) Read([]byte) (int, error) {
	close(s.waited)
	<-s.over
	return 0, nil
}

// Ctrl-C ends what reads standard input, although nothing comes.
func TestInterruptEndsTheWaitForInput(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"new -F -", "cover --from -", "deps --from -", "verify -", "maintainers -", "trailers -m -", "auth verify -"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Write("MAINTAINERS", "A\nM:\tA <a@example.org>\nF:\t*\n")
			r.Commit("Start\n")
			kprep := func(ctx context.Context, stdin *silence, words ...string) (int, string) {
				e := testEnv(t)
				e.dir, e.environ, e.random = r.Dir, r.Env, strings.NewReader("0123456789")
				if stdin != nil {
					e.stdin = stdin
				}
				status := run(ctx, e.env, commands, append([]string{"kprep"}, words...))
				return status, e.err.String()
			}
			if status, text := kprep(t.Context(), nil, "new", "topic"); status != 0 {
				t.Fatal(text)
			}
			r.Git("config", "b4.send-endpoint-web", "https://127.0.0.1:9/")
			ctx, cancel := context.WithCancel(t.Context())
			stdin := &silence{waited: make(chan struct{}), over: make(chan struct{})}
			defer close(stdin.over)
			go func() {
				select {
				case <-stdin.waited:
				case <-t.Context().Done():
				}
				cancel()
			}()
			time.AfterFunc(time.Minute, cancel)
			if status, text := kprep(ctx, stdin, strings.Fields(line)...); status != statusInterrupted || !strings.HasPrefix(text, "kprep: interrupted") {
				t.Errorf("status %d, %q", status, text)
			}
			select {
			case <-stdin.waited:
			default:
				t.Error("standard input was not read")
			}
		})
	}
}

// The same of what a program writes into a pipe.
func TestInterruptEndsTheWaitForAPipe(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("a", "a\n")
	r.Commit("Start\n")
	for _, line := range []string{"new -F", "new topic --head HEAD --from-pr"} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			pipe := filepath.Join(t.TempDir(), "pipe")
			if err := exec.Command("mkfifo", pipe).Run(); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			go func() {
				writer, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for who reads
				cancel()
				if err == nil {
					<-t.Context().Done()
					writer.Close()
				}
			}()
			e := testEnv(t)
			e.dir, e.environ = r.Dir, r.Env
			words := append(append([]string{"kprep"}, strings.Fields(line)...), pipe)
			if status := run(ctx, e.env, commands, words); status != statusInterrupted {
				t.Errorf("status %d, %s", status, e.err)
			}
		})
	}
}

// What has no end is not read until the memory is full.
func TestReadAllIsBounded(t *testing.T) {
	t.Parallel()
	e := testEnv(t)
	large := filepath.Join(t.TempDir(), "large")
	if err := errors.Join(os.WriteFile(large, nil, 0o644), os.Truncate(large, maxRead+1)); err != nil { // with nothing on the disk
		t.Fatal(err)
	}
	if _, err := e.readAll(t.Context(), large); err == nil || !strings.Contains(err.Error(), "it has more than 16777216 bytes") {
		t.Error(err)
	}
}
