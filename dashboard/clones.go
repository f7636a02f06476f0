package dashboard

import (
	"context"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/gitrepo"
)

// A Clone is a repository with its series. Its keys in JSON stay.
type Clone struct {
	Path     string      `json:"path"`
	Error    string      `json:"error,omitempty"` // why its series are not known; "" when they are
	Warnings []string    `json:"warnings,omitempty"`
	Series   []*Standing `json:"series"`
}

// ReadClones reads several repositories, a few at a time, in the order of their
// paths as given. What is wrong with one does not keep the others from being read,
// and one that is there under two paths, a linked work tree for example, is read
// once. One that is open already, nil for none, is the first. What is broken is in
// their Warnings, and o.Broken is not told. Only an interrupt is an error.
func ReadClones(ctx context.Context, here *gitrepo.Repo, paths []string, options gitrepo.Options, o Options) ([]Clone, error) {
	if here != nil {
		path := here.TopLevel
		if path == "" {
			path = here.GitDir
		}
		paths = append([]string{path}, paths...)
	}
	options.Glance = true
	clones := make([]Clone, len(paths))
	common := make([]string, len(paths))
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(max(2, runtime.GOMAXPROCS(0)))
	for i, path := range paths {
		clones[i] = Clone{Path: path, Series: []*Standing{}}
		group.Go(func() error {
			repo := here
			if i > 0 || here == nil {
				var err error
				if repo, err = gitrepo.Open(groupCtx, path, options); err != nil {
					clones[i].Error = err.Error()
					return groupCtx.Err()
				}
				defer repo.Close()
			}
			common[i] = filepath.Clean(repo.CommonDir)
			clones[i].read(groupCtx, repo, o)
			return groupCtx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var kept []Clone
	for i, c := range clones {
		if common[i] == "" || !slices.Contains(common[:i], common[i]) {
			kept = append(kept, c)
		}
	}
	return kept, nil
}

func (c *Clone) read(ctx context.Context, repo *gitrepo.Repo, o Options) {
	o.Broken = func(err error) { c.Warnings = append(c.Warnings, err.Error()) }
	all, err := ReadRepository(ctx, repo, o)
	if err != nil {
		c.Error = err.Error()
		return
	}
	c.Series = all
}
