package ui

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// A gate keeps everybody out but the user's own browser. It is on loopback, where
// every program and every user of the machine can connect, and where any page of
// the web can have the browser connect.
//
//   - The Host has to be ours: a name of somebody else's that leads to this machine
//     makes his pages no pages of ours (DNS rebinding).
//   - A URL has a token that cannot be guessed. It is exchanged for a cookie, which no
//     script can read and no other site can have sent.
//   - A request that a page of another origin makes is refused, cookie or not: other
//     ports of this machine are the same site to a browser.
//   - Only a form of ours, which has a token of its own, may change anything.
type gate struct {
	host   string // HOST:PORT
	token  string // of the URL, and value of the cookie
	form   string // what a form has to send along
	policy string // of content
	once   *tickets
	inside http.Handler
}

// formField is the field of a form with the token that shows that it is ours.
const formField = "form-token"

// maxForm is the size of a form's data, in bytes.
const maxForm = 16 << 10

// cookie is named by the port: cookies do not tell ports apart, and another kprep
// may be running.
func (g *gate) cookie() string {
	return "kprep-ui-" + g.host[strings.LastIndexByte(g.host, ':')+1:]
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range map[string]string{
		"Content-Security-Policy":      g.policy,
		"Referrer-Policy":              "same-origin", // by no-referrer a form would not say whose it is
		"X-Content-Type-Options":       "nosniff",
		"X-Frame-Options":              "DENY",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Resource-Policy": "same-origin",
		"Cache-Control":                "no-store",
	} {
		w.Header().Set(name, value)
	}
	switch {
	case !g.ours(r.Host):
		refuse(w, http.StatusMisdirectedRequest, "This is not the host that was asked for.")
	case !slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPost}, r.Method):
		w.Header().Set("Allow", "GET, HEAD, POST")
		refuse(w, http.StatusMethodNotAllowed, "Pages are read by GET, forms are sent by POST.")
	case r.Method != http.MethodPost && r.URL.Query().Has("token"):
		g.welcome(w, r)
	case !g.holds(r):
		refuse(w, http.StatusForbidden, "Open the URL that 'kprep ui' has printed: it has the token that lets you in.")
	case !fromHere(r):
		refuse(w, http.StatusForbidden, "A page of another site asked for this.")
	case r.Method == http.MethodPost && !g.isForm(w, r):
		refuse(w, http.StatusForbidden, "This form is not one of a page that is served here now. Reload the page that it is on.")
	default:
		g.inside.ServeHTTP(w, r)
	}
}

// ours says whether a browser may call us so.
func (g *gate) ours(host string) bool {
	port := g.host[strings.LastIndexByte(g.host, ':'):]
	host = strings.ToLower(host)
	return host == g.host || host == "localhost"+port
}

// welcome exchanges a token for the cookie. It answers with a page that leads on,
// and does not redirect: a browser that came from elsewhere, such as a mail
// program on the web, would not send a strict cookie where it is redirected to.
func (g *gate) welcome(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if !same(token, g.token) && !g.once.use(token) {
		refuse(w, http.StatusForbidden, "This token is not the one of the 'kprep ui' that is running now. Open the URL that it has printed.")
		return
	}
	http.SetCookie(w, &http.Cookie{Name: g.cookie(), Value: g.token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"refresh\" content=\"0;url=/\"><title>kprep</title><p><a href=\"/\">Go on</a></p></html>\n"))
}

func (g *gate) holds(r *http.Request) bool {
	// Servers on other ports can set one of the same name, which may come first.
	return slices.ContainsFunc(r.CookiesNamed(g.cookie()), func(c *http.Cookie) bool { return same(c.Value, g.token) })
}

// fromHere says that no page of another origin makes the request, as far as the
// browser tells.
func fromHere(r *http.Request) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none":
	default:
		return false
	}
	origin := r.Header.Get("Origin")
	return origin == "" || origin == "http://"+r.Host
}

func (g *gate) isForm(w http.ResponseWriter, r *http.Request) bool {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	return r.ParseForm() == nil && same(r.PostForm.Get(formField), g.form)
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// refuse answers with a line of text.
func refuse(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text + "\n"))
}

// Tickets are tokens that are good once.
type tickets struct {
	mu   sync.Mutex
	good map[string]bool
}

func (t *tickets) add(token string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.good == nil {
		t.good = map[string]bool{}
	}
	t.good[token] = true
}

func (t *tickets) use(token string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	good := t.good[token]
	delete(t.good, token)
	return good
}
