package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// Timeouts bound the waiting for a server.
type Timeouts struct {
	Connect time.Duration
	Read    time.Duration // for the next bytes; of a long answer minRate has to come in each such time
	Request time.Duration // for one answer
	Look    time.Duration // for all answers of a server together, beyond what is quick
}

// DefaultTimeouts are those of b4, and bounds for a server that sends on and on.
func DefaultTimeouts() Timeouts {
	return Timeouts{Connect: 5 * time.Second, Read: 30 * time.Second, Request: 2 * time.Minute, Look: 5 * time.Minute}
}

const (
	minRate = 1000        // bytes in a second
	quick   = time.Second // an answer in this time costs no patience: a look can take many
)

// ErrSlow means that a server took longer than anybody should wait.
var ErrSlow = errors.New("its answer takes too long")

// slow says how long a server took, and for what.
func slow(bytes int64, after time.Duration) error {
	unit := time.Second
	if after < unit {
		unit = time.Millisecond
	}
	if bytes == 0 {
		return fmt.Errorf("%w: nothing came in %s", ErrSlow, after.Round(unit))
	}
	return fmt.Errorf("%w: %d bytes in %s", ErrSlow, bytes, after.Round(unit))
}

// isSilence is true of the error of net/http for a server that took the question and
// did not answer.
func isSilence(err error) bool {
	late := net.Error(nil)
	return errors.As(err, &late) && late.Timeout() && !errors.As(err, new(*net.OpError))
}

// patience is how long nobody is told that a server is waited for.
const patience = 3 * time.Second

// unlessSoon calls tell when it takes long until stop is called, which waits for it.
func unlessSoon(tell func()) (stop func()) {
	told := make(chan struct{})
	timer := time.AfterFunc(patience, func() {
		defer close(told)
		tell()
	})
	return func() {
		if !timer.Stop() {
			<-told
		}
	}
}

// A pacedReader ends with ErrSlow once what it reads comes too slowly.
type pacedReader struct {
	from   io.Reader
	window time.Duration
	silent *time.Timer // fires when nothing came for as long
	begun  time.Time   // the window
	recent int64       // what came since
	total  int64
}

// paced reads from an answer; stop ends a read that waits. It is to be ended itself.
func paced(from io.Reader, window time.Duration, stop context.CancelFunc) *pacedReader {
	return &pacedReader{from: from, window: window, silent: time.AfterFunc(window, stop), begun: time.Now()}
}

func (r *pacedReader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.silent.Reset(r.window)
	r.recent += int64(n)
	r.total += int64(n)
	if past := time.Since(r.begun); err == nil && past >= r.window {
		if float64(r.recent) < minRate*past.Seconds() {
			return n, ErrSlow
		}
		r.begun, r.recent = time.Now(), 0
	}
	return n, err
}

func (r *pacedReader) end() { r.silent.Stop() }
