//go:build !windows

package submission

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// background starts a process of its own, which holds the FIFO "alive" open,
// and waits for it.
const background = "#!/bin/sh\n(echo up; exec sleep 1000) >alive &\nwait\n"

// openAlive makes the FIFO. Reading it ends when no process holds it.
func openAlive(t *testing.T, r *gittest.Repo) *os.File {
	t.Helper()
	name := filepath.Join(r.Dir, "alive")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	alive, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { alive.Close() })
	return alive
}

func checkGone(t *testing.T, alive *os.File) {
	t.Helper()
	if err := alive.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(alive); err != nil {
		t.Errorf("a process lives on: %v", err)
	}
}

func TestTimeLimitKillsTheWholeGroup(t *testing.T) {
	t.Parallel()
	r, to, cc := commands(t, background, "")
	alive := openAlive(t, r)
	began := time.Now()
	_, err := findAll(context.Background(), mailsFor("mail"), finder(r.Dir, r.Env, 500*time.Millisecond, question{field: To, command: to}, question{field: Cc, command: cc}))
	failed := (*CommandError)(nil)
	if !errors.As(err, &failed) || !strings.HasPrefix(failed.Status, "no answer after 500ms") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took > 20*time.Second {
		t.Errorf("it took %s", took)
	}
	checkGone(t, alive)
}

func TestCancelKillsTheWholeGroup(t *testing.T) {
	t.Parallel()
	r, to, cc := commands(t, background, "")
	alive := openAlive(t, r)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		// Before there is a writer, reading ends at once.
		for n := 0; n == 0 && ctx.Err() == nil; time.Sleep(10 * time.Millisecond) {
			n, _ = alive.Read(make([]byte, 1))
		}
		cancel()
	}()
	_, err := findAll(ctx, mailsFor("1", "2", "3", "4", "5", "6"), finder(r.Dir, r.Env, time.Minute, question{field: To, command: to}, question{field: Cc, command: cc}))
	if !errors.Is(err, context.Canceled) || errors.As(err, new(*CommandError)) {
		t.Errorf("got %v", err)
	}
	checkGone(t, alive)
}
