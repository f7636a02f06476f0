package archive

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// List reads the archives in dir, in order of their names. One that cannot be
// read is reported through broken and left out.
func List(dir string, broken func(error)) ([]*Archive, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []*Archive
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") || !strings.HasSuffix(e.Name(), ".tar.gz") {
			continue
		}
		a, err := read(filepath.Join(dir, e.Name()), "")
		if err != nil {
			broken(err)
			continue
		}
		all = append(all, a)
	}
	return all, nil
}
