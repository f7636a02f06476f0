package series

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
	Barren    []gitrepo.ID          // tips that no cover letter lies below, as far as one is looked for
}

// ListSent is [List] with what was mailed of each series. Tags that lead to nothing
// are reported through broken too. The Barren of an earlier listing need not be
// looked below again; nil for none.
func ListSent(ctx context.Context, repo *gitrepo.Repo, barren []gitrepo.ID, broken func(error)) (*Listing, error) {
	l := &Listing{}
	f := newFinder(repo)
	for _, id := range barren {
		f.barren[id] = true
	}
	var all []*Series
	var tags []gitrepo.Ref
	var lost []string
	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		if l.Refs, l.Upstreams, err = repo.Branches(groupCtx); err == nil {
			all, err = listAmong(groupCtx, f, l.Refs, broken)
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
	for _, name := range slices.Sorted(maps.Keys(l.Refs)) {
		if tip := l.Refs[name]; f.barren[tip] && !slices.Contains(l.Barren, tip) {
			l.Barren = append(l.Barren, tip)
		}
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
