package server

import (
	"errors"
	"net"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/kprep/kprep/endpoint"
)

// kprep's client and kprep's service understand each other: the life of a key,
// and of a series of which the answer was lost.
func TestClient(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	where := &url.URL{Scheme: "http", Host: listener.Addr().String(), Path: "/_b4_submit"}
	w := newWorld(t, func(c *Config) { c.URL = where })
	serving := httptest.NewUnstartedServer(w.server)
	serving.Listener.Close()
	serving.Listener = listener
	serving.Start()
	defer serving.Close()
	client, err := endpoint.NewClient(endpoint.Config{URL: where.String(), Agent: "kprep/test"})
	if err != nil {
		t.Fatal(err)
	}
	key := func(p *person) endpoint.Key {
		public, err := p.signer.Public(t.Context())
		if err != nil || public.Text != p.public || public.Fingerprint != p.fingerprint {
			t.Fatalf("%+v, %v", public, err)
		}
		return endpoint.Key{Identity: p.identity, Selector: p.selector, Algorithm: string(public.Algorithm), Public: public.Text, Fingerprint: public.Fingerprint, Signer: p.signer}
	}
	stamps := 0
	stamp := func() endpoint.Stamp {
		stamps++
		return endpoint.Stamp{Now: w.now(), Random: strings.Repeat("x", stamps)}
	}
	good := func(a endpoint.Answer, err error) {
		t.Helper()
		if err != nil || a.Result != endpoint.Success {
			t.Fatalf("%+v, %v", a, err)
		}
	}
	refused := func(err error, words string) {
		t.Helper()
		if no := (*endpoint.RefusedError)(nil); !errors.As(err, &no) || !strings.Contains(err.Error(), words) {
			t.Fatalf("%v, want a refusal with %q", err, words)
		}
	}

	service, err := client.Describe(t.Context())
	if err != nil || service == nil || service.Name != "Test Endpoint" || endpoint.Takes(service, "ed25519") != nil {
		t.Fatalf("%+v, %v", service, err)
	}
	old, next := kim(t, "default", 1), kim(t, "next", 2)
	_, err = client.Status(t.Context(), key(old), nil, stamp())
	refused(err, "")
	a, err := client.Enrol(t.Context(), key(old), "Kim")
	good(a, err)
	_, err = client.Verify(t.Context(), key(old), "0123", stamp())
	refused(err, "")
	a, err = client.Enrol(t.Context(), key(old), "Kim")
	good(a, err)
	w.mailedChallenge(old) // that of before
	a, err = client.Verify(t.Context(), key(old), w.mailedChallenge(old), stamp())
	good(a, err)
	w.mail(old.identity)
	if _, err = client.Status(t.Context(), key(old), nil, stamp()); err != nil {
		t.Fatalf("it does not know the key that it has just enrolled: %v", err)
	}

	// A series, the same again, and what became of it.
	series := receive(old.patch(w.now()), old.patch(w.now()))
	first, err := client.Do(t.Context(), series)
	good(first, err)
	again, err := client.Do(t.Context(), series)
	good(again, err)
	if len(first.Messages) != 2 || first.Messages[0].Known || !again.Messages[0].Known || !again.Messages[1].Known {
		t.Errorf("first %+v\nagain %+v", first.Messages, again.Messages)
	}
	fates, err := client.Status(t.Context(), key(old), []string{"2@client.example", "gone@client.example", "1@client.example"}, stamp())
	if err != nil || fates[0].State != endpoint.Queued || fates[1].State != endpoint.Absent || fates[2].State != endpoint.Queued {
		t.Errorf("%+v, %v", fates, err)
	}
	w.next()

	// The key is replaced by its own word, then withdrawn.
	a, err = client.Rotate(t.Context(), key(old), key(next), stamp())
	good(a, err)
	_, err = client.Status(t.Context(), key(old), nil, stamp())
	refused(err, "")
	if _, err = client.Status(t.Context(), key(next), nil, stamp()); err != nil {
		t.Errorf("the new key: %v", err)
	}
	a, err = client.Revoke(t.Context(), key(next), stamp())
	good(a, err)
	_, err = client.Do(t.Context(), receive(next.patch(w.now())))
	refused(err, "")
}
