package series

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// git is the judge, as long as there is no mailmap.
func TestShortlogIsThatOfGit(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Commit("root\n")
	for _, c := range []struct{ author, message string }{
		{"Ünal <u@example.org>", "one\n"},
		{"Zoe <z@example.org>", "two\nlines of\na subject\n\nbody\n"},
		{"anna <a@example.org>", "[PATCH 1/2] three\n"},
		{"Zoe <other@example.org>", "[RFC] four ] five\n"},
		{"Anna <a@example.org>", "[PATCH unclosed\n"},
		{"Anna <a@example.org>", "[PATCH]\n"},
		{"Anna <a@example.org>", " \n\n"},
		{"Anna <a@example.org>", "\n\n  late\n\nbody\n"},
		{"Anna <a@example.org>", "[PATCH v2]tight\n"},
	} {
		r.Git("commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "--author="+c.author, "-m", c.message)
	}
	r.Git("-c", "i18n.commitEncoding=ISO-8859-1", "commit", "-q", "--allow-empty", "--author=\xd6zge <o@example.org>", "-m", "gr\xf6\xdfer")
	repo, err := gitrepo.Open(t.Context(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	var commits []*gitrepo.Commit
	for _, id := range strings.Fields(r.Git("rev-list", "--reverse", "HEAD~10..")) {
		c, err := repo.Commit(id)
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	if got, want := shortlog(commits), r.Git("-c", "i18n.logOutputEncoding=UTF-8", "shortlog", "HEAD~10.."); len(commits) != 10 || got != want {
		t.Errorf("%d commits:\n%s\ngit says\n%s", len(commits), got, want)
	}
}
