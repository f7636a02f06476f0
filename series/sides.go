package series

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/kprep/kprep/gitrepo"
)

// A Side is one of two states of a series that are compared.
type Side struct {
	Name     string // "v1", or the branch
	Revision int
	Sent     *Sent      // nil for the branch
	Base     gitrepo.ID // what the first patch applies to
	Start    gitrepo.ID // the patches come after it: Base, or the cover letter
	End      gitrepo.ID // the last patch; Start when there is none
}

// String is the side's name with what it is.
func (s Side) String() string {
	if s.Sent != nil {
		return s.Name
	}
	return fmt.Sprintf("%s (v%d, not sent)", s.Name, s.Revision)
}

// Range is the patches as git names them: by tag where there is one.
func (s Side) Range() string {
	end := s.End.Short()
	if s.Sent != nil {
		end = s.Sent.Tag
	}
	return fmt.Sprintf("%s..%s", s.Start.Short(), end)
}

// What stands for a revision number in [Series.Sides].
const (
	OnBranch   = 0  // the branch as it is
	SentBefore = -1 // what was sent last, before the other side
)

// Sides finds two states of the series by their revision numbers, by OnBranch,
// and the old one by SentBefore. The new one may also be the revision that the
// branch will be. It returns a *NotSentError, an *UnbasedError or a *SideError.
func (s *Series) Sides(ctx context.Context, old, new int) ([2]Side, error) {
	sent, err := s.Sent(ctx)
	if err != nil {
		return [2]Side{}, err
	}
	var sides [2]Side
	isSent := slices.ContainsFunc(sent, func(one Sent) bool { return one.Revision == new })
	if new == s.Tracking.Revision && !isSent {
		new = OnBranch
	}
	if sides[1], err = s.side(sent, new); err != nil {
		return sides, err
	}
	if old == SentBefore {
		if old, err = before(sent, sides[1]); err != nil {
			return sides, err
		}
	}
	sides[0], err = s.side(sent, old)
	return sides, err
}

// before is the last revision that was sent before a side.
func before(sent []Sent, side Side) (int, error) {
	revision, limit := 0, 0
	if side.Sent != nil {
		limit = side.Revision
	}
	for _, one := range sent {
		if limit == 0 || one.Revision < limit {
			revision = one.Revision
		}
	}
	if revision == 0 {
		return 0, &NotSentError{Before: limit}
	}
	return revision, nil
}

func (s *Series) side(sent []Sent, revision int) (Side, error) {
	for _, one := range sent {
		if one.Revision != revision {
			continue
		}
		if one.Base == "" {
			return Side{}, &UnbasedError{Tag: one.Tag}
		}
		side := Side{Name: fmt.Sprintf("v%d", revision), Revision: revision, Sent: &one, End: one.Tip}
		base, err := s.repo.Commit(string(one.Base)) // a tag may have it shortened
		if err != nil {
			return side, &SideError{Side: side, Err: fmt.Errorf("the base-commit: %w", err)}
		}
		side.Base, side.Start = base.ID, base.ID
		return side, nil
	}
	if revision != OnBranch {
		return Side{}, &NotSentError{Revision: revision}
	}
	return Side{Name: s.Name(), Revision: s.Tracking.Revision, Base: s.Base, Start: s.Start(), End: s.End()}, nil
}

// An UnbasedError reports a tag that does not say where its patches begin.
type UnbasedError struct{ Tag string }

func (e *UnbasedError) Error() string {
	return fmt.Sprintf("the tag %q names no base-commit, so that nobody knows where its patches begin", e.Tag)
}

// A SideError reports a state of the series whose patches cannot be read.
type SideError struct {
	Side Side
	Err  error
}

func (e *SideError) Error() string { return fmt.Sprintf("%s: %v", e.Side.Name, e.Err) }

func (e *SideError) Unwrap() error { return e.Err }

// A NotBelowError reports a base commit that the patches are not on top of.
type NotBelowError struct{ Base, End gitrepo.ID }

func (e *NotBelowError) Error() string {
	return fmt.Sprintf("the base-commit %s is not below the last patch, %s", e.Base.Short(), e.End.Short())
}

// An UnrelatedError reports two states of the series without common history.
type UnrelatedError struct{ Old, New Side }

func (e *UnrelatedError) Error() string {
	return fmt.Sprintf("%s and %s share no history: their base commits %s and %s have no common ancestor",
		e.Old.Name, e.New.Name, e.Old.Base.Short(), e.New.Base.Short())
}

// checkSides makes sure that both sides are there and belong together. It
// returns a *SideError or an *UnrelatedError, and else what merges there are.
func (s *Series) checkSides(ctx context.Context, sides [2]Side) (merges [2][]gitrepo.ID, err error) {
	for _, side := range sides {
		if _, err := s.repo.Commit(string(side.End)); err != nil {
			return merges, &SideError{Side: side, Err: fmt.Errorf("the last patch: %w", err)}
		}
	}
	check := func(n int) func(context.Context) error {
		return func(ctx context.Context) (err error) {
			merges[n], err = s.checkSide(ctx, sides[n])
			return err
		}
	}
	return merges, atOnce(ctx, check(0), check(1), func(ctx context.Context) error {
		if sides[0].Base == sides[1].Base {
			return nil
		}
		common, err := s.repo.MergeBase(ctx, sides[0].Base, sides[1].Base)
		if err == nil && common == "" {
			err = &UnrelatedError{Old: sides[0], New: sides[1]}
		}
		return err
	})
}

// atOnce does all at the same time and returns the error of the first in the
// list that fails, so that it is not chance which one is told. What comes after
// it in the list is stopped.
func atOnce(ctx context.Context, list ...func(context.Context) error) error {
	failed := make([]error, len(list))
	var group sync.WaitGroup
	for n, do := range list {
		own := ctx
		later, stop := context.WithCancel(ctx)
		defer stop()
		group.Go(func() {
			if failed[n] = do(own); failed[n] != nil {
				stop()
			}
		})
		ctx = later
	}
	group.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Series) checkSide(ctx context.Context, side Side) (merges []gitrepo.ID, err error) {
	below := true
	if side.Sent != nil {
		below, err = s.repo.Ancestor(ctx, side.Base, side.End)
	}
	if err == nil && !below {
		err = &NotBelowError{Base: side.Base, End: side.End}
	}
	if err == nil {
		merges, err = s.repo.Merges(ctx, side.Start, side.End)
	}
	if err != nil {
		err = &SideError{Side: side, Err: err}
	}
	return merges, err
}
