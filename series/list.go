package series

import (
	"context"
	"errors"

	"github.com/kprep/kprep/gitrepo"
)

// List loads every series of the repository, in order of branch names. A
// branch whose cover cannot be read is reported through broken and left out.
func List(ctx context.Context, repo *gitrepo.Repo, broken func(error)) ([]*Series, error) {
	refs, err := repo.Refs(ctx, "refs/heads/")
	if err != nil {
		return nil, err
	}
	f := newFinder(repo)
	var all []*Series
	for _, ref := range refs {
		s, err := read(ctx, f, ref.Name, string(ref.Object))
		if errors.As(err, new(*NotPreparedError)) || err == nil && s == nil {
			continue
		}
		if err != nil {
			broken(err)
			continue
		}
		all = append(all, s)
	}
	return all, nil
}
