package submission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// A BurnError reports a send that cannot be given up yet: of it something left,
// or may have, and the tag and the next revision that follow cannot be made.
type BurnError struct {
	Revision int
	Err      error
}

func (e *BurnError) Error() string {
	return fmt.Sprintf("the send of v%d cannot be given up before it has its tag: %v", e.Revision, e.Err)
}

func (e *BurnError) Unwrap() error { return e.Err }

// Abandon gives up the send of the series that is not over, or returns
// ErrNothingOpen. When anything of it left, or may have, the revision is used
// up: tag and branch move all the same. So it is when the journal is damaged or
// gone. What moves is then what was prepared before the mail, as far as that is
// left; else what prepare makes of the branch as it is now. A *BurnError says
// that nothing could be made. The caller holds the [Lock].
func Abandon(ctx context.Context, repo *gitrepo.Repo, s *series.Series, prepare func() (*Submission, error)) (Outcome, error) {
	open, err := openJournals(ctx, repo, s.Tracking.ChangeID)
	if err != nil {
		return Outcome{}, err
	}
	switch {
	case len(open) == 0:
		return abandonLost(ctx, repo, s)
	case open[0].Salvaged():
		return abandonDamaged(ctx, repo, s, open[0].Dir(), prepare)
	}
	j, err := sendmail.OpenJournal(open[0].Dir())
	if err != nil {
		return Outcome{}, err
	}
	defer j.Close()
	out, plan := outcomeOf(j), j.Plan()
	if out.Summary.Accepted+out.Summary.Unknown > 0 {
		out, err = out.finish(ctx, repo, j)
	} else if Kind(plan.Kind) == KindSend {
		err = series.ForgetBegun(ctx, repo, plan.ChangeID, plan.Revision)
	}
	if err != nil {
		return out, err
	}
	return out, j.Mark(markAbandoned)
}

func abandonLost(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (Outcome, error) {
	begun, err := series.FindBegun(ctx, repo, s.Tracking.ChangeID, s.Tracking.Revision)
	if err == nil && begun == nil {
		err = ErrNothingOpen
	}
	if err != nil {
		return Outcome{}, err
	}
	return burn(ctx, repo, begun.Reroll(s, series.Mailed{}))
}

func abandonDamaged(ctx context.Context, repo *gitrepo.Repo, s *series.Series, dir string, prepare func() (*Submission, error)) (out Outcome, err error) {
	j, err := sendmail.OpenSalvage(dir)
	if err != nil {
		return out, err
	}
	defer j.Close()
	if Kind(j.Plan().Kind) == KindSend {
		reroll, err := salvageReroll(ctx, repo, s, j, prepare)
		if err != nil {
			return out, &BurnError{Revision: j.Plan().Revision, Err: err}
		}
		if reroll != nil {
			if out, err = burn(ctx, repo, reroll); err != nil {
				return out, err
			}
		}
	}
	out.Summary, out.Receipts, out.Journal = j.Summary(), j.Receipts(), j.Dir()
	return out, j.Mark(markAbandoned)
}

// salvageReroll is what follows a send whose journal is damaged; nil for nothing.
func salvageReroll(ctx context.Context, repo *gitrepo.Repo, s *series.Series, j *sendmail.Journal, prepare func() (*Submission, error)) (*series.Reroll, error) {
	plan := j.Plan()
	if j.Vouched() {
		r := &series.Reroll{}
		err := json.Unmarshal(plan.Finish, r)
		r.Mailed.OnWire = j.OnWire(0)
		return r, err
	}
	begun, err := series.FindBegun(ctx, repo, plan.ChangeID, plan.Revision)
	if err != nil {
		return nil, err
	}
	first := ""
	if len(plan.Messages) > 0 {
		first = plan.Messages[0].ID
	}
	if begun != nil {
		mask, err := linkMask(ctx, repo, s)
		return begun.Reroll(s, series.Mailed{FirstID: first, OnWire: j.OnWire(0), LinkMask: mask}), err
	}
	switch {
	case s.Tracking.Revision > plan.Revision: // used up already, and nothing is left to put a tag on
		return nil, nil
	case s.Tracking.Revision < plan.Revision:
		return nil, &OtherRevisionError{Sent: plan.Revision, Branch: s.Tracking.Revision}
	}
	sub, err := prepare()
	if err != nil {
		return nil, err
	}
	return sub.prepareReroll(ctx, first)
}

// An OtherRevisionError reports that what was sent cannot be made out of the
// branch, which is another revision.
type OtherRevisionError struct{ Sent, Branch int }

func (e *OtherRevisionError) Error() string {
	return fmt.Sprintf("nothing is left of v%d that was sent, and the branch is v%d", e.Sent, e.Branch)
}

// burn moves the refs that follow a send, of which nothing else is left to do.
func burn(ctx context.Context, repo *gitrepo.Repo, r *series.Reroll) (Outcome, error) {
	out := Outcome{Tag: r.Tag}
	err := series.FinishReroll(context.WithoutCancel(ctx), repo, r)
	out.NextRevision = r.Now
	switch { // what there is, is all that can be done
	case errors.As(err, new(*series.LostBranchError)):
		out.NextRevision, err = 0, nil
	case errors.As(err, new(*series.LostPatchesError)):
		out.Tag, err = "", nil
	}
	if err != nil {
		return Outcome{}, &BurnError{Revision: r.Revision - 1, Err: err}
	}
	return out, series.ForgetBegun(ctx, repo, r.ChangeID, r.Revision-1)
}
