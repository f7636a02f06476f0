package gitrepo

import (
	"errors"
	"os"
	"path/filepath"
)

// returns bring back what a process writes into two more files.
type returns struct {
	names [2]string  // of the files, for the process
	files []*os.File // that it has open from the start: none can be handed down
	dir   string
}

func newReturns() (*returns, error) {
	dir, err := os.MkdirTemp("", "kprep-")
	if err != nil {
		return nil, err
	}
	return &returns{names: [2]string{filepath.Join(dir, "1"), filepath.Join(dir, "2")}, dir: dir}, nil
}

// close returns what was written into each, once the process has ended.
func (r *returns) close() (texts [2][]byte, err error) {
	for i, name := range r.names {
		text, readErr := os.ReadFile(name)
		texts[i], err = text, errors.Join(err, readErr)
	}
	return texts, errors.Join(err, os.RemoveAll(r.dir))
}
