package endpoint

import (
	"errors"
	"io"
	"sync"
)

// An upload is the body of a request that keeps its last byte back until before
// has succeeded. The program that writes the request may go on reading after an
// answer came, until stop.
type upload struct {
	before func() error
	sent   func() // called when the last byte is handed out

	mu      sync.Mutex
	rest    []byte
	out     bool  // the last byte was handed out
	refused error // by before
	stopped bool
}

var errStopped = errors.New("nobody waits for the request any more")

func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case u.refused != nil:
		return 0, u.refused
	case len(u.rest) == 0:
		return 0, io.EOF
	case u.stopped:
		return 0, errStopped
	case len(p) == 0:
		return 0, nil
	}
	if len(u.rest) == 1 {
		if u.refused = u.before(); u.refused != nil {
			return 0, u.refused
		}
		u.out = true
		u.sent()
	}
	n := copy(p, u.rest[:max(1, len(u.rest)-1)])
	u.rest = u.rest[n:]
	return n, nil
}

func (u *upload) Close() error { return nil }

// stop lets nothing more out. It tells whether the last byte may have left, and
// the error of before.
func (u *upload) stop() (out bool, err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.stopped = true
	return u.out, u.refused
}
