package project

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// ReadFile reads the file that a setting names. One named by a file
// of the tree is read from the base commit and must lie in the tree; one named by the user is
// read from disk, relative to the top of the work tree. A setting that is not
// set is an error.
func (s *Settings) ReadFile(name string) ([]byte, error) {
	for _, src := range s.sources(name, false) {
		file, ok := src.config.Get(src.key)
		if !ok {
			continue
		}
		read := s.readOwn
		if src.file != "" {
			read = s.readFromBase
		}
		data, err := read(file)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", src.where(), err)
		}
		return data, nil
	}
	return nil, fmt.Errorf("setting %s names no file", name)
}

// readFromBase keeps to what the project has published: a path out of the tree
// would mail a file of the user's.
func (s *Settings) readFromBase(file string) ([]byte, error) {
	clean := path.Clean(file)
	if strings.HasPrefix(file, "~") || !filepath.IsLocal(clean) || clean == "." {
		return nil, fmt.Errorf("%q is no file of the tree", file)
	}
	object, err := s.repo.Read(string(s.base) + ":" + clean)
	if err != nil {
		return nil, fmt.Errorf("read %q of commit %s: %w", clean, s.base.Short(), err)
	}
	if object.Kind != "blob" {
		return nil, fmt.Errorf("%q of commit %s is a %s, not a file", clean, s.base.Short(), object.Kind)
	}
	return object.Data, nil
}

func (s *Settings) readOwn(file string) ([]byte, error) {
	rest, fromHome := strings.CutPrefix(file, "~/")
	switch {
	case fromHome && s.Home == "":
		return nil, fmt.Errorf("%q: the home directory is not known", file)
	case fromHome:
		file = filepath.Join(s.Home, rest)
	case !filepath.IsAbs(file):
		file = filepath.Join(s.top(), file)
	}
	return os.ReadFile(file)
}

// top is where commands run and relative names start: the top of the work
// tree, or the directory we are in when there is none.
func (s *Settings) top() string {
	if s.repo.TopLevel != "" {
		return s.repo.TopLevel
	}
	return s.repo.Dir
}
