package maintainers

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
)

// maxFile bounds what is read of a tree, which may be anybody's. The MAINTAINERS
// file of Linux has less than a megabyte.
const maxFile = 64 << 20

// readFile reads a regular file. A tree may have a pipe or a device in its
// place, where reading would not end.
func readFile(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name) // opening a pipe would wait
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("it has more than %d MB", maxFile>>20)
	}
	return text, err
}
