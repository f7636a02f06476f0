package server

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// minimal is the least that a service needs.
func minimal(more ...string) fakeConfig {
	c := fakeConfig{"endpoint.url": {"https://send.example.net/_b4_submit"}, "endpoint.from": {"Example <devnull@example.net>"},
		"endpoint.destination": {`.*@lists\.example\.net`}}
	for i := 0; i < len(more); i += 2 {
		key := strings.ToLower(more[i])
		c[key] = append(c[key], more[i+1])
	}
	return c
}

func TestSettings(t *testing.T) {
	t.Parallel()
	s, err := ReadSettings(minimal())
	if err != nil {
		t.Fatal(err)
	}
	if s.Listen != "127.0.0.1:8000" || s.Limits != StandardLimits() || s.KeyWait != 72*time.Hour || s.Mail.Delimiter != "+" || s.Feed || s.DryRun ||
		s.mount() != "/_b4_submit" || s.page() != "/" || len(s.Monitors) != 2 || s.Challenge != StandardTemplate() || s.Challenge.check() != nil {
		t.Errorf("the standard: %+v", s)
	}
	for address, want := range map[string]bool{"a@lists.example.net": true, "A@Lists.Example.NET": true, "a@lists.example.net.evil.example": false, "a@listsxexample.net": false} {
		if got := s.Destinations[0].MatchString(address); got != want {
			t.Errorf("%s is a destination: %v", address, got)
		}
	}
	template := filepath.Join(t.TempDir(), "mail")
	if err := os.WriteFile(template, []byte("Subject: ${identity}\n\nHello.\n${challenge}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err = ReadSettings(minimal("endpoint.maxRequest", "20m", "endpoint.keyWait", "1h", "endpoint.trustedProxy", "10.0.0.0/8", "endpoint.alwaysBcc", "a@example.org, b@example.org",
		"endpoint.challengeTemplate", template, "endpoint.feed", "/srv/feed", "endpoint.listId", "patches.example.net", "endpoint.dryRun", "true", "endpoint.url", "http://localhost:8000/",
		"endpoint.demandSigned", "To", "endpoint.takeover", "90s"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Limits.Request != 20<<20 || s.KeyWait != time.Hour || len(s.Proxies) != 1 || len(s.Mail.AlwaysBcc) != 2 || !s.Feed || !s.DryRun || s.page() != "/status" || s.Demanded[0] != "to" || s.Takeover != 90*time.Second {
		t.Errorf("set: %+v", s)
	}
	if subject, body := s.Challenge.fill(map[string]string{"identity": "kim@example.org", "challenge": "c0ffee"}); subject != "kim@example.org" || body != "Hello.\nc0ffee\n" {
		t.Errorf("%q, %q", subject, body)
	}
}

func TestSettingsRefuses(t *testing.T) {
	t.Parallel()
	bad := filepath.Join(t.TempDir(), "mail")
	if err := os.WriteFile(bad, []byte("Subject: x\n\nThe text is ${challenge}.\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	without := func(key string) fakeConfig {
		c := minimal()
		delete(c, key)
		return c
	}
	for name, c := range map[string]struct {
		cfg   fakeConfig
		words string
	}{
		"no URL":                      {without("endpoint.url"), "endpoint.url: it is not set"},
		"a URL without TLS":           {minimal("endpoint.url", "http://send.example.net/"), "endpoint.url: "},
		"a URL with a question":       {minimal("endpoint.url", "https://send.example.net/?a=b"), "endpoint.url: "},
		"a URL with a password":       {minimal("endpoint.url", "https://a:hunter2@send.example.net/"), "endpoint.url: "},
		"a path":                      {minimal("endpoint.url", "/_b4_submit"), "endpoint.url: "},
		"no mailbox":                  {without("endpoint.from"), "endpoint.from: it is not set"},
		"a mailbox that is none":      {minimal("endpoint.from", "hello"), "endpoint.from: "},
		"no destination":              {without("endpoint.destination"), "endpoint.destination is not set"},
		"a pattern that is none":      {minimal("endpoint.destination", "("), "endpoint.destination: "},
		"a feed without a list":       {minimal("endpoint.feed", "/srv/feed"), "endpoint.listId"},
		"a certificate without a key": {minimal("endpoint.tlsCert", "/etc/cert"), "endpoint.tlsKey"},
		"a size that is none":         {minimal("endpoint.maxMessage", "big"), "endpoint.maxMessage: "},
		"a size of nothing":           {minimal("endpoint.maxMessages", "0"), "endpoint.maxMessages: "},
		"messages above requests":     {minimal("endpoint.maxMessage", "20m"), "endpoint.maxMessage"},
		"a time that is none":         {minimal("endpoint.keyWait", "soon"), "endpoint.keyWait: "},
		"a network that is none":      {minimal("endpoint.trustedProxy", "10.0.0.0/99"), `endpoint.trustedProxy: "10.0.0.0/99" is neither`},
		"a yes that is none":          {minimal("endpoint.dryRun", "maybe"), "endpoint.dryRun: "},
		"taking work from the living": {minimal("endpoint.takeover", "10ms"), "endpoint.takeover"},
		"a template that is missing":  {minimal("endpoint.challengeTemplate", bad+"x"), "endpoint.challengeTemplate: "},
		"a template without a line":   {minimal("endpoint.challengeTemplate", bad), "endpoint.challengeTemplate: "},
		"a typo":                      {minimal("endpoint.lisen", "1"), "endpoint.lisen: there is no such setting"},
		"a setting of another":        {minimal("endpoint.maxForeign.x", "1"), "endpoint.maxforeign.x: there is no such setting"},
		"a mail server that is none":  {minimal("sendemail.smtpEncryption", "yes"), "sendemail.smtpEncryption"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if s, err := ReadSettings(c.cfg); err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("got %+v, %v, want %q", s.Config.URL, err, c.words)
			} else if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}
