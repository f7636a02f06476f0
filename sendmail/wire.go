package sendmail

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

// maxReplyBytes bounds one reply of a server, all its lines together: 128
// lines of the length that RFC 5321 allows.
const maxReplyBytes = 128 * 512

var (
	errReplyTooLong = errors.New("the server's reply has no end")
	errNotSMTP      = errors.New("what the server says is not SMTP")
)

// A wire is the connection below a go-smtp client, plain text on both sides of
// it: TLS lies beneath. It is where the client's fixed habits are corrected:
//
//   - The last write of a message is taken apart. What is left of the body goes
//     out first, then the caller's before runs, then the final dot is written
//     on its own (spec/mail.md 2.10). The dot is found by its CRLF.CRLF, which
//     dot-stuffing keeps out of every body.
//   - Each write of a body has a deadline; the client has none there.
//   - EHLO keywords are put into upper case, where the client looks for them;
//     RFC 5321 4.1.1.1 leaves the case to the server.
//   - Replies are bounded in size.
//   - When a conversation is taken over after STARTTLS, a greeting that the
//     server does not repeat is made up for the client.
type wire struct {
	net.Conn
	in      *bufio.Reader
	pending []byte // read, but not yet handed on
	midLine bool   // pending ends within a line

	spoken   bool // the client has said something
	ehlo     bool // the reply under way answers EHLO
	replied  int  // bytes of reply since the last write
	lastCode string

	writeLimit time.Duration // for each write of a body
	message    *dotted       // the message that is being written; nil outside of DATA

	mu     sync.Mutex
	cutoff time.Time // no deadline may be later; zero: no such limit
}

// A dotted is one message on its way through DATA.
type dotted struct {
	before    func() error
	tail      []byte // last bytes written by the client, held back
	beforeErr error  // what before said; the dot was not written then
	dotSent   bool   // the dot was, or may have been, handed to the kernel
}

func newWire(c net.Conn, writeLimit time.Duration) *wire {
	return &wire{Conn: c, in: bufio.NewReader(c), writeLimit: writeLimit}
}

var dot = []byte(".\r\n")

// Read hands on at most one line.
func (w *wire) Read(p []byte) (int, error) {
	if len(w.pending) == 0 {
		line, err := w.in.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}
		begins := !w.midLine
		w.midLine = errors.Is(err, bufio.ErrBufferFull) // the client has its own limit for a line
		if begins && !hasCode(line) {
			// The client would wait for more if a hyphen is in fourth place.
			return 0, errNotSMTP
		}
		if w.replied += len(line); w.replied > maxReplyBytes {
			return 0, errReplyTooLong
		}
		w.pending = append(w.pending[:0], line...)
		if begins && len(line) > 3 {
			w.lastCode = string(line[:3])
			if w.ehlo && w.lastCode == "250" {
				upperKeyword(w.pending[4:])
			}
		}
	}
	n := copy(p, w.pending)
	w.pending = w.pending[n:]
	return n, nil
}

func hasCode(line []byte) bool {
	digit := func(i int) bool { return i < len(line) && '0' <= line[i] && line[i] <= '9' }
	return digit(0) && digit(1) && digit(2)
}

func upperKeyword(line []byte) {
	end := bytes.IndexAny(line, " =\r\n")
	if end < 0 {
		end = len(line)
	}
	copy(line, bytes.ToUpper(line[:end]))
}

func (w *wire) Write(p []byte) (int, error) {
	if w.message == nil {
		w.spoken = true
		w.ehlo = strings.HasPrefix(string(p), "EHLO ")
		w.replied = 0
		return w.Conn.Write(p)
	}
	d := w.message
	d.tail = append(d.tail, p...)
	end := []byte("\r\n.\r\n")
	if !bytes.HasSuffix(d.tail, end) {
		// Any of these bytes may turn out to be the beginning of the end.
		hold := min(len(end)-1, len(d.tail))
		out := d.tail[:len(d.tail)-hold]
		if err := w.writeBody(out); err != nil {
			return 0, err
		}
		d.tail = append(d.tail[:0], d.tail[len(out):]...)
		return len(p), nil
	}
	if err := w.writeBody(d.tail[:len(d.tail)-len(dot)]); err != nil {
		return 0, err
	}
	if d.beforeErr = d.before(); d.beforeErr != nil {
		return 0, d.beforeErr
	}
	w.replied = 0
	w.SetWriteDeadline(time.Now().Add(w.writeLimit))
	n, err := w.Conn.Write(dot)
	// An error without a byte written is sure: the kernel has nothing of it.
	d.dotSent = err == nil || n > 0
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *wire) writeBody(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	w.SetWriteDeadline(time.Now().Add(w.writeLimit))
	_, err := w.Conn.Write(p)
	return err
}

// SetDeadline and SetWriteDeadline keep to the cutoff.
func (w *wire) SetDeadline(t time.Time) error      { return w.Conn.SetDeadline(w.bounded(t)) }
func (w *wire) SetWriteDeadline(t time.Time) error { return w.Conn.SetWriteDeadline(w.bounded(t)) }

func (w *wire) bounded(t time.Time) time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.cutoff.IsZero() && (t.IsZero() || t.After(w.cutoff)) {
		return w.cutoff
	}
	return t
}

// stopAt ends whatever the wire is doing, and will do, at t.
func (w *wire) stopAt(t time.Time) {
	w.mu.Lock()
	w.cutoff = t
	w.mu.Unlock()
	w.Conn.SetDeadline(t)
}
