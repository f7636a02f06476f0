package mailtest_test

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/kprep/kprep/internal/mailtest"
)

const letter = "Subject: x\r\n\r\n.dotted\r\nbody\r\n"

func dial(t *testing.T, s *mailtest.Server) *smtp.Client {
	t.Helper()
	c, err := smtp.Dial(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func TestServerKeepsEnvelopeAndBytes(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Users: map[string]string{"me": "secret"}})
	c := dial(t, s)
	if err := c.Auth(sasl.NewPlainClient("", "me", "secret")); err != nil {
		t.Fatal(err)
	}
	to := []string{"b@example.org", "a@example.org"}
	if err := c.SendMail("me@example.org", to, strings.NewReader(letter)); err != nil {
		t.Fatal(err)
	}
	ms := s.Messages()
	if len(ms) != 1 {
		t.Fatalf("%d messages, want 1", len(ms))
	}
	m := ms[0]
	if m.From != "me@example.org" || !slices.Equal(m.To, to) || string(m.Data) != letter || m.User != "me" || m.Secure || m.Connection != 1 {
		t.Errorf("got %+v", m)
	}
	if got := s.Lines()[0]; !strings.HasPrefix(got, "EHLO ") {
		t.Errorf("first line %q", got)
	}
}

func TestServerSecures(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		o  mailtest.Options
		ok bool
	}{
		"STARTTLS, good":        {mailtest.Options{TLS: mailtest.StartTLS}, true},
		"STARTTLS, lower case":  {mailtest.Options{TLS: mailtest.StartTLS, LowerCase: true}, false}, // go-smtp's client does not see it
		"implicit, good":        {mailtest.Options{TLS: mailtest.Implicit}, true},
		"implicit, wrong host":  {mailtest.Options{TLS: mailtest.Implicit, Certificate: mailtest.WrongHost}, false},
		"implicit, expired":     {mailtest.Options{TLS: mailtest.Implicit, Certificate: mailtest.Expired}, false},
		"implicit, self-signed": {mailtest.Options{TLS: mailtest.Implicit, Certificate: mailtest.SelfSigned}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, c.o)
			roots := x509.NewCertPool()
			if !roots.AppendCertsFromPEM(s.CA()) {
				t.Fatal("no CA")
			}
			cfg := &tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
			var client *smtp.Client
			var err error
			if c.o.TLS == mailtest.Implicit {
				client, err = smtp.DialTLS(s.Addr(), cfg)
			} else {
				client, err = smtp.DialStartTLS(s.Addr(), cfg)
			}
			if err == nil {
				err = client.SendMail("me@example.org", []string{"a@example.org"}, strings.NewReader(letter))
			}
			if (err == nil) != c.ok {
				t.Fatalf("error %v, want ok = %v", err, c.ok)
			}
			if ms := s.Messages(); c.ok && (len(ms) != 1 || !ms[0].Secure) || !c.ok && len(ms) != 0 {
				t.Errorf("messages %+v", ms)
			}
		})
	}
}

func TestServerOffersNoLoginInPlainText(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{TLS: mailtest.StartTLS, Users: map[string]string{"me": "x"}, No8BitMIME: true})
	c := dial(t, s)
	for _, e := range []string{"AUTH", "8BITMIME"} {
		if ok, _ := c.Extension(e); ok {
			t.Errorf("%s is offered", e)
		}
	}
	if ok, _ := c.Extension("STARTTLS"); !ok {
		t.Error("STARTTLS is not offered")
	}
}

func TestServerFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		f    mailtest.Fault
		code int // 0: the connection breaks
		kept int
	}{
		"EHLO refused":         {mailtest.Fault{At: mailtest.AtEHLO, Reply: "421 4.3.2 busy"}, 421, 0},
		"greeting refused":     {mailtest.Fault{At: mailtest.AtGreeting, Reply: "554 no"}, 554, 0},
		"MAIL refused":         {mailtest.Fault{At: mailtest.AtMAIL, Reply: "550 5.7.1 no"}, 550, 0},
		"second MAIL refused":  {mailtest.Fault{At: mailtest.AtMAIL, Message: 2, Reply: "550 5.7.1 no"}, 550, 1},
		"one recipient":        {mailtest.Fault{At: mailtest.AtRCPT, Recipient: "A@example.org", Reply: "550 5.1.1 no"}, 550, 0},
		"another recipient":    {mailtest.Fault{At: mailtest.AtRCPT, Recipient: "z@example.org", Reply: "550 5.1.1 no"}, 250, 2},
		"DATA refused":         {mailtest.Fault{At: mailtest.AtDATA, Reply: "451 4.3.0 no"}, 451, 0},
		"content refused":      {mailtest.Fault{At: mailtest.AtDot, Message: 1, Reply: "554 5.6.0 no"}, 554, 0},
		"dropped at RCPT":      {mailtest.Fault{At: mailtest.AtRCPT, Drop: true}, 0, 0},
		"dropped in the body":  {mailtest.Fault{At: mailtest.AtBody, Drop: true}, 0, 0},
		"dot lost":             {mailtest.Fault{At: mailtest.AtDot, Drop: true}, 0, 0},
		"dot kept, answer not": {mailtest.Fault{At: mailtest.AtDot, Drop: true, Keep: true}, 0, 1},
		"once only":            {mailtest.Fault{At: mailtest.AtMAIL, Message: 3, Times: 1, Reply: "450 x"}, 250, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{c.f}})
			client := dial(t, s)
			send := func() error {
				return client.SendMail("me@example.org", []string{"a@example.org"}, strings.NewReader(letter))
			}
			err := send()
			if err == nil {
				err = send()
			}
			var reply *smtp.SMTPError
			code := 250
			if errors.As(err, &reply) {
				code = reply.Code
			} else if err != nil {
				code = 0
			}
			if code != c.code || len(s.Messages()) != c.kept {
				t.Errorf("code %d (%v), %d kept; want %d, %d", code, err, len(s.Messages()), c.code, c.kept)
			}
		})
	}
}

func TestServerHangsUntilClosed(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtGreeting, Hang: true}}})
	c, err := net.Dial("tcp", s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	read := make(chan error, 1)
	go func() { _, err := c.Read(make([]byte, 1)); read <- err }()
	s.Close()
	if err := <-read; err == nil {
		t.Error("the hanging server said something")
	}
}
