package server

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/internal/pgtest"
	"github.com/kprep/kprep/sendmail"
)

var linkLine = regexp.MustCompile(`(?m)^https://\S+\?stop=\S+$`)

func base64Text(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) + "\n" }

func (w *world) text(r *http.Request) (int, string) {
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
	return response.StatusCode, html.UnescapeString(string(body))
}

// The way of a series, on both databases.
func TestReceive(t *testing.T) {
	t.Parallel()
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		testReceive(t, newWorld(t, nil))
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		t.Parallel()
		testReceive(t, worldOn(t, pgtest.Start(t).Database(t, "q"), nil))
	})
}

func testReceive(t *testing.T, w *world) {
	p := w.enrolled(kim(t, "default", 1))
	series := []string{p.patch(epoch), p.patch(epoch), p.patch(epoch)}
	status := func(want ...string) {
		t.Helper()
		s := p.statement(endpoint.PurposeStatus)
		s.Messages = []string{"3@client.example", "1@client.example", "7@client.example"}
		a := w.good(endpoint.Request{Action: endpoint.ActionStatus, Msg: p.state(s, w.now())})
		var got []string
		for _, f := range a.Messages {
			got = append(got, f.MessageID+" "+f.State)
		}
		if !slices.Equal(got, want) {
			t.Errorf("status %q, want %q", got, want)
		}
	}
	status("3@client.example absent", "1@client.example absent", "7@client.example absent")
	a := w.good(receive(series...))
	if a.Message != "Sent 3 messages for kim@example.org/default" || len(a.Messages) != 3 || a.Messages[1].State != endpoint.Queued || a.Messages[1].Subject != "[PATCH 2/9] fix: leak" {
		t.Errorf("answer: %+v", a)
	}
	status("3@client.example queued", "1@client.example queued", "7@client.example absent")
	sub := w.next()
	if sub == nil || sub.Kind != store.Receive || len(sub.Messages) != 3 || sub.Identity != "kim@example.org" || sub.Key != p.fingerprint || sub.Thread != "1@client.example" {
		t.Fatalf("queued: %s", brief(sub))
	}
	first := sub.Messages[0]
	if string(first.Raw) != series[0] || first.MessageID != "1@client.example" || first.EnvelopeFrom != "devnull+kim.example.org@relay.example.net" || first.Feed != store.FeedNone {
		t.Errorf("queued: %s", brief(sub))
	}
	if !strings.Contains(string(first.Relayed), "From: Kim Example via Test Endpoint <devnull+kim.example.org@relay.example.net>\n") {
		t.Errorf("what leaves:\n%s", first.Relayed)
	}
	if got := []string{first.Deliveries[0].Recipient, first.Deliveries[1].Recipient}; len(first.Deliveries) != 2 || !slices.Equal(got, []string{"kernel@lists.example.net", "ann@example.com"}) {
		t.Errorf("recipients: %+v", first.Deliveries)
	}
	status("3@client.example mailed", "1@client.example mailed", "7@client.example absent")

	// Once more, by whoever has a copy, also to others and with more behind.
	replayed := strings.Replace(series[0], "ann@example.com", "spam@example.com", 1)
	a = w.good(receive(replayed, series[1], p.patch(epoch)))
	if !a.Messages[0].Known || a.Messages[0].State != endpoint.Mailed || !a.Messages[1].Known || a.Messages[2].Known || !strings.Contains(a.Message, "2 of them were received before") {
		t.Errorf("answer: %+v", a)
	}
	if sub := w.next(); sub == nil || len(sub.Messages) != 1 || sub.Messages[0].MessageID != "4@client.example" {
		t.Errorf("queued: %s", brief(sub))
	}
	w.good(endpoint.Request{Action: endpoint.ActionReflect, Messages: series}) // nothing is mailed for it either
	w.empty()
	p.message = 0
	a = w.refused(receive(p.patch(epoch, "Text.", "Other text.")), 409, "Message 1 ([PATCH 1/9] fix: leak): the message-id <1@client.example> was used for another message")
	if len(a.Messages) != 1 || a.Messages[0].MessageID != "1@client.example" || a.Messages[0].State != endpoint.Rejected {
		t.Errorf("answer: %+v", a)
	}
	w.empty()

	p.message = 10
	if a := w.good(endpoint.Request{Action: endpoint.ActionReflect, Messages: []string{p.patch(epoch)}}); a.Message != "Reflected 1 messages for kim@example.org/default" {
		t.Errorf("answer: %+v", a)
	}
	if sub := w.next(); sub == nil || sub.Kind != store.Reflect || len(sub.Messages[0].Deliveries) != 1 || sub.Messages[0].Deliveries[0].Recipient != p.identity {
		t.Errorf("reflected: %s", brief(sub))
	}
	for _, to := range []string{"To: Ann <ann@example.com>", "X-No: list"} { // it goes to nobody else, so it needs no list
		w.good(endpoint.Request{Action: endpoint.ActionReflect, Messages: []string{p.patch(epoch, "To: kernel@lists.example.net", to, "Cc: Ann <ann@example.com>\n", "")}})
		if sub := w.next(); sub == nil || sub.Kind != store.Reflect || len(sub.Messages[0].Deliveries) != 1 || sub.Messages[0].Deliveries[0].Recipient != p.identity {
			t.Errorf("reflected: %s", brief(sub))
		}
	}
	w.good(endpoint.Request{Action: endpoint.ActionStatus, Msg: p.state(p.statement(endpoint.PurposeStatus), epoch)}) // of nothing: is the key enrolled?
	stranger := newPerson(t, "jo@example.org", "default", 9)
	w.refused(endpoint.Request{Action: endpoint.ActionStatus, Msg: stranger.state(stranger.statement(endpoint.PurposeStatus), epoch)}, 401, "No matching key")
	again := p.state(p.statement(endpoint.PurposeStatus), epoch)
	w.good(endpoint.Request{Action: endpoint.ActionStatus, Msg: again})
	w.refused(endpoint.Request{Action: endpoint.ActionStatus, Msg: again}, 409, "was used before")
}

// What section 2 of "web-endpoint" checks. A series with one bad message, the
// second, is refused as a whole, and the answer names it.
func TestReceiveRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.enrolled(kim(t, "default", 1))
	jo := w.enrolled(newPerson(t, "jo@example.org", "default", 2))
	laptop := kim(t, "laptop", 3)
	const subject = "[PATCH 2/9] fix: leak"
	for name, c := range map[string]struct {
		bad    func() string
		status int
		words  string
	}{
		"not a mail":            {func() string { return "hello" }, 400, "Invalid message payload"},
		"a body that is empty":  {func() string { return "From: kim@example.org\n\n" }, 400, "Not a valid RFC2822 message"},
		"NUL":                   {func() string { return p.patch(epoch) + "\x00" }, 400, "it holds NUL"},
		"not signed":            {func() string { return unsigned(p.patch(epoch)) }, 401, "Message is not signed"},
		"changed behind":        {func() string { return strings.Replace(p.patch(epoch), "+x", "+y", 1) }, 403, "Signature validation failed: the body is not what was signed"},
		"a changed subject":     {func() string { return strings.Replace(p.patch(epoch), "leak", "it", 1) }, 403, "Signature validation failed"},
		"a changed message-id":  {func() string { return strings.Replace(p.patch(epoch), "2@client", "99@client", 1) }, 403, "Signature validation failed"},
		"an unknown algorithm":  {func() string { return strings.Replace(p.patch(epoch), "ed25519-sha256", "ed25519-sha512", 1) }, 400, "single signing identity"},
		"another's key":         {func() string { jo.message = 1; return jo.patch(epoch) }, 400, "We only support a single signing identity across patch series."},
		"another selector":      {func() string { laptop.message = 1; return laptop.patch(epoch) }, 400, "single signing identity"},
		"no prefix":             {func() string { return p.patch(epoch, subject, "fix: leak") }, 400, "This service only accepts patches"},
		"a reply":               {func() string { return p.patch(epoch, subject, "Re: "+subject) }, 400, "This service only accepts patches"},
		"a prefix of something": {func() string { return p.patch(epoch, subject, "[DISPATCH] fix") }, 400, "This service only accepts patches"},
		"no diff":               {func() string { return p.patch(epoch, diff, "") }, 400, "This service only accepts patches"},
		"HTML":                  {func() string { return p.patch(epoch, "text/plain", "text/html") }, 400, "This service only accepts patches"},
		"no date":               {func() string { return p.patch(epoch, "Date: ", "X-Date: ") }, 400, "Message is missing some required headers"},
		"a date that is none":   {func() string { return p.patch(epoch, "Date: ", "Date: some ") }, 400, "Its Date is none"},
		"a message-id from elsewhere": {func() string {
			return strings.Replace(p.patch(epoch, "Message-ID: <2@client.example>\n", ""), "\nTo: ", "\nMessage-ID: <2@client.example>\nTo: ", 1)
		}, 403, "the header field message-id is not signed"},
		"no message-id":             {func() string { return p.patch(epoch, "Message-ID: ", "X-ID: ") }, 400, "Message is missing some required headers"},
		"a message-id that is none": {func() string { return p.patch(epoch, "<2@client.example>", "<2 @client.example>") }, 400, "Its Message-Id is none"},
		"a message-id twice":        {func() string { return p.patch(epoch, "<2@client", "<1@client") }, 400, "It has the message-id of message 1"},
		"from somebody else":        {func() string { return p.patch(epoch, "<kim@example.org>", "<jo@example.org>") }, 403, "it is signed by kim@example.org, and is by jo@example.org"},
		"for somebody else": {func() string {
			return p.patch(epoch, "<kim@example.org>", "<jo@example.org>", "Text.", "From: Kim <kim@example.org>\n\nText.")
		}, 403, "From header invalid for identity kim@example.org: jo@example.org"},
		"two in From": {func() string {
			return p.patch(epoch, "Kim Example <kim@example.org>", "Kim <kim@example.org>, Jo <jo@example.org>")
		}, 400, "Message may only contain a single From: address."},
		"two From":     {func() string { return "From: Jo <jo@example.org>\n" + p.patch(epoch) }, 403, "2 from headers"},
		"two subjects": {func() string { return "Subject: [PATCH] buy\n" + p.patch(epoch) }, 403, "2 subject headers"},
		"two To":       {func() string { return "To: x@example.com\n" + p.patch(epoch) }, 400, "stands twice"},
		"two dates":    {func() string { return "Date: x\n" + p.patch(epoch) }, 400, "2 header fields Date"},
		"two signatures": {func() string {
			return "X-Developer-Signature: a=ed25519-sha256; i=jo@example.org; b=\n" + p.patch(epoch)
		}, 400, "2 signatures"},
		"to nobody we know": {func() string { return p.patch(epoch, "kernel@lists", "kernel@other") }, 403, "Destinations must include a mailing list we recognize."},
		"to a list with more behind": {func() string { return p.patch(epoch, "lists.example.net", "lists.example.net.evil.example") }, 403,
			"Destinations must include a mailing list we recognize."},
		"to a list with more before": {func() string { return p.patch(epoch, "kernel@", "x.kernel@") }, 403, "Destinations must include"},
		"to a list in Bcc alone":     {func() string { return p.patch(epoch, "To: ", "Bcc: ") }, 403, "Destinations must include"},
		"to a name like a list": {func() string {
			return p.patch(epoch, "To: kernel@lists.example.net", `To: "kernel@lists.example.net" <a@example.com>`)
		}, 403, "Destinations must include"},
		"an address that is none":  {func() string { return p.patch(epoch, "<ann@example.com>", "<ann@@example.com>") }, 400, "Invalid address in Cc"},
		"a header without a colon": {func() string { return strings.Replace(p.patch(epoch), "To: ", "hello\nTo: ", 1) }, 400, "Invalid message payload: its header cannot be read"},
		"an encoding that is none": {func() string { return p.patch(epoch, "8bit", "uuencode") }, 400, "its transfer encoding is unknown"},
		"a signature that is old":  {func() string { return p.patch(epoch.Add(-StandardMaxAge - time.Second)) }, 403, "more than 168h0m0s ago"},
		"one from the future":      {func() string { return p.patch(epoch.Add(time.Hour)) }, 403, "in the future"},
		"too many recipients":      {func() string { return p.patch(epoch, "ann@example.com", many(101)) }, 403, "102 recipients, 101 of them"},
		"too large":                {func() string { return p.patch(epoch) + strings.Repeat("x", 2<<20) }, 413, "It is larger than 2097152 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			p.message, p.t = 0, t
			good := p.patch(epoch)
			a := w.refused(receive(good, c.bad()), c.status, c.words)
			if !strings.HasPrefix(a.Message, "Message 2 (") || len(a.Messages) != 1 || a.Messages[0].State != endpoint.Rejected {
				t.Errorf("the answer does not name the message: %+v", a)
			}
			w.empty()
		})
	}
	p.t = t
	p.message = 0
	w.good(receive(p.patch(epoch), p.patch(epoch))) // nothing of all that was remembered
}

// Before anything of a series is checked, all its messages are under way.
func TestUnderway(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.enrolled(kim(t, "default", 1))
	c := &checking{exchange: &exchange{Server: w.server, network: "test"}, kind: store.Receive}
	bad := strings.Replace(p.patch(epoch), "+x", "+y", 1)
	if _, err := c.all(t.Context(), []string{bad, strings.ReplaceAll(p.patch(epoch), "\n", "\r\n"), "hello"}); err == nil {
		t.Fatal("a damaged mail is taken")
	}
	ids, err := w.store.Underway(t.Context(), p.identity, w.now())
	if err != nil || !slices.Equal(ids, []string{"1@client.example", "2@client.example", ""}) {
		t.Errorf("under way are %q, %v", ids, err)
	}
	if err := c.end(t.Context()); err != nil {
		t.Fatal(err)
	}
	if ids, err := w.store.Underway(t.Context(), p.identity, w.now()); err != nil || len(ids) != 0 {
		t.Errorf("under way are still %q, %v", ids, err)
	}
}

func many(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("a%d@example.com", i))
	}
	return strings.Join(list, ">, <")
}

func unsigned(mail string) string {
	from := strings.Index(mail, "X-Developer-Signature")
	return mail[:from] + mail[strings.Index(mail, "\n\n")+1:]
}

func TestReceiveAccepts(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.enrolled(kim(t, "default", 1))
	subject := func() string { return fmt.Sprintf("[PATCH %d/9] fix: leak", p.message+1) }
	for name, c := range map[string]func() string{
		"RFC before":                 func() string { return p.patch(epoch, subject(), "[RFC PATCH v2 1/3] fix") },
		"RFC in brackets of its own": func() string { return p.patch(epoch, subject(), "[RFC] [PATCH net-next] fix") },
		"an encoded subject":         func() string { return p.patch(epoch, subject(), "[PATCH] =?utf-8?q?f=C3=BCr?=") },
		"a cover without a diffstat": func() string { return p.patch(epoch, subject(), "[PATCH v3 00/12] series", diff, "Text.\n") },
		"a plus part":                func() string { return p.patch(epoch, "<kim@example.org>", "<kim+lists@example.org>") },
		"other case":                 func() string { return p.patch(epoch, "<kim@example.org>", "<Kim@Example.ORG>") },
		"a patch of another":         func() string { return p.patch(epoch, "Text.", "From: Jo <jo@example.org>\n\nText.") },
		"a comma in the name":        func() string { return p.patch(epoch, "Kim Example", `"Example, Kim (x)"`) },
		"no name":                    func() string { return p.patch(epoch, "Kim Example <kim@example.org>", "kim@example.org") },
		"base64": func() string {
			return p.patch(epoch, "8bit", "base64", "Text.\n"+diff, base64Text("Text.\n"+diff))
		},
		"quoted-printable": func() string { return p.patch(epoch, "8bit", "quoted-printable", "Text.", "T=65xt.") },
		"CRLF":             func() string { return strings.ReplaceAll(p.patch(epoch), "\n", "\r\n") },
		"a list in Cc":     func() string { return p.patch(epoch, "To: ", "Cc: ", "Cc: ", "To: ") },
		"a list in capitals": func() string {
			return p.patch(epoch, "kernel@lists.example.net", "Kernel@LISTS.example.net")
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			p.t = t
			w.good(receive(c()))
			if sub := w.next(); sub == nil || strings.Contains(string(sub.Messages[0].Relayed), "\r") {
				t.Errorf("queued: %s", brief(sub))
			}
		})
	}
}

// Fields that a stranger could add to a signed mail do not leave.
func TestForgedFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.enrolled(kim(t, "default", 1))
	forged := []string{"Bcc: x@example.com", "Sender: x@example.com", "Resent-To: x@example.com", "X-Endpoint-Received: by y", "X-Original-From: x@example.com",
		"Return-Path: <x@example.com>", "DKIM-Signature: x", "List-Id: <x>", "List-Unsubscribe: <http://x>", "Received: from x", "Reply-To: x@example.com", "X-Anything: y"}
	w.good(receive(strings.Join(forged, "\n") + "\n" + p.patch(epoch)))
	sub := w.next()
	for _, f := range forged {
		if strings.Contains(string(sub.Messages[0].Relayed), f) {
			t.Errorf("%q leaves", f)
		}
	}
	for _, d := range sub.Messages[0].Deliveries {
		if strings.HasPrefix(d.Recipient, "x@") {
			t.Errorf("it goes to %s", d.Recipient)
		}
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	t.Run("a dry run mails no series", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *Config) { c.DryRun = true })
		p := w.enrolled(kim(t, "default", 1))
		if a := w.good(receive(p.patch(epoch))); !strings.HasPrefix(a.Message, "Dry run: would have sent 1 messages") {
			t.Errorf("answer: %+v", a)
		}
		w.empty()
	})
	t.Run("signatures have to cover more", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *Config) { c.Demanded = []string{"to", "cc"} })
		p := w.enrolled(kim(t, "default", 1))
		w.refused(receive(p.patch(epoch)), 403, "the header field to is not signed")
	})
	t.Run("what is received goes into the feed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *Config) { c.Feed, c.Mail.ListID = true, "patches.example.net" })
		p := w.enrolled(kim(t, "default", 1))
		w.good(receive(p.patch(epoch)))
		if sub := w.next(); sub == nil || sub.Messages[0].Feed != store.FeedDue {
			t.Errorf("queued: %s", brief(sub))
		}
	})
	t.Run("an identity may send so much", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(c *Config) { c.Limits.Received = 3 })
		p := w.enrolled(kim(t, "default", 1))
		w.good(receive(p.patch(epoch), p.patch(epoch)))
		w.refused(receive(p.patch(epoch), p.patch(epoch)), 429, "Too many requests")
		last := p.patch(epoch)
		w.good(receive(last))
		w.good(receive(last)) // nobody else's copies use it up, nor one's own
		w.refused(receive(last, p.patch(epoch)), 429, "Too many requests")
		w.wait(time.Hour)
		for range 10 {
			w.good(receive(last))
		}
		w.good(receive(last, p.patch(w.now()), p.patch(w.now()), p.patch(w.now())))
	})
}

func TestFate(t *testing.T) {
	t.Parallel()
	for want, states := range map[string][]sendmail.State{
		endpoint.Queued:   {sendmail.Accepted, sendmail.Deferred, sendmail.Refused},
		endpoint.Mailed:   {sendmail.Accepted, sendmail.Refused},
		endpoint.Rejected: {sendmail.Refused, sendmail.Refused},
		endpoint.Unsure:   {sendmail.Accepted, sendmail.Pending, sendmail.Unknown},
	} {
		e := &store.Entry{}
		refused := 0
		for i, s := range states {
			e.Deliveries = append(e.Deliveries, store.Delivery{Recipient: fmt.Sprint(i), State: s, Reply: "550 \x1b no"})
			if s == sendmail.Refused {
				refused++
			}
		}
		if f := fate(e, "1@x"); f.State != want || len(f.Refused) != refused || strings.Contains(fmt.Sprint(f.Refused), "\x1b") {
			t.Errorf("%v: %+v, want %s", states, f, want)
		}
	}
}
