package sendmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// A testConfig is git configuration as lines "key=value"; a line without "="
// is a key that stands alone.
type testConfig []string

func (c testConfig) normal(key string) string {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	return strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
}

func (c testConfig) All(key string) []string {
	var all []string
	for _, line := range c {
		if k, v, ok := strings.Cut(line, "="); ok && c.normal(k) == c.normal(key) {
			all = append(all, v)
		}
	}
	return all
}

func (c testConfig) Get(key string) (string, bool) {
	all := c.All(key)
	if len(all) == 0 {
		return "", false
	}
	return all[len(all)-1], true
}

func (c testConfig) Bool(key string, def bool) (bool, error) {
	if v, ok := c.Get(key); ok {
		b, err := strconv.ParseBool(v)
		if err != nil {
			return def, fmt.Errorf("configuration %s: %q is not a boolean", key, v)
		}
		return b, nil
	}
	if slices.Contains(c.Keys(), c.normal(key)) {
		return true, nil
	}
	return def, nil
}

func (c testConfig) Keys() []string {
	var keys []string
	for _, line := range c {
		k, _, _ := strings.Cut(line, "=")
		keys = append(keys, c.normal(k))
	}
	return keys
}

// helper is a credential helper that answers with one password after another.
type helper struct {
	passwords []string
	bearer    bool      // they are tokens
	expires   time.Time // when they do
	log       []string
}

func (h *helper) Fill(_ context.Context, protocol, host, username string) (Credential, error) {
	h.log = append(h.log, "fill "+protocol+" "+host+" "+username)
	if len(h.passwords) == 0 {
		return Credential{}, errors.New("the helper knows nothing")
	}
	p := h.passwords[0]
	h.passwords = h.passwords[1:]
	return Credential{Username: username, Password: p, Bearer: h.bearer, Expires: h.expires, Fields: "all of " + p}, nil
}

func (h *helper) Approve(_ context.Context, c Credential) error {
	h.log = append(h.log, fmt.Sprint("approve ", c.Fields))
	return nil
}

func (h *helper) Reject(_ context.Context, c Credential) error {
	h.log = append(h.log, fmt.Sprint("reject ", c.Fields))
	return nil
}

// settingsFor reads settings that lead to the server, with more lines.
func settingsFor(t *testing.T, s *mailtest.Server, more ...string) Settings {
	t.Helper()
	lines := append(testConfig{"sendemail.smtpServer=" + s.Host(), "sendemail.smtpServerPort=" + s.Port()}, more...)
	if ca := s.CA(); ca != nil {
		file := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, ca, 0o600); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, "sendemail.smtpSSLCertPath="+file)
	}
	settings, err := ReadSettings(lines, "", false)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

func transportTo(t *testing.T, s *mailtest.Server, creds Credentials, more ...string) *SMTP {
	t.Helper()
	tr, err := OpenTransport(settingsFor(t, s, more...), creds)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tr.Close() })
	return tr.(*SMTP)
}

const (
	alice = "alice@example.org"
	bob   = "bob@example.org"
	list  = "list@lists.example.org"
)

// series makes a cover letter and n patches to alice, bob and the list.
func series(n int) []Outgoing {
	var all []Outgoing
	for i := range n + 1 {
		all = append(all, Outgoing{
			Name: fmt.Sprintf("%04d-change.eml", i), ID: fmt.Sprintf("20260101-change-v1-%d-0123456789ab@example.org", i),
			Subject: fmt.Sprintf("[PATCH %d/%d] change", i, n), Recipients: []string{alice, bob, list}, To: []string{list},
			Date: time.Date(2026, 1, 1, 12, 0, i, 0, time.UTC),
			Raw: fmt.Appendf(nil, "Subject: [PATCH %d/%d] change\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"+
				"Content-Transfer-Encoding: 7bit\n\nbody %d\n.\n.. dots\n--- a\n", i, n, i),
		})
	}
	return all
}

func journalOf(t *testing.T, messages []Outgoing) *Journal {
	t.Helper()
	j, err := Create(filepath.Join(t.TempDir(), "v1", "0001-send"), Plan{
		Kind: "send", ChangeID: "20260101-change-0123456789ab", Revision: 1, EnvelopeFrom: "me@example.org",
	}, each(messages))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// each hands over messages as Create takes them.
func each(messages []Outgoing) iter.Seq2[Outgoing, error] {
	return func(yield func(Outgoing, error) bool) {
		for _, m := range messages {
			if !yield(m, nil) {
				return
			}
		}
	}
}

// reopen stands for another process that goes on.
func reopen(t *testing.T, j *Journal) *Journal {
	t.Helper()
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j, err := OpenJournal(j.Dir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// states is one word per pair: "accepted/accepted/refused pending/…".
func states(j *Journal) string {
	var messages []string
	for i := range j.plan.Messages {
		var pairs []string
		for _, r := range j.of(i) {
			pairs = append(pairs, string(r.State))
		}
		if slices.Equal(pairs, slices.Repeat(pairs[:1], len(pairs))) {
			pairs = pairs[:1]
		}
		messages = append(messages, strings.Join(pairs, "/"))
	}
	return strings.Join(messages, " ")
}

// arrivals counts, by message-less subject line and recipient, what the server
// kept: "0:alice" and so on, in order.
func arrivals(s *mailtest.Server) []string {
	var all []string
	for _, m := range s.Messages() {
		_, rest, _ := strings.Cut(string(m.Data), "[PATCH ")
		number, _, _ := strings.Cut(rest, "/")
		for _, to := range m.To {
			name, _, _ := strings.Cut(to, "@")
			all = append(all, number+":"+name)
		}
	}
	return all
}

// quickly is the standard policy without its pauses.
func quickly() Policy {
	return Policy{sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// crlf is a message as it arrives.
func crlf(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")) }
