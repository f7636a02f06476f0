package series

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"

	"github.com/kprep/kprep/gitrepo"
)

// A rebaseState is what is remembered from the beginning of a rebase to its
// end, in "<git directory of the work tree>/kprep/rebase.json". Git knows the
// rest.
type rebaseState struct {
	Version    int          `json:"version"` // 1
	Branch     string       `json:"branch"`  // full ref name
	ChangeID   string       `json:"change-id"`
	Storage    Storage      `json:"storage"`
	Tip        gitrepo.ID   `json:"tip"`                   // of the branch, before
	Cover      gitrepo.ID   `json:"cover,omitempty"`       // before; "" for BranchDescription
	Start      gitrepo.ID   `json:"start"`                 // what the first patch is put on
	Base       gitrepo.ID   `json:"base"`                  // after
	BaseBranch string       `json:"base-branch,omitempty"` // to record; "" leaves it
	Patches    []gitrepo.ID `json:"patches,omitempty"`     // before, oldest first
	// Prerequisites are to be recorded; nil leaves them.
	Prerequisites []string     `json:"prerequisites,omitempty"`
	Known         []KnownDep   `json:"known,omitempty"`   // to remember of them
	Chosen        bool         `json:"chosen,omitempty"`  // the user edits the list: what is missing is meant to be
	Dropped       []gitrepo.ID `json:"dropped,omitempty"` // patches that are to be left out
	// Before holds the notes that git or the completion may change, as they were.
	Before map[string]gitrepo.ID `json:"before,omitempty"`
	// Rewritten is git's list of what took the place of what, as it was last seen.
	Rewritten  map[gitrepo.ID]gitrepo.ID `json:"rewritten,omitempty"`
	Operations int                       `json:"operations,omitempty"` // the newest in the log, before
	Completed  gitrepo.ID                `json:"completed,omitempty"`  // where kprep takes the branch after git
}

const rebaseVersion = 1

func rebaseFile(repo *gitrepo.Repo) string { return filepath.Join(repo.GitDir, "kprep", "rebase.json") }

// readRebase returns nil when no rebase of kprep's is remembered here.
func readRebase(repo *gitrepo.Repo) (*rebaseState, error) {
	text, err := os.ReadFile(rebaseFile(repo))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("the state of a rebase: %w", err)
	}
	st := &rebaseState{}
	if err := json.Unmarshal(text, st); err != nil {
		return nil, fmt.Errorf("the state of a rebase, %s: %w", rebaseFile(repo), err)
	}
	if st.Version != rebaseVersion || st.Branch == "" || st.Tip == "" {
		return nil, fmt.Errorf("the state of a rebase, %s, was written by another kprep", rebaseFile(repo))
	}
	return st, nil
}

// save puts the state on the disk, before git is started.
func (st *rebaseState) save(repo *gitrepo.Repo) error {
	text, err := json.MarshalIndent(st, "", "  ")
	if err != nil {
		return err
	}
	path := rebaseFile(repo)
	file, err := os.CreateTemp(filepath.Dir(path), "rebase-*") // 0600
	if err != nil {
		return fmt.Errorf("remember the rebase: %w", err)
	}
	_, err = file.Write(append(text, '\n'))
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
		return fmt.Errorf("remember the rebase: %w", err)
	}
	return nil
}

func forgetRebase(repo *gitrepo.Repo) error { return os.Remove(rebaseFile(repo)) }

// lockRebase keeps two kpreps from starting or completing a rebase in one
// work tree. It returns a *RebasingError when another one is at it.
func lockRebase(ctx context.Context, repo *gitrepo.Repo) (*flock.Flock, error) {
	path := filepath.Join(repo.GitDir, "kprep", "rebase.lock")
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("rebase: %w", err)
	}
	lock := flock.New(path, flock.SetPermissions(0o600))
	ok, err := lock.TryLock()
	if err == nil && !ok {
		err = &RebasingError{Branch: repo.Head.Branch, Running: true}
	}
	if err != nil {
		lock.Close()
		return nil, err
	}
	return lock, nil
}
