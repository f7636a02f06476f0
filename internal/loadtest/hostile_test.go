package loadtest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// memoryBound is what the service may have in memory at most, in MB, whatever
// is done to it.
const memoryBound = 300

// A siege is a service that is attacked from many networks: on Linux every
// address 127.x.y.z is one of this machine's.
type siege struct {
	*service
	networks atomic.Int32
}

// in is the same siege, for a subtest.
func (s *siege) in(t *testing.T) *siege {
	inner := &siege{service: &service{t: t, dir: s.dir, env: s.env, mail: s.mail, instances: s.instances}}
	inner.networks.Store(s.networks.Add(4096))
	return inner
}

// address is one in a network from which nobody has come yet.
func (s *siege) address() *net.TCPAddr {
	n := s.networks.Add(1)
	return &net.TCPAddr{IP: net.IPv4(127, byte(n>>8), byte(n), 1)}
}

// Whatever strangers do, they are told why not, the service stays within its
// memory, and who means well is served meanwhile.
func TestHostileClients(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is read from /proc, and 127.0.0.0/8 has many networks on Linux alone")
	}
	server := mailtest.Start(t, mailtest.Options{})
	s := &siege{service: newService(t, "service.db", 1, server, "\tsmtpListen = 127.0.0.1:0\n\tbodyTime = 3s\n\tmessagesPerIdentity = 100000\n\trequestsPerNetwork = 1000000\n")}
	good := newClient(t, 0)
	good.comeFrom(s.address())
	good.enrol(s.service)
	ctx, stop := context.WithCancel(context.Background())
	var served []*series
	var serving sync.WaitGroup
	serving.Go(func() { served = good.keepSubmitting(ctx, s.service) })
	attacks := map[string]func(*siege){
		"slow": slowClients, "large": largeRequests, "form": formlessRequests, "pipeline": pipelines, "idle": idleConnections,
		"guesses": guessers, "races": enrolmentRaces, "replays": replays, "headers": headerTricks, "signatures": wrongSignatures, "smtp": smtpAbuse,
	}
	t.Run("attacks", func(t *testing.T) {
		for name, attack := range attacks {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				attack(s.in(t))
			})
		}
	})
	stop()
	serving.Wait()
	if len(served) == 0 {
		t.Error("the good client was not served")
	}
	waitFor(t, "the queue to be empty", patience, func() bool { return len(s.queue()) == 0 })
	got := arrived(server)
	for _, series := range served {
		if err := mailtest.CheckSeries(got[series.name], series.want); err != nil {
			t.Errorf("the good client's series %s: %v", series.name, err)
		}
	}
	peak := s.at(0).peakMemory(t)
	t.Logf("the good client submitted %d series meanwhile; the service had at most %d MB in memory", len(served), peak)
	if peak > memoryBound {
		t.Errorf("the service had %d MB in memory, more than %d", peak, memoryBound)
	}
}

// comeFrom makes a client's connections come from an address of this machine.
func (c *client) comeFrom(a *net.TCPAddr) *client {
	d := net.Dialer{LocalAddr: a}
	c.http.Transport = &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}
	return c
}

// keepSubmitting submits series until ctx ends. Each has to be taken over soon.
func (c *client) keepSubmitting(ctx context.Context, s *service) (all []*series) {
	var slowest time.Duration
	for ctx.Err() == nil {
		series := c.series(2)
		start := time.Now()
		status, answer, err := c.post(s.at(0), series.request())
		slowest = max(slowest, time.Since(start))
		if err != nil || status != http.StatusOK {
			c.t.Errorf("the good client: %d %+v %v", status, answer, err)
			return all
		}
		all = append(all, series)
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
	c.t.Logf("the good client waited for %v at most", slowest.Round(time.Millisecond))
	return all
}

// dial opens a connection from a network, that ends with the test.
func (s *siege) dial(to string, from *net.TCPAddr) net.Conn {
	s.t.Helper()
	d := net.Dialer{LocalAddr: from, Timeout: patience}
	conn, err := d.Dial("tcp", to)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// raw sends bytes, and returns the answers to so many requests.
func (s *siege) raw(request string, answers int) (statuses []int, messages []string, err error) {
	s.t.Helper()
	conn := s.dial(s.at(0).web, s.address())
	go io.WriteString(conn, request)
	r := bufio.NewReader(conn)
	for range answers {
		response, err := http.ReadResponse(r, nil)
		if err != nil {
			return statuses, messages, err
		}
		status, answer, err := readAnswer(response)
		if err != nil && !errors.Is(err, errNoAnswer) {
			return statuses, messages, err
		}
		statuses, messages = append(statuses, status), append(messages, answer.Message)
	}
	return statuses, messages, nil
}

// refused fails unless a body is refused, in the form that b4 reads.
func (s *siege) refused(what string, body []byte, status int, words string) {
	s.t.Helper()
	c := &client{t: s.t, http: &http.Client{Timeout: patience}}
	got, answer, err := c.comeFrom(s.address()).post(s.at(0), body)
	if err != nil || got != status || !strings.Contains(answer.Message, words) {
		s.t.Errorf("%s: %d %q %v, want %d %q", what, got, answer.Message, err, status, words)
	}
}

// closed fails unless the service ends a connection in time; it returns what it
// said before.
func (s *siege) closed(what string, conn net.Conn, limit time.Duration) string {
	s.t.Helper()
	conn.SetReadDeadline(time.Now().Add(limit))
	text, err := io.ReadAll(io.LimitReader(conn, 1<<20))
	if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
		s.t.Errorf("%s: the connection is open after %v", what, limit)
	}
	return string(text)
}

func request(method, more, body string) string {
	return fmt.Sprintf("%s /_b4_submit HTTP/1.1\r\nHost: x\r\n%s\r\n%s", method, more, body)
}

// Many clients that never come to an end, in the header or in the body.
func slowClients(s *siege) {
	var heads, bodies []net.Conn
	from := s.address()
	for range sized(20, 60) {
		conn := s.dial(s.at(0).web, from)
		fmt.Fprintf(conn, "POST /_b4_submit HTTP/1.1\r\nHost: x\r\nX-Slow: ")
		heads = append(heads, conn)
	}
	for i := range sized(30, 200) {
		if i%10 == 0 {
			from = s.address()
		}
		conn := s.dial(s.at(0).web, from)
		fmt.Fprint(conn, request("POST", fmt.Sprintf("Content-Length: %d\r\n", 9<<20), strings.Repeat(" ", 200<<10)))
		bodies = append(bodies, conn)
	}
	for range 5 {
		for _, conn := range append(heads, bodies...) {
			io.WriteString(conn, " ")
		}
		time.Sleep(500 * time.Millisecond)
	}
	for _, conn := range bodies {
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			s.t.Errorf("a slow body: %v", err)
			continue
		}
		if status, answer, err := readAnswer(response); err != nil || status != http.StatusRequestTimeout {
			s.t.Errorf("a slow body: %d %+v %v", status, answer, err)
		}
	}
	for _, conn := range heads {
		s.closed("a slow header", conn, 20*time.Second)
	}
}

// Requests that would need much memory.
func largeRequests(s *siege) {
	const most = 10 << 20
	zeros := func(n int) io.Reader { return io.LimitReader(&endless{text: strings.Repeat(" ", 4096)}, int64(n)) }
	for what, r := range map[string]struct {
		header string
		body   io.Reader
	}{
		"100 MB":           {fmt.Sprintf("Content-Length: %d\r\n", 100<<20), zeros(100 << 20)},
		"an exabyte":       {"Content-Length: 1152921504606846976\r\n", zeros(1 << 20)},
		"100 MB in chunks": {"Transfer-Encoding: chunked\r\n", io.MultiReader(strings.NewReader("6400000\r\n"), zeros(100<<20), strings.NewReader("\r\n0\r\n\r\n"))},
	} {
		conn := s.dial(s.at(0).web, s.address())
		go func() {
			io.WriteString(conn, request("POST", r.header, ""))
			io.Copy(conn, r.body) // until the service hangs up
		}()
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			s.t.Errorf("%s: %v", what, err)
			continue
		}
		if status, answer, err := readAnswer(response); err != nil || status != http.StatusRequestEntityTooLarge {
			s.t.Errorf("%s: %d %+v %v", what, status, answer, err)
		}
	}
	fill := func(begin, unit, end string) []byte {
		return []byte(begin + strings.Repeat(unit, (most-len(begin)-len(end))/len(unit)) + end)
	}
	var group sync.WaitGroup
	for what, r := range map[string]struct {
		body   []byte
		status int
		words  string
	}{
		"deep arrays":        {fill("", "[", ""), 400, "Failed to parse"},
		"10,000 levels":      {[]byte(`{"action":"receive","messages":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + "}"), 400, "Failed to parse"},
		"deep objects":       {fill(`{"action":"receive","x":`, `{"a":`, ""), 400, "Failed to parse"},
		"millions of mails":  {fill(`{"action":"receive","messages":[""`, `,""`, `]}`), 413, "messages"},
		"millions of things": {fill(`{"action":"receive","messages":[0`, `,0`, `]}`), 413, ""},
		"millions of fields": {fill(`{"action":"receive"`, `,"a":0`, `}`), 413, ""},
		"one long mail":      {fill(`{"action":"receive","messages":["`, `a`, `"]}`), 413, "larger than"},
		"many escapes":       {fill(`{"action":"receive","messages":["`, `\u0041`, `"]}`), 400, ""},
		"a long action":      {fill(`{"action":"`, `a`, `"}`), 400, "Unknown action"},
		"a long identity":    {fill(`{"action":"auth-new","selector":"a","pubkey":"a","identity":"`, `a`, `"}`), 400, ""},
		"a long key":         {fill(`{"action":"auth-new","selector":"a","identity":"a@example.com","pubkey":"`, `a`, `"}`), 413, "public key"},
		"a long statement":   {fill(`{"action":"auth-verify","msg":"`, `a\n`, `"}`), 400, "Invalid verification message"},
		"many header fields": {fill(`{"action":"receive","messages":["From: a@example.com\n`, `X: y\n`, `\n\nText.\n"]}`), 413, ""},
		"nonsense":           {fill("", "nonsense", ""), 400, "Failed to parse"},
		"nothing but space":  {fill("", " ", ""), 400, "Payload required"},
	} {
		for range sized(2, 6) {
			group.Go(func() { s.refused(what, r.body, r.status, r.words) })
		}
	}
	group.Wait()
}

// endless is a text again and again.
type endless struct {
	text string
	at   int
}

func (e *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], e.text[e.at:])
		n, e.at = n+copied, (e.at+copied)%len(e.text)
	}
	return n, nil
}

// Requests that are none.
func formlessRequests(s *siege) {
	for what, r := range map[string]struct {
		request string
		status  int
		words   string // "": an answer that net/http gives, which is no JSON
	}{
		"PUT":                  {request("PUT", "Content-Length: 2\r\n", "{}"), 405, "Method not allowed"},
		"DELETE":               {request("DELETE", "", ""), 405, "Method not allowed"},
		"OPTIONS":              {request("OPTIONS", "", ""), 405, "Method not allowed"},
		"TRACE":                {request("TRACE", "", ""), 405, "Method not allowed"},
		"a method of its own":  {request("BREW", "", ""), 405, "Method not allowed"},
		"no body":              {request("POST", "", ""), 400, "Payload required"},
		"an empty body":        {request("POST", "Content-Length: 0\r\n", ""), 400, "Payload required"},
		"no header, HTTP/1.0":  {"POST /_b4_submit HTTP/1.0\r\n\r\n", 400, "Payload required"},
		"chunks":               {request("POST", "Transfer-Encoding: chunked\r\n", "4\r\nnull\r\n0\r\n\r\n"), 400, "Failed to parse"},
		"another path":         {"POST /admin HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404, "nothing here"},
		"null":                 {request("POST", "Content-Length: 4\r\n", "null"), 400, "Failed to parse"},
		"an array":             {request("POST", "Content-Length: 2\r\n", "[]"), 400, "Failed to parse"},
		"no action":            {request("POST", "Content-Length: 2\r\n", "{}"), 400, "Missing the action"},
		"two values":           {request("POST", "Content-Length: 4\r\n", "{}{}"), 400, "Failed to parse"},
		"messages as a string": {request("POST", "Content-Length: 39\r\n", `{"action":"receive","messages":"hello"}`), 400, "Invalid messages array"},
		"no UTF-8":             {request("POST", "Content-Length: 15\r\n", "{\"action\":\"\xff\xfe\"}"), 400, "Unknown action"},
		"no Host":              {"POST /_b4_submit HTTP/1.1\r\n\r\n", 400, ""},
		"two lengths":          {request("POST", "Content-Length: 2\r\nContent-Length: 4\r\n", "null"), 400, ""},
		"a negative length":    {request("POST", "Content-Length: -1\r\n", ""), 400, ""},
		"a strange encoding":   {request("POST", "Transfer-Encoding: gzip\r\n", ""), 501, ""},
		"a huge header":        {request("POST", "X: "+strings.Repeat("a", 1<<20)+"\r\n", ""), 431, ""},
		"many fields":          {request("POST", strings.Repeat("X: a\r\n", 100_000), ""), 431, ""},
		"a long path":          {"POST /" + strings.Repeat("a", 1<<20) + " HTTP/1.1\r\nHost: x\r\n\r\n", 431, ""},
		"a header of bytes":    {request("POST", "X\x00: \x01\r\n", ""), 400, ""},
		"a greeting in TLS":    {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400, ""},
		"a greeting in SMTP":   {"EHLO mail.example.org\r\n\r\n", 400, ""},
		"a page that is read":  {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 405, "Method not allowed"},
	} {
		statuses, messages, err := s.raw(r.request, 1)
		if err != nil || statuses[0] != r.status || !strings.Contains(messages[0], r.words) {
			s.t.Errorf("%s: %v %q %v, want %d %q", what, statuses, messages, err, r.status, r.words)
		}
	}
}

// Many requests in one piece, and requests that hide behind others.
func pipelines(s *siege) {
	describe := request("POST", "Content-Length: 21\r\n", `{"action":"describe"}`)
	statuses, _, err := s.raw(strings.Repeat(describe, 50), 50)
	if err != nil || strings.Trim(fmt.Sprint(statuses), "[]") != strings.TrimSpace(strings.Repeat("200 ", 50)) {
		s.t.Errorf("50 requests at once: %v %v", statuses, err)
	}
	// What follows a refused body is not read as a request.
	hidden := request("POST", fmt.Sprintf("Content-Length: %d\r\n", 11<<20), describe+describe)
	if statuses, _, err := s.raw(hidden, 2); len(statuses) != 1 || statuses[0] != 413 {
		s.t.Errorf("requests in a body: %v %v", statuses, err)
	}
	// Of length and chunks, chunks count, and the connection ends.
	both := request("POST", fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n", 5+len(describe)), "0\r\n\r\n"+describe)
	if statuses, _, err := s.raw(both, 2); len(statuses) == 0 || statuses[0] != 400 {
		s.t.Errorf("length and chunks: %v %v", statuses, err)
	}
}

// More connections than anybody needs. Those that are too many end at once;
// others can still come.
func idleConnections(s *siege) {
	from := s.address()
	var open []net.Conn
	for range sized(300, 3000) {
		d := net.Dialer{LocalAddr: from, Timeout: patience}
		conn, err := d.Dial("tcp", s.at(0).web)
		if err != nil {
			s.t.Fatal(err)
		}
		defer conn.Close()
		open = append(open, conn)
	}
	left := 0
	for _, conn := range open {
		conn.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		if _, err := conn.Read(make([]byte, 1)); err != nil && !errors.Is(err, io.EOF) {
			if timeout := net.Error(nil); errors.As(err, &timeout) && timeout.Timeout() {
				left++
			}
		}
	}
	if left > 200 {
		s.t.Errorf("%d idle connections of one network are open", left)
	}
}
