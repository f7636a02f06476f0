package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
)

// A watcher is a terminal's other side: it acts when text has appeared there.
type watcher struct {
	bytes.Buffer
	text string
	act  func()
}

func (w *watcher) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if strings.Contains(w.String(), w.text) {
		w.act()
	}
	return n, err
}

// Ctrl-C at a question is an interrupt, and what was asked about is not done.
func TestInterruptAtAQuestion(t *testing.T) {
	t.Parallel()
	r, server := gittest.New(t), mailtest.Start(t, mailtest.Options{})
	r.Write("a", "a\n")
	r.Commit("Start\n")
	kprep := func(ctx context.Context, stdin io.Reader, stderr io.Writer, words ...string) int {
		e := testEnv(t)
		e.dir, e.environ, e.stdin, e.stderr = r.Dir, append(r.Env, "GIT_TERMINAL_PROMPT=1"), stdin, stderr
		e.random = strings.NewReader("0123456789")
		e.terminal = terminals{stdin: true, stdout: false, stderr: true}
		return run(ctx, e.env, commands, append([]string{"kprep"}, words...))
	}
	for _, words := range [][]string{{"new", "topic"}, {"cover", "--from", "-"}} {
		if status := kprep(t.Context(), strings.NewReader("Title\n\nText.\n\nTo: list@lists.example.org\n"), io.Discard, words...); status != 0 {
			t.Fatalf("kprep %q: status %d", words, status)
		}
	}
	r.Write("b", "b\n")
	r.Commit("add b\n\nText.\n")
	r.Git("config", "sendemail.smtpServer", server.Host())
	r.Git("config", "sendemail.smtpServerPort", server.Port())
	before := r.State()

	for _, c := range []struct {
		question string
		words    []string
	}{
		{"Send? [y/N] ", []string{"send"}},
		{"Send? [y/N] ", []string{"send", "--reflect"}},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		waiting, closed := io.Pipe() // a user who says nothing
		screen := &watcher{text: c.question, act: interrupt}
		if status := kprep(ctx, waiting, screen, c.words...); status != statusInterrupted {
			t.Errorf("kprep %q ended with status %d, want %d\n%s", c.words, status, statusInterrupted, screen)
		}
		closed.Close()
		if !strings.HasSuffix(screen.String(), c.question+"\nkprep: interrupted\n") {
			t.Errorf("kprep %q: the screen ends with\n%s", c.words, screen)
		}
	}
	if server.Connections() != 0 || r.State() != before {
		t.Errorf("%d connections, state\n%s\nwas\n%s", server.Connections(), r.State(), before)
	}
	if plans, _ := filepath.Glob(filepath.Join(r.Dir, ".git", "kprep", "send", "*", "v1", "*")); len(plans) > 0 {
		t.Errorf("plans are left: %q", plans)
	}
	if _, err := os.Stat(filepath.Join(r.Dir, ".git", "kprep", "validate")); err == nil {
		entries, _ := os.ReadDir(filepath.Join(r.Dir, ".git", "kprep", "validate"))
		if len(entries) > 0 {
			t.Errorf("files for the hook are left: %q", entries)
		}
	}
}

// The same at the question of rebase about patches that were applied in another form.
func TestInterruptAtTheQuestionOfRebase(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("a", "a\n")
	start := r.Commit("Start\n")
	kprep := func(ctx context.Context, stdin io.Reader, stderr io.Writer, words ...string) int {
		e := testEnv(t)
		e.dir, e.environ, e.stdin, e.stderr = r.Dir, append(r.Env, "GIT_TERMINAL_PROMPT=1"), stdin, stderr
		e.random = strings.NewReader("0123456789")
		e.terminal = terminals{stdin: true, stdout: false, stderr: true}
		return run(ctx, e.env, commands, append([]string{"kprep"}, words...))
	}
	var said bytes.Buffer
	if status := kprep(t.Context(), strings.NewReader(""), &said, "new", "topic"); status != 0 {
		t.Fatalf("status %d\n%s", status, &said)
	}
	r.Write("b", "b\n")
	patch := r.Commit("add b\n\nText.\n")
	r.Git("checkout", "-q", "-b", "maintainer", start)
	r.Write("b", "changed\n")
	r.Git("add", "b")
	r.Git("-c", "user.email=max@example.org", "commit", "-q", "-C", patch)
	r.Git("checkout", "-q", "b4/topic")
	before := r.State()

	ctx, interrupt := context.WithCancel(t.Context())
	waiting, closed := io.Pipe()
	defer closed.Close()
	screen := &watcher{text: "Leave out what was applied? [y/N] ", act: interrupt}
	if status := kprep(ctx, waiting, screen, "rebase", "maintainer"); status != statusInterrupted {
		t.Errorf("status %d, want %d\n%s", status, statusInterrupted, screen)
	}
	if !strings.HasSuffix(screen.String(), "[y/N] \nkprep: interrupted\n") || r.State() != before {
		t.Errorf("the screen is\n%s\nand the state\n%s\nwas\n%s", screen, r.State(), before)
	}
}
