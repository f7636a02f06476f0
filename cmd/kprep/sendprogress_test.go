package main

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/sendmail"
)

// A lockedBuffer may be read while somebody writes.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// A wait is told of once it is long, and the terminal forgets it at its end.
func TestLongWaitsAreToldOf(t *testing.T) {
	t.Parallel()
	ev := sendmail.Event{Total: 2, Name: "0001-a.eml", Step: "final dot", Limit: time.Hour}
	for name, c := range map[string]struct {
		terminal, quiet bool
		silent          time.Duration
		during, after   string
	}{
		"a terminal":    {true, false, time.Millisecond, "\r0001-a.eml: waiting for the answer to the message, 1h0m0s left\x1b[K", "\r\x1b[K"},
		"no terminal":   {false, false, time.Millisecond, "0001-a.eml: waiting for the answer to the message, 1h0m0s left\n", ""},
		"quiet":         {true, true, time.Millisecond, "", ""},
		"not long":      {true, false, time.Hour, "", ""},
		"not long, off": {false, false, time.Hour, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var said lockedBuffer
			p := &progress{e: &env{stderr: &said, quiet: c.quiet, terminal: terminals{stderr: c.terminal}}, silent: c.silent}
			p.tell(ev)
			for range 500 {
				if said.String() == c.during && c.during != "" {
					break
				}
				time.Sleep(2 * time.Millisecond)
				if c.during == "" && c.silent > time.Second {
					break
				}
			}
			if got := said.String(); got != c.during {
				t.Errorf("%q, want %q", got, c.during)
			}
			p.endWait()
			if got := strings.TrimPrefix(said.String(), c.during); got != c.after {
				t.Errorf("at the end %q, want %q", got, c.after)
			}
		})
	}
}
