//go:build !windows

package main

import (
	"errors"
	"syscall"
)

// isBrokenPipe says that whoever read what we print has gone away.
func isBrokenPipe(err error) bool { return errors.Is(err, syscall.EPIPE) }
