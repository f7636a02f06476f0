package submit

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/netip"
	"net/smtp"
	"net/textproto"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/internal/gittest"
)

// A desk takes what it is told to take.
type desk struct {
	mu     sync.Mutex
	got    []string
	action string // of the last request
	from   netip.Addr
	answer endpoint.Answer
	status int
	pause  time.Duration
}

func (d *desk) Hold(context.Context, int64) (func(), error) { return func() {}, nil }

func (d *desk) Accept(_ context.Context, r endpoint.Request, client netip.Addr) (endpoint.Answer, int) {
	time.Sleep(d.pause)
	d.mu.Lock()
	defer d.mu.Unlock()
	d.got = append(d.got, r.Messages...)
	d.action = r.Action
	d.from = client
	if d.status != 0 {
		return d.answer, d.status
	}
	return endpoint.Answer{Result: endpoint.Success, Message: "Sent 1 messages", Messages: []endpoint.Fate{{MessageID: fmt.Sprintf("%d@example.org", len(d.got)), State: endpoint.Queued}}}, 200
}

func (d *desk) taken() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.got)
}

// serve runs a listener until the test ends, or stop is called, which waits.
func serve(t *testing.T, d *desk, o Options) (address string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	o.Name = "send.example.net"
	o.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- Serve(ctx, l, d, o) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

const testMail = "From: Kim <kim@example.org>\r\nTo: \"List, The\" <list@lists.example.org>,\r\n friends: Ann@example.org;\r\nCc: d@b\xc3\xbccher.example\r\nSubject: [PATCH] a\r\n\r\nText.\r\n..dots\r\n"

// everybody is whom testMail names.
func everybody() []string {
	return []string{"list@LISTS.example.org", "ann@example.org", "d@xn--bcher-kva.example"}
}

// hand sends lines as they are, and returns the answers.
func hand(t *testing.T, address string, recipients []string, mail string) []string {
	t.Helper()
	c := talk(t, address)
	defer c.Close()
	var answers []string
	ask := func(line string) {
		t.Helper()
		fmt.Fprintf(c.W, "%s", line)
		c.W.Flush()
		answer, err := c.ReadLine()
		for err == nil && len(answer) > 3 && answer[3] == '-' {
			answer, err = c.ReadLine()
		}
		if err != nil {
			t.Fatalf("to %.60q: %v", line, err)
		}
		answers = append(answers, answer)
	}
	ask("EHLO client.example.org\r\n")
	ask("MAIL FROM:<kim@example.org> BODY=8BITMIME\r\n")
	for _, r := range recipients {
		ask("RCPT TO:<" + r + ">\r\n")
	}
	ask("DATA\r\n")
	if !strings.HasPrefix(answers[len(answers)-1], "354") {
		return answers
	}
	ask(mail + ".\r\n")
	return answers
}

func talk(t *testing.T, address string) *textproto.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(30 * time.Second))
	c := textproto.NewConn(conn)
	t.Cleanup(func() { c.Close() })
	if _, err := c.ReadLine(); err != nil {
		t.Fatal(err)
	}
	return c
}

func last(all []string) string { return all[len(all)-1] }

func TestAccepts(t *testing.T) {
	t.Parallel()
	d := &desk{}
	address, _ := serve(t, d, Options{})
	answers := hand(t, address, everybody(), testMail)
	if got := last(answers); got != "250 2.0.0 <1@example.org> is queued" {
		t.Errorf("it says %q", answers)
	}
	want := strings.Replace(strings.ReplaceAll(testMail, "\r\n", "\n"), "\n..", "\n.", 1)
	if got := d.taken(); len(got) != 1 || got[0] != want {
		t.Errorf("accepted %q\nwant %q", got, want)
	}
	if d.from != netip.MustParseAddr("127.0.0.1") || d.action != endpoint.ActionReceive {
		t.Errorf("it came from %v, to %s", d.from, d.action)
	}
}

// What the author mails to themselves stays between them and the service.
func TestReflects(t *testing.T) {
	t.Parallel()
	for name, mail := range map[string]string{
		"not named":       testMail,
		"nobody is named": strings.NewReplacer("To: ", "X-To: ", "Cc: ", "X-Cc: ").Replace(testMail),
		"named too":       strings.Replace(testMail, "Cc: ", "Cc: kim@example.org, ", 1),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			address, _ := serve(t, d, Options{})
			if got := last(hand(t, address, []string{"Kim@example.org"}, mail)); !strings.HasPrefix(got, "250 ") || d.action != endpoint.ActionReflect {
				t.Errorf("it says %q, to %s", got, d.action)
			}
		})
	}
}

func TestReplies(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status int
		answer endpoint.Answer
		want   string
	}{
		"known":             {200, endpoint.Answer{Result: endpoint.Success, Messages: []endpoint.Fate{{MessageID: "1@x", State: endpoint.Mailed, Known: true}}}, "250 2.0.0 <1@x> was received before: it is mailed, and not mailed again"},
		"a dry run":         {200, endpoint.Answer{Result: endpoint.Success, Message: "Dry run"}, "250 2.0.0 Dry run"},
		"a bad signature":   {403, endpoint.Answer{Result: endpoint.Failure, Message: "Signature validation failed"}, "550 5.7.1 Signature validation failed"},
		"a reason":          {403, endpoint.Answer{Result: endpoint.Failure, Message: "Message 1 (a): no", Messages: []endpoint.Fate{{State: endpoint.Rejected, Reason: "no"}}}, "550 5.7.1 no"},
		"no signature":      {401, endpoint.Answer{Result: endpoint.Failure, Message: "No"}, "550 5.7.1 No"},
		"no patch":          {400, endpoint.Answer{Result: endpoint.Failure, Message: "This service only accepts patches"}, "550 5.7.1 This service only accepts patches"},
		"a conflict":        {409, endpoint.Answer{Result: endpoint.Failure, Message: "used"}, "550 5.7.1 used"},
		"too large":         {413, endpoint.Answer{Result: endpoint.Failure, Message: "large"}, "552 5.3.4 large"},
		"too often":         {429, endpoint.Answer{Result: endpoint.Failure, Message: "slow down", RetryAfter: 90}, "451 4.7.0 slow down; try again in 90 seconds"},
		"broken":            {500, endpoint.Answer{Result: endpoint.Failure, Message: "oops"}, "451 4.3.0 oops"},
		"busy":              {503, endpoint.Answer{Result: endpoint.Failure, Message: "busy"}, "451 4.3.0 busy"},
		"an odd text":       {400, endpoint.Answer{Result: endpoint.Failure, Message: "a\r\n250 ok\x1b[1m é"}, "550 5.7.1 "},
		"a long text":       {400, endpoint.Answer{Result: endpoint.Failure, Message: strings.Repeat("x", 9999)}, "550 5.7.1 xxx"},
		"200 without a yes": {200, endpoint.Answer{Result: endpoint.Failure, Message: "no"}, "550 5.7.1 no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			address, _ := serve(t, &desk{answer: c.answer, status: c.status}, Options{})
			got := last(hand(t, address, everybody(), testMail))
			if !strings.HasPrefix(got, c.want) || len(got) > 510 || strings.ContainsFunc(got, func(r rune) bool { return r < ' ' || r > '~' }) {
				t.Errorf("it says %q, want %q", got, c.want)
			}
		})
	}
}

// What is refused here never comes to be checked.
func TestRefuses(t *testing.T) {
	t.Parallel()
	ok := everybody()
	for name, c := range map[string]struct {
		recipients []string
		mail       string
		want       string
	}{
		"a blind copy":                 {append(everybody(), "boss@example.org"), testMail, "550 5.7.1 this service mails to those whom To and Cc name, and to nobody else, such as boss@example.org"},
		"a preview":                    {[]string{"ann@example.org"}, testMail, "550 5.7.1 To and Cc name list@lists.example.org, and the envelope does not"},
		"the list alone":               {[]string{"list@lists.example.org"}, testMail, "550 5.7.1 To and Cc name Ann@example.org, and the envelope does not"},
		"the author and one more":      {[]string{"kim@example.org", "ann@example.org"}, testMail, "550 5.7.1 this service mails to those whom To and Cc name, and to nobody else, such as kim@example.org"},
		"somebody else alone":          {[]string{"boss@example.org"}, testMail, "550 5.7.1 this service mails to those"},
		"LF alone":                     {ok, strings.Replace(testMail, "Text.\r\n", "Text.\n", 1), "550 5.5.2 "},
		"CR alone":                     {ok, strings.Replace(testMail, "Text.\r\n", "Te\rxt.\r\n", 1), "550 5.5.2 "},
		"a smuggled end":               {ok, strings.Replace(testMail, "Text.\r\n", "Text.\n.\nMAIL FROM:<>\r\n", 1), "550 5.5.2 "},
		"too large":                    {ok, testMail + strings.Repeat(strings.Repeat("x", 98)+"\r\n", 200), "552 5.3.4 "},
		"too many recipients":          {[]string{"a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"}, testMail, ""},
		"no recipient":                 {nil, testMail, "502 "},
		"a recipient that is none":     {[]string{"list"}, testMail, "502 "},
		"a recipient with a parameter": {[]string{"list@lists.example.org> SIZE=1 <x"}, testMail, "502 "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			address, _ := serve(t, d, Options{Message: 8 << 10, Recipients: 4})
			answers := hand(t, address, c.recipients, c.mail)
			if !strings.HasPrefix(last(answers), c.want) {
				t.Errorf("it says %q, want %q", answers, c.want)
			}
			if name == "too many recipients" && !strings.HasPrefix(answers[6], "452 ") {
				t.Errorf("it says %q", answers)
			}
			if got := d.taken(); len(got) != 0 {
				t.Errorf("accepted %q", got)
			}
		})
	}
}

func TestBoundsConnections(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, &desk{}, Options{PerNetwork: 2, AtOnce: 2})
	first, second := talk(t, address), talk(t, address)
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if text, err := io.ReadAll(conn); !strings.HasPrefix(string(text), "421 4.7.0 ") || err != nil {
		t.Errorf("the third hears %q, %v", text, err)
	}
	first.Close()
	second.Close()
	for range 100 { // the server learns of it in its own time
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			line := make([]byte, 3)
			io.ReadFull(conn, line)
			conn.Close()
			if string(line) == "220" {
				return
			}
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error("nobody is let in any more")
}

// Who says nothing, or goes on for ever, is hung up on.
func TestBoundsTime(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]Options{"idle": {Idle: 100 * time.Millisecond}, "busy": {Idle: time.Minute, Life: 300 * time.Millisecond}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := &desk{}
			address, _ := serve(t, d, o)
			c := talk(t, address)
			started := time.Now()
			for time.Since(started) < 20*time.Second {
				if name == "busy" {
					fmt.Fprintf(c.W, "NOOP\r\n")
					c.W.Flush()
				}
				if line, err := c.ReadLine(); err != nil || strings.HasPrefix(line, "421") {
					return
				}
			}
			t.Error("the connection stays")
		})
	}
}

// A message that is being checked when the service ends is answered.
func TestShutdown(t *testing.T) {
	t.Parallel()
	d := &desk{pause: 300 * time.Millisecond}
	address, stop := serve(t, d, Options{})
	answers := make(chan string, 1)
	go func() { answers <- last(hand(t, address, everybody(), testMail)) }()
	time.Sleep(100 * time.Millisecond)
	go stop()
	if got := <-answers; !strings.HasPrefix(got, "250 ") {
		t.Errorf("it says %q", got)
	}
	stop()
	if conn, err := net.Dial("tcp", address); err == nil {
		conn.Close()
		t.Error("it listens still")
	}
}

func TestStartTLS(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	d := &desk{}
	address, _ := serve(t, d, Options{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}})
	c, err := smtp.Dial(address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.StartTLS(&tls.Config{ServerName: "127.0.0.1", RootCAs: pool}); err != nil {
		t.Fatal(err)
	}
	if err := c.Mail("kim@example.org"); err != nil {
		t.Fatal(err)
	}
	for _, to := range everybody() {
		if err := c.Rcpt(to); err != nil {
			t.Fatal(err)
		}
	}
	w, err := c.Data()
	if err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, testMail)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := d.taken(); len(got) != 1 || d.from != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("accepted %d messages, from %v", len(got), d.from)
	}

	plain, _ := serve(t, d, Options{})
	c, err = smtp.Dial(plain)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if ok, _ := c.Extension("STARTTLS"); ok {
		t.Error("STARTTLS is offered without a certificate")
	}
	if ok, _ := c.Extension("AUTH"); ok {
		t.Error("AUTH is offered")
	}
}

func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// git send-email hands in a series in its order.
func TestGitSendEmail(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git")
	if where, err := exec.Command("git", "--exec-path").Output(); err != nil {
		t.Fatal(err)
	} else if _, err := os.Stat(filepath.Join(strings.TrimSpace(string(where)), "git-send-email")); err != nil {
		gittest.NoPeer(t, "git send-email is not installed ('make peers' does it)")
	}
	repo := gittest.New(t)
	for _, name := range []string{"base", "one", "two"} {
		repo.Write(name, name+" \n.\n")
		repo.Commit("add " + name)
	}
	d := &desk{}
	address, _ := serve(t, d, Options{})
	host, port, _ := net.SplitHostPort(address)
	dir := t.TempDir()
	files := strings.Fields(repo.Git("format-patch", "--cover-letter", "--subject-prefix=PATCH v2", "-o", dir, "-2"))
	cover, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], bytes.ReplaceAll(cover, []byte("*** SUBJECT HERE ***"), []byte("text")), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("git", append([]string{"send-email", "--quiet", "--confirm=never", "--smtp-server=" + host, "--smtp-server-port=" + port, "--to=list@lists.example.org"}, files...)...)
	cmd.Dir, cmd.Env = repo.Dir, repo.Env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var subjects []string
	for _, raw := range d.taken() {
		_, rest, _ := strings.Cut(raw, "\nSubject: ")
		subject, _, _ := strings.Cut(rest, "\n")
		subjects = append(subjects, subject)
	}
	if got := strings.Join(subjects, "; "); got != "[PATCH v2 0/2] text; [PATCH v2 1/2] add one; [PATCH v2 2/2] add two" {
		t.Errorf("it came as %s", got)
	}
	if raw := d.taken()[1]; !bytes.Contains([]byte(raw), []byte("\n+one \n+.\n")) {
		t.Errorf("the patch is\n%s", raw)
	}
}
