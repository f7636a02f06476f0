package submission

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/sendmail"
)

// JournalFolder is where the journals of a series are; it need not exist.
func JournalFolder(repo *gitrepo.Repo, changeID string) string { return seriesDir(repo, changeID) }

// FinishedJournals lists the journals of a series that are over, as folders
// below [JournalFolder] such as "v1/0001-send". One that was never completed is
// left out, as nothing can have left from it; so is one that is damaged, which
// could not be brought back as what it was.
func FinishedJournals(ctx context.Context, repo *gitrepo.Repo, changeID string) ([]string, error) {
	root := seriesDir(repo, changeID)
	dirs, err := sendmail.Journals(root)
	if err != nil {
		return nil, err
	}
	var finished []string
	for _, dir := range dirs {
		err := CheckFinished(dir, changeID)
		if errors.As(err, new(*sendmail.DamagedError)) {
			over, overErr := closed(ctx, repo, sendmail.Salvage(dir))
			if overErr != nil {
				return nil, overErr
			}
			if over {
				continue
			}
		}
		if errors.Is(err, sendmail.ErrNoPlan) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("the journal %s: %w", dir, err)
		}
		name, err := filepath.Rel(root, dir)
		if err != nil {
			return nil, err
		}
		finished = append(finished, filepath.ToSlash(name))
	}
	return finished, nil
}

// CheckFinished makes sure that a folder, which may be from elsewhere, is the
// journal of a send of this series that is over: nothing of it is ever sent
// again. Its last two names are the revision and the kind, "v1/0001-send".
func CheckFinished(dir, changeID string) error {
	j, err := sendmail.ReadJournal(dir)
	if err != nil {
		return err
	}
	plan := j.Plan()
	_, kind, _ := strings.Cut(filepath.Base(dir), "-")
	switch {
	case plan.ChangeID != changeID:
		return fmt.Errorf("it is of the series %q", plan.ChangeID)
	case "v"+strconv.Itoa(plan.Revision) != filepath.Base(filepath.Dir(dir)):
		return fmt.Errorf("it is of v%d", plan.Revision)
	case plan.Kind != kind:
		return fmt.Errorf("it is of the kind %q", plan.Kind)
	case !Kind(kind).private() && !j.Has(markClosed) && !j.Has(markAbandoned):
		return errors.New("the send is not over")
	}
	for i, m := range plan.Messages {
		if m.File != fmt.Sprintf("msg/%04d.eml", i) {
			return fmt.Errorf("it would send the file %q", m.File)
		}
	}
	return nil
}
