package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/submission"
)

// addJournals adds the sends that are over as they are. Of those whose messages
// have expired plan and log are left.
func (p *packer) addJournals(ctx context.Context) error {
	id := p.r.Series.Tracking.ChangeID
	journals, err := submission.FinishedJournals(ctx, p.r.repo, id)
	if err != nil {
		return err
	}
	for _, name := range journals {
		dir := filepath.Join(submission.JournalFolder(p.r.repo, id), filepath.FromSlash(name))
		messages, err := filepath.Glob(filepath.Join(dir, "msg", "*.eml"))
		if err != nil {
			return err
		}
		slices.Sort(messages)
		files := []string{"plan", "log", "departed"}
		for _, m := range messages {
			files = append(files, "msg/"+filepath.Base(m))
		}
		for _, f := range files {
			text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f)))
			if err != nil {
				return err
			}
			if err := p.add("send/"+name+"/"+f, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// planJournals says which journals, unpacked into a folder, are missing here.
// One that is there must have the same plan and log; its messages may have
// expired.
func (a *Archive) planJournals(repo *gitrepo.Repo, unpacked string) (missing, conflicts []string, err error) {
	for _, name := range a.journals {
		from := filepath.Join(unpacked, "send", filepath.FromSlash(name))
		if err := submission.CheckFinished(from, a.ChangeID()); err != nil {
			return nil, nil, &DamagedError{File: a.File, Err: fmt.Errorf("send/%s: %w", name, err)}
		}
		there := a.journal(repo, name)
		if _, err := os.Lstat(there); errors.Is(err, fs.ErrNotExist) {
			missing = append(missing, name)
			continue
		} else if err != nil {
			return nil, nil, err
		}
		for _, f := range []string{"plan", "log"} {
			archived, err := os.ReadFile(filepath.Join(from, f))
			if err != nil {
				return nil, nil, err
			}
			present, err := os.ReadFile(filepath.Join(there, f))
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, nil, err
			}
			if !bytes.Equal(archived, present) {
				conflicts = append(conflicts, "the journal of the send "+name)
				break
			}
		}
	}
	return missing, conflicts, nil
}

func (a *Archive) journal(repo *gitrepo.Repo, name string) string {
	return filepath.Join(submission.JournalFolder(repo, a.ChangeID()), filepath.FromSlash(name))
}

// installJournals moves journals to their places, none of which is taken. What
// it returns takes them away again.
func (a *Archive) installJournals(repo *gitrepo.Repo, unpacked string, missing []string) (remove func(), err error) {
	var done []string
	remove = func() {
		for _, dir := range done {
			os.RemoveAll(dir)
			os.Remove(filepath.Dir(dir)) // when it is empty
		}
	}
	for _, name := range missing {
		to := a.journal(repo, name)
		err := os.MkdirAll(filepath.Dir(to), 0o700)
		if err == nil {
			err = os.Rename(filepath.Join(unpacked, "send", filepath.FromSlash(name)), to)
		}
		if err == nil {
			done = append(done, to)
			err = durable.Sync(filepath.Dir(to))
		}
		if err != nil {
			remove()
			return nil, fmt.Errorf("bring the journal %s back: %w", name, err)
		}
	}
	return remove, nil
}
