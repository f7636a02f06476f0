package smtp

import (
	"crypto/tls"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

const (
	me    = "me@example.org"
	alice = "alice@example.org"
	bob   = "bob@example.org"
	zofie = "žofie@example.org"
)

// configFor leads to a server whose certificate is to be trusted.
func configFor(t *testing.T, s *mailtest.Scripted, security Security) Config {
	t.Helper()
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(s.CA()) {
		t.Fatal("no certificate")
	}
	return Config{
		Host: s.Host(), Port: s.Port(), Security: security, Limits: StandardLimits(),
		TLS: &tls.Config{RootCAs: roots, ServerName: s.Host(), MinVersion: tls.VersionTLS12},
	}
}

// hello is how a conversation in the clear begins. Each extension is a line.
func hello(extensions ...string) string {
	all := append([]string{"mail.example.org"}, extensions...)
	for i := range all {
		separator := "-"
		if i == len(all)-1 {
			separator = " "
		}
		all[i] = "S: 250" + separator + all[i]
	}
	return "S: 220 mail.example.org ESMTP\nC: EHLO [127.0.0.1]\n" + strings.Join(all, "\n") + "\n"
}

func dial(t *testing.T, s *mailtest.Scripted, security Security) *Client {
	t.Helper()
	c, err := Dial(t.Context(), configFor(t, s, security))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func followed(t *testing.T, s *mailtest.Scripted) {
	t.Helper()
	if err := s.Deviations(); err != nil {
		t.Error(err)
	}
}

// letter is a small message to the given recipients.
func letter(to ...string) Message {
	return Message{From: me, To: to, Data: []byte("Subject: x\n\n.dot\n..\nend\n"), BeforeDot: func([]string) error { return nil }}
}

// wireLetter is what letter looks like on the wire.
const wireLetter = "C: Subject: x\nC: \nC: ..dot\nC: ...\nC: end\n"

// soon is a limit for a server that keeps silent, and long enough for others.
const soon = 500 * time.Millisecond
