package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/archivetest"
	"github.com/kprep/kprep/internal/gittest"
)

func mail(id, subject string, parents ...string) []byte {
	refs := ""
	if len(parents) > 0 {
		refs = "References: <" + strings.Join(parents, "> <") + ">\n"
	}
	return fmt.Appendf(nil, "From: a@example.org\nTo: list@lists.example.org\nSubject: %s\nDate: Thu, 02 Jan 2025 03:04:05 +0000\nMessage-ID: <%s>\n%s\nText of %s\n", subject, id, refs, id)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func epochDir(dir string, n int) string { return filepath.Join(dir, "git", fmt.Sprint(n)+".git") }

// addMails adds to an epoch of a mirror.
func addMails(t testing.TB, dir string, n int, mails ...[]byte) {
	t.Helper()
	must(t, archivetest.WriteEpoch(epochDir(dir, n), func() []byte {
		if len(mails) == 0 {
			return nil
		}
		first := mails[0]
		mails = mails[1:]
		return first
	}))
}

// has are the ids of a thread in a source, in order.
func has(t testing.TB, s inbox.Source, id string, broken func(error)) string {
	t.Helper()
	a := inbox.Archive{Sources: []inbox.Source{s}}
	got, err := a.Find(t.Context(), inbox.Query{IDs: []string{id}}, broken)
	must(t, err)
	return strings.ReplaceAll(ids(got.Messages), "\n", " ")
}

// The index follows the mirror in whatever becomes of it.
func TestMirrorIsFollowed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	m := mirror(t, dir)
	indexed := 0
	m.Progress = func(n int) { indexed += n }
	want := func(why, thread string, news int) {
		t.Helper()
		indexed = 0
		if got := has(t, m, "a", failOnBroken(t)); got != thread || indexed != news {
			t.Errorf("%s: got %q, %d mails indexed, want %q and %d", why, got, indexed, thread, news)
		}
	}
	a, b, c, d := mail("a", "x"), mail("b", "Re: x", "a"), mail("c", "Re: x", "a", "b"), mail("d", "Re: x", "a")
	addMails(t, dir, 0, a, b)
	want("at first", "a b", 2)
	want("nothing new", "a b", 0)
	addMails(t, dir, 0, c)
	want("one more", "a b c", 1)
	addMails(t, dir, 1, d, mail("e", "other"))
	want("another epoch", "a b c d", 2)
	must(t, archivetest.Import(epochDir(dir, 0), func(h *archivetest.History) error { return h.Commit("D m\nM 100644 inline d", b) }))
	want("a mail was deleted", "a c d", 1)
	addMails(t, dir, 0, b)
	want("and came back", "a b c d", 1)
	must(t, os.RemoveAll(filepath.Join(epochDir(dir, 0), "refs")))
	must(t, os.MkdirAll(filepath.Join(epochDir(dir, 0), "refs", "heads"), 0o700))
	must(t, os.RemoveAll(filepath.Join(epochDir(dir, 0), "packed-refs")))
	addMails(t, dir, 0, a, []byte{}, c)
	want("its history was rewritten", "a c d", 3)
	must(t, os.RemoveAll(epochDir(dir, 1)))
	want("an epoch is not there any more", "a c", 0)
	m.Close()
	want("opened again", "a c", 0)

	m.Close()
	files, err := filepath.Glob(filepath.Join(m.CacheDir, "*.sqlite"))
	if err != nil || len(files) != 1 {
		t.Fatal(files, err)
	}
	if info, err := os.Stat(files[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	must(t, os.WriteFile(files[0], bytes.Repeat([]byte("nonsense"), 4096), 0o600))
	want("its index was damaged", "a c", 3)
}

func TestMirrorLayouts(t *testing.T) {
	t.Parallel()
	mails := [][]byte{mail("a", "x"), mail("b", "Re: x", "a"), mail("c", "Re: x", "b")}
	flat := t.TempDir()
	must(t, archivetest.WriteMirror(flat, mails[:2], mails[2:]))
	must(t, os.Rename(epochDir(flat, 0), filepath.Join(flat, "0.git")))
	must(t, os.Rename(epochDir(flat, 1), filepath.Join(flat, "10.git")))
	must(t, os.Remove(filepath.Join(flat, "git")))
	v1 := filepath.Join(t.TempDir(), "list.git")
	must(t, archivetest.WriteV1(v1, mails))
	for _, dir := range []string{flat, v1} {
		if got := has(t, mirror(t, dir), "a", failOnBroken(t)); got != "a b c" || !inbox.IsMirror(dir) {
			t.Errorf("%s: %q", dir, got)
		}
	}
	m := mirror(t, v1)
	has(t, m, "a", failOnBroken(t))
	must(t, archivetest.RemoveV1(v1, mails[1]))
	if got := has(t, m, "a", failOnBroken(t)); got != "a c" { // the subject alone leads to c now
		t.Errorf("after a mail was removed: %q", got)
	}
	empty := t.TempDir()
	if _, err := mirror(t, empty).Find(t.Context(), queryA, failOnBroken(t)); !errors.Is(err, inbox.ErrNoMirror) || inbox.IsMirror(empty) {
		t.Errorf("an empty folder: %v", err)
	}
	if _, err := mirror(t, filepath.Join(empty, "nowhere")).Find(t.Context(), queryA, failOnBroken(t)); !errors.Is(err, os.ErrNotExist) || inbox.IsMirror(filepath.Join(empty, "nowhere")) {
		t.Errorf("nothing: %v", err)
	}
}

// What public-inbox's own tools do to an inbox is understood.
func TestMirrorOfWhatPublicInboxDeletes(t *testing.T) {
	t.Parallel()
	server := served(t, "basic", [][]byte{mail("a", "x"), mail("b", "Re: x", "a"), mail("c", "Re: x", "a"), mail("d", "Re: x", "a")})
	m := mirror(t, server.Mirror)
	if got := has(t, m, "a", failOnBroken(t)); got != "a b c d" {
		t.Fatal(got)
	}
	for _, step := range []struct {
		tool string
		args []string
		mail []byte
		want string
	}{
		{"public-inbox-learn", []string{"rm"}, mail("b", "Re: x", "a"), "a c d"},
		{"public-inbox-learn", []string{"rm"}, append([]byte("Received: by another host\n"), mail("d", "Re: x", "a")...), "a c"},
		{"public-inbox-purge", []string{server.Mirror}, mail("c", "Re: x", "a"), "a"},
	} {
		must(t, server.Tool(bytes.NewReader(step.mail), step.tool, step.args...))
		if got := has(t, m, "a", failOnBroken(t)); got != step.want {
			t.Errorf("after %s: %q, want %q", step.tool, got, step.want)
		}
		if got := has(t, servers(server.URL), "a", failOnBroken(t)); got != step.want {
			t.Errorf("the server after %s: %q, want %q", step.tool, got, step.want)
		}
	}
}

// One broken mail, or a large one, never costs the others.
func TestMirrorWithBrokenMails(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addMails(t, dir, 0, mail("a", "x"), []byte("\x00\x01 no mail\n"), bytes.Repeat([]byte("Subject: huge\n"), 50<<20/14),
		[]byte("garbage\nSubject: Re: x\nMessage-ID: <b>\nIn-Reply-To: <a>\nContent-Type: multipart/mixed; boundary=x\nDate: Thu, 02 Jan 2025 03:04:05 +0000\n\n\x00--y"),
		append(mail("c", "Re: x", "a"), bytes.Repeat([]byte("+a long patch\n"), 3<<20/14)...), mail("d", "Re: x", "c"))
	var mu sync.Mutex
	var said []string
	got := has(t, mirror(t, dir), "a", func(err error) {
		mu.Lock()
		defer mu.Unlock()
		said = append(said, err.Error())
	})
	if got != "a b c d" || len(said) != 2 || !strings.Contains(said[0], epochDir(dir, 0)+":") || !strings.Contains(said[1], inbox.ErrTooLarge.Error()) {
		t.Errorf("%q, %q", got, said)
	}
}

// Indexing that is interrupted goes on where it was, and several at a time do
// no harm.
func TestMirrorInterrupted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	const count = 12_000
	mails := [][]byte{mail("a", "x")}
	for i := 1; i < count; i++ {
		mails = append(mails, mail(fmt.Sprint(i), "Re: x", "a"))
	}
	addMails(t, dir, 0, mails...)
	m := mirror(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	m.Progress = func(int) { cancel() }
	if _, err := m.Update(ctx, failOnBroken(t)); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	m.Close()
	var wg sync.WaitGroup
	total := make(chan int, 100)
	for range 2 {
		wg.Go(func() {
			other := mirror(t, dir)
			other.CacheDir = m.CacheDir
			last := 0
			other.Progress = func(n int) { last = n }
			defer other.Close()
			if _, err := other.Update(t.Context(), failOnBroken(t)); err != nil && !errors.Is(err, inbox.ErrIndexing) {
				t.Error(err)
			}
			total <- last
		})
	}
	wg.Wait()
	close(total)
	sum := 0
	for n := range total {
		sum += n
	}
	if sum == 0 || sum >= count {
		t.Errorf("%d were indexed after the interruption", sum)
	}
	m.Progress = nil
	if got := strings.Fields(has(t, m, "a", failOnBroken(t))); len(got) != count {
		t.Errorf("a thread of %d, want %d", len(got), count)
	}
}

// While another process is at the index, what it has is told to be old, or, where
// it never was whole, to be no answer.
func TestMirrorThatAnotherIndexes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	addMails(t, dir, 0, mail("a", "x"))
	m := mirror(t, dir)
	ask := func() (*inbox.Result, error) {
		other := mirror(t, dir)
		other.CacheDir = m.CacheDir
		return (&inbox.Archive{Sources: []inbox.Source{other}, Now: time.Now()}).Find(t.Context(), queryOf("a"), failOnBroken(t))
	}
	locked := func(want string, check func(*inbox.Result, error) bool) {
		t.Helper()
		locks, err := filepath.Glob(filepath.Join(m.CacheDir, "*.lock"))
		must(t, err)
		if len(locks) != 1 {
			t.Fatal(locks)
		}
		lock := flock.New(locks[0])
		must(t, lock.Lock())
		defer lock.Unlock()
		if got, err := ask(); !check(got, err) {
			t.Errorf("%s: %+v, %v", want, got, err)
		}
	}
	if _, err := ask(); err != nil {
		t.Fatal(err)
	}
	addMails(t, dir, 0, mail("b", "Re: x", "a"))
	locked("an old answer", func(got *inbox.Result, err error) bool {
		return err == nil && ids(got.Messages) == "a" && errors.Is(got.Sources[0].Stale, inbox.ErrIndexing)
	})
	if got, err := ask(); err != nil || ids(got.Messages) != "a\nb" || got.Sources[0].Stale != nil {
		t.Errorf("then: %+v, %v", got, err)
	}
	files, err := filepath.Glob(filepath.Join(m.CacheDir, "*.sqlite*"))
	must(t, err)
	for _, file := range files {
		if !strings.HasSuffix(file, ".lock") {
			must(t, os.Remove(file))
		}
	}
	locked("no answer", func(_ *inbox.Result, err error) bool {
		return errors.As(err, new(*inbox.NoAnswerError)) && errors.Is(err, inbox.ErrIndexing)
	})
}

func queryOf(id string) inbox.Query { return inbox.Query{IDs: []string{id}} }

// An index that something has written into is made anew.
func TestMirrorDamagedIndex(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	mails := [][]byte{mail("a", "x")}
	for i := range 2000 {
		mails = append(mails, mail(fmt.Sprint(i), fmt.Sprint("other ", i)))
	}
	addMails(t, dir, 0, append(mails, mail("b", "Re: x", "a"))...)
	m := mirror(t, dir)
	for _, tc := range []struct {
		why    string
		damage func(text []byte) []byte
	}{
		{"untouched", func(text []byte) []byte { return text }},
		{"no database", func([]byte) []byte { return []byte(strings.Repeat("no database\n", 1000)) }},
		{"cut off", func(text []byte) []byte { return text[:len(text)/2] }},
		{"pages of zeros", func(text []byte) []byte { clear(text[4096:]); return text }},
		{"random pages", func(text []byte) []byte {
			for i := 4096; i < len(text); i += 977 {
				text[i] ^= 0x55
			}
			return text
		}},
		{"empty", func([]byte) []byte { return nil }},
	} {
		if got := has(t, m, "a", failOnBroken(t)); got != "a b" {
			t.Fatalf("before %s: %q", tc.why, got)
		}
		m.Close()
		files, err := filepath.Glob(filepath.Join(m.CacheDir, "*.sqlite"))
		must(t, err)
		text, err := os.ReadFile(files[0])
		must(t, err)
		must(t, os.WriteFile(files[0], tc.damage(text), 0o600))
		if got := has(t, m, "a", failOnBroken(t)); got != "a b" {
			t.Errorf("%s: %q", tc.why, got)
		}
	}
}

// A repository that is none of public-inbox's has nothing, which is no answer.
func TestMirrorOfSomethingElse(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	ask := func() error {
		m := mirror(t, filepath.Join(r.Dir, ".git"))
		_, err := m.Find(t.Context(), queryOf("a"), failOnBroken(t))
		return err
	}
	if err := ask(); err != nil {
		t.Errorf("without a commit: %v", err)
	}
	r.Write("file", "text\n")
	r.Commit("Start\n")
	if err := ask(); !errors.Is(err, inbox.ErrNoMirror) {
		t.Errorf("with one: %v", err)
	}
}
