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

	st := &rebaseState{Patches: before, Chosen: true}
	pairs, left, err := st.follow(context.Background(), repo, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(pairs) != 2 || pairs[after[1]].ID != before[0] || pairs[after[0]].ID != before[1] {
		t.Errorf("pairs: %v", pairs)
	}
	var titles []string
	for _, c := range left {
		titles = append(titles, c.Subject())
	}
	if len(titles) != 4 || titles[0] != "twin" || titles[2] != "dropped" || titles[3] != "renamed" {
		t.Errorf("left: %q", titles)
	}
}

// Patches that are equal but for their place keep their order, which git does
// not change; where the user chose it, only git's own list can tell.
func TestTwinsArePaired(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("file", "1\n")
	base := r.Commit("one\n")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	grow := func(contents ...string) (ids []gitrepo.ID, commits []*gitrepo.Commit) {
		for _, text := range contents {
			r.Write("file", text)
			c, err := repo.Commit(r.Commit("twin\n"))
			if err != nil {
				t.Fatal(err)
			}
			ids, commits = append(ids, c.ID), append(commits, c)
		}
		return ids, commits
	}
	before, _ := grow("2\n", "1\n", "2\n", "1\n")
	r.Git("reset", "-q", "--hard", base)
	r.Write("other", "1\n")
	r.Commit("more\n")
	after, now := grow("2\n", "1\n", "2\n", "1\n")
	for _, tc := range []struct {
		why  string
		st   rebaseState
		want []gitrepo.ID // what each patch of now was; "" for unknown
	}{
		{"in order", rebaseState{Patches: before}, before},
		{"the user chose the order", rebaseState{Patches: before, Chosen: true}, []gitrepo.ID{"", "", "", ""}},
		{"git's list", rebaseState{Patches: before, Chosen: true, Rewritten: map[gitrepo.ID]gitrepo.ID{
			before[0]: after[2], before[2]: after[0], before[1]: after[1], before[3]: after[3]}},
			[]gitrepo.ID{before[2], before[1], before[0], before[3]}},
		{"several that became one", rebaseState{Patches: before, Chosen: true, Rewritten: map[gitrepo.ID]gitrepo.ID{
			before[0]: after[0], before[1]: after[0], before[2]: after[1], before[3]: "gone"}},
			[]gitrepo.ID{before[0], before[2], "", ""}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			pairs, _, err := tc.st.follow(context.Background(), repo, now)
			if err != nil {
				t.Fatal(err)
			}
			for i, id := range after {
				var got gitrepo.ID
				if c := pairs[id]; c != nil {
					got = c.ID
				}
				if got != tc.want[i] {
					t.Errorf("patch %d is paired with %q, want %q", i, got, tc.want[i])
				}
			}
		})
	}
}
