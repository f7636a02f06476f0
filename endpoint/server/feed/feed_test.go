package feed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/patchmail"
)

var testTime = time.Date(2025, 1, 2, 4, 0, 0, 0, time.UTC)

func testSettings(dir string) Settings {
	return Settings{Dir: dir, Description: "patches of kprep", Committer: patchmail.Address{Name: "Rig Endpoint", Mailbox: "devnull@relay.example.net"}}
}

func openFeed(t *testing.T, s Settings) *Feed {
	t.Helper()
	f, err := Open(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// series is n mails of one thread.
func series(name string, n int) [][]byte {
	var mails [][]byte
	for i := range n {
		reply := ""
		if i > 0 {
			reply = fmt.Sprintf("In-Reply-To: <%s-0@example.org>\nReferences: <%[1]s-0@example.org>\n", name)
		}
		mails = append(mails, fmt.Appendf(nil, "From: =?utf-8?q?Zo=C3=AB?= <zoe@example.org>\nDate: Thu, 2 Jan 2025 03:04:%02d +0100\nSubject: [PATCH %d/%d] =?utf-8?q?=C3=A9t=C3=A9?= %s\n"+
			"Message-ID: <%[4]s-%[2]d@example.org>\n%[5]sTo: list@lists.example.org\nList-Id: <kprep.lists.example.org>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"+
			"Text of Zoë.\n---\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-a\n+b%[2]d \n", i, i, n-1, name, reply))
	}
	return mails
}

func appendMails(t *testing.T, f *Feed, mails [][]byte) []string {
	t.Helper()
	commits, err := f.Append(context.Background(), mails, testTime)
	if err != nil {
		t.Fatal(err)
	}
	return commits
}

func TestAppend(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "feed")
	f := openFeed(t, testSettings(dir))
	first, second := series("a", 3), series("b", 1)
	commits := append(appendMails(t, f, first), appendMails(t, f, second)...)
	epoch := filepath.Join(dir, "git", "0.git")
	run(t, "", "git", "-C", epoch, "fsck", "--strict", "--no-dangling")
	if got := strings.Fields(run(t, "", "git", "-C", epoch, "rev-list", "--reverse", "HEAD")); strings.Join(got, " ") != strings.Join(commits, " ") {
		t.Errorf("the commits are %v, Append says %v", got, commits)
	}
	for i, raw := range append(first, second...) {
		if got := run(t, "", "git", "-C", epoch, "show", commits[i]+":m"); got != string(raw) {
			t.Errorf("mail %d is\n%s\nwant\n%s", i, got, raw)
		}
	}
	if got, want := run(t, "", "git", "-C", epoch, "log", "-1", "--format=%an <%ae> %ad|%cn <%ce> %ct|%s"),
		fmt.Sprintf("Zoë <zoe@example.org> Thu Jan 2 03:04:00 2025 +0100|Rig Endpoint <devnull@relay.example.net> %d|[PATCH 0/0] été b\n", testTime.Unix()); got != want {
		t.Errorf("the last commit is %s\nwant %s", got, want)
	}
	if got := run(t, "", "git", "-C", epoch, "ls-tree", "-r", "--name-only", "HEAD"); got != "m\n" {
		t.Errorf("the tree holds %q", got)
	}
	// Readers take objects from all.git.
	if got := run(t, "", "git", "-C", filepath.Join(dir, "all.git"), "cat-file", "blob", commits[0]+":m"); got != string(first[0]) {
		t.Errorf("all.git has %q", got)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	run(t, "", "git", "clone", "-q", "--mirror", epoch, clone)
	if got := run(t, "", "git", "-C", clone, "rev-list", "--count", "HEAD"); got != "4\n" {
		t.Errorf("a clone has %s commits", got)
	}
}

// Whatever broke Append off, repeating it adds what is missing and nothing else.
func TestAppendAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	settings := testSettings(dir)
	settings.Description = ""
	f := openFeed(t, settings)
	mails := series("a", 4)
	before := appendMails(t, f, mails[:2])
	epoch := filepath.Join(dir, "git", "0.git")
	tip := run(t, "", "git", "-C", epoch, "rev-parse", "HEAD")

	// It died when objects were written, and the branch was not.
	appendMails(t, f, mails)
	if err := os.WriteFile(filepath.Join(epoch, "refs/heads/master"), []byte(tip), 0o644); err != nil {
		t.Fatal(err)
	}
	f = openFeed(t, settings)
	all := appendMails(t, f, mails)
	if strings.Join(all[:2], " ") != strings.Join(before, " ") {
		t.Errorf("mails that were there are %v, were %v", all[:2], before)
	}
	// It died when the branch was written, and nobody was told.
	if again := appendMails(t, f, mails); strings.Join(again, " ") != strings.Join(all, " ") {
		t.Errorf("the second time they are %v, were %v", again, all)
	}
	// And after git has packed everything.
	run(t, "", "git", "-C", epoch, "gc", "-q")
	if again := appendMails(t, openFeed(t, settings), mails); strings.Join(again, " ") != strings.Join(all, " ") {
		t.Errorf("from a pack they are %v, were %v", again, all)
	}
	if got := run(t, "", "git", "-C", epoch, "rev-list", "--count", "HEAD"); got != "4\n" {
		t.Errorf("there are %s commits", got)
	}
	// The same mail twice in one call is one.
	twice := appendMails(t, f, append(series("b", 1), series("b", 1)...))
	if twice[0] != twice[1] {
		t.Errorf("one mail became %v", twice)
	}
	// Another text under the same message-id is another mail.
	changed := []byte(strings.Replace(string(mails[0]), "Text", "Test", 1))
	if other := appendMails(t, f, [][]byte{changed}); other[0] == all[0] {
		t.Error("a changed mail is taken for the first one")
	}
	run(t, "", "git", "-C", epoch, "fsck", "--strict", "--no-dangling")
}

func TestEpochs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := testSettings(dir)
	s.EpochSize = 1500
	f := openFeed(t, s)
	var commits []string
	for i := range 5 {
		if i == 3 {
			f = openFeed(t, s) // another process counts anew
		}
		commits = append(commits, appendMails(t, f, series(fmt.Sprint(i), 2))...)
	}
	last, err := f.lastEpoch()
	if err != nil || last < 2 {
		t.Fatalf("the last epoch is %d, %v", last, err)
	}
	all := filepath.Join(dir, "all.git")
	for _, c := range commits {
		run(t, "", "git", "-C", all, "cat-file", "-e", c+":m")
	}
	count := 0
	for n := range last + 1 {
		count += len(strings.Fields(run(t, "", "git", "-C", f.epoch(n), "rev-list", "HEAD")))
	}
	if count != len(commits) {
		t.Errorf("%d commits of %d", count, len(commits))
	}
	// A mail of an old epoch is found there.
	if again := appendMails(t, f, series("0", 2)); again[0] != commits[0] || again[1] != commits[1] {
		t.Errorf("found %v, were %v", again, commits[:2])
	}
	// An epoch that a process died over is not taken for one, and a link to it is mended.
	if err := os.MkdirAll(f.epoch(last+1)+".new", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(all, "objects/info/alternates"), []byte("../../git/0.git/objects\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	openFeed(t, s)
	run(t, "", "git", "-C", all, "cat-file", "-e", commits[len(commits)-1]+":m")
}

// Several processes and goroutines write to one feed.
func TestWritersTakeTurns(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var group sync.WaitGroup
	errs := make(chan error, 8)
	for w := range 4 {
		f := openFeed(t, testSettings(dir)) // its own lock, as in a process of its own
		for half := range 2 {
			group.Go(func() {
				for i := range 5 {
					if _, err := f.Append(context.Background(), series(fmt.Sprintf("%d-%d-%d", w, half, i), 3), testTime); err != nil {
						errs <- err
						return
					}
				}
			})
		}
	}
	group.Wait()
	close(errs)
	for err := range errs {
		t.Error(err)
	}
	epoch := filepath.Join(dir, "git", "0.git")
	subjects := strings.Split(strings.TrimSpace(run(t, "", "git", "-C", epoch, "log", "--reverse", "--format=%s", "HEAD")), "\n")
	if len(subjects) != 4*2*5*3 {
		t.Fatalf("%d commits of %d", len(subjects), 4*2*5*3)
	}
	for i, s := range subjects {
		if !strings.HasPrefix(s, fmt.Sprintf("[PATCH %d/2]", i%3)) {
			t.Fatalf("commit %d is %s: a series was torn", i, s)
		}
	}
}

func TestWaitsForTheLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a, b := openFeed(t, testSettings(dir)), openFeed(t, testSettings(dir))
	err := a.locked(context.Background(), func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_, err := b.Append(ctx, series("a", 1), testTime)
		return err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while somebody else writes: %v", err)
	}
	if got := run(t, "", "git", "-C", a.epoch(0), "for-each-ref"); got != "" {
		t.Errorf("it wrote %s", got)
	}
}

func TestHook(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	f := openFeed(t, testSettings(dir))
	hook := filepath.Join(dir, "hooks", "post-commit")
	if err := os.MkdirAll(filepath.Dir(hook), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(hook, []byte("#!/bin/sh\ngit -C git/0.git log -1 --format=%s >>seen\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	appendMails(t, f, series("a", 3))
	appendMails(t, f, series("a", 3)) // nothing new
	if seen, err := os.ReadFile(filepath.Join(dir, "seen")); err != nil || string(seen) != "[PATCH 2/2] été a\n" {
		t.Errorf("the hook has seen %q, %v", seen, err)
	}
	if err := os.WriteFile(hook, []byte("#!/bin/sh\nexit 3\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	commits, err := f.Append(context.Background(), series("b", 1), testTime)
	if he := (*HookError)(nil); !errors.As(err, &he) || len(commits) != 1 {
		t.Errorf("of a hook that fails it says %v, %v", commits, err)
	}
}

func TestRefusesAFolderThatIsNone(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(context.Background(), testSettings(file)); err == nil {
		t.Error("a file is taken for a feed")
	}
}
