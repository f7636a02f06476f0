package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// A File is one that is being written.
type File struct {
	*os.File
	path         string
	closed, done bool
}

// create leaves permissions alone: a file has the access list of its folder.
func create(path string, _ fs.FileMode, _ bool) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"*")
	if err != nil {
		return nil, err
	}
	return &File{File: f, path: path}, nil
}

// Replace syncs the file, closes it, and puts it in its place.
func (f *File) Replace() error {
	if err := f.File.Sync(); err != nil {
		return err
	}
	f.closed = true
	if err := f.Close(); err != nil {
		return err
	}
	err := rename(f.Name(), f.path)
	f.done = err == nil
	return err
}

// patience is how often, and pause how long, we wait for somebody who has the file
// open, such as a virus scanner: Windows does not replace such a file.
const (
	patience = 50
	pause    = 20 * time.Millisecond
)

const sharingViolation = syscall.Errno(32)

func rename(from, to string) error {
	for n := 1; ; n++ {
		err := os.Rename(from, to)
		if n == patience || !errors.Is(err, syscall.ERROR_ACCESS_DENIED) && !errors.Is(err, sharingViolation) {
			return err
		}
		time.Sleep(pause)
	}
}

// Discard removes a file that was not put in its place.
func (f *File) Discard() error {
	if f.done {
		return nil
	}
	f.done = true
	var err error
	if !f.closed {
		err = f.Close()
	}
	return errors.Join(err, os.Remove(f.Name()))
}

// Sync has the disk know a file. The names in a folder Windows looks after itself,
// and files that are only for reading it does not sync for us.
func Sync(path string) error {
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return err
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
