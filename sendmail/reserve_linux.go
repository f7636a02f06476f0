package sendmail

import (
	"errors"
	"os"
	"syscall"
)

// keepSize is FALLOC_FL_KEEP_SIZE: the room is there, and readers see nothing of it.
const keepSize = 1

// reserve makes sure that size bytes of the file can be written, whoever fills
// the disk meanwhile. File systems that cannot promise it are taken as they are.
func reserve(f *os.File, size int64) error {
	for {
		err := syscall.Fallocate(int(f.Fd()), keepSize, 0, size)
		switch {
		case err == nil || errors.Is(err, syscall.EOPNOTSUPP) || errors.Is(err, syscall.ENOSYS) || errors.Is(err, syscall.EINVAL):
			return nil
		case !errors.Is(err, syscall.EINTR):
			return &os.PathError{Op: "reserve room for", Path: f.Name(), Err: err}
		}
	}
}
