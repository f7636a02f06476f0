package main

import (
	"errors"
	"syscall"
)

// noData is ERROR_NO_DATA, "the pipe is being closed".
const noData = syscall.Errno(232)

// isBrokenPipe says that whoever read what we print has gone away.
func isBrokenPipe(err error) bool {
	return errors.Is(err, syscall.ERROR_BROKEN_PIPE) || errors.Is(err, noData)
}
