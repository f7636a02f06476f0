package mailtest

import (
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"
)

// WebOptions describe a web submission endpoint. The zero value is one of b4's
// kind: plain http, no description of itself, no signature checked.
type WebOptions struct {
	TLS         bool
	Certificate Certificate // what it shows; Good unless said otherwise
	// Describe makes it one of kprep's kind: it describes itself by this JSON
	// object, answers for single messages and recognises those that it has.
	// The word URL in it stands for its own.
	Describe string
	Refuse   []string // mailboxes that its own mail server refuses, as it tells who asks
	Faults   []WebFault
}

// A WebFault is what it does to one kind of request instead of its duty.
type WebFault struct {
	Action string // that it is for; "": receive and reflect
	Keep   int    // so many messages of the request are accepted all the same; less than 0: all

	// One of these, else Body is the answer.
	Early bool // the answer comes before the request is read, which then is not
	Reset bool // the connection is reset while the request is being read
	Drop  bool // the request is read, and the connection closed
	Hang  bool // the request is read, and no answer comes
	Slow  bool // the answer comes byte by byte, one in 50 ms
	Huge  bool // the answer has no end

	Status   int
	Type     string
	Body     string
	Location string
}

// A Web is running until Close. All methods are safe for concurrent use.
type Web struct {
	server *httptest.Server
	pki    *pki
	done   chan struct{}
	once   sync.Once

	mu       sync.Mutex
	options  WebOptions
	requests []WebRequest
	messages []string
}

// A WebRequest is one that was read to its end.
type WebRequest struct {
	Header http.Header
	Body   string
	Action string
}

// NewWeb starts an endpoint on a free port of 127.0.0.1.
func NewWeb(o WebOptions) (*Web, error) {
	w := &Web{options: o, done: make(chan struct{})}
	w.server = httptest.NewUnstartedServer(w)
	w.server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if !o.TLS {
		w.server.Start()
		return w, nil
	}
	var err error
	if w.pki, err = newPKI(o.Certificate); err != nil {
		return nil, err
	}
	w.server.TLS = &tls.Config{Certificates: []tls.Certificate{w.pki.leaf}}
	w.server.StartTLS()
	return w, nil
}

// StartWeb is NewWeb for tests.
func StartWeb(t T, o WebOptions) *Web {
	t.Helper()
	w, err := NewWeb(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// Close ends the endpoint and every connection, also those that hang.
func (w *Web) Close() error {
	w.once.Do(func() { close(w.done) })
	w.server.CloseClientConnections()
	w.server.Close()
	return nil
}

// URL is where it is.
func (w *Web) URL() string { return w.server.URL + "/_b4_submit" }

// CA is as that of [Server].
func (w *Web) CA() []byte {
	if w.pki == nil {
		return nil
	}
	return slices.Clone(w.pki.caPEM)
}

// Messages returns what was accepted so far, in order of arrival; one that was
// recognised is there once.
func (w *Web) Messages() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.messages)
}

// Requests returns what was read so far.
func (w *Web) Requests() []WebRequest {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.requests)
}

// Heal makes the endpoint forget its faults.
func (w *Web) Heal() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.options.Faults = nil
}

// fault is the one for an action.
func (w *Web) fault(action string) *WebFault {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, f := range w.options.Faults {
		if f.Action == action || f.Action == "" && (action == "receive" || action == "reflect") {
			return &f
		}
	}
	return nil
}

// ServeHTTP reads a request, and answers as b4's service does.
func (w *Web) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	// What must happen before the request is read cannot look into it.
	for _, f := range w.early() {
		if r.ContentLength > 500 || f.Action == "describe" {
			w.misbehave(rw, r, f)
			return
		}
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	var request webRequest
	json.Unmarshal(body, &request)
	w.mu.Lock()
	w.requests = append(w.requests, WebRequest{Header: r.Header, Body: string(body), Action: request.Action})
	w.mu.Unlock()
	if f := w.fault(request.Action); f != nil {
		keep := f.Keep
		if keep < 0 {
			keep = len(request.Messages)
		}
		w.keep(request.Messages[:min(keep, len(request.Messages))])
		w.misbehave(rw, r, *f)
		return
	}
	w.answer(rw, request)
}

type webRequest struct {
	Action   string   `json:"action"`
	Identity string   `json:"identity"`
	Msg      string   `json:"msg"`
	Messages []string `json:"messages"`
}

type webFate struct {
	MessageID string `json:"message-id"`
	State     string `json:"state"`
	Known     bool   `json:"known,omitempty"`

	Refused map[string]string `json:"refused,omitempty"`
}

func (w *Web) early() []WebFault {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(w.options.Faults), func(f WebFault) bool { return !f.Early && !f.Reset })
}

// misbehave does what a fault says, the request being read or not.
func (w *Web) misbehave(rw http.ResponseWriter, r *http.Request, f WebFault) {
	switch {
	case f.Hang:
		select {
		case <-w.done:
		case <-r.Context().Done():
		}
		panic(http.ErrAbortHandler)
	case f.Reset || f.Drop:
		conn, _, err := rw.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		if tcp, ok := conn.(*net.TCPConn); ok && f.Reset {
			io.CopyN(io.Discard, conn, 100)
			tcp.SetLinger(0)
		}
		conn.Close()
		return
	}
	if f.Location != "" {
		rw.Header().Set("Location", f.Location)
	}
	rw.Header().Set("Content-Type", f.Type)
	rw.WriteHeader(f.Status)
	flush := rw.(http.Flusher)
	switch {
	case f.Huge:
		for line := strings.Repeat("x", 1<<16); ; {
			if _, err := io.WriteString(rw, line); err != nil {
				return
			}
		}
	case f.Slow:
		for i := range len(f.Body) {
			io.WriteString(rw, f.Body[i:i+1])
			flush.Flush()
			select {
			case <-w.done:
				return
			case <-time.After(50 * time.Millisecond):
			}
		}
	default:
		io.WriteString(rw, f.Body)
	}
}

// keep takes messages, and tells what is known of them.
func (w *Web) keep(messages []string) []webFate {
	w.mu.Lock()
	defer w.mu.Unlock()
	var fates []webFate
	for _, m := range messages {
		f := webFate{MessageID: idOf(m), State: "queued", Known: w.options.Describe != "" && slices.Contains(w.messages, m)}
		if !f.Known {
			w.messages = append(w.messages, m)
		}
		fates = append(fates, f)
	}
	return fates
}

func idOf(message string) string {
	_, rest, _ := strings.Cut(message, "\nMessage-ID: <")
	id, _, _ := strings.Cut(rest, ">")
	return id
}

// answer does an endpoint's duty.
func (w *Web) answer(rw http.ResponseWriter, r webRequest) {
	ours := w.options.Describe != ""
	say := map[string]any{"result": "success"}
	switch {
	case r.Action == "receive":
		fates := w.keep(r.Messages)
		say["message"] = fmt.Sprintf("Sent %d messages for %s", len(r.Messages), "jane@example.org/default")
		if ours {
			say["messages"] = fates
		}
	case r.Action == "reflect":
		w.keep(r.Messages)
		say["message"] = fmt.Sprintf("Reflected %d messages for %s", len(r.Messages), "jane@example.org/default")
	case r.Action == "auth-new":
		say["message"] = "Challenge generated and sent to " + r.Identity
	case r.Action == "auth-verify":
		say["message"] = "Challenge verified for jane@example.org/default"
	case r.Action == "auth-delete":
		say["message"] = "Record deleted for jane@example.org/default"
	case ours && r.Action == "auth-rotate":
		say["message"] = "Key replaced"
	case ours && r.Action == "describe":
		say["message"] = "a service"
		say["service"] = json.RawMessage(strings.ReplaceAll(w.options.Describe, "URL", w.URL()))
	case ours && r.Action == "status":
		say["message"], say["messages"] = "enrolled", w.fates(r.Msg)
	default:
		rw.Header().Set("Content-Type", "text/plain")
		rw.WriteHeader(http.StatusInternalServerError)
		fmt.Fprintf(rw, "Unknown action: %s\n", r.Action)
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	json.NewEncoder(rw).Encode(say)
}

// fates are those of the messages that a statement asks about.
func (w *Web) fates(statement string) []webFate {
	w.mu.Lock()
	defer w.mu.Unlock()
	var fates []webFate
	for line := range strings.Lines(statement) {
		id, asked := strings.CutPrefix(strings.TrimSpace(line), "message:")
		if !asked {
			continue
		}
		f := webFate{MessageID: id, State: "absent"}
		if slices.ContainsFunc(w.messages, func(m string) bool { return idOf(m) == id }) {
			f.State, f.Refused = "mailed", map[string]string{}
			for _, mailbox := range w.options.Refuse {
				f.Refused[mailbox] = "5.1.1 no such user"
			}
		}
		fates = append(fates, f)
	}
	return fates
}
