package e2e

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// A mailServer receives mail. Received returns what came since the last call,
// with LF line ends, in the order of its message-ids.
type mailServer interface {
	address() (host, port string)
	received() [][]byte
}

// uses makes a server the one that everybody of this world sends to.
func (w *world) uses(s mailServer) {
	w.t.Helper()
	host, port := s.address()
	w.git("config", "--global", "sendemail.smtpServer", host)
	w.git("config", "--global", "sendemail.smtpServerPort", port)
}

// ownServer is the server that comes with kprep's tests.
type ownServer struct {
	*mailtest.Server
	seen int
}

func startOwn(t *testing.T, o mailtest.Options) *ownServer {
	t.Helper()
	return &ownServer{Server: mailtest.Start(t, o)}
}

func (s *ownServer) address() (host, port string) { return s.Host(), s.Port() }

func (s *ownServer) received() [][]byte {
	var all [][]byte
	for _, m := range s.Messages()[s.seen:] {
		all = append(all, bytes.ReplaceAll(m.Data, []byte("\r\n"), []byte("\n")))
		s.seen++
	}
	return inOrder(all)
}

// A sink is Postfix's smtp-sink, which has nothing in common with kprep.
type sink struct {
	t         *testing.T
	dir, port string
}

// smtpSink is where Debian has it; it is on no user's PATH.
const smtpSink = "/usr/sbin/smtp-sink"

func startSink(t *testing.T, options ...string) *sink {
	t.Helper()
	needPeer(t, smtpSink, "smtp-sink (package postfix)")
	s := &sink{t: t, dir: t.TempDir(), port: freePort(t)}
	args := []string{"-d", filepath.Join(s.dir, "mail.")}
	if os.Getuid() == 0 { // it insists on giving up root
		args = append(args, "-u", "nobody")
		for dir := s.dir; len(dir) > len(os.TempDir()); dir = filepath.Dir(dir) {
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
		}
	}
	args = append(append(args, options...), "127.0.0.1:"+s.port, "10")
	cmd := exec.Command(smtpSink, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	for range 100 {
		if c, err := net.Dial("tcp", "127.0.0.1:"+s.port); err == nil {
			c.Close()
			return s
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatalf("smtp-sink does not answer: %s", said.String())
	return nil
}

func freePort(t *testing.T) string {
	t.Helper()
	address, err := mailtest.FreeAddress()
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(address)
	return port
}

func (s *sink) address() (host, port string) { return "127.0.0.1", s.port }

func (s *sink) received() [][]byte {
	files, err := filepath.Glob(filepath.Join(s.dir, "mail.*"))
	if err != nil {
		s.t.Fatal(err)
	}
	var all [][]byte
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			s.t.Fatal(err)
		}
		if err := os.Remove(name); err != nil {
			s.t.Fatal(err)
		}
		all = append(all, withoutSinkHeaders(data))
	}
	return inOrder(all)
}

// withoutSinkHeaders cuts off what smtp-sink puts in front of a message, and
// the empty line behind it.
func withoutSinkHeaders(data []byte) []byte {
	at := bytes.Index(data, []byte("\nFrom: "))
	return bytes.TrimSuffix(data[at+1:], []byte("\n"))
}

// inOrder sorts messages by the number in their message-ids.
func inOrder(all [][]byte) [][]byte {
	number := func(raw []byte) int {
		var n int
		id := header(raw).Get("Message-ID")
		if parts := strings.Split(strings.Split(id, "@")[0], "-"); len(parts) > 2 {
			fmt.Sscan(parts[len(parts)-2], &n)
		}
		return n
	}
	slices.SortStableFunc(all, func(a, b []byte) int { return number(a) - number(b) })
	return all
}

func header(raw []byte) mail.Header {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return mail.Header{}
	}
	return m.Header
}

// A letter is a message as a reader sees it.
type letter struct {
	subject, body string
	from          string
	to, cc        []string // each "Name <mailbox>", sorted
	id, parent    string
}

// open reads a message with Go's own library.
func open(t *testing.T, raw []byte) letter {
	t.Helper()
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%v in\n%s", err, raw)
	}
	body := io.Reader(m.Body)
	if m.Header.Get("Content-Transfer-Encoding") == "quoted-printable" {
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		t.Fatal(err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		t.Fatal(err)
	}
	l := letter{subject: subject, body: string(text), id: m.Header.Get("Message-ID"), parent: m.Header.Get("In-Reply-To")}
	l.from = strings.Join(addresses(t, m.Header, "From"), ", ")
	l.to, l.cc = addresses(t, m.Header, "To"), addresses(t, m.Header, "Cc")
	return l
}

func addresses(t *testing.T, h mail.Header, key string) []string {
	t.Helper()
	if h.Get(key) == "" {
		return nil
	}
	list, err := h.AddressList(key)
	if err != nil {
		t.Fatalf("%s: %v", h.Get(key), err)
	}
	var all []string
	for _, a := range list {
		all = append(all, a.Name+" <"+a.Address+">")
	}
	slices.Sort(all)
	return all
}

// directory reads the files that preview -o or send -o wrote, in order.
func (w *world) directory(name string) [][]byte {
	w.t.Helper()
	files, err := filepath.Glob(filepath.Join(w.path(name), "*"))
	if err != nil || len(files) == 0 {
		w.t.Fatalf("no files in %s (%v)", name, err)
	}
	var all [][]byte
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			w.t.Fatal(err)
		}
		all = append(all, data)
	}
	return all
}
