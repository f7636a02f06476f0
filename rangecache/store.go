package rangecache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// What is kept at most; the oldest entries go first.
const (
	maxEntry = 16 << 20 // bytes
	maxAll   = 64 << 20
)

// A store is a directory of entries.
type store struct{ dir string }

// storeIn is the store of a repository.
func storeIn(commonDir string) store {
	return store{filepath.Join(commonDir, "kprep", "cache", "rangediff")}
}

// used reports whether anything is kept.
func (s store) used() bool {
	dir, err := os.Open(s.dir)
	if err != nil {
		return false
	}
	defer dir.Close()
	names, err := dir.Readdirnames(1)
	return err == nil && len(names) > 0
}

// get returns an entry, nil when there is none.
func (s store) get(name string) []byte {
	data, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return nil
	}
	return data
}

// put keeps an entry; one that is too large is not kept.
func (s store) put(name string, data []byte) error {
	if len(data) > maxEntry {
		return nil
	}
	err := os.MkdirAll(s.dir, 0o700)
	if err == nil {
		err = s.write(name, data)
	}
	if err == nil {
		err = s.prune(maxAll)
	}
	if err != nil {
		return fmt.Errorf("keep the texts of a range: %w", err)
	}
	return nil
}

// write makes a file appear whole. It need not survive a power failure, and
// waiting for the disk would take longer than it saves.
func (s store) write(name string, data []byte) error {
	f, err := os.CreateTemp(s.dir, ".new-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(s.dir, name))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// prune removes the oldest entries until the rest has at most so many bytes.
func (s store) prune(most int64) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var infos []fs.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range infos {
		if most -= info.Size(); most >= 0 {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
