package gitrepo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A LockedError means that a lock of git's is taken: another git is at work,
// or one was killed and left it behind.
type LockedError struct {
	What string // a full ref name, "HEAD", "the index" or "packed-refs"
	File string
}

func (e *LockedError) Error() string {
	return fmt.Sprintf("%s is locked by another git: %s is there", e.What, e.File)
}

// CheckUnlocked returns a *LockedError when the index, HEAD or one of the refs
// is locked, as far as that can be seen in files.
func (r *Repo) CheckUnlocked(refs ...string) error {
	if err := r.CheckIndexUnlocked(); err != nil {
		return err
	}
	for _, name := range append([]string{"HEAD"}, refs...) {
		if err := isLocked(name, r.lockFile(name)); err != nil {
			return err
		}
	}
	return nil
}

// CheckIndexUnlocked is CheckUnlocked for the index alone.
func (r *Repo) CheckIndexUnlocked() error {
	return isLocked("the index", filepath.Join(r.GitDir, "index.lock"))
}

// lockedRefs explains why refs could not be moved. A lock that is free again
// is none.
func (r *Repo) lockedRefs(names ...string) error {
	for _, name := range names {
		if err := isLocked(name, r.lockFile(name)); err != nil {
			return err
		}
	}
	return isLocked("packed-refs", filepath.Join(r.CommonDir, "packed-refs.lock"))
}

func (r *Repo) lockFile(name string) string {
	dir := r.CommonDir
	if !strings.HasPrefix(name, "refs/") {
		dir = r.GitDir
	}
	return filepath.Join(dir, filepath.FromSlash(name)+".lock")
}

func isLocked(what, file string) error {
	if _, err := os.Lstat(file); err != nil {
		return nil
	}
	return &LockedError{What: what, File: file}
}
