package landing

import (
	"cmp"
	"context"
	"slices"

	"github.com/kprep/kprep/gitrepo"
)

// maxSum is how many patches that became one commit are looked for.
const maxSum = 6

// addSums looks for patches that were put together into one commit with one
// that has landed: those beside it that are nowhere else, where the sum of their
// changes is what the commit changes.
func addSums(ctx context.Context, repo *gitrepo.Repo, patches []Patch, landings []Landing, changes map[gitrepo.ID]string) ([]Landing, error) {
	at := map[int]int{} // by patch: its place in landings
	for i, l := range landings {
		at[l.Patch] = i
	}
	for i := range landings {
		l := landings[i]
		if l.Same || l.Reverted != "" || changes[l.Commit] == "" {
			continue
		}
		free := func(n int) bool {
			if n < 0 || n >= len(patches) {
				return false
			}
			other, landed := at[n]
			return !landed || landings[other].Commit == l.Commit
		}
		first, last, err := sumOf(ctx, repo, patches, l.Patch, free, changes[l.Commit])
		if err != nil {
			return nil, err
		}
		for n := first; n <= last; n++ {
			if other, landed := at[n]; landed {
				landings[other].Same, landings[other].Part = true, true
				continue
			}
			at[n] = len(landings)
			landings = append(landings, Landing{Patch: n, Commit: l.Commit, Branch: l.Branch, Basis: BySum, Same: true, Part: true, Revision: l.Revision})
		}
	}
	for i := range landings {
		for k := range landings {
			landings[i].Part = landings[i].Part || i != k && landings[i].Commit == landings[k].Commit
		}
	}
	slices.SortFunc(landings, func(a, b Landing) int { return cmp.Compare(a.Patch, b.Patch) })
	return landings, nil
}

// sumOf finds the patches around one whose changes together have a patch-id; last
// is below first when there are none.
func sumOf(ctx context.Context, repo *gitrepo.Repo, patches []Patch, around int, free func(int) bool, want string) (first, last int, err error) {
	for first = around; first > around-maxSum && (first == around || free(first)); first-- {
		for last = around; last-first < maxSum && (last == around || free(last)); last++ {
			if first == last {
				continue
			}
			below, err := repo.Commit(string(patches[first].Commit))
			if err != nil || len(below.Parents) != 1 {
				return 0, -1, err
			}
			got, err := repo.PatchIDBetween(ctx, below.Parents[0], patches[last].Commit)
			if err != nil {
				return 0, -1, err
			}
			if got == want {
				return first, last, nil
			}
		}
	}
	return 0, -1, nil
}
