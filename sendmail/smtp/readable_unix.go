//go:build !windows

package smtp

import "syscall"

// readable says whether a socket has something to read, or its end.
func readable(socket uintptr) bool {
	_, _, err := syscall.Recvfrom(int(socket), make([]byte, 1), syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
	return err == nil
}
