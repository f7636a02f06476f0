//go:build !windows

package inbox_test

import (
	"context"
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
)

// Nobody writes into the pipe: only the context ends the wait.
func TestWalkPipe(t *testing.T) {
	t.Parallel()
	pipe := filepath.Join(t.TempDir(), "pipe")
	must(t, syscall.Mkfifo(pipe, 0o600))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := inbox.Walk(ctx, pipe, func(inbox.Mail) error { return nil }, failOnBroken(t))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}
