package endpoint_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/internal/mailtest"
)

// quick are limits for services that misbehave on purpose.
func quick() endpoint.Limits {
	return endpoint.Limits{Connect: 5 * time.Second, TLS: 5 * time.Second, Write: 5 * time.Second, Answer: time.Second}
}

func client(t *testing.T, url string, roots *x509.CertPool) *endpoint.Client {
	t.Helper()
	c, err := endpoint.NewClient(endpoint.Config{URL: url, Agent: "kprep/test", Roots: roots, Limits: quick()})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// message is large enough to be sent in several pieces.
func message() string {
	return "Message-ID: <1@example.org>\n\nGrüße 😀\n" + strings.Repeat("a line of text\n", 20_000)
}

// The outcomes of a request, by what becomes of a send (spec/mail.md 4.4).
const (
	accepted = "accepted"
	refused  = "refused"
	notSent  = "not sent"
	unclear  = "unclear"
)

func outcome(err error) string {
	switch {
	case err == nil:
		return accepted
	case errors.As(err, new(*endpoint.RefusedError)):
		return refused
	case errors.As(err, new(*endpoint.NotSentError)):
		return notSent
	case errors.As(err, new(*endpoint.UnclearError)):
		return unclear
	}
	return err.Error()
}

func TestSubmit(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	for name, c := range map[string]struct {
		fault mailtest.WebFault
		want  string
		out   bool   // the last byte may have left
		says  string // in the error
	}{
		"success":                            {mailtest.WebFault{Status: 200, Type: json, Body: `{"result":"success","message":"Sent"}`}, accepted, true, ""},
		"F48 500 as of a crash":              {mailtest.WebFault{Status: 500, Type: json, Body: `{"title":"500 Internal Server Error"}`}, unclear, true, "500"},
		"F48 a gateway's page":               {mailtest.WebFault{Status: 502, Type: "text/html", Body: "<html>Bad \x1b[31mGateway"}, unclear, true, `502: it is no answer of a web endpoint: <html>Bad \x1b[31mGateway`},
		"F48 a login page with 200":          {mailtest.WebFault{Status: 200, Type: "text/html", Body: "<html>Log in"}, unclear, true, "Log in"},
		"F48 half an answer":                 {mailtest.WebFault{Status: 200, Type: json, Body: `{"result":"success"`}, unclear, true, ""},
		"F48 two answers":                    {mailtest.WebFault{Status: 200, Type: json, Body: `{"result":"success"}{"result":"error"}`}, unclear, true, ""},
		"F48 nothing":                        {mailtest.WebFault{Status: 200, Type: json}, unclear, true, ""},
		"F49 an error":                       {mailtest.WebFault{Status: 500, Type: json, Body: `{"result":"error","message":"No matching\nkey"}`}, refused, true, `No matching\nkey`},
		"F49 an error with a client's fault": {mailtest.WebFault{Status: 403, Type: json, Body: `{"result":"error","message":"no","retry-after":7}`}, refused, true, "try again in 7 seconds"},
		"F50 no answer":                      {mailtest.WebFault{Hang: true}, unclear, true, "no answer came in time"},
		"F50 an answer that takes too long":  {mailtest.WebFault{Slow: true, Status: 200, Body: strings.Repeat(" ", 100) + `{"result":"success"}`}, unclear, true, "no answer came in time"},
		"F51 the connection ends":            {mailtest.WebFault{Drop: true, Keep: -1}, unclear, true, "the connection ended"},
		"F53 success and an error status":    {mailtest.WebFault{Status: 500, Type: json, Body: `{"result":"success"}`}, unclear, true, "a status that says otherwise"},
		"F53 another result":                 {mailtest.WebFault{Status: 200, Type: json, Body: `{"result":"maybe"}`}, unclear, true, ""},
		"F53 result in another case":         {mailtest.WebFault{Status: 200, Type: json, Body: `{"Result":"success"}`}, unclear, true, ""},
		"F53 two results":                    {mailtest.WebFault{Status: 200, Type: json, Body: `{"result":"error","result":"success"}`}, unclear, true, ""},
		"F53 a list":                         {mailtest.WebFault{Status: 200, Type: json, Body: `[{"result":"success"}]`}, unclear, true, ""},
		"an answer without end":              {mailtest.WebFault{Huge: true, Status: 200}, unclear, true, "longer than 1024 kB"},
		"a redirect":                         {mailtest.WebFault{Status: 307, Location: "http://127.0.0.1:1/else"}, unclear, true, "127.0.0.1:1/else"},
		"a reset while it is sent":           {mailtest.WebFault{Reset: true}, notSent, false, ""},
		"an early page":                      {mailtest.WebFault{Early: true, Status: 413, Type: "text/html", Body: "too large"}, notSent, false, ""},
		"an early error":                     {mailtest.WebFault{Early: true, Status: 413, Type: json, Body: `{"result":"error","message":"too large"}`}, refused, false, "too large"},
		"an early success":                   {mailtest.WebFault{Early: true, Status: 200, Type: json, Body: `{"result":"success"}`}, notSent, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{c.fault}})
			// More than the socket's buffers hold, so that a service that does
			// not read keeps the end of it here.
			request := endpoint.Request{Action: endpoint.ActionReceive, Messages: []string{message()}}
			if c.fault.Early || c.fault.Reset {
				request.Messages[0] += strings.Repeat("x\n", 8<<20)
			}
			out := false
			_, err := client(t, web.URL(), nil).Submit(t.Context(), request, func() error { out = true; return nil })
			if got := outcome(err); c.want == refused && !c.out && got == notSent {
				t.Log("the connection broke before the answer was read, which is as good")
			} else if got != c.want || out != c.out {
				t.Errorf("%s, last byte out: %v; want %s, %v\n%v", got, out, c.want, c.out, err)
			}
			if err != nil && (!strings.Contains(err.Error(), c.says) && c.out || strings.ContainsAny(err.Error(), "\n\x1b")) {
				t.Errorf("says %q, want %q", err, c.says)
			}
			if n := len(web.Requests()); n > 1 {
				t.Errorf("the request was sent %d times", n)
			}
		})
	}
}

// What is sent is what b4's clients send: escaped ASCII that means the text.
func TestRequest(t *testing.T) {
	t.Parallel()
	web := mailtest.StartWeb(t, mailtest.WebOptions{})
	if _, err := client(t, web.URL(), nil).Do(t.Context(), endpoint.Request{Action: endpoint.ActionReceive, Messages: []string{message()}}); err != nil {
		t.Fatal(err)
	}
	got := web.Requests()[0]
	if strings.ContainsFunc(got.Body, func(r rune) bool { return r > '~' }) || !strings.Contains(got.Body, `Gr\u00fc\u00dfe \ud83d\ude00\n`) {
		t.Errorf("not escaped: %.100s", got.Body)
	}
	if got.Header.Get("Content-Type") != "application/json" || got.Header.Get("User-Agent") != "kprep/test" || got.Header.Get("Content-Length") == "" && got.Header.Get("Transfer-Encoding") != "" {
		t.Errorf("header %v", got.Header)
	}
	if m := web.Messages(); len(m) != 1 || m[0] != message() {
		t.Error("the service reads another text")
	}
	_, err := client(t, web.URL(), nil).Do(t.Context(), endpoint.Request{Action: endpoint.ActionReceive, Messages: []string{"\xff"}})
	if err == nil || len(web.Requests()) != 1 {
		t.Errorf("text that JSON cannot carry was sent: %v", err)
	}
}

// Without the record the last byte stays here.
func TestBeforeFails(t *testing.T) {
	t.Parallel()
	web := mailtest.StartWeb(t, mailtest.WebOptions{})
	full := errors.New("the disk is full")
	_, err := client(t, web.URL(), nil).Submit(t.Context(), endpoint.Request{Action: endpoint.ActionReceive, Messages: []string{message()}}, func() error { return full })
	if !errors.Is(err, full) || len(web.Messages()) != 0 || len(web.Requests()) != 0 {
		t.Errorf("%v, and %d requests arrived", err, len(web.Requests()))
	}
}

// An interrupt ends the request, and tells whether it was out.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	web := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{{Hang: true}}})
	ctx, cancel := context.WithCancel(t.Context())
	_, err := client(t, web.URL(), nil).Submit(ctx, endpoint.Request{Action: endpoint.ActionReceive}, func() error {
		time.AfterFunc(50*time.Millisecond, cancel)
		return nil
	})
	if outcome(err) != unclear || !strings.Contains(err.Error(), "interrupted") {
		t.Errorf("%v", err)
	}
	_, err = client(t, web.URL(), nil).Submit(ctx, endpoint.Request{Action: endpoint.ActionReceive}, func() error { return nil })
	if outcome(err) != notSent {
		t.Errorf("%v", err)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		certificate mailtest.Certificate
		trusted     bool
		want        string
	}{
		"one that is good":         {mailtest.Good, true, accepted},
		"one of an unknown issuer": {mailtest.Good, false, notSent},
		"one of another host":      {mailtest.WrongHost, true, notSent},
		"one that has expired":     {mailtest.Expired, true, notSent},
		"one that is self-signed":  {mailtest.SelfSigned, true, notSent},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			web := mailtest.StartWeb(t, mailtest.WebOptions{TLS: true, Certificate: c.certificate})
			roots := x509.NewCertPool()
			if c.trusted {
				roots.AppendCertsFromPEM(web.CA())
			}
			_, err := client(t, web.URL(), roots).Do(t.Context(), endpoint.Request{Action: endpoint.ActionReceive})
			broken := (*endpoint.NotSentError)(nil)
			if outcome(err) != c.want || errors.As(err, &broken) && !broken.Untrusted {
				t.Errorf("%v", err)
			}
			if c.want == notSent && len(web.Requests()) > 0 {
				t.Error("the request was sent all the same")
			}
		})
	}
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	listener.Close()
	_, err = client(t, url, nil).Do(t.Context(), endpoint.Request{Action: endpoint.ActionReceive})
	if broken := (*endpoint.NotSentError)(nil); !errors.As(err, &broken) || !broken.Temporary || !strings.Contains(err.Error(), "refused") {
		t.Errorf("%v", err)
	}
}

// A service that stops reading is not waited for without end.
func TestUploadStalls(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	c, err := endpoint.NewClient(endpoint.Config{URL: "http://" + listener.Addr().String(),
		Limits: endpoint.Limits{Connect: time.Second, TLS: time.Second, Write: time.Second / 5, Answer: time.Second}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Do(t.Context(), endpoint.Request{Action: endpoint.ActionReceive, Messages: []string{strings.Repeat("x", 32<<20)}})
	if outcome(err) != notSent || !strings.Contains(err.Error(), "silent") {
		t.Errorf("%v", err)
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	for url, good := range map[string]bool{
		"https://send.example.org/_b4_submit":  true,
		"http://127.0.0.1:8000/":               true,
		"http://[::1]/":                        true,
		"http://localhost/_b4_submit":          true,
		"http://send.example.org/_b4_submit":   false,
		"http://127.0.0.1.example.org/":        false,
		"http://192.0.2.1/":                    false,
		"ftp://send.example.org/":              false,
		"send.example.org":                     false,
		"https://":                             false,
		"https://jane:secret@send.example.org": false,
		"https://send.example.org/#x":          false,
		"https://send.example.org/\n":          false,
		"":                                     false,
	} {
		_, err := endpoint.NewClient(endpoint.Config{URL: url})
		if bad := (*endpoint.URLError)(nil); (err == nil) != good || err != nil && (!errors.As(err, &bad) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%q: %v", url, err)
		}
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	ours := mailtest.StartWeb(t, mailtest.WebOptions{Describe: `{"name":"Test","url":"URL","algorithms":["ed25519"]}`})
	if s, err := client(t, ours.URL(), nil).Describe(t.Context()); err != nil || s == nil || s.Name != "Test" {
		t.Errorf("%+v, %v", s, err)
	}
	b4 := mailtest.StartWeb(t, mailtest.WebOptions{})
	if s, err := client(t, b4.URL(), nil).Describe(t.Context()); err != nil || s != nil {
		t.Errorf("b4's kind: %+v, %v", s, err)
	}
	other := mailtest.StartWeb(t, mailtest.WebOptions{Describe: `{"name":"Test","url":"https://elsewhere.example.org/"}`})
	if s, err := client(t, other.URL(), nil).Describe(t.Context()); !errors.As(err, new(*endpoint.OtherURLError)) {
		t.Errorf("it speaks for another service: %+v, %v", s, err)
	}
	for name, f := range map[string]mailtest.WebFault{
		"a page":     {Action: "describe", Status: http.StatusNotFound, Type: "text/html", Body: "Not found"},
		"a redirect": {Action: "describe", Status: http.StatusMovedPermanently, Location: "https://elsewhere.example.org/"},
	} {
		web := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{f}})
		if _, err := client(t, web.URL(), nil).Describe(t.Context()); !errors.As(err, new(*endpoint.NotSentError)) && !errors.As(err, new(*endpoint.UnclearError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Whatever a service points to gets nothing, not even a look.
func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, status := range []int{301, 302, 303, 307, 308} {
		elsewhere := mailtest.StartWeb(t, mailtest.WebOptions{})
		web := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{{Status: status, Location: elsewhere.URL()}}})
		_, err := client(t, web.URL(), nil).Do(t.Context(), endpoint.Request{Action: endpoint.ActionReceive, Messages: []string{message()}})
		if outcome(err) != unclear || len(elsewhere.Requests()) != 0 {
			t.Errorf("%d: %v, and %d requests went elsewhere", status, err, len(elsewhere.Requests()))
		}
	}
}
