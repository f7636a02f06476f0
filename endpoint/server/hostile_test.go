package server

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
)

// heap is how much is in use, in MB.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc >> 20)
}

// dial opens a connection that is closed in the end.
func (w *world) dial() net.Conn {
	w.t.Helper()
	c, err := net.Dial("tcp", w.http.Listener.Addr().String())
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(time.Minute))
	return c
}

// Not in parallel: memory is measured.
func TestSlowBodies(t *testing.T) {
	const clients, sent = 100, 1 << 20
	w := newWorld(t, func(c *Config) { c.Limits.Body = 5 * time.Second })
	before := heap()
	var connections []net.Conn
	for range clients {
		c := w.dial()
		connections = append(connections, c)
		fmt.Fprintf(c, "POST /_b4_submit HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n", 9<<20)
		if _, err := c.Write(bytes.Repeat([]byte(" "), sent)); err != nil {
			t.Fatal(err)
		}
	}
	w.good(endpoint.Request{Action: endpoint.ActionDescribe}) // others are served meanwhile
	if grown := heap() - before; grown > clients*sent>>20/2 {
		t.Errorf("%d slow clients hold %d MB", clients, grown)
	}
	for _, c := range connections {
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		var a endpoint.Answer
		if err := json.NewDecoder(response.Body).Decode(&a); err != nil || response.StatusCode != http.StatusRequestTimeout || a.Result != endpoint.Failure {
			t.Fatalf("%d %+v, %v", response.StatusCode, a, err)
		}
		response.Body.Close()
	}
	w.noBodies()
}

// noBodies makes sure that no request is left on the disk.
func (w *world) noBodies() {
	w.t.Helper()
	entries, err := os.ReadDir(w.server.Scratch)
	if err != nil || len(entries) > 0 {
		w.t.Errorf("left on the disk: %v, %v", entries, err)
	}
}

func TestLargeBodies(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Limits.Memory = 12 << 20 })
	before := heap()
	padded := `{"action":"describe","x":"` + strings.Repeat("a", 9<<20) + `"}`
	var group sync.WaitGroup
	for range 12 {
		group.Go(func() {
			if status, a := w.post(padded); status != http.StatusOK {
				t.Errorf("%d %+v", status, a)
			}
		})
		group.Go(func() {
			r, err := http.NewRequest(http.MethodPost, w.http.URL+"/_b4_submit", unsized{io.LimitReader(spaces{}, 100<<20)})
			if err != nil {
				t.Error(err)
				return
			}
			response, err := http.DefaultClient.Do(r)
			if err != nil { // the server hung up while the rest was sent
				return
			}
			response.Body.Close()
			if response.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("100 MB: %d", response.StatusCode)
			}
		})
	}
	done := make(chan struct{})
	go func() { group.Wait(); close(done) }()
	peak := 0
	for running := true; running; {
		select {
		case <-done:
			running = false
		case <-time.After(20 * time.Millisecond):
			peak = max(peak, heap()-before)
		}
	}
	// 12 requests of 9 MB would be 108 MB of bodies, and as much again decoded.
	if peak > 80 {
		t.Errorf("%d MB at once", peak)
	}
	w.noBodies()
}

func TestGate(t *testing.T) {
	t.Parallel()
	g := &gate{atOnce: 2, hourly: 3, inside: map[string]int{}}
	enter := func(network string, now time.Time, want string) {
		t.Helper()
		got := ""
		if err := g.enter(network, now); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%s enters: %q, want %q", network, got, want)
		}
	}
	enter("a", epoch, "")
	enter("a", epoch, "")
	enter("a", epoch, "Too many requests from your network at once")
	enter("b", epoch, "")
	g.leave("a")
	enter("a", epoch, "")
	g.leave("a")
	enter("a", epoch, "Too many requests from your network")
	enter("a", epoch.Add(time.Hour), "")
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	r := &reader{cfg: fakeConfig{"endpoint.trustedproxy": {"127.0.0.0/8", "10.0.0.1", "fd00::/8"}}}
	proxies := r.prefixes("trustedProxy", nil)
	for name, c := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"no proxy":                     {"192.0.2.7:1234", nil, "192.0.2.0/24"},
		"who says to be one":           {"192.0.2.7:1234", []string{"198.51.100.9"}, "192.0.2.0/24"},
		"one of ours":                  {"127.0.0.1:1234", []string{"198.51.100.9"}, "198.51.100.0/24"},
		"what the client made up":      {"127.0.0.1:1234", []string{"203.0.113.1, 198.51.100.9"}, "198.51.100.0/24"},
		"two of ours":                  {"127.0.0.1:1234", []string{"203.0.113.1, 198.51.100.9, 10.0.0.1"}, "198.51.100.0/24"},
		"two fields":                   {"127.0.0.1:1234", []string{"198.51.100.9", "10.0.0.1"}, "198.51.100.0/24"},
		"nonsense":                     {"127.0.0.1:1234", []string{"hello"}, "127.0.0.0/24"},
		"nothing":                      {"127.0.0.1:1234", nil, "127.0.0.0/24"},
		"IPv6":                         {"[2001:db8:1:2::3]:1234", nil, "2001:db8:1::/48"},
		"IPv6 with a zone":             {"[fe80::1%eth0]:1234", nil, "fe80::/48"},
		"IPv4 in IPv6":                 {"[::ffff:192.0.2.7]:1234", nil, "192.0.2.0/24"},
		"IPv6 behind one of ours":      {"[fd00::1]:1234", []string{"2001:db8:1:2::3"}, "2001:db8:1::/48"},
		"an address that is none":      {"pipe", nil, "unknown"},
		"IPv4 in IPv6, behind a proxy": {"[::ffff:127.0.0.1]:1", []string{"::ffff:192.0.2.7"}, "192.0.2.0/24"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := &http.Request{RemoteAddr: c.remote, Header: http.Header{"X-Forwarded-For": c.forwarded}}
			if got := network(clientAddress(request, proxies)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// A fakeConfig is git configuration, keys in lower case.
type fakeConfig map[string][]string

func (c fakeConfig) All(key string) []string { return c[strings.ToLower(key)] }

func (c fakeConfig) Get(key string) (string, bool) {
	if list := c.All(key); len(list) > 0 {
		return list[len(list)-1], true
	}
	return "", false
}

func (c fakeConfig) Bool(key string, def bool) (bool, error) {
	switch v, given := c.Get(key); {
	case !given:
		return def, nil
	case v == "true", v == "false":
		return v == "true", nil
	default:
		return def, fmt.Errorf("%q is not a boolean", v)
	}
}

func (c fakeConfig) Keys() []string {
	var keys []string
	for key := range c {
		keys = append(keys, key)
	}
	return keys
}

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("no randomness") }

func TestFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.enrolled(kim(t, "default", 1))
	random := w.server.random
	w.server.random = panicking{}
	w.refused(newPerson(t, "jo@example.org", "default", 2).enrolment(), 500, "failed to work on this")
	if !strings.Contains(w.log.String(), "no randomness") {
		t.Error("the log does not tell why")
	}
	w.server.random = random

	end, err := w.store.Begin(t.Context(), p.identity, []string{"x@example.org"}, w.now().Add(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(id string) endpoint.Request {
		s := p.statement(endpoint.PurposeStatus)
		s.Messages = []string{id}
		return endpoint.Request{Action: endpoint.ActionStatus, Msg: p.state(s, w.now())}
	}
	if a := w.refused(ask("x@example.org"), 503, "being received"); a.RetryAfter == 0 {
		t.Errorf("no time to come back: %+v", a)
	}
	w.good(ask("y@example.org")) // strangers keep nobody from hearing of other messages
	if err := end(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.good(ask("x@example.org"))

	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	if a := w.refused(receive(p.patch(epoch)), 503, "cannot work on this at the moment"); a.RetryAfter == 0 || len(a.Messages) != 0 {
		t.Errorf("no time to come back, or a message is to blame: %+v", a)
	}
	r, err := http.NewRequest(http.MethodGet, w.http.URL+"/readyz", nil)
	if err != nil {
		t.Fatal(err)
	}
	if status, _ := w.do(r); status != 503 {
		t.Errorf("readyz: %d", status)
	}
	r.URL.Path = "/"
	if status, text := w.text(r); status != 503 || !strings.Contains(text, "cannot look into its database") {
		t.Errorf("the page: %d %s", status, text)
	}
}
