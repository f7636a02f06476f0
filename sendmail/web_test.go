package sendmail

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/internal/mailtest"
)

// describes makes a test server one of kprep's kind.
const describes = `{"name":"Test","url":"URL","algorithms":["ed25519"],"relay-from":"relay@example.org","max-messages":100,"max-message":1000000,"max-request":10000000}`

// webTo is the transport to an endpoint that has two seconds for its answer.
func webTo(t *testing.T, w *mailtest.Web, more ...string) *Web {
	t.Helper()
	settings, err := ReadSettings(append(testConfig{"kprep.endpoint=" + w.URL(), "kprep.smtp-timeout=2"}, more...), "", false)
	if err != nil {
		t.Fatal(err)
	}
	settings.Agent = "kprep/test"
	tr, err := OpenTransport(settings, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tr.(*Web)
}

// signedJournal is the journal of a series whose messages are signed, and have
// the message-ids in their headers.
func signedJournal(t *testing.T, n int) *Journal {
	t.Helper()
	return signedJournalOf(t, n, "")
}

// signedJournalOf is signedJournal with more text in the messages.
func signedJournalOf(t *testing.T, n int, text string) *Journal {
	t.Helper()
	messages := series(n)
	for i := range messages {
		messages[i].Raw = append(messages[i].Raw, text...)
		messages[i].Raw = append([]byte("X-Test: "+fmt.Sprint(i)+"\nMessage-ID: <"+messages[i].ID+">\n"), messages[i].Raw...)
	}
	j, err := Create(filepath.Join(t.TempDir(), "v1", "0001-send"), Plan{
		Kind: "send", ChangeID: "20260101-change-0123456789ab", Revision: 1, EnvelopeFrom: "me@example.org", Signer: &Signer{Key: "ed25519:test"},
	}, each(messages))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	return j
}

// numbers are those of the messages that an endpoint took.
func numbers(w *mailtest.Web) string {
	var all []string
	for _, m := range w.Messages() {
		_, rest, _ := strings.Cut(m, "X-Test: ")
		all = append(all, rest[:1])
	}
	return strings.Join(all, " ")
}

func TestWebSendsAllInOneRequest(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mailtest.WebOptions{
		"b4's kind": {}, "kprep's kind": {Describe: describes},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := mailtest.StartWeb(t, o)
			j := signedJournal(t, 2)
			var done []int
			sum, err := quickly().Run(t.Context(), j, webTo(t, w), func(e Event) {
				if e.Done {
					done = append(done, e.Message*10+len(e.Receipts))
				}
			})
			if err != nil || sum.Status() != 0 || !sum.Complete || sum.Stopped != "" || !slices.Equal(done, []int{3, 13, 23}) {
				t.Fatalf("%+v, %v, %v", sum, err, done)
			}
			if numbers(w) != "0 1 2" {
				t.Errorf("took %s", numbers(w))
			}
			for i, m := range w.Messages() {
				if planned, err := j.Message(i); err != nil || string(planned.Raw) != m {
					t.Errorf("message %d: other bytes", i)
				}
			}
			if sum, err := quickly().Run(t.Context(), reopen(t, j), nil, nil); err != nil || sum.Status() != 0 {
				t.Errorf("second run: %+v, %v", sum, err)
			}
		})
	}
}

// Every row of the matrix (spec/mail.md 4.4): what is known afterwards, and
// that going on sends only what certainly did not arrive.
func TestF48ToF53(t *testing.T) {
	t.Parallel()
	const json = "application/json"
	for name, c := range map[string]struct {
		fault  mailtest.WebFault
		states string
		status int
		says   string
	}{
		"F48 a crash":                            {mailtest.WebFault{Status: 500, Type: json, Body: `{"title":"500 Internal Server Error"}`}, "unknown unknown unknown", 4, "500"},
		"F48 a page":                             {mailtest.WebFault{Status: 502, Type: "text/html", Body: "<html>\x1b[31mBad", Keep: -1}, "unknown unknown unknown", 4, `\x1b[31mBad`},
		"F49 an error":                           {mailtest.WebFault{Status: 500, Type: json, Body: `{"result":"error","message":"This service only accepts patches"}`}, "refused refused refused", 1, "only accepts patches"},
		"F49 an error that names messages":       {mailtest.WebFault{Status: 403, Type: json, Body: `{"result":"error","messages":[{"message-id":"ID0","state":"refused","reason":"no diff"}]}`}, "refused refused refused", 1, "no diff"},
		"F49 an error that passes":               {mailtest.WebFault{Status: 429, Type: json, Body: `{"result":"error","message":"slowly","retry-after":3}`}, "deferred deferred deferred", 1, "slowly"},
		"F49 one that passes and names messages": {mailtest.WebFault{Status: 503, Type: json, Body: `{"result":"error","message":"away","retry-after":60,"messages":[{"message-id":"ID0","state":"refused","reason":"no database"}]}`}, "deferred deferred deferred", 1, "no database"},
		"F50 no answer":                          {mailtest.WebFault{Hang: true, Keep: -1}, "unknown unknown unknown", 4, "no answer came in time"},
		"F51 accepted, the answer lost":          {mailtest.WebFault{Drop: true, Keep: -1}, "unknown unknown unknown", 4, "the connection ended"},
		"F52 a part accepted, then a crash":      {mailtest.WebFault{Status: 500, Type: json, Body: `{"title":"500 Internal Server Error"}`, Keep: 2}, "unknown unknown unknown", 4, "500"},
		"F52 an error that names what is in":     {mailtest.WebFault{Status: 502, Type: json, Keep: 1, Body: `{"result":"error","messages":[{"message-id":"ID0","state":"mailed"},{"message-id":"ID1","state":"unknown"},{"message-id":"ID2","state":"refused","reason":"late"}]}`}, "accepted unknown refused", 4, ""},
		"F52 success that passes over one":       {mailtest.WebFault{Status: 200, Type: json, Keep: 2, Body: `{"result":"success","messages":[{"message-id":"ID0","state":"queued"},{"message-id":"ID1","state":"queued"}]}`}, "accepted accepted unknown", 4, ""},
		"F52 success for others":                 {mailtest.WebFault{Status: 200, Type: json, Body: `{"result":"success","messages":[{"message-id":"a@b","state":"queued"}]}`}, "unknown unknown unknown", 4, "makes no sense"},
		"F53 other JSON":                         {mailtest.WebFault{Status: 200, Type: json, Body: `{"ok":true}`}, "unknown unknown unknown", 4, ""},
		"a redirect":                             {mailtest.WebFault{Status: 302, Location: "https://elsewhere.example.org/"}, "unknown unknown unknown", 4, "elsewhere.example.org"},
		"an answer without end":                  {mailtest.WebFault{Huge: true, Status: 200}, "unknown unknown unknown", 4, "longer"},
		"a recipient refused by the mail server": {mailtest.WebFault{Status: 200, Type: json, Keep: -1, Body: `{"result":"success","messages":[{"message-id":"ID0","state":"mailed"},` +
			`{"message-id":"ID1","state":"mailed","refused":{"bob@example.org":"550 no\nsuch user"}},{"message-id":"ID2","state":"mailed"}]}`}, "accepted accepted/refused/accepted accepted", 3, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := signedJournal(t, 2)
			for i, m := range j.plan.Messages {
				c.fault.Body = strings.ReplaceAll(c.fault.Body, fmt.Sprint("ID", i), m.ID)
			}
			w := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{c.fault}})
			sum, err := quickly().Run(t.Context(), j, webTo(t, w), nil)
			if err != nil || states(j) != c.states || sum.Status() != c.status || !strings.Contains(sum.Stopped, c.says) || strings.Contains(sum.Stopped, "\x1b") {
				t.Fatalf("%s, status %d, %q, %v; want %s, %d, %q", states(j), sum.Status(), sum.Stopped, err, c.states, c.status, c.says)
			}
			before := numbers(w)
			w.Heal()
			j = reopen(t, j)
			if _, err := quickly().Run(t.Context(), j, webTo(t, w), nil); err != nil {
				t.Fatal(err)
			}
			want := before
			if strings.Contains(c.states, "deferred") {
				want = "0 1 2"
			}
			if numbers(w) != want {
				t.Errorf("after going on it has %q, before it had %q", numbers(w), before)
			}
			for _, d := range j.Doubts() {
				if d.Via != w.URL() {
					t.Errorf("message %d may be at %q", d.Message, d.Via)
				}
			}
		})
	}
}

// What certainly did not leave is sent when the service is there again.
func TestWebNotSent(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]mailtest.WebFault{
		"a reset while it is sent":          {Reset: true},
		"an answer before all is read":      {Early: true, Status: 413, Type: "text/html", Body: "too large"},
		"a description that is none":        {Action: endpoint.ActionDescribe, Status: 404, Type: "text/html", Body: "not found"},
		"a redirect before anything leaves": {Action: endpoint.ActionDescribe, Status: 301, Location: "https://elsewhere.example.org/"},
		"a service that is down":            {Action: endpoint.ActionDescribe, Status: 503, Type: "text/html", Body: "down"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{f}})
			text := ""
			if f.Early || f.Reset { // more than what is on the way at once
				text = strings.Repeat("a line\n", 400_000)
			}
			j := signedJournalOf(t, 2, text)
			sum, err := quickly().Run(t.Context(), j, webTo(t, w), nil)
			if err == nil || states(j) != "pending pending pending" || sum.Status() != 1 || len(w.Messages()) != 0 {
				t.Fatalf("%s, %+v, %v", states(j), sum, err)
			}
			w.Heal()
			if sum, err = quickly().Run(t.Context(), reopen(t, j), webTo(t, w, "kprep.smtp-timeout=60"), nil); err != nil || sum.Status() != 0 || numbers(w) != "0 1 2" {
				t.Errorf("going on: %+v, %v, %s", sum, err, numbers(w))
			}
		})
	}
}

// The record is on the disk before the end of the request leaves; without it
// nothing does.
func TestWebRecordComesFirst(t *testing.T) {
	t.Parallel()
	w := mailtest.StartWeb(t, mailtest.WebOptions{})
	j := signedJournal(t, 2)
	j.log.err = &LogError{Err: errors.New("no space left")}
	sum, err := quickly().Run(t.Context(), j, webTo(t, w), nil)
	if !errors.As(err, new(*LogError)) || sum.Status() != 1 || len(w.Messages()) != 0 {
		t.Errorf("%+v, %v, %d messages", sum, err, len(w.Messages()))
	}
}

// A process that dies while it waits for the answer leaves what it sent as
// unknown, and says where it would be.
func TestWebDied(t *testing.T) {
	t.Parallel()
	w := mailtest.StartWeb(t, mailtest.WebOptions{})
	j := signedJournal(t, 2)
	dead := filepath.Join(t.TempDir(), "v1", "0001-send")
	answers := 0
	_, err := quickly().Run(t.Context(), j, webTo(t, w), func(e Event) {
		if e.Step == "answer" {
			if answers++; answers == 2 { // of the description, then of the messages
				if err := os.CopyFS(dead, os.DirFS(j.Dir())); err != nil {
					t.Error(err)
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	j, err = OpenJournal(dead)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	if states(j) != "unknown unknown unknown" || len(j.Doubts()) != 3 || j.Doubts()[0].Via != w.URL() {
		t.Errorf("%s, %+v", states(j), j.Doubts())
	}
}

func TestWebInterrupted(t *testing.T) {
	t.Parallel()
	w := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{{Hang: true}}})
	j := signedJournal(t, 1)
	ctx, cancel := context.WithCancel(t.Context())
	began := time.Now()
	tr := webTo(t, w, "kprep.smtp-timeout=300")
	tr.grace = 100 * time.Millisecond
	answers := 0
	sum, err := quickly().Run(ctx, j, tr, func(e Event) {
		if e.Step == "answer" {
			if answers++; answers == 2 {
				cancel()
			}
		}
	})
	if states(j) != "unknown unknown" || sum.Status() != 4 || time.Since(began) > 20*time.Second {
		t.Errorf("%s, %+v, %v", states(j), sum, err)
	}
	// Before anything left, nothing does.
	j = signedJournal(t, 1)
	if _, err := quickly().Run(ctx, j, webTo(t, w), nil); !errors.Is(err, context.Canceled) || states(j) != "pending pending" {
		t.Errorf("%s, %v", states(j), err)
	}
}

// A service that asks for a pause gets it, and is asked again.
func TestWebWaits(t *testing.T) {
	t.Parallel()
	w := mailtest.StartWeb(t, mailtest.WebOptions{Faults: []mailtest.WebFault{{Status: 429, Type: "application/json", Body: `{"result":"error","message":"slowly","retry-after":30}`}}})
	j := signedJournal(t, 1)
	var waited []time.Duration
	policy := Policy{sleep: func(_ context.Context, d time.Duration) error {
		waited = append(waited, d)
		w.Heal()
		return nil
	}}
	if sum, err := policy.Run(t.Context(), j, webTo(t, w), nil); err != nil || sum.Status() != 0 || !slices.Equal(waited, []time.Duration{30 * time.Second}) || numbers(w) != "0 1" {
		t.Errorf("%+v, %v, waited %v, took %s", sum, err, waited, numbers(w))
	}
}

func TestWebRefusesHere(t *testing.T) {
	t.Parallel()
	w := mailtest.StartWeb(t, mailtest.WebOptions{})
	if _, err := quickly().Run(t.Context(), journalOf(t, series(1)), webTo(t, w), nil); !errors.Is(err, ErrUnsigned) {
		t.Errorf("unsigned: %v", err)
	}
	j := signedJournal(t, 1)
	if err := j.Append(receipts(1, []string{bob}, Accepted, AtDot, 250, "ok")...); err != nil {
		t.Fatal(err)
	}
	if _, err := quickly().Run(t.Context(), j, webTo(t, w), nil); !errors.As(err, new(*PartlySentError)) {
		t.Errorf("partly sent: %v", err)
	}
	small := mailtest.StartWeb(t, mailtest.WebOptions{Describe: strings.ReplaceAll(strings.ReplaceAll(describes, "1000000,", "100,"), `"max-messages":100,`, `"max-messages":3,`)})
	if _, err := quickly().Run(t.Context(), signedJournal(t, 1), webTo(t, small), nil); !errors.As(err, new(*TooLargeError)) {
		t.Errorf("too large: %v", err)
	}
	if _, err := quickly().Run(t.Context(), signedJournal(t, 3), webTo(t, small), nil); err == nil || !strings.Contains(err.Error(), "at most 3 messages") {
		t.Errorf("too many: %v", err)
	}
	if n := len(w.Messages()) + len(small.Messages()); n > 0 {
		t.Errorf("%d messages left", n)
	}
}

func TestChoosesTheEndpoint(t *testing.T) {
	t.Parallel()
	const url = "https://send.example.org/_b4_submit"
	for name, c := range map[string]struct {
		config testConfig
		use    bool
		want   string
	}{
		"the only way":            {testConfig{"kprep.endpoint=" + url}, false, "the web endpoint " + url},
		"b4's setting":            {testConfig{"b4.send-endpoint-web=" + url}, false, "the web endpoint " + url},
		"ours comes first":        {testConfig{"b4.send-endpoint-web=https://b4.example.org/", "kprep.endpoint=" + url}, false, "the web endpoint " + url},
		"another way is there":    {testConfig{"kprep.endpoint=" + url, "sendemail.smtpServer=127.0.0.1"}, false, "127.0.0.1:25 (in the clear)"},
		"a command is there":      {testConfig{"kprep.endpoint=" + url, "sendemail.sendmailCmd=true"}, false, "the command true"},
		"asked for all the same":  {testConfig{"kprep.endpoint=" + url, "sendemail.smtpServer=127.0.0.1"}, true, "the web endpoint " + url},
		"asked for and not there": {testConfig{"sendemail.smtpServer=127.0.0.1"}, true, "no web endpoint is configured: set kprep.endpoint to its URL"},
		"over plain http":         {testConfig{"kprep.endpoint=http://send.example.org/"}, false, "the web endpoint http://send.example.org/: http is for this machine only, others have to be reached by https"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings, err := ReadSettings(c.config, "", false)
			if err != nil {
				t.Fatal(err)
			}
			settings.UseEndpoint = c.use
			tr, err := OpenTransport(settings, nil)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = tr.String()
			}
			if got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestWebCertificate(t *testing.T) {
	t.Parallel()
	w := mailtest.StartWeb(t, mailtest.WebOptions{TLS: true})
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, w.CA(), 0o600); err != nil {
		t.Fatal(err)
	}
	if sum, err := quickly().Run(t.Context(), signedJournal(t, 1), webTo(t, w, "http.sslCAInfo="+file), nil); err != nil || sum.Status() != 0 {
		t.Errorf("trusted: %+v, %v", sum, err)
	}
	if _, err := quickly().Run(t.Context(), signedJournal(t, 1), webTo(t, w), nil); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("not trusted: %v", err)
	}
}

// A refusal of the whole series is one thing, whichever message it names: it is
// told once, and put off where the service says when to try again.
func TestWebRefusesAsAWhole(t *testing.T) {
	t.Parallel()
	w := webTo(t, mailtest.StartWeb(t, mailtest.WebOptions{}))
	messages := []Numbered{{0, Outgoing{ID: "a@b", Recipients: []string{"list@example.org", "kim@example.org"}}}, {1, Outgoing{ID: "c@d", Recipients: []string{"list@example.org"}}}}
	named := []endpoint.Fate{{MessageID: "a@b", State: endpoint.Rejected, Reason: "no"}}
	for name, c := range map[string]struct {
		after int
		fates []endpoint.Fate
		want  []State
		alike bool
	}{
		"for good, naming no message": {0, nil, []State{Refused, Refused, Refused}, true},
		"for good, naming a message":  {0, named, []State{Refused, Refused, Refused}, true},
		"for now, naming a message":   {60, named, []State{Deferred, Deferred, Deferred}, true},
		"but for what it took":        {60, append(named, endpoint.Fate{MessageID: "c@d", State: endpoint.Queued}), []State{Deferred, Deferred, Accepted}, false},
	} {
		got, err := w.receipts(messages, []string{"a@b", "c@d"}, endpoint.Answer{},
			&endpoint.RefusedError{Status: 503, Answer: endpoint.Answer{Result: endpoint.Failure, Message: "no", Messages: c.fates, RetryAfter: c.after}})
		if err != nil || len(got) != len(c.want) {
			t.Fatalf("%s: %+v, %v", name, got, err)
		}
		for i, r := range got {
			if r.State != c.want[i] || c.alike != (r.Reply == got[0].Reply) && i == 2 {
				t.Errorf("%s: receipt %d is %s, %q", name, i, r.State, r.Reply)
			}
		}
	}
}
