// Package cache keeps what was found out about a repository for the next time: JSON
// files below kprep/cache in its common git directory, each whole or not there, and
// all safe to delete. Their form is the caller's.
package cache

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/gitrepo"
)

// File is where something is kept, named by words such as "feedback" and a change-id.
func File(repo *gitrepo.Repo, words ...string) string {
	return filepath.Join(append([]string{repo.CommonDir, "kprep", "cache"}, words...)...) + ".json"
}

// Keep stores a value.
func Keep(file string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return durable.Write(file, text, 0o600)
}

// Read reads a value. It returns false for a file that is not there, or is damaged:
// then the value means nothing.
func Read(file string, value any) (bool, error) {
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return json.Unmarshal(text, value) == nil, nil
}
