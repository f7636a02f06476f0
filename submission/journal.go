package submission

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// The steps behind the mail, as marked in the journal (spec/mail 4.1).
const (
	markMailDone  = "mail-done"
	markRerolled  = "rerolled" // tag and branch move in one transaction
	markClosed    = "closed"
	markAbandoned = "abandoned"
)

// seriesDir is where the journals of a series are. A change-id is safe as a
// path: coverletter.CheckChangeID has seen to it when it was read.
func seriesDir(repo *gitrepo.Repo, changeID string) string {
	return filepath.Join(repo.CommonDir, "kprep", "send", changeID)
}

// Lock keeps every other kprep from sending the series until it is released,
// also in other work trees. Load the series again once it is held.
func Lock(repo *gitrepo.Repo, changeID string) (*sendmail.Lock, error) {
	return sendmail.TakeLock(filepath.Join(seriesDir(repo, changeID), "lock"))
}

// An OpenSendError reports a send of this series that is not over.
type OpenSendError struct {
	Revision int
	Summary  sendmail.Summary
}

func (e *OpenSendError) Error() string {
	if e.Summary.Complete {
		return fmt.Sprintf("the mail of v%d is out, but tag and branch are not updated", e.Revision)
	}
	return fmt.Sprintf("the send of v%d is not finished: %s", e.Revision, e.Summary)
}

// openJournals lists the folders of sends that are not over, oldest first.
func openJournals(repo *gitrepo.Repo, changeID string) ([]string, error) {
	dirs, err := sendmail.Journals(seriesDir(repo, changeID))
	if err != nil {
		return nil, err
	}
	var open []string
	for _, dir := range dirs {
		j, err := sendmail.ReadJournal(dir)
		if errors.Is(err, sendmail.ErrNoPlan) {
			continue // nothing can have left from it
		}
		if err != nil {
			return nil, err
		}
		if !Kind(j.Plan().Kind).private() && !j.Has(markClosed) && !j.Has(markAbandoned) {
			open = append(open, dir)
		}
	}
	return open, nil
}

// CheckNoneOpen returns an *OpenSendError when a send of the series is not
// over: nothing new may start then.
func CheckNoneOpen(repo *gitrepo.Repo, s *series.Series) error {
	open, err := openJournals(repo, s.Tracking.ChangeID)
	if err != nil || len(open) == 0 {
		return err
	}
	j, err := sendmail.ReadJournal(open[0])
	if err != nil {
		return err
	}
	return &OpenSendError{Revision: j.Plan().Revision, Summary: j.Summary()}
}

// ErrNothingOpen means that there is no send to go on with.
var ErrNothingOpen = errors.New("no send of this series is unfinished")

// An UnknownFateError reports messages of which only the user can find out
// whether they arrived.
type UnknownFateError struct{ Messages []sendmail.Planned }

func (e *UnknownFateError) Error() string {
	text := "it is not known whether these arrived:"
	for _, m := range e.Messages {
		text += fmt.Sprintf("\n%s  <%s>", m.Subject, m.ID)
	}
	return text
}

// resume opens the journal of the send that is not over.
func resume(repo *gitrepo.Repo, s *series.Series) (*sendmail.Journal, error) {
	open, err := openJournals(repo, s.Tracking.ChangeID)
	if err != nil {
		return nil, err
	}
	if len(open) == 0 {
		return nil, ErrNothingOpen
	}
	return sendmail.OpenJournal(open[0])
}

// Continue goes on with the send that is not over: what is pending or
// deferred is sent with the bytes of its plan, over the transport that mail
// says; then tag and branch move. Messages of unknown fate are never sent: it
// returns an *UnknownFateError. Without an open send it returns
// ErrNothingOpen. The caller holds the [Lock].
func Continue(ctx context.Context, repo *gitrepo.Repo, s *series.Series, mail sendmail.Settings, progress func(sendmail.Event)) (Outcome, error) {
	j, err := resume(repo, s)
	if err != nil {
		return Outcome{}, err
	}
	defer j.Close()
	summary := j.Summary()
	if len(summary.Doubtful) > 0 {
		doubtful := &UnknownFateError{}
		for _, i := range summary.Doubtful {
			doubtful.Messages = append(doubtful.Messages, j.Plan().Messages[i])
		}
		return Outcome{Summary: summary}, &UnfinishedError{Kind: KindSend, Summary: summary, Err: doubtful}
	}
	if summary.Complete {
		return Outcome{Summary: summary, Receipts: j.Receipts()}.finish(ctx, repo, j)
	}
	transport, err := sendmail.OpenTransport(mail, credentials{repo})
	if err != nil {
		return Outcome{}, err
	}
	defer transport.Close()
	if err := transport.Authorize(ctx); err != nil {
		return Outcome{}, err
	}
	return carry(ctx, repo, j, transport, mail.Policy(), progress)
}

// Abandon gives up the send that is not over. When anything of it left, or
// may have, the revision is used up: tag and branch move all the same.
func Abandon(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (Outcome, error) {
	j, err := resume(repo, s)
	if err != nil {
		return Outcome{}, err
	}
	defer j.Close()
	out := Outcome{Summary: j.Summary(), Receipts: j.Receipts()}
	if out.Summary.Accepted+out.Summary.Unknown > 0 {
		if out, err = out.finish(ctx, repo, j); err != nil {
			return out, err
		}
	}
	return out, markOnce(j, markAbandoned)
}
