package mailtest

import (
	"errors"
	"math/rand/v2"
	"net"
	"strconv"
)

// FreeAddress is one of this machine that nobody listens on, for a program that
// has to be told. It is none of those that systems give to whom names no port
// (Linux has them from 32768 on, RFC 6335 from 49152), so that nobody gets it by chance
// before the program does.
func FreeAddress() (string, error) {
	const first, beyond = 20000, 32768
	for range 100 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+rand.IntN(beyond-first)))
		if listener, err := net.Listen("tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", errors.New("no port of this machine is free")
}
