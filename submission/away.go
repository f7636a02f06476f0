package submission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// An AwayError reports that there is no series here to go on with, but a send
// of another branch that is not over.
type AwayError struct {
	Branch string     // its full name when the send began
	Tip    gitrepo.ID // of the branch then
	Gone   bool       // there is no such branch any more
	Err    error      // what is wrong here
}

func (e *AwayError) Error() string {
	return fmt.Sprintf("%v; the send that is not finished is of branch %q", e.Err, e.Short())
}

func (e *AwayError) Unwrap() error { return e.Err }

// Short is the branch's name as people write it.
func (e *AwayError) Short() string { return strings.TrimPrefix(e.Branch, "refs/heads/") }

// Away adds to err, which says why there is no series here, where the oldest
// send of the repository is that is not over; err itself where there is none.
func Away(ctx context.Context, repo *gitrepo.Repo, err error) error {
	ids, listErr := OpenSends(ctx, repo)
	if listErr != nil {
		return listErr
	}
	for _, id := range ids {
		away, listErr := awayOf(ctx, repo, id, err)
		if listErr != nil {
			return listErr
		}
		if away != nil {
			return away
		}
	}
	return err
}

// Strays are the sends that are not over of series whose branches are gone;
// onBranch are the change-ids of the others.
func Strays(ctx context.Context, repo *gitrepo.Repo, onBranch []string) ([]*AwayError, error) {
	entries, err := os.ReadDir(seriesDir(repo, ""))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var all []*AwayError
	for _, entry := range entries {
		id := entry.Name()
		if slices.Contains(onBranch, id) {
			continue
		}
		away, err := awayOf(ctx, repo, id, fmt.Errorf("the series %q is on no branch any more", id))
		if err != nil {
			return nil, err
		}
		if away != nil && away.Gone {
			all = append(all, away)
		}
	}
	return all, nil
}

// awayOf is where the send of a series is that is not over; nil where there is
// none, or none that moves a branch.
func awayOf(ctx context.Context, repo *gitrepo.Repo, changeID string, why error) (*AwayError, error) {
	open, err := openJournals(ctx, repo, changeID)
	if err != nil {
		return nil, err
	}
	for _, j := range open {
		var r series.Reroll
		switch plan := j.Plan(); {
		case plan.Finish != nil && json.Unmarshal(plan.Finish, &r) == nil:
		case j.Salvaged():
			if r.Branch, err = branchOf(ctx, repo, changeID); err != nil {
				return nil, err
			}
		}
		if r.Branch == "" {
			continue // a resend moves no branch
		}
		away := &AwayError{Branch: r.Branch, Err: why}
		for _, u := range r.Updates {
			if u.Name == r.Branch {
				away.Tip = u.Old
			}
		}
		here, err := repo.Ref(ctx, r.Branch)
		away.Gone = here == ""
		return away, err
	}
	return nil, nil
}

// branchOf finds the branch of a series, "" for none.
func branchOf(ctx context.Context, repo *gitrepo.Repo, changeID string) (string, error) {
	all, err := series.List(ctx, repo, func(error) {})
	for _, s := range all {
		if s.Tracking.ChangeID == changeID {
			return s.Branch, nil
		}
	}
	return "", err
}
