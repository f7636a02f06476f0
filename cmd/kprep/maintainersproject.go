package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/maintainers"
)

// maintainersProject gives the MAINTAINERS query what it looks up: the tree
// below top, the home directory, commits, and a cache. repo may be nil.
func (e *env) maintainersProject(top string, repo *gitrepo.Repo, era maintainers.Era) maintainers.Project {
	home := e.getenv("HOME")
	p := maintainers.Project{
		Tree: insideOf(top), Era: era, Cache: e.maintainersCache(),
		Outside: func(path string) (fs.FS, string, error) {
			if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || rest[0] == '/') && home != "" {
				path = home + rest
			}
			if !filepath.IsAbs(path) {
				path = filepath.Join(top, path)
			}
			path = filepath.Clean(path)
			return os.DirFS(filepath.Dir(path)), filepath.Base(path), nil
		},
	}
	if home != "" {
		p.Home = os.DirFS(home)
	}
	if repo != nil && repo.TopLevel == top {
		p.Commit = func(name string) (string, bool) {
			c, err := repo.Commit(name)
			if err != nil {
				return "", false
			}
			return c.Text(), true
		}
	}
	return p
}

// insideOf is the tree below top. A symbolic link of a tree, which may be
// anybody's, does not lead out of it: addresses of the user's own files would
// become recipients.
func insideOf(top string) fs.FS {
	root, err := os.OpenRoot(top)
	if err != nil {
		return os.DirFS(top) // which fails likewise, file by file
	}
	return root.FS()
}

// keptIndexes is how many parsed MAINTAINERS files the cache holds.
const keptIndexes = 16

// maintainersCache keeps parsed MAINTAINERS files, by their content, in
// $XDG_CACHE_HOME/kprep/maintainers. Without a place for it nothing is kept.
func (e *env) maintainersCache() maintainers.Cache {
	dir := e.getenv("XDG_CACHE_HOME")
	if !filepath.IsAbs(dir) {
		home := e.getenv("HOME")
		if _, err := os.Stat(home); home == "" || err != nil { // a home is not ours to make
			return maintainers.Cache{}
		}
		dir = filepath.Join(home, ".cache")
	}
	dir = filepath.Join(dir, "kprep", "maintainers")
	return maintainers.Cache{
		Get: func(name string) []byte {
			data, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				return nil
			}
			return data
		},
		Put: func(name string, data []byte) {
			err := errors.Join(os.MkdirAll(dir, 0o700), durable.Write(filepath.Join(dir, name), data, 0o600))
			if err == nil {
				err = pruneOldest(dir, keptIndexes)
			}
			if err != nil { // the next call parses again
				e.debugf("cache of MAINTAINERS: %v", err)
			}
		},
	}
}

// pruneOldest removes the files that were changed longest ago, but for keep.
func pruneOldest(dir string, keep int) error {
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) <= keep {
		return err
	}
	var infos []fs.FileInfo
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			infos = append(infos, info)
		}
	}
	slices.SortFunc(infos, func(a, b fs.FileInfo) int { return b.ModTime().Compare(a.ModTime()) })
	for _, info := range infos[min(keep, len(infos)):] {
		if err := os.Remove(filepath.Join(dir, info.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
