package submission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// The steps behind the mail, as marked in the journal (spec/mail 4.1).
const (
	markRefusals  = "refusals-accepted" // by the user: the To that were refused are left at that
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

// A DamagedSendError reports a send of this series whose journal is damaged.
// Nothing more may be sent from it.
type DamagedSendError struct {
	Kind     Kind
	Revision int
	Damage   []string
	Summary  sendmail.Summary // of what is still known
}

func (e *DamagedSendError) Error() string {
	return fmt.Sprintf("the journal of the send of v%d is damaged (%s): %s", e.Revision, strings.Join(e.Damage, "; "), e.Summary)
}

// A LostSendError reports a send of this series that began, and that has no
// journal any more.
type LostSendError struct {
	Revision int
	Begun    time.Time
}

func (e *LostSendError) Error() string {
	return fmt.Sprintf("a send of v%d was begun on %s, and its journal is gone: it is not known what left", e.Revision, e.Begun.Local().Format(time.DateTime))
}

// readJournal reads a journal, what is left of it when it is damaged.
func readJournal(dir string) (*sendmail.Journal, error) {
	j, err := sendmail.ReadJournal(dir)
	if errors.As(err, new(*sendmail.DamagedError)) {
		return sendmail.Salvage(dir), nil
	}
	return j, err
}

// journals reads the journals of a series one at a time, by revision and then
// in the order in which they were made. One that was never completed is left
// out: nothing can have left from it. An error is the last.
func journals(repo *gitrepo.Repo, changeID string) iter.Seq2[*sendmail.Journal, error] {
	return func(yield func(*sendmail.Journal, error) bool) {
		dirs, err := sendmail.Journals(seriesDir(repo, changeID))
		if err != nil {
			yield(nil, err)
			return
		}
		for _, dir := range dirs {
			j, err := readJournal(dir)
			if errors.Is(err, sendmail.ErrNoPlan) {
				continue
			}
			if !yield(j, err) || err != nil {
				return
			}
		}
	}
}

// closed says that nothing is left to do of a send. Of one whose journal is
// damaged the sent tag says so: it comes when the mail is out.
func closed(ctx context.Context, repo *gitrepo.Repo, j *sendmail.Journal) (bool, error) {
	plan := j.Plan()
	if Kind(plan.Kind).private() || j.Has(markClosed) || j.Has(markAbandoned) {
		return true, nil
	}
	if !j.Salvaged() || Kind(plan.Kind) != KindSend {
		return false, nil
	}
	return series.HasSentTag(ctx, repo, plan.ChangeID, plan.Revision)
}

// openJournals are those of sends that are not over, oldest first.
func openJournals(ctx context.Context, repo *gitrepo.Repo, changeID string) ([]*sendmail.Journal, error) {
	var open []*sendmail.Journal
	for j, err := range journals(repo, changeID) {
		if err != nil {
			return nil, err
		}
		over, err := closed(ctx, repo, j)
		if err != nil {
			return nil, err
		}
		if !over {
			open = append(open, j)
		}
	}
	return open, nil
}

// CheckNotSending returns an *OpenSendError when the branch is being sent, so
// that its revision must stay. A copy of the branch may have another one, and so
// may a branch whose journal is damaged: that can be what it takes to give the
// send up.
func CheckNotSending(ctx context.Context, repo *gitrepo.Repo, s *series.Series) error {
	open, err := openJournals(ctx, repo, s.Tracking.ChangeID)
	if err != nil {
		return err
	}
	for _, j := range open {
		var r series.Reroll
		if j.Salvaged() || Kind(j.Plan().Kind) != KindSend || json.Unmarshal(j.Plan().Finish, &r) != nil {
			continue
		}
		there, err := repo.Ref(ctx, r.Branch)
		if err != nil {
			return err
		}
		if there == "" || r.Branch == s.Branch {
			return &OpenSendError{Revision: j.Plan().Revision, Summary: j.Summary()}
		}
	}
	return nil
}

// CheckNoneOpen returns an *OpenSendError, a *DamagedSendError or a
// *LostSendError when a send of the series is not over: nothing new may start
// then.
func CheckNoneOpen(ctx context.Context, repo *gitrepo.Repo, s *series.Series) error {
	open, err := openJournals(ctx, repo, s.Tracking.ChangeID)
	if err != nil {
		return err
	}
	if len(open) == 0 {
		return checkNoneLost(ctx, repo, s)
	}
	j := open[0]
	if j.Salvaged() {
		return &DamagedSendError{Kind: Kind(j.Plan().Kind), Revision: j.Plan().Revision, Damage: j.Damage(), Summary: j.Summary()}
	}
	return &OpenSendError{Revision: j.Plan().Revision, Summary: j.Summary()}
}

func checkNoneLost(ctx context.Context, repo *gitrepo.Repo, s *series.Series) error {
	begun, err := series.FindBegun(ctx, repo, s.Tracking.ChangeID, s.Tracking.Revision)
	if err != nil || begun == nil {
		return err
	}
	return &LostSendError{Revision: begun.Revision, Begun: begun.When}
}
