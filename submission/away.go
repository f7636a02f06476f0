package submission

import (
	"context"
	"encoding/json"
	"fmt"
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
		open, listErr := openJournals(ctx, repo, id)
		if listErr != nil {
			return listErr
		}
		for _, j := range open {
			var r series.Reroll
			switch plan := j.Plan(); {
			case plan.Finish != nil && json.Unmarshal(plan.Finish, &r) == nil:
			case j.Salvaged():
				if r.Branch, listErr = branchOf(ctx, repo, id); listErr != nil {
					return listErr
				}
			}
			if r.Branch == "" {
				continue // a resend moves no branch
			}
			away := &AwayError{Branch: r.Branch, Err: err}
			for _, u := range r.Updates {
				if u.Name == r.Branch {
					away.Tip = u.Old
				}
			}
			here, refErr := repo.Ref(ctx, r.Branch)
			if refErr != nil {
				return refErr
			}
			away.Gone = here == ""
			return away
		}
	}
	return err
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
