package server

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/store"
)

// What comes by another way than HTTP is checked and answered all the same.
func TestAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Limits.Requests = 8 })
	kim := w.enrolled(newPerson(t, "kim@example.org", "default", 1))
	client := netip.MustParseAddr("192.0.2.1")
	accept := func(status int, words string, messages ...string) endpoint.Answer {
		t.Helper()
		a, got := w.server.Accept(t.Context(), receive(messages...), client)
		if got != status || !strings.Contains(a.Message, words) || (a.Result == endpoint.Success) != (status == 200) {
			t.Errorf("got %d %+v, want %d %s", got, a, status, words)
		}
		return a
	}
	patch := kim.patch(w.now())
	accept(200, "Sent 1 messages for kim@example.org/default", patch)
	sub := w.next()
	if sub == nil || sub.Kind != store.Receive || len(sub.Messages) != 1 || sub.Thread != "1@client.example" {
		t.Fatalf("queued: %s", brief(sub))
	}
	if a := accept(200, "received before", patch); len(a.Messages) != 1 || !a.Messages[0].Known {
		t.Errorf("the second time it is %+v", a.Messages)
	}
	accept(403, "Signature validation failed", strings.Replace(patch, "Text.", "Test.", 1))
	accept(400, "Missing the messages array")
	accept(413, "larger than", kim.patch(w.now(), "Text.", strings.Repeat("x ", int(w.server.Limits.Message))))
	accept(403, "Destinations must include", kim.patch(w.now(), "kernel@lists.example.net", "kernel@lists.example.net.evil.example"))
	w.empty()
	accept(400, "its header cannot be read", "nothing")
	accept(400, "its header cannot be read", "nothing")
	if a := accept(429, "Too many requests from your network", kim.patch(w.now())); a.RetryAfter == 0 {
		t.Errorf("it does not say when to come back: %+v", a)
	}
	w.empty()
	if log := w.log.String(); !strings.Contains(log, "kim@example.org") || strings.Contains(log, "192.0.2") {
		t.Errorf("the log is\n%s", log)
	}
}

// A series that comes message by message leaves in its order, also when it goes
// to its author alone: whoever is free must not take a patch while the cover
// letter is on its way, as it would put the patch off.
func TestAcceptInOrder(t *testing.T) {
	t.Parallel()
	for _, action := range []string{endpoint.ActionReceive, endpoint.ActionReflect} {
		t.Run(action, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			kim := w.enrolled(newPerson(t, "kim@example.org", "default", 1))
			hand := func(messages ...string) {
				t.Helper()
				if a, status := w.server.Accept(t.Context(), endpoint.Request{Action: action, Messages: messages}, netip.MustParseAddr("192.0.2.1")); status != 200 {
					t.Fatalf("got %d %+v", status, a)
				}
			}
			claim := func() *store.Submission {
				t.Helper()
				sub, err := w.store.Claim(t.Context(), "test", time.Minute, w.now())
				if err != nil {
					t.Fatal(err)
				}
				return sub
			}
			hand(kim.patch(w.now()))
			first := claim()
			hand(kim.patch(w.now(), "Message-ID:", "In-Reply-To: <1@client.example>\nReferences: <1@client.example>\nMessage-ID:"))
			if sub := claim(); sub != nil {
				t.Errorf("before the first has left, this may: %s", brief(sub))
			}
			w.deliver(first)
			if sub := claim(); sub == nil || sub.Messages[0].MessageID != "2@client.example" {
				t.Errorf("then comes: %s", brief(sub))
			}
		})
	}
}
