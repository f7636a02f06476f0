//go:build !windows

package gitrepo_test

import (
	"context"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// Ctrl-C belongs to the program on the terminal: it goes on until it ends by itself.
// Whatever else ends kprep ends it, by a signal that it can hear.
func TestRunShellAndSignals(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt) // one that comes late must not end the test
	defer signal.Stop(signals)
	for _, tc := range []struct {
		why  string
		end  func(cancel func())
		fail bool
		want string
	}{
		{"Ctrl-C", func(cancel func()) {
			if err := syscall.Kill(os.Getpid(), syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
			cancel()
		}, false, "end"},
		{"another reason", func(cancel func()) { cancel() }, true, "terminated"},
	} {
		r := gittest.New(t)
		repo := open(t, r, r.Dir)
		ctx, cancel := context.WithCancel(t.Context())
		dir := t.TempDir()
		file := func(name string) string { return filepath.Join(dir, name) }
		done := make(chan error)
		go func() {
			done <- repo.RunShell(ctx, "cd '"+dir+"'; trap 'echo terminated > out; exit 3' TERM; : > begun; until test -e go; do sleep 0.05; done; echo end > out; :", nil, nil, nil)
		}()
		for until := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
			if _, err := os.Stat(file("begun")); err == nil {
				break
			}
			if time.Now().After(until) {
				t.Fatal("it does not begin")
			}
		}
		tc.end(cancel)
		if tc.fail {
			if err := <-done; err == nil {
				t.Errorf("%s: no error", tc.why)
			}
		} else {
			select {
			case err := <-done:
				t.Errorf("%s: it ended, %v", tc.why, err)
			case <-time.After(300 * time.Millisecond):
				if err := os.WriteFile(file("go"), nil, 0o600); err != nil {
					t.Fatal(err)
				}
				if err := <-done; err != nil {
					t.Errorf("%s: %v", tc.why, err)
				}
			}
		}
		if out, _ := os.ReadFile(file("out")); strings.TrimSpace(string(out)) != tc.want {
			t.Errorf("%s: it said %q, want %q", tc.why, out, tc.want)
		}
	}
}
