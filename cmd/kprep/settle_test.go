package main

import (
	"bytes"
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/sendmail"
)

// A brokenSend is a repository with a send of a series of two patches, of which
// nobody knows whether the first patch arrived.
type brokenSend struct {
	t      *testing.T
	repo   *gittest.Repo
	server *mailtest.Server
}

func breakSend(t *testing.T) brokenSend {
	t.Helper()
	b := brokenSend{t, gittest.New(t), mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 2, Drop: true, Keep: true}}})}
	b.repo.Write("a", "a\n")
	b.repo.Commit("Start\n")
	b.kprep(0, "", "new", "topic")
	b.kprep(0, "Title\n\nText.\n\nTo: list@lists.example.org\n", "cover", "--from", "-")
	for _, name := range []string{"b", "c"} {
		b.repo.Write(name, name+"\n")
		b.repo.Commit("add " + name + "\n\nText.\n")
	}
	b.repo.Git("config", "sendemail.smtpServer", b.server.Host())
	b.repo.Git("config", "sendemail.smtpServerPort", b.server.Port())
	b.kprep(statusUnknown, "", "send", "--yes")
	return b
}

// kprep runs on a terminal where the user types answers, a line each.
func (b brokenSend) kprep(want int, answers string, words ...string) string {
	b.t.Helper()
	return b.kprepOn(b.t.Context(), want, strings.NewReader(answers), words...)
}

func (b brokenSend) kprepOn(ctx context.Context, want int, answers io.Reader, words ...string) string {
	b.t.Helper()
	var screen bytes.Buffer
	e := testEnv(b.t)
	e.dir, e.environ, e.stderr = b.repo.Dir, append(b.repo.Env, "GIT_TERMINAL_PROMPT=1"), &screen
	e.stdin = answers
	e.random = strings.NewReader("0123456789")
	e.terminal = terminals{stdin: true, stderr: true}
	if got := run(ctx, e.env, commands, append([]string{"kprep"}, words...)); got != want {
		b.t.Errorf("kprep %q ended with status %d, want %d\n%s", words, got, want, &screen)
	}
	return screen.String()
}

// On a terminal --continue asks what became of messages of unknown fate; who
// says nothing, or --yes, has nothing sent.
func TestContinueAsksAboutTheUnknown(t *testing.T) {
	t.Parallel()
	b := breakSend(t)
	for _, answer := range []string{"", "\n", "perhaps\n"} {
		if screen := b.kprep(statusUnknown, answer, "send", "--continue"); !strings.Contains(screen, "Did it arrive?") {
			t.Errorf("nobody asked:\n%s", screen)
		}
	}
	if screen := b.kprep(statusUnknown, "n\n", "send", "--continue", "--yes"); strings.Contains(screen, "Did it arrive?") {
		t.Errorf("--yes was asked:\n%s", screen)
	}
	if n := len(b.server.Messages()); n != 2 {
		t.Errorf("%d messages were sent, want 2", n)
	}
	b.kprep(0, "y\n", "send", "--continue")
	if n := len(b.server.Messages()); n != 3 {
		t.Errorf("%d messages were sent, want 3", n)
	}
}

// Whoever is asked may interrupt: what left before keeps its status.
func TestContinueInterruptedAtTheQuestion(t *testing.T) {
	t.Parallel()
	b := breakSend(t)
	ctx, interrupt := context.WithCancel(t.Context())
	screen := b.kprepOn(ctx, statusUnknown, interrupting{interrupt, t.Context().Done()}, "send", "--continue")
	if !strings.Contains(screen, "Did it arrive?") || !strings.Contains(screen, "1 unknown (0001), 1 not sent: interrupted") {
		t.Errorf("the screen was:\n%s", screen)
	}
	if n := len(b.server.Messages()); n != 2 {
		t.Errorf("%d messages were sent, want 2", n)
	}
}

// interrupting is a user who answers by an interrupt.
type interrupting struct {
	interrupt func()
	over      <-chan struct{}
}

func (i interrupting) Read([]byte) (int, error) {
	i.interrupt()
	<-i.over
	return 0, io.EOF
}

// F45: a clock that was set back is a question, and the messages keep their dates.
func TestF45ClockSetBack(t *testing.T) {
	t.Parallel()
	b := breakSend(t)
	dirs, err := filepath.Glob(filepath.Join(b.repo.Dir, ".git", "kprep", "send", "*", "v1", "*-send"))
	if err != nil || len(dirs) != 1 {
		t.Fatalf("journals %q, %v", dirs, err)
	}
	j, err := sendmail.OpenJournal(dirs[0])
	if err != nil {
		t.Fatal(err)
	}
	later := sendmail.Receipt{Message: 1, State: sendmail.Deferred, Step: sendmail.AtUser, Time: time.Now().Add(time.Hour)}
	for _, later.Recipient = range j.Plan().Messages[1].Recipients {
		if err := j.Append(later); err != nil {
			t.Fatal(err)
		}
	}
	date := j.Plan().Messages[2].Date
	j.Close()
	screen := b.kprep(statusFailed, "n\n", "send", "--continue")
	if !strings.Contains(screen, "behind the last entry of this send's journal") || len(b.server.Messages()) != 2 {
		t.Errorf("%d messages after\n%s", len(b.server.Messages()), screen)
	}
	b.kprep(0, "y\n", "send", "--continue")
	last := b.server.Messages()[3]
	if want := "Date: " + date.UTC().Format("Mon, 02 Jan 2006 15:04:05 -0700"); !strings.Contains(string(last.Data), want) {
		t.Errorf("the last message lacks %q:\n%s", want, last.Data)
	}
}
