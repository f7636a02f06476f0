package submission

import (
	"errors"
	"fmt"
	"path/filepath"

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
