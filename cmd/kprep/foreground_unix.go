//go:build unix

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// inForeground says whether the terminal is this job's: one in the background must
// not write over what another shows.
func inForeground(terminal *os.File) bool {
	group, err := unix.IoctlGetInt(int(terminal.Fd()), unix.TIOCGPGRP)
	return err != nil || group == unix.Getpgrp()
}
