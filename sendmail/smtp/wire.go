package smtp

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"
)

// pieceSize is how much of a body must get through within one Limits.Write.
const pieceSize = 16 << 10

// A wire is the connection, whose deadlines an interrupt can bring forward.
type wire struct {
	in     *bufio.Reader // holds one line of a reply, and no longer one
	socket net.Conn
	trace  func(string) // nil: nobody listens
	secret bool         // a login is under way, which is nobody's business

	mu     sync.Mutex
	conn   net.Conn  // the socket, or TLS over it
	cutoff time.Time // no deadline may be later; zero: no such limit
}

func newWire(conn net.Conn) *wire {
	return &wire{socket: conn, conn: conn, in: bufio.NewReaderSize(conn, maxLine)}
}

// secured goes on over TLS. What was read ahead in the clear is forgotten.
func (w *wire) secured(conn net.Conn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.conn, w.in = conn, bufio.NewReaderSize(conn, maxLine)
}

// within gives what comes next a time limit.
func (w *wire) within(limit time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	deadline := time.Now().Add(limit)
	if !w.cutoff.IsZero() && deadline.After(w.cutoff) {
		deadline = w.cutoff
	}
	w.conn.SetDeadline(deadline)
}

// stopAt ends whatever the wire is doing, and will do, at t.
func (w *wire) stopAt(t time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cutoff = t
	w.conn.SetDeadline(t)
}

// guard leaves the wire the time of grace once ctx is done, and none once its
// [Hurry] is. The caller calls what it returns at the end.
func (w *wire) guard(ctx context.Context, grace time.Duration) func() {
	patient := context.AfterFunc(ctx, func() { w.stopAt(time.Now().Add(grace)) })
	hurried := context.AfterFunc(Hurry(ctx), func() { w.stopAt(time.Now()) })
	return func() {
		patient()
		hurried()
	}
}

type hurryKey struct{}

// WithHurry returns a context whose time of grace after an interrupt ends as
// soon as hurry is done: somebody does not want to wait for it.
func WithHurry(ctx, hurry context.Context) context.Context {
	return context.WithValue(ctx, hurryKey{}, hurry)
}

// Hurry is done when the time of grace of ctx is over before its time; never
// for a context that WithHurry did not make.
func Hurry(ctx context.Context) context.Context {
	if hurry, ok := ctx.Value(hurryKey{}).(context.Context); ok {
		return hurry
	}
	return context.Background()
}

// say writes commands, a line each, unless the server has said something that
// could be taken for their answer.
func (w *wire) say(limit time.Duration, text []byte) error {
	if err := w.unasked(); err != nil && !w.farewell() {
		return err
	}
	if w.trace != nil {
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\r\n")
			if words := strings.Fields(line); w.secret && len(words) > 1 && words[0] == "AUTH" {
				line = "AUTH " + words[1] + " [hidden]"
			} else if w.secret {
				line = "[hidden]"
			}
			w.trace("> " + line)
		}
	}
	return w.write(limit, text)
}

func (w *wire) write(limit time.Duration, text []byte) error {
	for len(text) > 0 {
		piece := text[:min(pieceSize, len(text))]
		w.within(limit)
		if _, err := w.conn.Write(piece); err != nil {
			return err
		}
		text = text[len(piece):]
	}
	return nil
}

// writeDot ends a message. Sent is false only when the kernel has certainly
// nothing of the dot.
func (w *wire) writeDot(limit time.Duration) (sent bool, err error) {
	w.within(limit)
	n, err := w.conn.Write([]byte(".\r\n"))
	return err == nil || n > 0, err
}

// unasked returns nil unless the server says something before it is asked, or
// has hung up: errUnasked leaves what it says to be read.
func (w *wire) unasked() error {
	w.mu.Lock()
	deadline := time.Unix(1, 0) // passed: what is there counts, nothing is waited for
	if arrived(w.socket) {
		deadline = time.Now().Add(recordTime)
	}
	w.conn.SetReadDeadline(deadline)
	w.mu.Unlock()
	_, err := w.in.Peek(1)
	switch {
	case err == nil:
		return errUnasked
	case timedOut(err):
		return nil
	case errors.Is(err, io.EOF):
		return errClosed
	}
	return err
}

// recordTime is how long the rest of a TLS record may take, of which a part has
// arrived. It may turn out to be none of the server's words.
const recordTime = 100 * time.Millisecond

// farewell says that the server has begun to say that it ends the session,
// which servers do unasked, RFC 5321 3.8.
func (w *wire) farewell() bool {
	words, _ := w.in.Peek(min(w.in.Buffered(), 3))
	return string(words) == "421"
}

// arrived says whether a socket has something to read, or its end.
func arrived(socket net.Conn) bool {
	open, ok := socket.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := open.SyscallConn()
	if err != nil {
		return false
	}
	there := false
	raw.Control(func(socket uintptr) { there = readable(socket) })
	return there
}

// reply reads one reply, all of it within the limit.
func (w *wire) reply(limit time.Duration) (Reply, error) {
	w.within(limit)
	var r Reply
	for n := range maxLines {
		line, err := w.in.ReadSlice('\n')
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			return Reply{}, errLongLine
		case errors.Is(err, io.EOF):
			return Reply{}, errClosed
		case err != nil:
			return Reply{}, err
		}
		code, text, last, ok := parseLine(line)
		if !ok || n > 0 && code != r.Code {
			return Reply{}, errNotSMTP
		}
		if n > 0 {
			text = "\n" + text
		}
		r.Code, r.Text = code, r.Text+text
		if last {
			w.heard(r)
			return r, nil
		}
	}
	return Reply{}, errEndless
}

// heard traces a reply; of a login its code alone, as servers may repeat what
// they were told.
func (w *wire) heard(r Reply) {
	if w.trace == nil {
		return
	}
	if w.secret {
		r.Text = "[hidden]"
	}
	for line := range strings.SplitSeq(r.Text, "\n") {
		w.trace(fmt.Sprintf("< %d %s", r.Code, line))
	}
}
