package gitrepo_test

import (
	"context"
	"errors"
	"strings"
	"testing"

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
