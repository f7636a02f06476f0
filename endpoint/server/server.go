package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/intake"
	"github.com/kprep/kprep/endpoint/server/store"
)

// A Server answers requests.
type Server struct {
	Config
	store  *store.Store
	now    func() time.Time
	random io.Reader
	log    *slog.Logger
	queued func()

	salt    []byte // of the networks in the database
	gate    *gate
	memory  *semaphore.Weighted
	reserve *semaphore.Weighted // for small requests
	metrics *metrics
	pages   *template.Template
}

// Surroundings are what a server takes from outside.
type Surroundings struct {
	Now    func() time.Time
	Random io.Reader // unguessable
	Log    *slog.Logger
	Queued func() // told when there is something to mail; nil: nobody is
}

// New makes a server over a store.
func New(ctx context.Context, c Config, s *store.Store, around Surroundings) (*Server, error) {
	fresh := make([]byte, 32)
	if _, err := io.ReadFull(around.Random, fresh); err != nil {
		return nil, fmt.Errorf("draw a secret: %w", err)
	}
	salt, err := s.Secret(ctx, "networks", fresh)
	if err != nil {
		return nil, fmt.Errorf("read the database: %w", err)
	}
	if around.Queued == nil {
		around.Queued = func() {}
	}
	return &Server{
		Config: c, store: s, now: around.Now, random: around.Random, log: around.Log, queued: around.Queued, salt: salt,
		gate:   &gate{atOnce: c.Limits.AtOnce, hourly: c.Limits.Requests, inside: map[string]int{}},
		memory: semaphore.NewWeighted(max(c.Limits.Memory, c.Limits.Request)), reserve: semaphore.NewWeighted(max(c.Limits.Memory/4, small)), metrics: newMetrics(), pages: parsePages(),
	}, nil
}

// An exchange is one request that is being answered.
type exchange struct {
	*Server
	network  string // of the client
	start    time.Time
	action   string
	identity string // of the key, once a signature was checked, or of who is asked to answer a challenge
	messages int
}

// ServeHTTP answers: submissions at the path of URL, and beside it the status
// page, /healthz, /readyz and /metrics.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	switch {
	case r.URL.Path == s.mount() || r.URL.Path == s.mount()+"/":
		s.serveSubmissions(w, r)
	case r.URL.Path == s.page():
		s.servePage(w, r)
	case r.URL.Path == "/healthz":
		respond(w, http.StatusOK, "text/plain; charset=utf-8", "alive\n")
	case r.URL.Path == "/readyz":
		s.serveReady(w, r)
	case r.URL.Path == "/metrics":
		s.serveMetrics(w, r)
	default:
		s.answer(w, &refusal{status: http.StatusNotFound, message: "There is nothing here; submissions go to " + s.URL.String()}, nil)
	}
}

func (s *Server) serveSubmissions(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Query().Has(stopParameter) && (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodPost):
		s.serveStop(w, r)
	case r.Method == http.MethodPost:
		s.serveRequest(w, r)
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		respond(w, http.StatusOK, "text/plain; charset=utf-8", "This is a web submission endpoint for signed patches. GET requests are not served here.\n")
	default:
		w.Header().Set("Allow", "POST, GET, HEAD")
		s.answer(w, refuse(http.StatusMethodNotAllowed, "Method not allowed: submissions are POST requests"), nil)
	}
}

// serveRequest answers a POST.
func (s *Server) serveRequest(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Server: s, network: network(clientAddress(r, s.Proxies)), start: s.now()}
	answer, err := x.guarded(func() (*endpoint.Answer, error) { return x.handle(w, r) })
	x.end(r.Context(), s.answer(w, err, answer), err)
}

// guarded works in a panic too: b4 prints nothing of an answer without a result.
func (x *exchange) guarded(do func() (*endpoint.Answer, error)) (answer *endpoint.Answer, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = &refusal{status: http.StatusInternalServerError, message: "The service failed to work on this", cause: fmt.Errorf("panic: %v\n%s", p, debug.Stack())}
		}
	}()
	return do()
}

// end has the queue looked at, and keeps account, once a request was answered.
func (x *exchange) end(ctx context.Context, status int, err error) {
	if err == nil && x.action != endpoint.ActionDescribe && x.action != endpoint.ActionStatus {
		x.queued()
	}
	took := x.now().Sub(x.start)
	x.metrics.request(x.action, status, x.messages, took)
	x.logRequest(ctx, x, status, err, took)
}

// handle takes a request in and works on it.
func (x *exchange) handle(w http.ResponseWriter, r *http.Request) (*endpoint.Answer, error) {
	if err := x.gate.enter(x.network, x.now()); err != nil {
		return nil, err
	}
	defer x.gate.leave(x.network)
	if r.ContentLength > x.Limits.Request {
		return nil, x.tooLarge()
	}
	control := http.NewResponseController(w)
	if err := control.SetReadDeadline(time.Now().Add(x.Limits.Body)); err != nil {
		return nil, err
	}
	b, err := intake.Receive(r.Body, x.Limits.Request, x.Scratch)
	if err != nil {
		return nil, x.arriving(err)
	}
	defer b.Close()
	// Past the deadline, work on the request would be given up.
	if err := control.SetReadDeadline(time.Time{}); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), x.Limits.Work)
	defer cancel()
	release, err := x.Hold(ctx, b.Size)
	if err != nil {
		return nil, err
	}
	defer release()
	data, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	request, err := decode(data, x.Limits.Messages)
	if err != nil {
		return nil, err
	}
	return x.act(ctx, &request)
}

// small is the size of requests that never wait for larger ones: a series has
// less, as a rule.
const small = 1 << 20

// Hold waits until so many bytes of requests may be in memory, until release is
// called.
func (s *Server) Hold(ctx context.Context, bytes int64) (release func(), err error) {
	memory := s.memory
	if bytes <= small {
		memory = s.reserve
	}
	if err := memory.Acquire(ctx, bytes); err != nil {
		return nil, broken(err)
	}
	return func() { memory.Release(bytes) }, nil
}

// act does what a request asks for.
func (x *exchange) act(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	do, known := map[string]func(context.Context, *endpoint.Request) (*endpoint.Answer, error){
		endpoint.ActionNew: x.enrol, endpoint.ActionVerify: x.verify, endpoint.ActionDelete: x.withdraw, endpoint.ActionRotate: x.rotate,
		endpoint.ActionReceive: x.receive, endpoint.ActionReflect: x.receive, endpoint.ActionDescribe: x.describe, endpoint.ActionStatus: x.status,
	}[r.Action]
	if !known {
		return nil, refuse(http.StatusBadRequest, "Unknown action: %s", shown(r.Action))
	}
	x.action = r.Action
	return do(ctx, r)
}

// count refuses what happens too often.
func (s *Server) count(ctx context.Context, limits ...store.Limit) error {
	return s.tooOften(s.store.Count(ctx, hourly(limits...), s.now()))
}

// hourly are limits for an hour, and ten times as much for a day.
func hourly(limits ...store.Limit) []store.Limit {
	var all []store.Limit
	for _, l := range limits {
		all = append(all, store.Limit{Scope: l.Scope, Period: time.Hour, Most: l.Most, By: l.By},
			store.Limit{Scope: l.Scope, Period: 24 * time.Hour, Most: 10 * l.Most, By: l.By})
	}
	return all
}

// tooOften makes a refusal of an error about a limit.
func (s *Server) tooOften(err error) error {
	if over := (*store.LimitError)(nil); errors.As(err, &over) {
		return &refusal{status: http.StatusTooManyRequests, message: "Too many requests of this kind; please come back later", after: max(over.Until.Sub(s.now()), time.Second)}
	}
	return err
}

// answer writes the answer, and returns its status.
func (s *Server) answer(w http.ResponseWriter, err error, a *endpoint.Answer) int {
	status := http.StatusOK
	if err != nil {
		a, status = asRefusal(err).answer()
	}
	if a.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(a.RetryAfter))
	}
	data, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers
	}
	respond(w, status, "application/json", string(data)+"\n")
	return status
}

func respond(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// logRequest logs what was asked and answered, and no text of either.
func (s *Server) logRequest(ctx context.Context, x *exchange, status int, err error, took time.Duration) {
	level := slog.LevelInfo
	attributes := []slog.Attr{slog.String("action", x.action), slog.Int("status", status), slog.String("client", x.blind(x.network)),
		slog.Int64("ms", took.Milliseconds())}
	if x.identity != "" {
		attributes = append(attributes, slog.String("identity", x.identity), slog.Int("messages", x.messages))
	}
	if err != nil {
		r := asRefusal(err)
		attributes = append(attributes, slog.String("refusal", r.message))
		if r.cause != nil {
			level = slog.LevelError
			attributes = append(attributes, slog.String("cause", r.cause.Error()))
		}
	}
	s.log.LogAttrs(ctx, level, "request", attributes...)
}
