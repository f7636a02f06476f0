package server

import (
	"bytes"
	_ "embed"
	"errors"
	"html/template"
	"net/http"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/patchmail"
)

//go:embed page.html
var pageText string

// recentSubmissions is how many the status page shows.
const recentSubmissions = 50

// parsePages parses the pages of the service, which is work that no other verb
// of the program should have.
func parsePages() *template.Template { return template.Must(template.New("").Parse(pageText)) }

// policy lets a page load nothing at all.
const policy = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

func (s *Server) render(w http.ResponseWriter, status int, name string, data any) {
	var b bytes.Buffer
	if err := s.pages.ExecuteTemplate(&b, name, data); err != nil {
		s.log.Error("write a page", "page", name, "error", err.Error())
		respond(w, http.StatusInternalServerError, "text/plain; charset=utf-8", "The page cannot be shown.\n")
		return
	}
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("Referrer-Policy", "no-referrer")
	respond(w, status, "text/html; charset=utf-8", b.String())
}

// A pageSeries is one submission on the page. It names no recipients.
type pageSeries struct {
	Received string
	Messages []endpoint.Fate
}

// servePage shows how to enrol, and what was received.
func (s *Server) servePage(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		s.answer(w, refuse(http.StatusMethodNotAllowed, "Method not allowed: this is a page to read"), nil)
		return
	}
	entries, err := s.store.Recent(r.Context(), recentSubmissions)
	if err != nil {
		s.log.Error("list what was received", "error", err.Error())
		s.render(w, http.StatusServiceUnavailable, "message", message{s.Mail.Name, "The service cannot look into its database at the moment."})
		return
	}
	s.render(w, http.StatusOK, "status", struct {
		Name, URL, Version string
		OpenPGP            bool
		Series             []pageSeries
	}{s.Mail.Name, s.URL.String(), s.Version, s.OpenPGP, bySubmission(entries)})
}

func bySubmission(entries []store.Entry) []pageSeries {
	var list []pageSeries
	last := int64(0)
	for _, e := range entries {
		if e.Submission != last {
			last = e.Submission
			list = append(list, pageSeries{Received: when(e.Received)})
		}
		series := &list[len(list)-1]
		f := fate(&e, e.MessageID)
		series.Messages = append(series.Messages, f)
	}
	return list
}

type message struct{ Name, Text string }

// serveStop shows the key that the link in a notice is about, and revokes it
// when that is confirmed: programs that look at links in mail do not post forms.
func (s *Server) serveStop(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Server: s, network: network(clientAddress(r, s.Proxies))}
	start := s.now()
	status, err := x.stop(w, r)
	x.action = "stop"
	s.metrics.request(x.action, status, 0, s.now().Sub(start))
	s.logRequest(r.Context(), x, status, err, s.now().Sub(start))
}

func (x *exchange) stop(w http.ResponseWriter, r *http.Request) (int, error) {
	say := func(status int, text string, err error) (int, error) {
		x.render(w, status, "message", message{x.Mail.Name, text})
		return status, err
	}
	if err := x.gate.enter(x.network, x.now()); err != nil {
		return say(http.StatusTooManyRequests, "Too many requests from your network; please come back later.", err)
	}
	defer x.gate.leave(x.network)
	key, err := x.store.Stoppable(r.Context(), hash(r.URL.Query().Get(stopParameter)))
	switch {
	case errors.Is(err, store.ErrNoKey):
		return say(http.StatusNotFound, "This link leads to no key, or the key was revoked before.", nil)
	case err != nil:
		return say(http.StatusServiceUnavailable, "The service cannot look into its database at the moment; please try again.", broken(err))
	case r.Method != http.MethodPost:
		x.render(w, http.StatusOK, "stop", struct {
			Name string
			Key  store.Key
			From time.Time
		}{x.Mail.Name, key, key.ActiveFrom})
		return http.StatusOK, nil
	}
	x.identity = key.Identity
	mail, err := x.withdrawnMail(key)
	if err == nil {
		_, err = x.store.Revoke(r.Context(), key, x.now(), func(store.Key) *store.Submission { return mail })
	}
	if err != nil && !errors.Is(err, store.ErrNoKey) {
		return say(http.StatusServiceUnavailable, "The key could not be revoked; please try again.", broken(err))
	}
	x.queued()
	return say(http.StatusOK, "The key "+key.Fingerprint+" of "+patchmail.PrintableLine(key.Identity)+" is revoked.", nil)
}
