package submission

import (
	"context"
	"fmt"
	"slices"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// A RecordedError reports a message-id that the history of the series has
// already.
type RecordedError struct{ ID, Revision string }

func (e *RecordedError) Error() string {
	return fmt.Sprintf("message %q is on record as %s of this series", e.ID, e.Revision)
}

// ByHand prepares what follows the mail, for a revision that went out by other
// means: sent tag and next revision. firstID is the message-id of its first
// message, "" when that is not known. It returns a *RecordedError, an
// *OpenSendError, or what [series.Series.PrepareReroll] returns; the refs are
// moved by [Submission.FinishByHand]. The caller holds the [Lock].
func (s *Submission) ByHand(ctx context.Context, firstID string) (*series.Reroll, error) {
	if err := CheckNoneOpen(ctx, s.repo, s.Series); err != nil {
		return nil, err
	}
	for revision, ids := range s.Series.Tracking.History {
		if firstID != "" && slices.Contains(ids, firstID) {
			return nil, &RecordedError{ID: firstID, Revision: revision}
		}
	}
	return s.prepareReroll(ctx, firstID)
}

// FinishByHand moves tag and branch, as one operation that undo does not go
// behind: the mail is out.
func (s *Submission) FinishByHand(ctx context.Context, r *series.Reroll) error {
	if r.Rewrites() {
		if err := s.repo.BeforeRewrite(ctx); err != nil {
			return err
		}
	}
	return series.FinishReroll(context.WithoutCancel(ctx), s.repo, r)
}

// A MailedError reports a message that is not the first one of the revision
// that the branch is.
type MailedError struct {
	ID      string
	Subject patchmail.Subject // of the message
	Want    int               // the revision of the branch
}

func (e *MailedError) Error() string {
	if e.Subject.Revision != e.Want {
		return fmt.Sprintf("message %q is of v%d, and the branch is v%d", e.ID, e.Subject.Revision, e.Want)
	}
	return fmt.Sprintf("message %q is patch %d of %d, not the first message of the series", e.ID, e.Subject.Counter, e.Subject.Total)
}

// CheckMailed compares a message that went out with the series: a *MailedError
// when revision or counter say that it is another one. same tells whether its
// title is that of the first message now.
func (s *Submission) CheckMailed(id string, sent patchmail.Subject) (same bool, err error) {
	if sent.Revision != s.Series.Tracking.Revision || sent.Counter > 1 {
		return false, &MailedError{ID: id, Subject: sent, Want: s.Series.Tracking.Revision}
	}
	return slices.Contains([]string{s.rendered.Title, s.Messages[0].Draft.Title}, sent.Title), nil
}
