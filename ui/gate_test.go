package ui

import (
	"context"
	"crypto/rand"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/dashboard"
)

// nothing is a source without series.
type nothing struct{ sample }

func (*nothing) Clones(context.Context) ([]dashboard.Clone, error) {
	return []dashboard.Clone{{Path: "/home/jane/src/linux"}}, nil
}

func newSite(t testing.TB, source Source) *Site {
	t.Helper()
	site, err := New(Options{Source: source, Now: func() time.Time { return time.Date(2025, 3, 9, 12, 0, 0, 0, time.UTC) }, Random: rand.Reader, Program: "kprep 1.0"})
	if err != nil {
		t.Fatal(err)
	}
	return site
}

const address = "127.0.0.1:4242"

// request is one from the user's own browser, which is inside.
func request(site *Site, method, path string, form url.Values) *http.Request {
	r := httptest.NewRequest(method, "http://"+address+path, strings.NewReader(form.Encode()))
	r.AddCookie(&http.Cookie{Name: "kprep-ui-4242", Value: site.token})
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func TestGate(t *testing.T) {
	t.Parallel()
	site := newSite(t, &nothing{})
	ticket, err := site.Ticket(address)
	if err != nil {
		t.Fatal(err)
	}
	handler := site.Handler(address)
	for _, tc := range []struct {
		name   string
		method string
		path   string
		change func(*http.Request)
		form   url.Values
		want   int
	}{
		{name: "the user's browser", want: 200},
		{name: "as localhost", change: func(r *http.Request) { r.Host = "localhost:4242" }, want: 200},
		{name: "only the head", method: "HEAD", want: 200},
		{name: "a link on a page of ours", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, want: 200},
		{name: "typed into the browser", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "none") }, want: 200},
		{name: "another program", change: func(r *http.Request) { r.Header.Del("Cookie") }, want: 403},
		{name: "a guessed cookie", change: func(r *http.Request) { r.Header.Set("Cookie", "kprep-ui-4242="+strings.Repeat("0", 32)) }, want: 403},
		{name: "an empty cookie", change: func(r *http.Request) { r.Header.Set("Cookie", "kprep-ui-4242=") }, want: 403},
		{name: "the cookie of another kprep", change: func(r *http.Request) { r.Header.Set("Cookie", "kprep-ui-4243="+site.token) }, want: 403},
		{name: "a cookie of another port's before ours", change: func(r *http.Request) {
			r.Header.Set("Cookie", "kprep-ui-4242=planted; kprep-ui-4242="+site.token)
		}, want: 200},
		{name: "a name that leads here (DNS rebinding)", change: func(r *http.Request) { r.Host = "evil.example.org:4242" }, want: 421},
		{name: "no port", change: func(r *http.Request) { r.Host = "127.0.0.1" }, want: 421},
		{name: "another port of this machine", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-site") }, want: 403},
		{name: "another site", change: func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, want: 403},
		{name: "another origin", change: func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:8080") }, want: 403},
		{name: "an origin that nobody tells", change: func(r *http.Request) { r.Header.Set("Origin", "null") }, want: 403},
		{name: "the token", path: "/?token=" + site.token, change: func(r *http.Request) { r.Header.Del("Cookie") }, want: 200},
		{name: "the token, from a link in mail on the web", path: "/?token=" + site.token, change: func(r *http.Request) {
			r.Header.Del("Cookie")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
		}, want: 200},
		{name: "another token", path: "/?token=" + strings.Repeat("0", 32), want: 403},
		{name: "an empty token", path: "/?token=", change: func(r *http.Request) { r.Header.Del("Cookie") }, want: 403},
		{name: "a form's token is none", path: "/?token=" + site.form, want: 403},
		{name: "a ticket", path: strings.TrimPrefix(ticket, "http://"+address), change: func(r *http.Request) { r.Header.Del("Cookie") }, want: 200},
		{name: "a ticket again", path: strings.TrimPrefix(ticket, "http://"+address), change: func(r *http.Request) { r.Header.Del("Cookie") }, want: 403},
		{name: "a form without token", method: "POST", want: 403},
		{name: "a form of somebody else's", method: "POST", form: url.Values{formField: {site.token}}, want: 403},
		{name: "a token of forms in the URL", method: "POST", path: "/?" + formField + "=" + site.form, want: 403},
		{name: "a form of ours from another origin", method: "POST", form: url.Values{formField: {site.form}},
			change: func(r *http.Request) { r.Header.Set("Origin", "http://127.0.0.1:8080") }, want: 403},
		{name: "too large a form", method: "POST", form: url.Values{formField: {site.form}, "x": {strings.Repeat("x", maxForm)}}, want: 403},
		{name: "a form of ours, for nothing", method: "POST", form: url.Values{formField: {site.form}},
			change: func(r *http.Request) { r.Header.Set("Origin", "http://"+address) }, want: 404},
		{name: "another method", method: "PUT", want: 405},
		{name: "a page that is not there", path: "/nowhere", want: 404},
		{name: "a path that leads out", path: "/s/0/..%2F..%2Fetc%2Fpasswd", want: 404},
		{name: "a clone that is not there", path: "/s/7/topic", want: 404},
		{name: "a number that is none", path: "/s/-1/topic", want: 404},
	} {
		if tc.method == "" {
			tc.method = http.MethodGet
		}
		if tc.path == "" {
			tc.path = "/"
		}
		r := request(site, tc.method, tc.path, tc.form)
		if tc.change != nil {
			tc.change(r)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		if w.Code != tc.want {
			t.Errorf("%s: status %d, want %d: %s", tc.name, w.Code, tc.want, w.Body)
		}
		if inside := strings.Contains(w.Body.String(), "There is no series yet"); inside != (tc.want == 200 && !strings.Contains(tc.path, "token") && tc.method == http.MethodGet) && tc.method != http.MethodHead {
			t.Errorf("%s: the page is shown: %v", tc.name, inside)
		}
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin"} {
			if got := w.Header().Get(name); got != want {
				t.Errorf("%s: %s is %q", tc.name, name, got)
			}
		}
		if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'none'; ") || strings.Contains(csp, "unsafe") {
			t.Errorf("%s: policy %q", tc.name, csp)
		}
	}
}

func TestCookie(t *testing.T) {
	t.Parallel()
	site := newSite(t, &nothing{})
	w := httptest.NewRecorder()
	site.Handler(address).ServeHTTP(w, httptest.NewRequest("GET", site.URL(address), nil))
	cookies := w.Result().Cookies()
	if len(cookies) != 1 {
		t.Fatalf("cookies: %v", cookies)
	}
	if c := cookies[0]; !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Name != "kprep-ui-4242" || c.MaxAge != 0 || c.Domain != "" {
		t.Errorf("the cookie is %v", c)
	}
	if other := newSite(t, &nothing{}); other.token == site.token || other.form == site.form || site.form == site.token {
		t.Error("tokens repeat")
	}
}

// Nobody else in the network is served.
func TestServesLoopbackAlone(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := newSite(t, &nothing{}).Serve(t.Context(), l); err == nil || !strings.Contains(err.Error(), "not on loopback") {
		t.Errorf("serving on all addresses: %v", err)
	}
}

func TestServeEnds(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	site := newSite(t, &nothing{})
	go func() { ended <- site.Serve(ctx, l) }()
	answer, err := http.Get(site.URL(l.Addr().String()))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
