package e2e

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
)

// A service is a web submission endpoint, 'kprep endpoint serve' as a process of
// its own, which mails through a server of the tests.
type service struct {
	t    *testing.T
	dir  string // its database, feed and log
	url  string
	mail struct{ host, port string } // where it takes signed mail
	out  *mailtest.Server
	seen int // messages that came out of it and were asked for
}

// startService runs one until the test ends. It relays as "Test Endpoint
// <devnull@relay.example.net>" to lists.example.org, keeps the feed
// test.lists.example.org in the folder "feed", and takes these options too.
func startService(t *testing.T, options ...string) *service {
	t.Helper()
	s := &service{t: t, dir: t.TempDir(), out: mailtest.Start(t, mailtest.Options{})}
	address := net.JoinHostPort("127.0.0.1", freePort(t))
	s.url = "http://" + address + "/_b4_submit"
	s.mail.host, s.mail.port = "127.0.0.1", freePort(t)
	log, err := os.Create(filepath.Join(s.dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	cmd := exec.Command("kprep", append([]string{"-c", "sendemail.smtpServer=" + s.out.Host(), "-c", "sendemail.smtpServerPort=" + s.out.Port(),
		"endpoint", "serve", "--listen", address, "--smtp-listen", net.JoinHostPort(s.mail.host, s.mail.port), "--url", s.url, "--database", "service.db",
		"--name", "Test Endpoint", "--from", "devnull@relay.example.net", "--destination", `[a-z-]+@lists\.example\.org`,
		"--feed", "feed", "--list-id", "test.lists.example.org"}, options...)...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = s.dir, gittest.Env(s.dir), log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		kill := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
		defer kill.Stop()
		if err := <-ended; err != nil {
			t.Errorf("the service ends with %v", err)
		}
		if n := len(s.out.Messages()); n != s.seen {
			t.Errorf("%d messages came out of the service, and %d were expected", n, s.seen)
		}
		if t.Failed() {
			t.Logf("the service says\n%s", s.log())
		}
	})
	s.until("the service answers", func() bool {
		response, err := http.Get("http://" + address + "/readyz")
		if err == nil {
			response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	})
	return s
}

func (s *service) log() []byte {
	data, _ := os.ReadFile(filepath.Join(s.dir, "log"))
	return data
}

// until waits for a minute at most.
func (s *service) until(what string, is func() bool) {
	s.t.Helper()
	for range 3000 {
		if is() {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.t.Fatalf("waited in vain: %s", what)
}

// sent waits for the next n messages that come out of the service, with LF line
// ends.
func (s *service) sent(n int) []mailtest.Message {
	s.t.Helper()
	s.until("mail of the service", func() bool { return len(s.out.Messages()) >= s.seen+n })
	all := slices.Clone(s.out.Messages()[s.seen : s.seen+n])
	for i := range all {
		all[i].Data = bytes.ReplaceAll(all[i].Data, []byte("\r\n"), []byte("\n"))
	}
	s.seen += n
	return all
}

// challenge is the one that the next mail of the service brings, to somebody.
func (s *service) challenge(to string) string {
	s.t.Helper()
	m := s.sent(1)[0]
	challenge := regexp.MustCompile(`(?m)^[0-9a-f]{32}$`).Find(m.Data)
	if challenge == nil || !slices.Equal(m.To, []string{to}) {
		s.t.Fatalf("no challenge for %s, but mail to %q:\n%s", to, m.To, m.Data)
	}
	return string(challenge)
}

// relayed are the next n messages of the service, as readers of the list get
// them. Each has to come from a mailbox, to the list.
func (s *service) relayed(n int, from string) [][]byte {
	s.t.Helper()
	var all [][]byte
	for _, m := range s.sent(n) {
		if m.From != from || !slices.Contains(m.To, "list@lists.example.org") {
			s.t.Errorf("a message leaves from %s, want %s, to %q", m.From, from, m.To)
		}
		all = append(all, m.Data)
	}
	return all
}
