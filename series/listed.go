package series

import (
	"context"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/gitrepo"
)

// A Listed is one series of many, with the revisions that were mailed of it, the
// oldest first.
type Listed struct {
	*Series
	Sent []Sent
}

// ListSent is [List] with what was mailed of each series. What is wrong with one is
// reported through broken too, and so are tags that lead to nothing.
func ListSent(ctx context.Context, repo *gitrepo.Repo, broken func(error)) ([]Listed, error) {
	var all []*Series
	var tags []gitrepo.Ref
	var lost []string
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		all, err = List(groupCtx, repo, broken)
		return err
	})
	group.Go(func() (err error) {
		tags, err = repo.RefsThere(groupCtx, func(name string) { lost = append(lost, name) }, "refs/tags/sent/")
		return err
	})
	group.Go(func() error {
		_, _ = repo.Committer() // asked for below, and known by then
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	for _, name := range lost {
		broken(fmt.Errorf("tag %q leads to nothing in the repository", strings.TrimPrefix(name, "refs/tags/")))
	}
	listed := make([]Listed, 0, len(all))
	for _, s := range all {
		sent, err := s.sentAmong(tags)
		if err != nil {
			return nil, err
		}
		listed = append(listed, Listed{s, sent})
	}
	return listed, nil
}
