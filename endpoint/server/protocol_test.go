package server

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/kprep/kprep/endpoint"
)

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// unsized hides how long a body is, so that it goes in chunks.
type unsized struct{ io.Reader }

// What section 1 of "web-endpoint" lists, as its section 9 wants it.
func TestRequests(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	deep := strings.Repeat("[", 100_000)
	for name, c := range map[string]struct {
		method, path string
		body         io.Reader
		status       int
		words        string
	}{
		"another method":            {"PUT", "", nil, 405, "POST"},
		"a method that is none":     {"BREW", "", nil, 405, "POST"},
		"another path":              {"POST", "/other", nil, 404, "https://send.example.net/_b4_submit"},
		"no body":                   {"POST", "", nil, 400, "Payload required"},
		"an empty body":             {"POST", "", strings.NewReader(""), 400, "Payload required"},
		"an empty chunked body":     {"POST", "", unsized{strings.NewReader("")}, 400, "Payload required"},
		"blanks":                    {"POST", "", strings.NewReader(" \n"), 400, "Payload required"},
		"not JSON":                  {"POST", "", strings.NewReader("hello"), 400, "Failed to parse the request"},
		"half of an object":         {"POST", "", strings.NewReader(`{"action":"desc`), 400, "Failed to parse the request"},
		"two objects":               {"POST", "", strings.NewReader(`{"action":"describe"}{}`), 400, "Failed to parse the request"},
		"an array":                  {"POST", "", strings.NewReader(`["describe"]`), 400, "Failed to parse the request"},
		"null":                      {"POST", "", strings.NewReader(`null`), 400, "Failed to parse the request"},
		"a string":                  {"POST", "", strings.NewReader(`"describe"`), 400, "Failed to parse the request"},
		"deep JSON":                 {"POST", "", strings.NewReader(`{"action":"describe","x":` + deep + strings.Repeat("]", 100_000) + `}`), 400, "Failed to parse the request"},
		"JSON as no request has it": {"POST", "", strings.NewReader(`{"action":"describe","x":[[[[1]]]]}`), 400, "Failed to parse the request"},
		"deep JSON without an end":  {"POST", "", strings.NewReader(`{"action":"describe","x":` + deep), 400, "Failed to parse the request"},
		"no action":                 {"POST", "", strings.NewReader(`{}`), 400, "Missing the action"},
		"an action that is null":    {"POST", "", strings.NewReader(`{"action":null}`), 400, `"action" is no string`},
		"an action that is a list":  {"POST", "", strings.NewReader(`{"action":["receive"]}`), 400, `"action" is no string`},
		"an unknown action":         {"POST", "", strings.NewReader(`{"action":"auth-\u001b[31mx"}`), 400, "Unknown action: auth-"},
		"an action in other case":   {"POST", "", strings.NewReader(`{"action":"RECEIVE"}`), 400, "Unknown action: RECEIVE"},
		"an action that is no JSON": {"POST", "", strings.NewReader(`{"action":describe}`), 400, "Failed to parse the request"},
		"good":                      {"POST", "", strings.NewReader(`{"action":"describe","unknown":[{"a":1}]}`), 200, "Test Endpoint"},
		"good, in chunks":           {"POST", "", unsized{strings.NewReader(`{"action":"describe"}`)}, 200, "Test Endpoint"},
		"good, with a slash":        {"POST", "/_b4_submit/", strings.NewReader(`{"action":"describe"}`), 200, "Test Endpoint"},
		"no identity":               {"POST", "", strings.NewReader(`{"action":"auth-new","selector":"a","pubkey":"b"}`), 400, "Invalid authentication request"},
		"an identity that is null":  {"POST", "", strings.NewReader(`{"action":"auth-new","identity":null,"selector":"a","pubkey":"b"}`), 400, `"identity" is no string`},
		"a name that is null":       {"POST", "", strings.NewReader(`{"action":"auth-new","name":null,"identity":"a@b","selector":"a","pubkey":"b"}`), 400, "Invalid authentication request"},
		"a message that is missing": {"POST", "", strings.NewReader(`{"action":"auth-verify"}`), 400, "Invalid verification message"},
		"no messages":               {"POST", "", strings.NewReader(`{"action":"receive"}`), 400, "Missing the messages array"},
		"messages that are null":    {"POST", "", strings.NewReader(`{"action":"receive","messages":null}`), 400, "Missing the messages array"},
		"messages that are none":    {"POST", "", strings.NewReader(`{"action":"receive","messages":[]}`), 400, "Missing the messages array"},
		"messages that are a text":  {"POST", "", strings.NewReader(`{"action":"receive","messages":"abc"}`), 400, "Invalid messages array"},
		"messages in an object":     {"POST", "", strings.NewReader(`{"action":"receive","messages":{"a":"b"}}`), 400, "Invalid messages array"},
		"a message that is a list":  {"POST", "", strings.NewReader(`{"action":"receive","messages":["a",["b"]]}`), 400, "Invalid message payload: message 2"},
		"a message that is null":    {"POST", "", strings.NewReader(`{"action":"reflect","messages":[null]}`), 400, "Invalid message payload: message 1"},
		"too many messages":         {"POST", "", strings.NewReader(`{"action":"receive","messages":["a"` + strings.Repeat(`,"a"`, 150) + `]}`), 413, "151 messages"},
		"far too many messages":     {"POST", "", strings.NewReader(`{"action":"receive","messages":["a"` + strings.Repeat(`,"a"`, 1_000_000) + `]}`), 413, "1000002 values"},
		"far too many fields":       {"POST", "", strings.NewReader(`{"action":"describe"` + strings.Repeat(`,"a":"b"`, 1_000_000) + `}`), 413, "1000001 values"},
		"commas in a text":          {"POST", "", strings.NewReader(`{"action":"describe","x":"` + strings.Repeat(`,\",[[[[[`, 1000) + `"}`), 200, "Test Endpoint"},
		"a request too large":       {"POST", "", strings.NewReader(strings.Repeat(" ", 10<<20+1)), 413, "larger than 10485760 bytes"},
		"too large, in chunks":      {"POST", "", unsized{io.LimitReader(spaces{}, 100<<20)}, 413, "larger than 10485760 bytes"},
		"a message too large":       {"POST", "", strings.NewReader(`{"action":"receive","messages":["` + strings.Repeat("a", 2<<20+1) + `"]}`), 413, "Message 1 (): It is larger"},
		"metrics for a stranger":    {"GET", "/metrics", nil, 403, "not for everybody"},
		"the page is only read":     {"POST", "/", nil, 405, "to read"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.path == "" {
				c.path = "/_b4_submit"
			}
			r, err := http.NewRequest(c.method, w.http.URL+c.path, c.body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded") // it does not count
			world := &world{t: t}
			status, a := world.do(r)
			if status != c.status || !strings.Contains(a.Message, c.words) {
				t.Errorf("got %d %q, want %d %q", status, a.Message, c.status, c.words)
			}
			if strings.ContainsAny(a.Message, "\x1b\x00\n") {
				t.Errorf("the answer repeats control characters: %q", a.Message)
			}
		})
	}
}

type spaces struct{}

func (spaces) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

func TestGet(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	for path, want := range map[string]string{
		"/_b4_submit": "GET requests are not served here", "/healthz": "alive", "/readyz": "ready", "/": "What was received last",
		"/_b4_submit?stop=x": "leads to no key",
	} {
		response, err := http.Get(w.http.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !strings.Contains(string(body), want) || response.StatusCode != 200 && path != "/_b4_submit?stop=x" {
			t.Errorf("GET %s: %d %q, %v", path, response.StatusCode, body, err)
		}
		if path == "/_b4_submit" && (strings.Count(string(body), "\n") != 1 || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain")) {
			t.Errorf("not one line of text: %q", body)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Mail.OwnDomains = []string{"example.net"} })
	s := w.good(endpoint.Request{Action: endpoint.ActionDescribe}).Service
	if s == nil || s.URL != "https://send.example.net/_b4_submit" || s.RelayFrom != "devnull@relay.example.net" || len(s.OwnDomains) != 1 ||
		len(s.Algorithms) != 2 || s.MaxMessages != 150 || s.MaxMessage != 2<<20 || s.MaxRequest != 10<<20 || s.Version != "test" {
		t.Errorf("got %+v", s)
	}
}

// FuzzDecode: a request is refused as the client's fault, or read as it was
// meant: what is read, written again and read again, is the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"action":"describe"}`, `{"action":"receive","messages":["a","b"]}`, `{"action":"receive","messages":[1]}`, `[[[[[`, `{"action":"\ud800"}`,
		`{"a":{"b":[{"c":1}]},"action":"x"}`, `{"action":"a","Action":"b"}`, "", "null"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := decode(data, 150)
		if err != nil {
			if refusal := asRefusal(err); refusal.status != 400 || refusal.message == "" {
				t.Errorf("decode(%q): %d %q", data, refusal.status, refusal.message)
			}
			return
		}
		again, err := decode(encode(t, r), 150)
		if err != nil || !same(again, r) {
			t.Errorf("decode(%q) = %+v, and again %+v, %v", data, r, again, err)
		}
	})
}

func encode(t *testing.T, r endpoint.Request) []byte {
	t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func same(a, b endpoint.Request) bool {
	if len(a.Messages) == 0 && len(b.Messages) == 0 {
		a.Messages, b.Messages = nil, nil // none and an empty list are refused alike
	}
	return reflect.DeepEqual(a, b)
}
