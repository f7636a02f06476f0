package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/internal/browser"
	"github.com/kprep/kprep/sendmail"
)

func (w *world) get(path string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodGet, w.http.URL+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.text(r)
}

func TestPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.enrolled(kim(t, "default", 1))
	if status, text := w.get("/"); status != 200 || !strings.Contains(text, "Nothing so far.") || !strings.Contains(text, "https://send.example.net/_b4_submit") {
		t.Errorf("the empty page: %d\n%s", status, text)
	}
	w.good(receive(p.patch(epoch, "fix: leak", "<script>alert(1)</script>"), p.patch(epoch)))
	w.good(endpoint.Request{Action: endpoint.ActionReflect, Messages: []string{p.patch(epoch, "fix: leak", "private")}})
	sub, err := w.store.Claim(t.Context(), "a", time.Minute, epoch)
	if err != nil {
		t.Fatal(err)
	}
	first := sub.Messages[0]
	if err := w.store.Record(t.Context(), sub, first.ID, []sendmail.Receipt{
		{Recipient: first.Deliveries[0].Recipient, State: sendmail.Accepted}, {Recipient: first.Deliveries[1].Recipient, State: sendmail.Refused},
	}); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodGet, w.http.URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := response.Header.Get("Content-Security-Policy"); !strings.Contains(got, "default-src 'none'") {
		t.Errorf("Content-Security-Policy: %q", got)
	}
	_, text := w.get("/")
	for _, want := range []string{"[PATCH 2/9] fix: leak", "mailed", "queued", "1 recipient refused", "2025-01-02 03:04 UTC", "1@client.example", `name="viewport"`} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	for _, secret := range []string{"ann@example.com", "private", "kernel@lists"} {
		if strings.Contains(text, secret) {
			t.Errorf("the page tells of %q", secret)
		}
	}
	raw := w.raw("/")
	if strings.Contains(raw, "<script") {
		t.Errorf("the page has a script:\n%s", raw)
	}
}

func (w *world) raw(path string) string {
	w.t.Helper()
	response, err := http.Get(w.http.URL + path)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	var b strings.Builder
	if err := response.Write(&b); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		c.Monitors = (&reader{cfg: fakeConfig{}}).prefixes("monitor", []string{"127.0.0.0/8"})
	})
	p := w.enrolled(kim(t, "default", 1))
	w.good(receive(p.patch(epoch), p.patch(epoch)))
	w.post("{}")
	w.server.Delivered(sendmail.Deferred)
	w.server.Delivered(sendmail.Accepted)
	w.server.Delivered(sendmail.Accepted)
	status, text := w.get("/metrics")
	for _, want := range []string{
		`kprep_endpoint_requests_total{action="receive",status="200"} 1`, `kprep_endpoint_requests_total{action="",status="400"} 1`,
		"kprep_endpoint_messages_total 2", `kprep_endpoint_submissions{state="queued"} 1`, `kprep_endpoint_keys{state="active"} 1`, "kprep_endpoint_request_seconds_count 4",
		`kprep_endpoint_delivery_results_total{state="accepted"} 2`, `kprep_endpoint_delivery_results_total{state="deferred"} 1`, `kprep_endpoint_delivery_results_total{state="unknown"} 0`,
	} {
		if status != 200 || !strings.Contains(text, want+"\n") {
			t.Errorf("%d lacks %q:\n%s", status, want, text)
		}
	}
}

// The page fits a telephone, whatever stands in a subject, and a browser has
// nothing to complain of.
func TestBrowserShowsThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	b := browser.Start(t)
	p := w.enrolled(kim(t, "default", 1))
	w.good(receive(p.patch(epoch), p.patch(epoch, "fix: leak", strings.Repeat("verylongword", 30))))
	b.Load("Page.navigate", map[string]any{"url": w.http.URL + "/"})
	for _, width := range []int{1280, 390, 320} {
		for _, scheme := range []string{"light", "dark"} {
			b.Screen(width, 800, scheme)
			if !b.Is(fmt.Sprintf("document.documentElement.scrollWidth <= %d && innerWidth <= %[1]d", width)) {
				t.Errorf("%d pixels, %s: the page is wider than the screen", width, scheme)
			}
		}
	}
	if complaints := b.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
	}
}
