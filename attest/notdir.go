package attest

import (
	"errors"
	"syscall"
)

// isNotDirectory is true where a component of the path is a file: there is no
// key below it. A name too long for the file system is none either.
func isNotDirectory(err error) bool {
	return errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENAMETOOLONG)
}
