package mailtest

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"time"
)

// scriptPatience is how long a Scripted server waits for a client's next line.
const scriptPatience = 10 * time.Second

// A Scripted server says and expects exactly what its scripts say, one script
// for each connection, in order. A script is lines:
//
//	S: TEXT      the server says TEXT; lines that follow one another leave in one piece
//	C: TEXT      the client must say exactly TEXT and CRLF
//	! body       the client sends lines up to a lone dot
//	! body 5ms   the same, read slowly: so long a pause for each 64 KiB
//	! tls        the TLS handshake
//	! wait 5ms   a pause
//	! eof        the client must close the connection without another word
//	! drop       the connection is closed
//	! hang       nothing is said any more
//
// Empty lines and leading blanks count for nothing. Before the server says
// something it must have read all that has arrived: a client that says more
// than the script expects at that point deviates from it.
type Scripted struct {
	listener net.Listener
	pki      *pki
	scripts  []string
	done     chan struct{}
	played   sync.WaitGroup

	mu          sync.Mutex
	connections int
	deviations  []error
}

// PlayScripts starts a server that plays the scripts, with the given kind of
// certificate, and closes it with t.
func PlayScripts(t T, kind Certificate, scripts ...string) *Scripted {
	t.Helper()
	keys, err := newPKI(kind)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Scripted{listener: listener, pki: keys, scripts: scripts, done: make(chan struct{})}
	s.played.Add(len(scripts))
	go s.serve()
	t.Cleanup(func() {
		close(s.done)
		listener.Close()
	})
	return s
}

// Host is "127.0.0.1".
func (s *Scripted) Host() string { h, _, _ := net.SplitHostPort(s.listener.Addr().String()); return h }

// Port is the port as decimal digits.
func (s *Scripted) Port() string { _, p, _ := net.SplitHostPort(s.listener.Addr().String()); return p }

// CA is the certificate to trust, in PEM.
func (s *Scripted) CA() []byte { return s.pki.caPEM }

// Deviations waits until every script has come to its end and returns how the
// clients deviated from them; nil when they did not.
func (s *Scripted) Deviations() error {
	ended := make(chan struct{})
	go func() {
		s.played.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(scriptPatience):
		return errors.New("not every script came to its end")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return errors.Join(s.deviations...)
}

func (s *Scripted) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		number := s.connections
		s.connections++
		s.mu.Unlock()
		if number >= len(s.scripts) {
			s.deviates(fmt.Errorf("connection %d has no script", number+1))
			conn.Close()
			continue
		}
		go s.play(number, conn)
	}
}

func (s *Scripted) deviates(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.deviations = append(s.deviations, err)
}

func (s *Scripted) play(number int, conn net.Conn) {
	p := &player{conn: conn, in: bufio.NewReaderSize(conn, 64<<10), pki: s.pki}
	defer func() { p.conn.Close() }()
	hang, err := p.play(s.scripts[number])
	if err != nil {
		s.deviates(fmt.Errorf("connection %d: %w", number+1, err))
	}
	s.played.Done()
	if hang {
		<-s.done
	}
}

// A player plays one script over one connection.
type player struct {
	conn net.Conn
	in   *bufio.Reader
	pki  *pki
	out  string // to be said
}

func (p *player) play(script string) (hang bool, err error) {
	if tcp, ok := p.conn.(*net.TCPConn); ok && strings.Contains(script, "! body ") {
		tcp.SetReadBuffer(128 << 10) // the kernel must not read in our place
	}
	for line := range strings.SplitSeq(script, "\n") {
		line = strings.TrimLeft(line, " \t")
		kind, rest, _ := strings.Cut(line, " ")
		if kind != "S:" {
			if err := p.flush(); err != nil {
				return false, err
			}
		}
		p.conn.SetReadDeadline(time.Now().Add(scriptPatience))
		switch {
		case line == "":
		case kind == "S:":
			p.out += rest + "\r\n"
		case kind == "C:":
			err = p.hear(rest + "\r\n")
		case line == "! drop":
			return false, nil
		case line == "! eof":
			return false, p.eof()
		case line == "! hang":
			return true, nil
		case line == "! tls":
			err = p.handshake()
		case strings.HasPrefix(line, "! body"):
			err = p.body(strings.TrimPrefix(line, "! body"))
		case strings.HasPrefix(line, "! wait "):
			err = pause(strings.TrimPrefix(line, "! wait "))
		default:
			return false, fmt.Errorf("no such line in a script: %q", line)
		}
		if err != nil {
			return false, err
		}
	}
	return false, p.flush()
}

func (p *player) flush() error {
	if p.out == "" {
		return nil
	}
	if n := p.in.Buffered(); n > 0 {
		early, _ := p.in.Peek(n)
		return fmt.Errorf("the client said %q before %q", early, p.out)
	}
	_, err := io.WriteString(p.conn, p.out)
	p.out = ""
	return err
}

func (p *player) hear(want string) error {
	got, err := p.in.ReadString('\n')
	if err != nil {
		return fmt.Errorf("waiting for %q: %q, %w", want, got, err)
	}
	if got != want {
		return fmt.Errorf("the client said %q, want %q", got, want)
	}
	return nil
}

func (p *player) eof() error {
	if got, err := p.in.ReadString('\n'); got != "" || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("the client did not hang up: %q, %v", got, err)
	}
	return nil
}

func (p *player) body(rest string) error {
	read := 0
	for got := ""; got != ".\r\n"; read += len(got) {
		if rest != "" && read >= 64<<10 {
			read = 0
			if err := pause(strings.TrimSpace(rest)); err != nil {
				return err
			}
			p.conn.SetReadDeadline(time.Now().Add(scriptPatience))
		}
		var err error
		if got, err = p.in.ReadString('\n'); err != nil {
			return fmt.Errorf("inside of the body: %w", err)
		}
	}
	return nil
}

func (p *player) handshake() error {
	secured := tls.Server(p.conn, &tls.Config{Certificates: []tls.Certificate{p.pki.leaf}, MinVersion: tls.VersionTLS12})
	if err := secured.Handshake(); err != nil {
		return nil // the client refuses the certificate; it says so itself
	}
	p.conn, p.in = secured, bufio.NewReader(secured)
	return nil
}

func pause(text string) error {
	d, err := time.ParseDuration(text)
	time.Sleep(d)
	return err
}
