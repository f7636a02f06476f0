package landing

import (
	"context"
	"io"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff"
)

// Change is what whoever applied patches of the branch has changed, from the first
// to the last of neighbours that became one commit.
func Change(ctx context.Context, repo *gitrepo.Repo, first, last, applied gitrepo.ID) ([]rangediff.Pair, error) {
	ours, err := patchesBetween(ctx, repo, first, last)
	if err != nil {
		return nil, err
	}
	theirs, err := patchesBetween(ctx, repo, applied, applied)
	const whatever = 1 << 20 // they belong together, however little they have in common
	return rangediff.Compare(ours, theirs, whatever), err
}

// patchesBetween are the commits from first to last.
func patchesBetween(ctx context.Context, repo *gitrepo.Repo, first, last gitrepo.ID) (patches []rangediff.Commit, err error) {
	c, err := repo.Commit(string(first))
	if err != nil || len(c.Parents) != 1 {
		return nil, err
	}
	err = repo.PatchLog(ctx, rangediff.LogOptions(), c.Parents[0], last, func(out io.Reader) (err error) {
		patches, err = rangediff.ParseLog(out)
		return err
	})
	for i := range patches {
		id := gitrepo.ID(patches[i].ID)
		c, err := repo.Commit(string(id))
		if err != nil {
			return nil, err
		}
		patches[i].Short = id.Short()
		patches[i].Subject, _ = gitrepo.SplitMessage(c.Text())
	}
	return patches, err
}
