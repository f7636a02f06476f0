package smtp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

func TestDialExtensions(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		offer []string
		want  Extensions
	}{
		"none": {nil, Extensions{}},
		"all": {[]string{"PIPELINING", "8BITMIME", "SMTPUTF8", "SIZE 1000", "AUTH PLAIN LOGIN", "STARTTLS", "LIMITS MAILMAX=5 RCPTMAX=20 RCPTDOMAINMAX=1"},
			Extensions{EightBit: true, UTF8: true, Pipelining: true, MaxSize: 1000, MaxMessages: 5, MaxRecipients: 20,
				Mechanisms: []string{"PLAIN", "LOGIN"}, startTLS: true, size: true}},
		"any case":              {[]string{"Pipelining", "8bitmime", "auth plain", "Size"}, Extensions{Pipelining: true, EightBit: true, Mechanisms: []string{"PLAIN"}, size: true}},
		"AUTH= is a quirk":      {[]string{"AUTH PLAIN", "AUTH=PLAIN LOGIN"}, Extensions{Mechanisms: []string{"PLAIN", "LOGIN"}}},
		"a size that is none":   {[]string{"SIZE lots"}, Extensions{size: true}},
		"limits that are none":  {[]string{"LIMITS MAILMAX RCPTMAX=-3 X=Y"}, Extensions{}},
		"unknown and empty":     {[]string{"XFOO bar", "", "HELP"}, Extensions{}},
		"a keyword's beginning": {[]string{"PIPELININGS", "SIZEABLE 5"}, Extensions{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, mailtest.Good, hello(c.offer...)+"C: QUIT\nS: 221 bye")
			client := dial(t, s, Loopback)
			if got := client.Extensions(); !reflect.DeepEqual(got, c.want) {
				t.Errorf("got %+v\nwant %+v", got, c.want)
			}
			client.Quit()
			followed(t, s)
		})
	}
}

// The greeting's first line is no extension.
func TestDialFirstLineIsNoExtension(t *testing.T) {
	t.Parallel()
	s := mailtest.PlayScripts(t, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\nS: 250 PIPELINING")
	if got := dial(t, s, Loopback).Extensions(); !reflect.DeepEqual(got, Extensions{}) {
		t.Errorf("got %+v", got)
	}
}

func TestDialFallsBackToHELO(t *testing.T) {
	t.Parallel()
	s := mailtest.PlayScripts(t, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\nS: 502 what\nC: HELO [127.0.0.1]\nS: 250-PIPELINING\nS: 250 AUTH PLAIN\nC: QUIT")
	client := dial(t, s, Loopback)
	if got := client.Extensions(); !reflect.DeepEqual(got, Extensions{}) {
		t.Errorf("got %+v", got)
	}
	client.Quit()
	followed(t, s)
}

func TestDialSecured(t *testing.T) {
	t.Parallel()
	const before = "S: 220 x\nC: EHLO [127.0.0.1]\nS: 250-x\nS: 250-AUTH PLAIN\nS: 250 STARTTLS\nC: STARTTLS\nS: 220 go\n! tls\n"
	after := "C: EHLO [127.0.0.1]\nS: 250-x\nS: 250 PIPELINING\nC: QUIT\nS: 221 bye"
	for name, c := range map[string]struct {
		security Security
		script   string
	}{
		"STARTTLS: what was offered before counts for nothing": {StartTLS, before + after},
		"implicit": {ImplicitTLS, "! tls\nS: 220 x\n" + after},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, mailtest.Good, c.script)
			client := dial(t, s, c.security)
			if got := client.Extensions(); !got.Pipelining || got.Mechanisms != nil {
				t.Errorf("got %+v", got)
			}
			client.Quit()
			followed(t, s)
		})
	}
}

// Each row ends with an error, and the server hears nothing that its script
// does not say.
func TestDialRefused(t *testing.T) {
	t.Parallel()
	const offered = "S: 220 x\nC: EHLO [127.0.0.1]\nS: 250-x\nS: 250 STARTTLS\nC: STARTTLS\n"
	for name, c := range map[string]struct {
		security  Security
		kind      mailtest.Certificate
		script    string
		want      string // part of the message
		temporary bool
	}{
		"greeting 554":                {Loopback, mailtest.Good, "S: 554 go \x1b[1maway\n! eof", "answered 554 go ", false},
		"greeting 421":                {Loopback, mailtest.Good, "S: 421 busy\n! eof", "answered 421 busy at greeting", true},
		"greeting that is none":       {Loopback, mailtest.Good, "S: SSH-2.0-x\n! eof", "at greeting: what the server says is not SMTP", true},
		"no greeting, closed":         {Loopback, mailtest.Good, "! drop", "at greeting: the server closed the connection", true},
		"no greeting, silence":        {Loopback, mailtest.Good, "! hang", "at greeting: the server is silent", false},
		"EHLO 421":                    {Loopback, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\nS: 421 busy\n! eof", "answered 421 busy at EHLO", true},
		"EHLO 550":                    {Loopback, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\nS: 550 no\n! eof", "answered 550 no at EHLO", false},
		"EHLO without end":            {Loopback, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\n" + strings.Repeat("S: 250-x\n", 200) + "! eof", "no end within 128 lines", true},
		"EHLO with a long line":       {Loopback, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\nS: 250 " + strings.Repeat("y", 3000) + "\n! eof", "more than 2000 bytes", true},
		"STARTTLS stripped":           {StartTLS, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\nS: 250-x\nS: 250 AUTH PLAIN\n! eof", "does not offer STARTTLS", false},
		"STARTTLS 454":                {StartTLS, mailtest.Good, offered + "S: 454 not now\n! eof", "the server answered 454 not now", true},
		"STARTTLS 501":                {StartTLS, mailtest.Good, offered + "S: 501 no\n! eof", "the server answered 501 no", false},
		"STARTTLS 250":                {StartTLS, mailtest.Good, offered + "S: 250 fine\n! eof", "the server answered 250 fine", false},
		"plain text behind STARTTLS":  {StartTLS, mailtest.Good, offered + "S: 220 go\nS: 250 whatever you say\n! eof", "somebody wrote into the connection", false},
		"plain text instead of TLS":   {ImplicitTLS, mailtest.Good, "S: 220 x", "TLS handshake", false},
		"closed instead of TLS":       {ImplicitTLS, mailtest.Good, "! drop", "at TLS handshake", true},
		"silence instead of TLS":      {ImplicitTLS, mailtest.Good, "! hang", "at TLS handshake", false},
		"wrong host, STARTTLS":        {StartTLS, mailtest.WrongHost, offered + "S: 220 go\n! tls", "another host (it is for other.example.org", false},
		"expired, STARTTLS":           {StartTLS, mailtest.Expired, offered + "S: 220 go\n! tls", "expired or is not valid yet (it is for localhost, 127.0.0.1, ::1, valid from", false},
		"self-signed, STARTTLS":       {StartTLS, mailtest.SelfSigned, offered + "S: 220 go\n! tls", "self-signed", false},
		"wrong host, implicit":        {ImplicitTLS, mailtest.WrongHost, "! tls", "another host (it is for other.example.org", false},
		"expired, implicit":           {ImplicitTLS, mailtest.Expired, "! tls", "expired", false},
		"self-signed, implicit":       {ImplicitTLS, mailtest.SelfSigned, "! tls", "self-signed", false},
		"HELO alone, STARTTLS wanted": {StartTLS, mailtest.Good, "S: 220 x\nC: EHLO [127.0.0.1]\nS: 500 what\nC: HELO [127.0.0.1]\nS: 250 STARTTLS\n! eof", "does not offer STARTTLS", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := mailtest.PlayScripts(t, c.kind, c.script)
			config := configFor(t, s, c.security)
			if strings.Contains(c.script, "! hang") {
				config.Limits.Greeting, config.Limits.TLS = soon, soon
			}
			client, err := Dial(t.Context(), config)
			if client != nil || err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\x1b") {
				t.Fatalf("error %v, want %q", err, c.want)
			}
			if Temporary(err) != c.temporary {
				t.Errorf("temporary is %v", !c.temporary)
			}
			followed(t, s)
		})
	}
}

func TestDialCertificateFacts(t *testing.T) {
	t.Parallel()
	s := mailtest.PlayScripts(t, mailtest.WrongHost, "! tls")
	_, err := Dial(t.Context(), configFor(t, s, ImplicitTLS))
	var bad *CertificateError
	if !errors.As(err, &bad) || bad.Host != "127.0.0.1" || fmt.Sprint(bad.Names) != "[other.example.org]" || bad.NotBefore.IsZero() || bad.NotAfter.Before(time.Now()) {
		t.Errorf("%+v", bad)
	}
}

func TestDialNotReached(t *testing.T) {
	t.Parallel()
	dns := func(e net.DNSError) func(context.Context, string, string) (net.Conn, error) {
		return func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.OpError{Op: "dial", Err: &e}
		}
	}
	for name, c := range map[string]struct {
		dialer    func(context.Context, string, string) (net.Conn, error)
		want      string
		temporary bool
	}{
		"no such host":            {dns(net.DNSError{Err: "no such host", Name: "mail.example.org", IsNotFound: true}), "name resolution failed", false},
		"name server is silent":   {dns(net.DNSError{Err: "i/o timeout", Name: "mail.example.org", IsTimeout: true}), "name resolution failed", false},
		"no name server just now": {dns(net.DNSError{Err: "server misbehaving", Name: "mail.example.org", IsTemporary: true}), "name resolution failed", true},
		"refused":                 {func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("connection refused") }, "connect to the mail server mail.example.org:25: connection refused", true},
		"nobody answers in time":  {func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }, "the server is silent", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			config := Config{Host: "mail.example.org", Port: "25", Security: Clear, Dialer: c.dialer, Limits: StandardLimits()}
			config.Limits.Connect = soon
			_, err := Dial(t.Context(), config)
			if err == nil || !strings.Contains(err.Error(), c.want) || Temporary(err) != c.temporary {
				t.Errorf("error %v, temporary %v", err, Temporary(err))
			}
		})
	}
}

type elsewhere struct{ net.Conn }

func (elsewhere) RemoteAddr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 25} }

// distant makes a scripted server look like another machine.
func distant(c Config) Config {
	c.Dialer = func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
		return elsewhere{conn}, err
	}
	return c
}

// A name such as localhost may lead elsewhere: the address counts.
func TestDialInTheClear(t *testing.T) {
	t.Parallel()
	s := mailtest.PlayScripts(t, mailtest.Good, "! eof", hello()+"C: QUIT")
	var plain *PlainTextError
	if _, err := Dial(t.Context(), distant(configFor(t, s, Loopback))); !errors.As(err, &plain) || plain.Password {
		t.Errorf("error %v", err)
	}
	client, err := Dial(t.Context(), distant(configFor(t, s, Clear)))
	if err != nil {
		t.Fatal(err)
	}
	client.Quit()
	followed(t, s)
}

func TestDialInterrupted(t *testing.T) {
	t.Parallel()
	s := mailtest.PlayScripts(t, mailtest.Good, "! hang")
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	begin := time.Now()
	if _, err := Dial(ctx, configFor(t, s, Loopback)); err == nil || time.Since(begin) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(begin))
	}
}

func TestQuitDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	s := mailtest.PlayScripts(t, mailtest.Good, hello()+"C: QUIT\n! hang")
	client := dial(t, s, Loopback)
	client.config.Limits.Quit = soon
	begin := time.Now()
	client.Quit()
	if client.Usable() || time.Since(begin) > 10*time.Second {
		t.Errorf("usable %v after %v", client.Usable(), time.Since(begin))
	}
	client.Quit() // twice does no harm
	followed(t, s)
}

func TestLimitsScaled(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why     string
		command time.Duration
		want    Limits
	}{
		{"the standard", 5 * time.Minute, StandardLimits()},
		{"patience is for everything", 10 * time.Minute, Limits{Connect: time.Minute, TLS: time.Minute, Greeting: 2 * time.Minute,
			Command: 10 * time.Minute, Write: 6 * time.Minute, Final: 20 * time.Minute, Quit: 10 * time.Second, Grace: 20 * time.Second}},
		{"impatience does not cut what is short", time.Minute, Limits{Connect: 30 * time.Second, TLS: 30 * time.Second, Greeting: time.Minute,
			Command: time.Minute, Write: time.Minute, Final: 2 * time.Minute, Quit: 5 * time.Second, Grace: 10 * time.Second}},
		{"below everything", time.Second, Limits{Connect: time.Second, TLS: time.Second, Greeting: time.Second,
			Command: time.Second, Write: time.Second, Final: 2 * time.Second, Quit: time.Second, Grace: time.Second}},
	} {
		if got := StandardLimits().Scaled(c.command); got != c.want {
			t.Errorf("%s: %+v\nwant %+v", c.why, got, c.want)
		}
	}
}

// Whatever a server says, a reply is bounded, and shows as one harmless line.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{"250 ok\r\n", "250-a\r\n250 b\r\n", "250\n", "421 \x1b[2J\u202e\r\n", "250-a\r\n251 b\r\n", "220", "999 x\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, said string) {
		ours, theirs := net.Pipe()
		go func() {
			theirs.Write([]byte(said))
			theirs.Close()
		}()
		defer ours.Close()
		r, err := newWire(ours).reply(time.Second)
		if err != nil {
			if r != (Reply{}) {
				t.Errorf("%v and yet %+v", err, r)
			}
			return
		}
		if r.Code < 200 || r.Code > 599 || !strings.HasPrefix(said, fmt.Sprint(r.Code)) || strings.Count(r.Text, "\n") >= maxLines {
			t.Errorf("%q is read as %d %q", said, r.Code, r.Text)
		}
		if shown := r.String(); len(shown) > maxText || strings.ContainsAny(shown, "\r\n\x1b\x00\u202e\u0085") {
			t.Errorf("%q shows as %q", said, shown)
		}
	})
}
