package mailtest

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// TLS says how a server secures its connections.
type TLS int

const (
	Plain    TLS = iota // no TLS at all
	StartTLS            // plain text first, TLS after STARTTLS; AUTH only then
	Implicit            // TLS from the first byte
)

// Options describe a server. The zero value is a friendly one: plain text, no
// login, 8BITMIME, no limits.
type Options struct {
	TLS           TLS
	Certificate   Certificate       // what it shows; Good unless said otherwise
	Users         map[string]string // accounts and passwords; none: AUTH is not offered
	Mechanisms    []string          // PLAIN and LOGIN unless said otherwise; CRAM-MD5, XOAUTH2 and OAUTHBEARER it knows as well
	No8BitMIME    bool              // 8BITMIME is not offered, and 8-bit text is refused
	SMTPUTF8      bool              // offer SMTPUTF8
	NoPipelining  bool              // PIPELINING is not offered
	LowerCase     bool              // EHLO keywords in lower case (RFC 5321, 4.1.1.1 allows it)
	MaxSize       int64             // announced by SIZE and enforced; 0: none
	MaxRecipients int               // of one message, not announced: the others get a 452; 0: any number
	MaxMessages   int               // of one connection, not announced: the next gets a 421; 0: any number
	Inject        string            // plain text sent behind the answer to STARTTLS, as an attacker would
	LoginPrompt   [2]string         // LOGIN's two questions; the usual ones when empty
	Faults        []Fault
}

// A Message is one that the server accepted, or kept while losing the answer.
type Message struct {
	From       string   // envelope sender
	To         []string // envelope recipients that the server accepted, in order
	Data       []byte   // exactly as received, CRLF, dot-stuffing undone
	EightBit   bool     // MAIL said BODY=8BITMIME
	UTF8       bool     // MAIL said SMTPUTF8
	Secure     bool     // came over TLS
	User       string   // who had logged in, "" for nobody
	Connection int      // 1 for the server's first connection
	Arrived    time.Time
}

// A Server is running until Close. All methods are safe for concurrent use.
type Server struct {
	options  Options
	pki      *pki
	tls      *tls.Config
	listener net.Listener
	smtp     *smtp.Server
	done     chan struct{}
	once     sync.Once

	mu          sync.Mutex
	messages    []Message
	lines       []string
	faults      []Fault
	connections int
	started     int // MAIL commands seen
}

// New starts a server on a free port of 127.0.0.1.
func New(o Options) (*Server, error) {
	s := &Server{options: o, done: make(chan struct{}), faults: slices.Clone(o.Faults)}
	if len(s.options.Mechanisms) == 0 {
		s.options.Mechanisms = []string{"PLAIN", "LOGIN"}
	}
	if o.TLS != Plain {
		var err error
		if s.pki, err = newPKI(o.Certificate); err != nil {
			return nil, err
		}
		s.tls = &tls.Config{Certificates: []tls.Certificate{s.pki.leaf}, MinVersion: tls.VersionTLS12}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.listener = listener
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.session))
	s.smtp.Domain = "mail.example.org"
	s.smtp.MaxMessageBytes = o.MaxSize
	s.smtp.MaxRecipients = o.MaxRecipients
	s.smtp.EnableSMTPUTF8 = o.SMTPUTF8
	s.smtp.AllowInsecureAuth = true // the tap hides AUTH where it must not be
	s.smtp.ErrorLog = log.New(io.Discard, "", 0)
	go s.smtp.Serve(&tapListener{Listener: listener, server: s})
	return s, nil
}

// A T is the part of *testing.T that Start needs.
type T interface {
	Helper()
	Fatal(args ...any)
	Cleanup(func())
}

// Start is New for tests: it fails t on an error and closes the server with it.
func Start(t T, o Options) *Server {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// Close ends the server and every connection, also those that hang.
func (s *Server) Close() error {
	s.once.Do(func() { close(s.done) })
	s.listener.Close() // go-smtp may not have taken it over yet
	return s.smtp.Close()
}

// Addr is "127.0.0.1:port".
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Host is "127.0.0.1".
func (s *Server) Host() string { h, _, _ := net.SplitHostPort(s.Addr()); return h }

// Port is the port as decimal digits.
func (s *Server) Port() string { _, p, _ := net.SplitHostPort(s.Addr()); return p }

// CA is the certificate, in PEM, that clients must trust to believe the
// server's own. It is empty for a server without TLS. It does not help against
// the WrongHost, Expired and SelfSigned certificates.
func (s *Server) CA() []byte {
	if s.pki == nil {
		return nil
	}
	return slices.Clone(s.pki.caPEM)
}

// Messages returns what was accepted so far, in order of arrival.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Lines returns every line that clients sent outside of message bodies, in
// order, passwords included: tests look here for what must never be there.
func (s *Server) Lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.lines)
}

// Connections counts the connections that were accepted.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.connections
}

// Heal makes the server forget its faults: what it refused it now takes.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (s *Server) keep(m Message) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.messages = append(s.messages, m)
}

func (s *Server) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, strings.TrimRight(line, "\r\n"))
}

// nextMessage counts the MAIL commands, from 1.
func (s *Server) nextMessage() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.started++
	return s.started
}
