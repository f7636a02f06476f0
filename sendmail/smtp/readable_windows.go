package smtp

import (
	"syscall"
	"unsafe"
)

// fionread asks how many bytes can be read at once.
const fionread = 0x4004667f

// readable says whether a socket has something to read. Its end shows only when
// somebody reads.
func readable(socket uintptr) bool {
	var there, returned uint32
	err := syscall.WSAIoctl(syscall.Handle(socket), fionread, nil, 0,
		(*byte)(unsafe.Pointer(&there)), uint32(unsafe.Sizeof(there)), &returned, nil, 0)
	return err == nil && there > 0
}
