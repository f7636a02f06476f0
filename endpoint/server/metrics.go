package server

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/sendmail"
)

// metrics counts what this instance has answered and mailed since it began.
type metrics struct {
	lock     sync.Mutex
	requests map[[2]string]int64 // by action and status
	seconds  float64
	messages int64
	results  map[sendmail.State]int64 // of deliveries
}

// newMetrics has the results from the start, so that the first one is seen as
// one more.
func newMetrics() *metrics {
	return &metrics{requests: map[[2]string]int64{},
		results: map[sendmail.State]int64{sendmail.Accepted: 0, sendmail.Refused: 0, sendmail.Deferred: 0, sendmail.Unknown: 0}}
}

// Delivered counts what became of a message for a recipient. It may be called at
// once.
func (s *Server) Delivered(state sendmail.State) {
	s.metrics.lock.Lock()
	defer s.metrics.lock.Unlock()
	s.metrics.results[state]++
}

func (m *metrics) request(action string, status, messages int, took time.Duration) {
	m.lock.Lock()
	defer m.lock.Unlock()
	m.requests[[2]string{action, fmt.Sprint(status)}]++
	m.seconds += took.Seconds()
	m.messages += int64(messages)
}

// text is in the exposition format of Prometheus, version 0.0.4.
func (m *metrics) text() string {
	m.lock.Lock()
	defer m.lock.Unlock()
	var b strings.Builder
	b.WriteString("# HELP kprep_endpoint_requests_total Requests answered by this instance.\n# TYPE kprep_endpoint_requests_total counter\n")
	all := int64(0)
	for _, key := range slices.SortedFunc(maps.Keys(m.requests), func(a, b [2]string) int { return strings.Compare(a[0]+" "+a[1], b[0]+" "+b[1]) }) {
		fmt.Fprintf(&b, "kprep_endpoint_requests_total{action=%q,status=%q} %d\n", key[0], key[1], m.requests[key])
		all += m.requests[key]
	}
	fmt.Fprintf(&b, "# HELP kprep_endpoint_request_seconds Time spent on requests by this instance.\n# TYPE kprep_endpoint_request_seconds summary\n"+
		"kprep_endpoint_request_seconds_sum %g\nkprep_endpoint_request_seconds_count %d\n", m.seconds, all)
	fmt.Fprintf(&b, "# HELP kprep_endpoint_messages_total Messages taken over by this instance.\n# TYPE kprep_endpoint_messages_total counter\n"+
		"kprep_endpoint_messages_total %d\n", m.messages)
	b.WriteString("# HELP kprep_endpoint_delivery_results_total What became of messages, for each recipient and try of this instance.\n# TYPE kprep_endpoint_delivery_results_total counter\n")
	for _, state := range slices.Sorted(maps.Keys(m.results)) {
		fmt.Fprintf(&b, "kprep_endpoint_delivery_results_total{state=%q} %d\n", state, m.results[state])
	}
	return b.String()
}

// serveMetrics answers monitors, and nobody else.
func (s *Server) serveMetrics(w http.ResponseWriter, r *http.Request) {
	if !within(clientAddress(r, s.Proxies), s.Monitors) {
		s.answer(w, refuse(http.StatusForbidden, "Metrics are not for everybody"), nil)
		return
	}
	gauges, err := s.store.Gauges(r.Context())
	if err != nil {
		s.answer(w, broken(err), nil)
		return
	}
	var b strings.Builder
	b.WriteString(s.metrics.text())
	last := ""
	for _, g := range gauges {
		if g.Name != last {
			last = g.Name
			fmt.Fprintf(&b, "# HELP kprep_endpoint_%[1]s Of all instances, by state.\n# TYPE kprep_endpoint_%[1]s gauge\n", g.Name)
		}
		fmt.Fprintf(&b, "kprep_endpoint_%s{state=%q} %d\n", g.Name, g.State, g.N)
	}
	respond(w, http.StatusOK, "text/plain; version=0.0.4; charset=utf-8", b.String())
}

// serveReady says whether series can be taken over.
func (s *Server) serveReady(w http.ResponseWriter, r *http.Request) {
	if err := s.store.Ping(r.Context()); err != nil {
		s.answer(w, broken(err), nil)
		return
	}
	respond(w, http.StatusOK, "text/plain; charset=utf-8", "ready\n")
}
