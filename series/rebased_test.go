package series

import (
	"context"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// Patches are paired by author and message or title, and never by guess.
func TestRebasedPatchesArePaired(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("file", "1\n")
	r.Commit("one\n")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	grow := func(messages ...string) (ids []gitrepo.ID, commits []*gitrepo.Commit) {
		for _, m := range messages {
			c, err := repo.Commit(r.GitInput(m, "commit-tree", "-p", "HEAD", "HEAD^{tree}"))
			if err != nil {
				t.Fatal(err)
			}
			r.Git("reset", "-q", "--soft", string(c.ID))
			ids, commits = append(ids, c.ID), append(commits, c)
		}
		return ids, commits
	}
	before, _ := grow("same\n\nText.\n", "reworded\n\nBefore.\n", "twin\n", "twin\n", "dropped\n", "renamed\n")
	after, now := grow("reworded\n\nAfter.\n", "same\n\nText.\n", "twin\n", "twin\n", "another name\n")

	st := &rebaseState{Patches: before}
	moved, left, err := st.follow(repo, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(moved) != 2 || moved[before[0]] != after[1] || moved[before[1]] != after[0] {
		t.Errorf("moved: %v", moved)
	}
	var titles []string
	for _, c := range left {
		titles = append(titles, c.Subject())
	}
	if len(titles) != 4 || titles[0] != "twin" || titles[2] != "dropped" || titles[3] != "renamed" {
		t.Errorf("left: %q", titles)
	}
}
