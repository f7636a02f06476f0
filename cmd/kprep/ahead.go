package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/kprep/kprep/series"
)

// warnAhead tells when a remote copy of the series is ahead of the branch, as
// after a send from another clone. Whoever only looks is not held up by what
// cannot be found out.
func (e *env) warnAhead(ctx context.Context, s *series.Series) {
	ahead, err := s.Ahead(ctx)
	if err != nil {
		e.debugf("look for a newer revision: %v", err)
	}
	if ahead == nil {
		return
	}
	take := "git reset --keep " + ahead.Ref
	if s.Branch != e.repo.Head.Branch {
		take = fmt.Sprintf("git branch -f %s %s", s.Name(), ahead.Ref)
	}
	fetch := "git fetch --tags"
	if ahead.Remote != "" {
		fetch += " " + ahead.Remote
	}
	e.warnf("%s holds v%d of this series, and branch %q is v%d; '%s' brings what was sent, '%s' goes on from there",
		ahead.Ref, ahead.Revision, s.Name(), s.Tracking.Revision, fetch, take)
}

// warnCovers tells of commits below the cover letter, and of a cover letter
// that strayed in.
func (e *env) warnCovers(ctx context.Context, s *series.Series) {
	err := s.CheckCovers(ctx)
	if errors.As(err, new(*series.BelowError)) || errors.As(err, new(*series.TwoCoversError)) {
		e.warnf("%s", withHint(err))
	}
}

// withHint is an error for a warning.
func withHint(err error) string {
	if next := hint(err); next != "" {
		return fmt.Sprintf("%v; %s", err, next)
	}
	return err.Error()
}
