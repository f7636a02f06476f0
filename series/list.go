package series

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// List loads every series of the repository, in order of branch names. A
// branch whose cover cannot be read, or whose tip is lost, is reported through
// broken and left out.
func List(ctx context.Context, repo *gitrepo.Repo, broken func(error)) ([]*Series, error) {
	tips, err := repo.RefValues(ctx, "refs/heads/") // reads no commit, and so meets none that is lost
	if err != nil {
		return nil, err
	}
	return listAmong(ctx, newFinder(repo), tips, broken)
}

// listAmong is List where the branches are known.
func listAmong(ctx context.Context, f *finder, tips map[string]gitrepo.ID, broken func(error)) ([]*Series, error) {
	var all []*Series
	for _, name := range slices.Sorted(maps.Keys(tips)) {
		if !strings.HasPrefix(name, "refs/heads/") {
			continue
		}
		s, err := read(ctx, f, name, string(tips[name]))
		if _, tipErr := f.repo.Read(string(tips[name])); errors.As(err, new(*gitrepo.MissingError)) && tipErr != nil {
			err = &LostTipError{Branch: shortBranch(name), Commit: tips[name]}
		}
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
