package submission

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// expireMessages removes the messages of sends that were over kprep.keep-days
// before now. Plan and log stay: they tell what was sent (design section 4). A
// journal that is damaged, or that nobody marked as over, is left alone.
func expireMessages(repo *gitrepo.Repo, now time.Time) error {
	config, err := repo.Config()
	if err != nil {
		return err
	}
	days, err := series.KeepDays(config)
	if err != nil {
		return err
	}
	before := now.AddDate(0, 0, -days)
	all, err := os.ReadDir(seriesDir(repo, ""))
	if err != nil {
		return err
	}
	for _, one := range all {
		dirs, listErr := sendmail.Journals(seriesDir(repo, one.Name()))
		err = errors.Join(err, listErr)
		for _, dir := range dirs {
			err = errors.Join(err, expireJournal(dir, before))
		}
	}
	return err
}

func expireJournal(dir string, before time.Time) error {
	messages := filepath.Join(dir, "msg")
	if _, err := os.Lstat(messages); errors.Is(err, fs.ErrNotExist) {
		return nil // that was done before
	}
	j, err := sendmail.ReadJournal(dir)
	if err != nil || !j.Has(markClosed) && !j.Has(markAbandoned) || !j.LastChange().Before(before) {
		return nil
	}
	return os.RemoveAll(messages)
}
