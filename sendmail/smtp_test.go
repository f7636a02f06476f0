package sendmail

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// prepared connects and returns the error.
func prepared(t *testing.T, tr Transport) error {
	t.Helper()
	_, err := tr.Prepare(t.Context(), nil)
	return err
}

func TestF05Certificate(t *testing.T) {
	t.Parallel()
	for _, mode := range []mailtest.TLS{mailtest.StartTLS, mailtest.Implicit} {
		for kind, reason := range map[mailtest.Certificate]string{
			mailtest.Good:       "",
			mailtest.WrongHost:  "another host",
			mailtest.Expired:    "expired",
			mailtest.SelfSigned: "self-signed",
		} {
			t.Run(fmt.Sprint(mode, " ", reason), func(t *testing.T) {
				t.Parallel()
				s := mailtest.Start(t, mailtest.Options{TLS: mode, Certificate: kind, Users: map[string]string{"me": "secret-word"}})
				word := map[mailtest.TLS]string{mailtest.StartTLS: "starttls", mailtest.Implicit: "smtps"}[mode]
				tr := transportTo(t, s, nil, "sendemail.smtpEncryption="+word, "sendemail.smtpUser=me", "sendemail.smtpPass=secret-word")
				j := journalOf(t, series(1))
				sum, err := quickly().Run(t.Context(), j, tr, nil)
				if reason == "" {
					if err != nil || sum.Status() != 0 || s.Messages()[0].User != "me" {
						t.Errorf("%+v, %v", sum, err)
					}
					return
				}
				var bad *CertificateError
				if !errors.As(err, &bad) || !strings.Contains(bad.Reason, reason) || len(bad.Names) == 0 || bad.NotAfter.IsZero() || sum.Status() != 1 {
					t.Errorf("%v", err)
				}
				if kind == mailtest.WrongHost && !strings.Contains(err.Error(), "other.example.org") {
					t.Errorf("%v does not name the host of the certificate", err)
				}
				if said := strings.Join(s.Lines(), "\n"); strings.Contains(said, "AUTH") || len(s.Messages()) != 0 {
					t.Errorf("the server got %q", said)
				}
			})
		}
	}
}

// Without a look at the certificate any of them will do, but only when the
// settings and the user both say so.
func TestF05Insecure(t *testing.T) {
	t.Parallel()
	for _, mode := range []mailtest.TLS{mailtest.StartTLS, mailtest.Implicit} {
		for _, kind := range []mailtest.Certificate{mailtest.Good, mailtest.WrongHost, mailtest.Expired, mailtest.SelfSigned} {
			t.Run(fmt.Sprint(mode, " ", kind), func(t *testing.T) {
				t.Parallel()
				s := mailtest.Start(t, mailtest.Options{TLS: mode, Certificate: kind})
				word := map[mailtest.TLS]string{mailtest.StartTLS: "tls", mailtest.Implicit: "ssl"}[mode]
				for _, c := range []struct {
					path              string
					insecure, refused bool
				}{
					{"sendemail.smtpSSLCertPath=", false, true},
					{"sendemail.smtpDomain=here", true, true},
					{"sendemail.smtpSSLCertPath=/etc/ssl", true, true},
					{"sendemail.smtpSSLCertPath=", true, false},
				} {
					settings, err := ReadSettings(testConfig{"sendemail.smtpServer=" + s.Host(), "sendemail.smtpServerPort=" + s.Port(),
						"sendemail.smtpEncryption=" + word, c.path}, "", false)
					if err != nil || settings.Insecure {
						t.Fatalf("%+v, %v", settings, err)
					}
					settings.Insecure = c.insecure
					tr, err := OpenTransport(settings, nil)
					if unchecked := (*UncheckedError)(nil); errors.As(err, &unchecked) != c.refused || c.refused && unchecked.Insecure != c.insecure {
						t.Fatalf("%s, insecure %v: %v", c.path, c.insecure, err)
					}
					if c.refused {
						continue
					}
					if !strings.Contains(tr.String(), "its certificate is not checked") {
						t.Errorf("route %q", tr)
					}
					sum, err := quickly().Run(t.Context(), journalOf(t, series(1)), tr, nil)
					if err != nil || sum.Status() != 0 || len(s.Messages()) != 2 {
						t.Errorf("%+v, %v", sum, err)
					}
					tr.Close()
				}
			})
		}
	}
	for _, line := range []string{"sendemail.smtpServer=127.0.0.1", "sendemail.smtpServer=/bin/true", "sendemail.sendmailCmd=true"} {
		settings, err := ReadSettings(testConfig{line, "sendemail.smtpSSLCertPath="}, "", false)
		if err != nil {
			t.Fatal(err)
		}
		settings.Insecure = true
		if _, err := OpenTransport(settings, nil); !errors.As(err, new(*UncheckedError)) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestCertificatePath(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{TLS: mailtest.Implicit})
	base := testConfig{"sendemail.smtpServer=127.0.0.1", "sendemail.smtpServerPort=" + s.Port(), "sendemail.smtpEncryption=ssl"}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "1a2b3c4d.0"), s.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	os.Symlink("/nonexistent", filepath.Join(dir, "dangling.0"))
	junk := filepath.Join(t.TempDir(), "junk")
	os.WriteFile(junk, []byte("no certificate"), 0o600)
	for name, c := range map[string]struct {
		line string
		open bool // OpenTransport succeeds
		ok   bool
	}{
		"a folder":                      {"sendemail.smtpSSLCertPath=" + dir, true, true},
		"not set: the system's":         {"sendemail.x=y", true, false},
		"empty: refused":                {"sendemail.smtpSSLCertPath=", false, false},
		"a file that is not there":      {"sendemail.smtpSSLCertPath=" + dir + "/none", false, false},
		"a file without a certificate":  {"sendemail.smtpSSLCertPath=" + junk, false, false},
		"a folder without certificates": {"sendemail.smtpSSLCertPath=" + filepath.Dir(junk), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings, err := ReadSettings(append(slices.Clone(base), c.line), "", false)
			if err != nil {
				t.Fatal(err)
			}
			tr, err := OpenTransport(settings, nil)
			if (err == nil) != c.open {
				t.Fatalf("error %v", err)
			}
			if err != nil {
				return
			}
			defer tr.Close()
			if err := prepared(t, tr); (err == nil) != c.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestF06StartTLSRefused(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mailtest.Options{
		"not offered":                {},
		"refused for now":            {TLS: mailtest.StartTLS, Faults: []mailtest.Fault{{At: mailtest.AtSTARTTLS, Reply: "454 4.7.0 not now"}}},
		"an answer that is no reply": {TLS: mailtest.StartTLS, Faults: []mailtest.Fault{{At: mailtest.AtSTARTTLS, Reply: "hello"}}},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); notSecured(t, o) })
	}
}

func TestF07PlainTextBehindStartTLS(t *testing.T) {
	t.Parallel()
	notSecured(t, mailtest.Options{TLS: mailtest.StartTLS, Inject: "250 2.0.0 whatever you say"})
}

// notSecured wants a run to end before a password or a message is said.
func notSecured(t *testing.T, o mailtest.Options) {
	t.Helper()
	o.Users = map[string]string{"me": "secret-word"}
	s := mailtest.Start(t, o)
	tr := transportTo(t, s, nil, "sendemail.smtpEncryption=tls", "sendemail.smtpUser=me", "sendemail.smtpPass=secret-word")
	j := journalOf(t, series(1))
	sum, err := quickly().Run(t.Context(), j, tr, nil)
	var refused *StartTLSError
	var broken *ConnectError
	if !errors.As(err, &refused) && !errors.As(err, &broken) || sum.Status() != 1 || states(j) != "pending pending" {
		t.Errorf("%s, status %d, error %v", states(j), sum.Status(), err)
	}
	if said := strings.Join(s.Lines(), "\n"); strings.Contains(said, "AUTH") || strings.Contains(said, "MAIL") {
		t.Errorf("the server got %q", said)
	}
}

func TestNoLoginWithoutUser(t *testing.T) {
	t.Parallel()
	for _, more := range [][]string{{}, {"sendemail.smtpUser=me", "sendemail.smtpAuth=none"}} {
		s := mailtest.Start(t, mailtest.Options{TLS: mailtest.Implicit, Users: map[string]string{"me": "x"}})
		h := &helper{passwords: []string{"x"}}
		tr := transportTo(t, s, h, append(more, "sendemail.smtpEncryption=ssl")...)
		if err := prepared(t, tr); err != nil || len(h.log) > 0 || strings.Contains(strings.Join(s.Lines(), " "), "AUTH") {
			t.Errorf("%v, helper %q, server %q", err, h.log, s.Lines())
		}
	}
}

func TestNothingInTheClear(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		lines    []string
		ok       bool
		password bool
	}{
		"loopback":                      {[]string{"sendemail.smtpServer=localhost"}, true, false},
		"loopback by number":            {[]string{"sendemail.smtpServer=127.0.0.1"}, true, false},
		"IPv6 loopback":                 {[]string{"sendemail.smtpServer=::1"}, true, false},
		"loopback with a password":      {[]string{"sendemail.smtpServer=localhost", "sendemail.smtpUser=me"}, true, false},
		"another host":                  {[]string{"sendemail.smtpServer=mail.example.org"}, false, false},
		"a name that only looks local":  {[]string{"sendemail.smtpServer=localhost.example.org"}, false, false},
		"another host, asked for":       {[]string{"sendemail.smtpServer=mail.example.org", "sendemail.smtpEncryption=none"}, true, false},
		"asked for, but with password":  {[]string{"sendemail.smtpServer=mail.example.org", "sendemail.smtpEncryption=none", "sendemail.smtpUser=me"}, false, true},
		"another host with a password":  {[]string{"sendemail.smtpServer=mail.example.org", "sendemail.smtpUser=me"}, false, true},
		"another host with TLS":         {[]string{"sendemail.smtpServer=mail.example.org", "sendemail.smtpUser=me", "sendemail.smtpEncryption=tls"}, true, false},
		"a port that is none":           {[]string{"sendemail.smtpServer=localhost", "sendemail.smtpServerPort=no-such-service"}, false, false},
		"only mechanisms nobody speaks": {[]string{"sendemail.smtpServer=localhost", "sendemail.smtpUser=me", "sendemail.smtpAuth=GSSAPI"}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := ReadSettings(testConfig(c.lines), "", false)
			if err != nil {
				t.Fatal(err)
			}
			_, err = OpenTransport(s, &helper{})
			var plain *PlainTextError
			if (err == nil) != c.ok || errors.As(err, &plain) && plain.Password != c.password {
				t.Errorf("error %v", err)
			}
		})
	}

	// "localhost" that leads elsewhere.
	s := mailtest.Start(t, mailtest.Options{})
	tr := transportTo(t, s, nil)
	tr.config.Dialer = func(ctx context.Context, network, _ string) (net.Conn, error) {
		c, err := (&net.Dialer{}).DialContext(ctx, network, s.Addr())
		return elsewhere{c}, err
	}
	var plain *PlainTextError
	if err := prepared(t, tr); !errors.As(err, &plain) || len(s.Lines()) != 0 {
		t.Errorf("error %v, the server got %q", err, s.Lines())
	}
}

type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

func TestF02UnknownHost(t *testing.T) {
	t.Parallel()
	s, err := ReadSettings(testConfig{"sendemail.smtpServer=mail.example.invalid", "sendemail.smtpEncryption=ssl"}, "", false)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := newSMTP(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	var asked []string
	tr.config.Dialer = func(_ context.Context, network, addr string) (net.Conn, error) {
		asked = append(asked, addr)
		return nil, &net.OpError{Op: "dial", Net: network, Err: &net.DNSError{Err: "no such host", Name: "mail.example.invalid", IsNotFound: true}}
	}
	j := journalOf(t, series(1))
	sum, err := quickly().Run(t.Context(), j, tr, nil)
	var e *LookupError
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "name resolution") || sum.Status() != 1 || states(j) != "pending pending" {
		t.Errorf("%s, status %d, error %v", states(j), sum.Status(), err)
	}
	if len(asked) != 1 || asked[0] != "mail.example.invalid:465" {
		t.Errorf("dialled %q", asked)
	}
}

func TestHelloName(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{TLS: mailtest.StartTLS})
	tr := transportTo(t, s, nil, "sendemail.smtpEncryption=tls", "sendemail.smtpDomain=me.example.org")
	if err := prepared(t, tr); err != nil {
		t.Fatal(err)
	}
	if want := []string{"EHLO me.example.org", "STARTTLS", "EHLO me.example.org"}; !slices.Equal(s.Lines(), want) {
		t.Errorf("the server was told %q", s.Lines())
	}
}

func TestQuitDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtQUIT, Hang: true}}})
	tr := transportTo(t, s, nil)
	tr.config.Limits.Quit = 100 * time.Millisecond
	if err := prepared(t, tr); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := tr.Close(); err != nil || time.Since(start) > 4*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
}

func TestTransportHasAName(t *testing.T) {
	t.Parallel()
	for want, lines := range map[string]testConfig{
		"me@example.org at mail.example.org:587 (starttls)": {"sendemail.smtpServer=mail.example.org", "sendemail.smtpServerPort=587",
			"sendemail.smtpEncryption=tls", "sendemail.smtpUser=me@example.org", "sendemail.smtpPass=secret"},
		"mail.example.org:465 (tls)":  {"sendemail.smtpServer=mail.example.org", "sendemail.smtpEncryption=ssl"},
		"[::1]:25 (in the clear)":     {"sendemail.smtpServer=::1"},
		"the command msmtp -a 'work'": {"sendemail.sendmailCmd=msmtp -a 'work'", "sendemail.smtpServer=mail.example.org"},
		"the command /usr/bin/msmtp":  {"sendemail.smtpServer=/usr/bin/msmtp"},
	} {
		s, err := ReadSettings(lines, "", false)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := OpenTransport(s, nil)
		if err != nil || tr.String() != want {
			t.Errorf("got %v, %v; want %q", tr, err, want)
		}
	}
	s, _ := ReadSettings(testConfig{}, "", false)
	_, err := OpenTransport(s, nil)
	var none *NoTransportError
	if !errors.As(err, &none) || !strings.Contains(err.Error(), "sendemail.smtpServer") {
		t.Errorf("error %v", err)
	}
}

// A reply is cut to a length after the password was taken out of it: half a
// password is one that nothing finds.
func TestTraceHidesAPasswordAtTheCut(t *testing.T) {
	t.Parallel()
	const password = "CaNaRy-s3cret+w/ord"
	for _, before := range []int{0, 480, 492, 500, 511, 600} {
		s := mailtest.Start(t, mailtest.Options{Users: map[string]string{"me": password}, Mechanisms: []string{"PLAIN"},
			Faults: []mailtest.Fault{{At: mailtest.AtMAIL, Reply: "250 " + strings.Repeat("x", before) + " " + password}}})
		settings := settingsFor(t, s, "sendemail.smtpUser=me", "sendemail.smtpPass="+password)
		var trace []string
		settings.Trace = func(line string) { trace = append(trace, line) }
		tr, err := OpenTransport(settings, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := quickly().Run(t.Context(), journalOf(t, series(0)), tr, nil); err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(trace, "\n"); !strings.Contains(all, "MAIL FROM") || strings.Contains(all, "CaNaRy") {
			t.Errorf("%d bytes before the password:\n%s", before, all)
		}
		tr.Close()
	}
}

// A trace names nobody who is to get a blind copy: neither what is said does,
// nor what a server answers to it.
func TestTraceNamesNoBlindRecipient(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Reply: "250 BOB@example.org is welcome"}}})
	settings := settingsFor(t, s)
	var trace []string
	settings.Trace = func(line string) { trace = append(trace, line) }
	tr, err := OpenTransport(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	messages := series(1)
	for i := range messages {
		messages[i].Bcc = []string{bob}
	}
	if _, err := quickly().Run(t.Context(), journalOf(t, messages), tr, nil); err != nil {
		t.Fatal(err)
	}
	all := strings.Join(trace, "\n")
	if strings.Contains(strings.ToLower(all), bob) || !strings.Contains(all, "RCPT TO:<(bcc)>") || !strings.Contains(all, "250 (bcc) is welcome") || !strings.Contains(all, alice) {
		t.Errorf("the trace:\n%s", all)
	}
}

// The user is told of a pause that he asked for himself.
func TestReloginDelayIsTold(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{})
	j := journalOf(t, series(1))
	tr := transportTo(t, s, nil, "sendemail.smtpBatchSize=1", "sendemail.smtpReloginDelay=1")
	var told []string
	sum, err := quickly().Run(t.Context(), j, tr, func(e Event) {
		if e.Pause > 0 {
			told = append(told, fmt.Sprintf("%s %v: %s", e.Name, e.Pause, e.Why))
		}
	})
	if err != nil || sum.Status() != 0 || strings.Join(told, "; ") != "0001-change.eml 1s: sendemail.smtpReloginDelay" {
		t.Errorf("%q, %v", told, err)
	}
}
