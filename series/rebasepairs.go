package series

import (
	"context"
	"slices"

	"github.com/kprep/kprep/gitrepo"
)

// follow pairs the patches of before with those of now: as git's own list has
// it, as far as that was seen, else by what is the same in both, and never by
// a guess where two would fit. Pairs leads from the id of each patch of now to
// what it was before. What has no partner is left, oldest first.
func (st *rebaseState) follow(ctx context.Context, repo *gitrepo.Repo, now []*gitrepo.Commit) (pairs map[gitrepo.ID]*gitrepo.Commit, left []*gitrepo.Commit, err error) {
	pairs = map[gitrepo.ID]*gitrepo.Commit{}
	for _, id := range st.Patches {
		c, err := repo.Commit(string(id))
		if err != nil {
			return nil, nil, err
		}
		left = append(left, c)
	}
	diffs, err := patchIDs(ctx, repo, left, now)
	if err != nil {
		return nil, nil, err
	}
	left = st.followList(left, now, pairs)
	text := func(c *gitrepo.Commit) string { return c.AuthorLine() + "\n" + c.Text() }
	for _, key := range []struct {
		of      func(*gitrepo.Commit) string
		ordered bool // twins are in the order that git keeps, unless the user chose another
	}{
		{func(c *gitrepo.Commit) string { return string(c.ID) }, false},
		{func(c *gitrepo.Commit) string { return diffs[c.ID] + "\n" + text(c) }, true},
		{text, true},
		{func(c *gitrepo.Commit) string { return diffs[c.ID] + "\n" + c.AuthorLine() }, false},
		{func(c *gitrepo.Commit) string { return c.AuthorLine() + "\n" + c.Subject() }, false},
	} {
		left = pairUp(left, now, pairs, key.of, key.ordered && !st.Chosen)
	}
	return pairs, left, nil
}

// followList pairs what git has put down. Of several patches that became one
// the first has it.
func (st *rebaseState) followList(left, now []*gitrepo.Commit, pairs map[gitrepo.ID]*gitrepo.Commit) []*gitrepo.Commit {
	there := map[gitrepo.ID]bool{}
	for _, c := range now {
		there[c.ID] = true
	}
	return slices.DeleteFunc(left, func(c *gitrepo.Commit) bool {
		id := st.Rewritten[c.ID]
		if !there[id] || pairs[id] != nil {
			return false
		}
		pairs[id] = c
		return true
	})
}

// pairUp pairs the patches that have a key for themselves, and in order as
// many as there are of those that share it. It returns what is left.
func pairUp(left, now []*gitrepo.Commit, pairs map[gitrepo.ID]*gitrepo.Commit, key func(*gitrepo.Commit) string, ordered bool) []*gitrepo.Commit {
	before, after := map[string]int{}, map[string][]gitrepo.ID{}
	for _, c := range left {
		before[key(c)]++
	}
	for _, c := range now {
		if pairs[c.ID] == nil {
			after[key(c)] = append(after[key(c)], c.ID)
		}
	}
	next := map[string]int{}
	return slices.DeleteFunc(left, func(c *gitrepo.Commit) bool {
		k := key(c)
		found := after[k]
		if len(found) != before[k] || len(found) != 1 && !ordered {
			return false
		}
		pairs[found[next[k]]] = c
		next[k]++
		return true
	})
}

// patchIDs are the patch-ids of all commits, by their id.
func patchIDs(ctx context.Context, repo *gitrepo.Repo, lists ...[]*gitrepo.Commit) (map[gitrepo.ID]string, error) {
	var ids []gitrepo.ID
	for _, c := range slices.Concat(lists...) {
		ids = append(ids, c.ID)
	}
	diffs, err := repo.PatchIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	all := map[gitrepo.ID]string{}
	for i, id := range ids {
		all[id] = diffs[i]
	}
	return all, nil
}
