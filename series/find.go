package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// maxDepth is how far below a tip a cover letter is looked for.
const maxDepth = 1000

// A finder looks for cover-letter commits from branch tips along first
// parents. It remembers where it has been, so that many branches on the same
// mainline cost one walk.
type finder struct {
	repo   *gitrepo.Repo
	barren map[gitrepo.ID]bool // commits from which no cover is reached
}

func newFinder(repo *gitrepo.Repo) *finder {
	return &finder{repo: repo, barren: map[gitrepo.ID]bool{}}
}

// A finding is a cover letter and the patches above it, oldest first.
type finding struct {
	tip     gitrepo.ID
	cover   *gitrepo.Commit
	patches []*gitrepo.Commit
}

// find walks down from rev and returns the nearest cover, nil when there is
// none.
func (f *finder) find(branch, rev string) (*finding, error) {
	var above []*gitrepo.Commit
	for c, err := range f.repo.FirstParents(rev) {
		if len(above) > 0 && errors.As(err, new(*gitrepo.MissingError)) {
			break // a shallow clone ends here
		}
		if err != nil {
			return nil, fmt.Errorf("branch %q: %w", shortBranch(branch), err)
		}
		if f.barren[c.ID] {
			break
		}
		if isCover(c) {
			found := &finding{tip: c.ID, cover: c, patches: above}
			if len(above) > 0 {
				found.tip = above[0].ID
			}
			slices.Reverse(found.patches)
			return found, nil
		}
		if above = append(above, c); len(above) == maxDepth {
			break
		}
	}
	for _, c := range above {
		f.barren[c.ID] = true
	}
	return nil, nil
}

// isCover says whether a commit carries a cover letter, also one that lost its
// marker line.
func isCover(c *gitrepo.Commit) bool {
	if coverletter.HasMarker(c.Message) {
		return true
	}
	_, _, unmarked := coverletter.DecodeUnmarked(c.Message)
	return unmarked
}

// checkOwn returns a *NotPreparedError when the nearest cover is somebody
// else's and already part of a remote branch: then it slipped into public
// history and says nothing about this branch. A remote copy of the branch
// itself does not count.
func checkOwn(ctx context.Context, repo *gitrepo.Repo, branch string, cover *gitrepo.Commit) error {
	mine, err := repo.IsMe(cover.Committer)
	if err != nil || mine {
		return nil // an unknown user may still read
	}
	remotes, err := repo.RemotesContaining(ctx, cover.ID)
	if err != nil {
		return err
	}
	for _, name := range remotes {
		if !strings.HasSuffix(name, "/"+shortBranch(branch)) && !strings.HasSuffix(name, "/HEAD") {
			return &NotPreparedError{Branch: branch}
		}
	}
	return nil
}
