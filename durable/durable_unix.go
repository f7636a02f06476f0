//go:build !windows

package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// A File is one that is being written.
type File struct{ *renameio.PendingFile }

func create(path string, perm fs.FileMode, exactly bool) (*File, error) {
	options := []renameio.Option{renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(perm)}
	if exactly {
		options = append(options, renameio.WithStaticPermissions(perm))
	} else {
		options = append(options, renameio.WithExistingPermissions())
	}
	f, err := renameio.NewPendingFile(path, options...)
	if err != nil {
		return nil, err
	}
	return &File{f}, nil
}

// Replace syncs the file, closes it, and puts it in its place.
func (f *File) Replace() error { return f.CloseAtomicallyReplace() }

// Discard removes a file that was not put in its place.
func (f *File) Discard() error { return f.Cleanup() }

// Sync has the disk know a file, or the names in a folder.
func Sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
