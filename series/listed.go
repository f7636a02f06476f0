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

// A Listing is what a repository looks like as a whole.
type Listing struct {
	All       []Listed              // in order of branch names
	Refs      map[string]gitrepo.ID // local and remote-tracking branches, by full name
	Upstreams map[string]string     // of local branches, full names
}

// ListSent is [List] with what was mailed of each series. Tags that lead to nothing
// are reported through broken too.
func ListSent(ctx context.Context, repo *gitrepo.Repo, broken func(error)) (*Listing, error) {
	l := &Listing{}
	var all []*Series
	var tags []gitrepo.Ref
	var lost []string
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if l.Refs, l.Upstreams, err = repo.Branches(groupCtx); err == nil {
			all, err = listAmong(groupCtx, repo, l.Refs, broken)
		}
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
	for _, s := range all {
		sent, err := s.sentAmong(tags)
		if err != nil {
			return nil, err
		}
		l.All = append(l.All, Listed{s, sent})
	}
	return l, nil
}
