package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/relay"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

var epoch = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)

// A world is a service with a clock of its own.
type world struct {
	t      *testing.T
	server *Server
	store  *store.Store
	http   *httptest.Server
	log    *logged
	clock  *clock
}

// in is the same world, for a subtest.
func (w *world) in(t *testing.T) *world {
	inner := *w
	inner.t = t
	return &inner
}

type clock struct {
	lock sync.Mutex
	time time.Time
}

func (c *clock) now() time.Time {
	c.lock.Lock()
	defer c.lock.Unlock()
	return c.time
}

func (c *clock) wait(d time.Duration) {
	c.lock.Lock()
	defer c.lock.Unlock()
	c.time = c.time.Add(d)
}

// logged keeps what was logged.
type logged struct {
	lock sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.text.String()
}

func testConfig(t *testing.T) Config {
	t.Helper()
	u, err := url.Parse("https://send.example.net/_b4_submit")
	if err != nil {
		t.Fatal(err)
	}
	list, err := Destination(`[a-z-]+@lists\.example\.net`)
	if err != nil {
		t.Fatal(err)
	}
	limits := StandardLimits()
	limits.Requests, limits.AtOnce = 1_000_000, 1000
	limits.Challenges, limits.ChallengesDomain, limits.ChallengesNetwork, limits.Received = 1000, 1000, 1000, 100_000
	home := t.TempDir()
	return Config{
		URL: u, Version: "test", Mail: relay.Service{Name: "Test Endpoint", From: patchmail.Address{Mailbox: "devnull@relay.example.net"}, Delimiter: "+"},
		Destinations: []*regexp.Regexp{list}, MaxAge: StandardMaxAge, KeyWait: StandardKeyWait, Challenge: StandardTemplate(), Limits: limits,
		Programs: attest.Programs{Env: gittest.Env(home), Scratch: filepath.Join(home, "scratch")}, Scratch: t.TempDir(),
		Proxies: nil, Monitors: nil,
	}
}

// newWorld serves over SQLite; change adjusts the configuration.
func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	return worldOn(t, filepath.Join(t.TempDir(), "q.db"), change)
}

func worldOn(t *testing.T, database string, change func(*Config)) *world {
	t.Helper()
	s, err := store.Open(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	c := testConfig(t)
	if change != nil {
		change(&c)
	}
	w := &world{t: t, store: s, clock: &clock{time: epoch}, log: &logged{}}
	w.server, err = New(t.Context(), c, s, Surroundings{Now: w.now, Random: &locked{from: rand.NewChaCha8([32]byte{1})}, Log: slog.New(slog.NewJSONHandler(w.log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	w.http = httptest.NewServer(w.server)
	t.Cleanup(w.http.Close)
	return w
}

// locked lets several draw from one source.
type locked struct {
	lock sync.Mutex
	from io.Reader
}

func (l *locked) Read(p []byte) (int, error) {
	l.lock.Lock()
	defer l.lock.Unlock()
	return l.from.Read(p)
}

func (w *world) now() time.Time { return w.clock.now() }

func (w *world) wait(d time.Duration) { w.clock.wait(d) }

// do sends a request, and checks the form that every answer has.
func (w *world) do(r *http.Request) (int, endpoint.Answer) {
	w.t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	var a endpoint.Answer
	if kind := response.Header.Get("Content-Type"); kind != "application/json" || json.Unmarshal(body, &a) != nil {
		w.t.Fatalf("%s %s: %d %s %q is no answer", r.Method, r.URL, response.StatusCode, kind, body)
	}
	if good := response.StatusCode == http.StatusOK; a.Message == "" || good != (a.Result == endpoint.Success) || !good && a.Result != endpoint.Failure {
		w.t.Fatalf("%s %s: %d %s says neither yes nor no", r.Method, r.URL, response.StatusCode, body)
	}
	return response.StatusCode, a
}

func (w *world) post(body string) (int, endpoint.Answer) {
	w.t.Helper()
	r, err := http.NewRequest(http.MethodPost, w.http.URL+"/_b4_submit", strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.do(r)
}

func (w *world) ask(request endpoint.Request) (int, endpoint.Answer) {
	w.t.Helper()
	data, err := json.Marshal(request)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.post(string(data))
}

// good asks for what must succeed.
func (w *world) good(request endpoint.Request) endpoint.Answer {
	w.t.Helper()
	status, a := w.ask(request)
	if status != http.StatusOK {
		w.t.Fatalf("%s: %d %+v", request.Action, status, a)
	}
	return a
}

// refused asks for what must be refused.
func (w *world) refused(request endpoint.Request, status int, words string) endpoint.Answer {
	w.t.Helper()
	got, a := w.ask(request)
	if got != status || !strings.Contains(a.Message, words) {
		w.t.Fatalf("%s: %d %q, want %d %q", request.Action, got, a.Message, status, words)
	}
	return a
}

// next takes the oldest submission out of the queue, nil when it is empty, and
// has all of it delivered.
func (w *world) next() *store.Submission {
	w.t.Helper()
	sub, err := w.store.Claim(w.t.Context(), "test", time.Minute, w.now())
	if err != nil {
		w.t.Fatal(err)
	}
	if sub != nil {
		w.deliver(sub)
	}
	return sub
}

// deliver has all of a submission delivered.
func (w *world) deliver(sub *store.Submission) {
	w.t.Helper()
	for _, m := range sub.Messages {
		for _, d := range m.Deliveries {
			if err := w.store.Record(w.t.Context(), sub, m.ID, []sendmail.Receipt{{Recipient: d.Recipient, State: sendmail.Accepted, Time: w.now()}}); err != nil {
				w.t.Fatal(err)
			}
		}
	}
	if _, err := w.store.Release(w.t.Context(), sub, w.now()); err != nil {
		w.t.Fatal(err)
	}
}

// mail is the next notice to an identity.
func (w *world) mail(identity string) string {
	w.t.Helper()
	sub := w.next()
	if sub == nil || sub.Kind != store.Notice || len(sub.Messages) != 1 ||
		sub.Messages[0].Deliveries[0].Recipient != identity || len(sub.Messages[0].Deliveries) != 1 {
		w.t.Fatalf("no notice to %s: %s", identity, brief(sub))
	}
	return string(sub.Messages[0].Relayed)
}

// brief is a submission for people.
func brief(sub *store.Submission) string {
	if sub == nil {
		return "nothing"
	}
	text := fmt.Sprintf("%s by %s:", sub.Kind, sub.Identity)
	for _, m := range sub.Messages {
		text += fmt.Sprintf(" %s to %v;", m.MessageID, m.Deliveries)
	}
	return text
}

func (w *world) empty() {
	w.t.Helper()
	if sub := w.next(); sub != nil {
		w.t.Fatalf("queued: %s", brief(sub))
	}
}

// A person has a key.
type person struct {
	t                    *testing.T
	identity, selector   string
	public, fingerprint  string
	signer               *attest.Signer
	message, statementNo int
}

func newPerson(t *testing.T, identity, selector string, seed byte) *person {
	t.Helper()
	s := attest.Settings{DataDir: t.TempDir(), Identity: identity, Selector: selector}
	key, err := s.NewKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), "key", identity, false)
	if err != nil {
		t.Fatal(err)
	}
	s.Key = "ed25519:" + key.Private
	signer, err := s.Signer("")
	if err != nil {
		t.Fatal(err)
	}
	public := readFile(t, key.Public)
	return &person{t: t, identity: identity, selector: selector, public: public, fingerprint: key.Fingerprint, signer: signer}
}

func (p *person) sign(raw string, now time.Time) string {
	p.t.Helper()
	signed, err := p.signer.Sign(context.Background(), []byte(raw), now)
	if err != nil {
		p.t.Fatal(err)
	}
	return string(signed)
}

func (p *person) enrolment() endpoint.Request {
	return endpoint.Request{Action: endpoint.ActionNew, Name: "Eve <other@example.com>, Mallory", Identity: p.identity, Selector: p.selector, PublicKey: p.public}
}

// statement is one that is right.
func (p *person) statement(purpose endpoint.Purpose) endpoint.Statement {
	p.statementNo++
	s := endpoint.Statement{Purpose: purpose, URL: "https://send.example.net/_b4_submit", Identity: p.identity, Selector: p.selector, Key: p.fingerprint}
	if purpose != endpoint.PurposeVerify {
		s.Nonce = fmt.Sprint(p.statementNo)
	}
	return s
}

func (p *person) state(s endpoint.Statement, now time.Time) string {
	p.t.Helper()
	raw, err := s.Mail(fmt.Sprintf("s%d@client.example", p.statementNo), now)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.sign(string(raw), now)
}

var challengeLine = regexp.MustCompile(`(?m)^([0-9a-f]{32})$`)

// challenge asks for one, and reads it from the mail.
func (w *world) challenge(p *person) string {
	w.t.Helper()
	w.good(p.enrolment())
	return w.mailedChallenge(p)
}

func (w *world) mailedChallenge(p *person) string {
	w.t.Helper()
	found := challengeLine.FindStringSubmatch(w.mail(p.identity))
	if found == nil {
		w.t.Fatal("no challenge alone on a line")
	}
	return found[1]
}

// answer is the request that answers a challenge, as b4 does it.
func (w *world) answer(p *person, challenge string) endpoint.Request {
	w.t.Helper()
	mail := fmt.Sprintf("From: %s\nSubject: b4-send-verify\nMIME-Version: 1.0\nContent-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: 8bit\n\nverify:%s\n", p.identity, challenge)
	return endpoint.Request{Action: endpoint.ActionVerify, Msg: p.sign(mail, w.now())}
}

// enrolled enrols a person who has no other key.
func (w *world) enrolled(p *person) *person {
	w.t.Helper()
	w.good(w.answer(p, w.challenge(p)))
	w.mail(p.identity)
	return p
}

const diff = "---\n f | 1 +\n 1 file changed, 1 insertion(+)\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -0,0 +1 @@\n+x\n"

// patch is a mail that is accepted; replace changes it before it is signed.
func (p *person) patch(now time.Time, replace ...string) string {
	p.t.Helper()
	p.message++
	mail := fmt.Sprintf("From: Kim Example <%s>\nDate: %s\nSubject: [PATCH %d/9] fix: leak\nMessage-ID: <%d@client.example>\nTo: kernel@lists.example.net\nCc: Ann <ann@example.com>\n"+
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nText.\n%s",
		p.identity, now.Format(time.RFC1123Z), p.message, p.message, diff)
	return p.sign(strings.NewReplacer(replace...).Replace(mail), now)
}

func receive(messages ...string) endpoint.Request {
	return endpoint.Request{Action: endpoint.ActionReceive, Messages: messages}
}
