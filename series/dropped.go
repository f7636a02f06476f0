package series

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
)

// droppedPath is the file, below kprep's directory, of the addresses that
// collecting leaves out in this repository: those that bounce.
const droppedPath = "dropped.json"

// droppedForm is the version of the file that this kprep writes.
const droppedForm = 1

type droppedFile struct {
	Version   int      `json:"version"`
	Addresses []string `json:"addresses"` // mailboxes, in the order they were dropped
}

// Dropped returns the mailboxes that are not to be collected in this
// repository, in the order they were dropped. None is an empty list.
func Dropped(repo *gitrepo.Repo) ([]string, error) {
	file := filepath.Join(repo.CommonDir, "kprep", droppedPath)
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := parseDropped(data)
	if err != nil {
		return nil, &StateError{File: file, Err: err}
	}
	return list, nil
}

// Dropped is [Dropped] of the series' repository.
func (s *Series) Dropped() ([]string, error) { return Dropped(s.repo) }

func parseDropped(data []byte) ([]string, error) {
	if data == nil {
		return nil, nil
	}
	var f droppedFile
	if err := json.Unmarshal(data, &f); err != nil {
		return nil, err
	}
	if f.Version != droppedForm {
		return nil, fmt.Errorf("it has form %d, and this kprep knows only %d", f.Version, droppedForm)
	}
	return f.Addresses, nil
}

// Drop remembers for the repository that mail to the addresses is not wanted,
// and takes them out of the series' cover letter, as one operation. It returns
// whom the cover letter named.
func (s *Series) Drop(ctx context.Context, addresses []patchmail.Address, now time.Time) (named []patchmail.Address, err error) {
	text, named := coverletter.DropRecipients(s.Text, addresses)
	return named, s.editDropped(ctx, text, "kprep: drop recipients", now, func(list []string) []string {
		for _, a := range addresses {
			if !slices.Contains(list, a.Key()) {
				list = append(list, a.Key())
			}
		}
		return list
	})
}

// Undrop forgets that the addresses were dropped. The cover letter stays.
func (s *Series) Undrop(ctx context.Context, addresses []patchmail.Address, now time.Time) error {
	return s.editDropped(ctx, s.Text, "kprep: take recipients back", now, func(list []string) []string {
		return slices.DeleteFunc(list, func(mailbox string) bool {
			return slices.ContainsFunc(addresses, func(a patchmail.Address) bool { return a.Key() == mailbox })
		})
	})
}

func (s *Series) editDropped(ctx context.Context, text, reason string, now time.Time, change func([]string) []string) error {
	if _, err := Dropped(s.repo); err != nil {
		return err
	}
	blob := oplog.Blob{Path: droppedPath, Edit: func(data []byte) ([]byte, error) {
		list, err := parseDropped(data)
		if err != nil {
			return nil, err
		}
		list = change(list)
		if len(list) == 0 {
			return nil, nil
		}
		data, err = json.MarshalIndent(droppedFile{Version: droppedForm, Addresses: list}, "", "  ")
		return append(data, '\n'), err
	}}
	l, changed, err := s.edited(ctx, text)
	if err != nil {
		return err
	}
	if changed {
		l.also.Blobs = append(l.also.Blobs, blob)
		_, err = s.apply(ctx, l, reason)
		return err
	}
	in := oplog.Intent{Verb: strings.TrimPrefix(reason, "kprep: "), ChangeID: s.Tracking.ChangeID, Branch: s.Branch}
	if me, err := s.repo.Committer(); err == nil { // nobody is needed to remember something
		in.Committer = me.Email
	}
	return operations(s.repo, now).Perform(ctx, in, oplog.Plan{Blobs: []oplog.Blob{blob}})
}
