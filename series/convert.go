package series

import (
	"context"

	"github.com/kprep/kprep/gitrepo"
)

// Convert moves the cover letter and the tracking data to another storage, or
// to its right place in the same one. Base names the base branch where the
// storage needs one; "" finds it. It returns a *BaseBranchError when that
// cannot be found.
func (s *Series) Convert(ctx context.Context, storage Storage, base, reason string) (changed bool, err error) {
	tracking := s.Tracking.Clone()
	if storage != CoverCommit || base != "" {
		if tracking.BaseBranch, err = s.chooseBase(ctx, base); err != nil {
			return false, err
		}
	}
	placed := *s
	placed.Patches = append(append([]*gitrepo.Commit{}, s.Patches...), s.Misplaced...)
	placed.Misplaced, placed.Unmarked = nil, false
	if storage == CoverCommit && s.Storage == CoverCommit {
		if err := placed.takeIn(ctx); err != nil {
			return false, err
		}
	}
	if err := placed.CheckRewritable(ctx); err != nil {
		return false, err
	}
	l, err := placed.layOut(ctx, storage, s.Text, tracking)
	if err != nil {
		return false, err
	}
	return placed.apply(ctx, l, reason)
}
