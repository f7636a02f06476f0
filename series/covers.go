package series

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A TwoCoversError reports a branch that got the cover letter of another
// series, as by git cherry-pick. The nearest one counts, so that the branch
// would go on as that other series.
type TwoCoversError struct {
	Branch string
	Stray  *gitrepo.Commit // the cover letter that came from elsewhere
	From   string          // change-id in it
	Home   string          // the branch that is that series; "" when there is none any more
	Own    string          // change-id of the series that the branch was
}

func (e *TwoCoversError) Error() string {
	from := fmt.Sprintf("series %q", e.From)
	if e.Home != "" {
		from = fmt.Sprintf("branch %q", shortBranch(e.Home))
	}
	return fmt.Sprintf("branch %q, which is the series %q, also has the cover letter of %s, in commit %s", shortBranch(e.Branch), e.Own, from, e.Stray.ID.Short())
}

// CheckOneCover returns a *TwoCoversError when the cover letter of the branch
// is that of another series. Cover letters of the series that this one is
// stacked upon are none.
func (s *Series) CheckOneCover(ctx context.Context) error {
	if s.Cover == nil {
		return s.checkNoCover(ctx)
	}
	under, err := s.coverUnder(s.Cover)
	if err != nil || under == nil || s.ownCover(under) || s.dependsOn(under) {
		return err
	}
	e := &TwoCoversError{Branch: s.Branch, Stray: s.Cover, From: s.Tracking.ChangeID, Own: changeIDOf(under)}
	others, err := s.otherCovers(ctx)
	if err != nil || len(others[e.Own]) > 0 { // stacked on that branch, before it was written again
		return err
	}
	for _, home := range others[e.From] {
		below, err := s.coverUnder(home.cover)
		if err != nil || below != nil && changeIDOf(below) == e.Own { // a copy of this branch
			return err
		}
		e.Home = home.branch
	}
	if e.Home == "" && (!s.named(e.Own) || s.named(e.From)) {
		return nil // nothing tells which of the two is at home here
	}
	return e
}

// checkNoCover looks for a cover letter among the patches of a series that
// keeps its own in the configuration.
func (s *Series) checkNoCover(ctx context.Context) error {
	for _, c := range s.Patches {
		if id := changeIDOf(c); id != "" && id != s.Tracking.ChangeID {
			e := &TwoCoversError{Branch: s.Branch, Stray: c, From: id, Own: s.Tracking.ChangeID}
			others, err := s.otherCovers(ctx)
			if err != nil {
				return err
			}
			for _, home := range others[id] {
				e.Home = home.branch
			}
			return e
		}
	}
	return nil
}

// coverUnder is the next cover letter below a commit, in commits of the
// user's own; nil for none.
func (s *Series) coverUnder(at *gitrepo.Commit) (*gitrepo.Commit, error) {
	for range maxBelow {
		if len(at.Parents) != 1 {
			return nil, nil
		}
		below, err := s.repo.Commit(string(at.Parents[0]))
		if errors.As(err, new(*gitrepo.MissingError)) {
			return nil, nil // a shallow clone ends here
		}
		if err != nil {
			return nil, err
		}
		if mine, err := s.repo.IsMe(below.Committer); err != nil || !mine {
			return nil, nil // an unknown user may still read
		}
		if changeIDOf(below) != "" {
			return below, nil
		}
		at = below
	}
	return nil, nil
}

// named says whether a change-id was made of the name of this branch.
func (s *Series) named(changeID string) bool {
	return strings.Contains(changeID, "-"+s.Slug()+"-")
}

// A branchCover is where the cover letter of a branch is.
type branchCover struct {
	branch string // full ref name
	cover  *gitrepo.Commit
}

// otherCovers are the cover-letter commits of the other branches, by
// change-id.
func (s *Series) otherCovers(ctx context.Context) (map[string][]branchCover, error) {
	tips, err := s.repo.RefValues(ctx, "refs/heads/")
	if err != nil {
		return nil, err
	}
	f, covers := newFinder(s.repo), map[string][]branchCover{}
	for name, tip := range tips {
		if name == s.Branch {
			continue
		}
		found, err := f.find(name, string(tip))
		if err != nil || found == nil {
			continue // the trouble of another branch is not ours
		}
		id := changeIDOf(found.cover)
		covers[id] = append(covers[id], branchCover{branch: name, cover: found.cover})
	}
	return covers, nil
}
