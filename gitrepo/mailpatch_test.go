package gitrepo_test

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// readMails takes the patches out of an mbox of git's.
func readMails(t *testing.T, repo *gitrepo.Repo, mbox string) []gitrepo.MailPatch {
	t.Helper()
	var patches []gitrepo.MailPatch
	for _, mail := range strings.Split("\n"+mbox+"\n", "\nFrom ")[1:] {
		_, mail, _ = strings.Cut(mail, "\n")
		p, err := repo.ReadMail(context.Background(), []byte(strings.ReplaceAll(mail, "\n", "\r\n")))
		if err != nil {
			t.Fatal(err)
		}
		patches = append(patches, p)
	}
	return patches
}

// What is applied is what "git am" makes of the same mails.
func TestApplyMailDoesAsGitAm(t *testing.T) {
	t.Parallel()
	r, repo := patched(t)
	r.Git("config", "mailinfo.scissors", "true")
	r.Git("config", "i18n.commitEncoding", "ISO-8859-1")
	r.Git("-c", "i18n.commitEncoding=UTF-8", "commit", "-q", "--amend", "--author", "Zoë <zoe@example.org>", "-m", "[x] add bïnary", "-m", "Text.\n-- >8 --\nMore.")
	mbox := r.Git("format-patch", "--stdout", "base")
	was := r.Git("for-each-ref") + r.Git("status", "--porcelain") + r.Git("rev-parse", "HEAD")
	commits, err := repo.ApplyMail(context.Background(), gitrepo.ID(r.Git("rev-parse", "base")), readMails(t, repo, mbox))
	if err != nil || len(commits) != 2 {
		t.Fatalf("%v, %v", commits, err)
	}
	if now := r.Git("for-each-ref") + r.Git("status", "--porcelain") + r.Git("rev-parse", "HEAD"); now != was {
		t.Errorf("was\n%s\nnow\n%s", was, now)
	}
	r.Git("checkout", "-q", "--detach", "base")
	r.GitInput(mbox+"\n", "-c", "mailinfo.scissors=false", "-c", "i18n.commitEncoding=UTF-8", "am", "-q")
	format := "--format=%T%n%P%n%an <%ae> %ad%n%cn <%ce>%n%B"
	want, got := r.Git("log", "-2", format), r.Git("log", "-2", format, string(commits[1]))
	if want != got {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	r.Git("fsck", "--strict", string(commits[1]))
}

func TestApplyMailMergesOrStoresNothing(t *testing.T) {
	t.Parallel()
	r, repo := patched(t)
	mbox := r.Git("format-patch", "--stdout", "base")
	patches := readMails(t, repo, mbox)
	// The first line is another one, so that only a merge finds the place.
	r.Git("checkout", "-q", "--detach", "base")
	r.Write("a file", "first\n"+strings.Repeat("line\n", 19)+"line, and more\nend\n")
	r.Commit("nearby\n")
	objects := func() string { return r.Git("count-objects", "-v") }
	was := objects()
	_, err := repo.ApplyMail(context.Background(), gitrepo.ID(r.Git("rev-parse", "HEAD")), patches)
	failed := (*gitrepo.MailApplyError)(nil)
	if !errors.As(err, &failed) || failed.Number != 1 || failed.Subject != "rename" || objects() != was {
		t.Errorf("%v\n%s\n%s", err, was, objects())
	}
	r.Write("a file", "first\n"+strings.Repeat("line\n", 17)+"line, and more\nline\nline\nend\n")
	r.Commit("further\n")
	commits, err := repo.ApplyMail(context.Background(), gitrepo.ID(r.Git("rev-parse", "HEAD")), patches)
	if err != nil || len(commits) != 2 {
		t.Fatalf("%v, %v", commits, err)
	}
	if got := r.Git("show", string(commits[1])+":another"); !strings.HasPrefix(got, "first\n") || !strings.HasSuffix(got, "the end") {
		t.Errorf("%q", got)
	}
}

// Exchange encodes a patch with CRLF at the end of every line; a patch to a file
// with CRLF has it only in there.
func TestReadMailWithEncodedCRLF(t *testing.T) {
	t.Parallel()
	r, repo := patched(t)
	r.Write("dos", "one\r\ntwo\r\n")
	r.Commit("add a file of DOS\n\nText.\n")
	for rev, dos := range map[string]bool{"HEAD": true, "HEAD~2": false} {
		plain := r.Git("format-patch", "-1", "--stdout", rev)
		_, plain, _ = strings.Cut(plain, "\n")
		header, body, _ := strings.Cut(plain, "\n\n")
		header = regexp.MustCompile(`(?m)^(MIME-Version|Content-.*):.*\n?`).ReplaceAllString(header, "")
		encoded := func(text string) []byte {
			return []byte(strings.TrimRight(header, "\n") + "\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" +
				base64.StdEncoding.EncodeToString([]byte(text)) + "\n")
		}
		want, err := repo.ReadMail(context.Background(), encoded(body))
		if err != nil || strings.Contains(string(want.Diff), "\r\n") != dos {
			t.Fatalf("%s: %q, %v", rev, want.Diff, err)
		}
		if dos {
			continue
		}
		got, err := repo.ReadMail(context.Background(), encoded(strings.ReplaceAll(body, "\n", "\r\n")))
		if err != nil || got.Message != want.Message || string(got.Diff) != string(want.Diff) {
			t.Errorf("%s: got %q %q, %v; want %q %q", rev, got.Message, got.Diff, err, want.Message, want.Diff)
		}
	}
}

// What a program that was killed has left behind goes, once it is old.
func TestTrialRemovesWhatWasLeft(t *testing.T) {
	t.Parallel()
	r, repo := patched(t)
	cache := filepath.Join(r.Dir, ".git", "kprep", "cache")
	for name, age := range map[string]time.Duration{"trial-1": 25 * time.Hour, "trial-2": time.Hour, "landing": 25 * time.Hour} {
		when := time.Now().Add(-age)
		if err := errors.Join(os.MkdirAll(filepath.Join(cache, name, "x"), 0o700), os.Chtimes(filepath.Join(cache, name), when, when)); err != nil {
			t.Fatal(err)
		}
	}
	trial, err := repo.NewTrial(context.Background(), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	trial.Close()
	left, err := filepath.Glob(filepath.Join(cache, "*"))
	if err != nil || len(left) != 2 || filepath.Base(left[0]) != "landing" || filepath.Base(left[1]) != "trial-2" {
		t.Errorf("left: %q, %v", left, err)
	}
}
