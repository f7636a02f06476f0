package loadtest

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/internal/mailtest"
)

// newcomer is a client from a network of its own, who is enrolled.
func (s *siege) newcomer(n int) *client {
	s.t.Helper()
	c := newClient(s.t, n).comeFrom(s.address())
	c.enrol(s.service)
	return c
}

// is fails unless a request is answered in a certain way.
func (c *client) is(s *siege, what string, r endpoint.Request, status int, words string) {
	c.t.Helper()
	got, answer, err := c.post(s.at(0), encode(r))
	if err != nil || got != status || !strings.Contains(answer.Message, words) {
		c.t.Errorf("%s: %d %+v %v, want %d %q", what, got, answer, err, status, words)
	}
}

func receive(texts ...string) endpoint.Request {
	return endpoint.Request{Action: endpoint.ActionReceive, Messages: texts}
}

// Wrong answers to a challenge, from as many networks.
func guessers(s *siege) {
	victim := newClient(s.t, 1).comeFrom(s.address())
	victim.is(s, "a challenge", victim.enrolment(), 200, "")
	waitFor(s.t, "the challenge", patience, func() bool { return len(challenges(s.mail, victim.identity)) > 0 })
	thief := newClient(s.t, 1) // another key for the same identity
	thief.comeFrom(s.address()).is(s, "a challenge", thief.enrolment(), 200, "")
	counts := map[int]int{}
	var lock sync.Mutex
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() {
			for i := range sized(10, 1000) {
				c := *thief
				c.http = &http.Client{Timeout: patience}
				status, answer, err := c.comeFrom(s.address()).post(s.at(0), encode(c.verification(fmt.Sprintf("%032x", i))))
				if err != nil || status == 200 {
					s.t.Errorf("a guess: %d %+v %v", status, answer, err)
					return
				}
				lock.Lock()
				counts[status]++
				lock.Unlock()
			}
		})
	}
	group.Wait()
	if counts[http.StatusForbidden] != sized(100, 10_000) {
		s.t.Errorf("guesses by their status: %v", counts)
	}
	if text := challenges(s.mail, victim.identity); len(text) > 1 { // even with the right one in the end
		thief.is(s, "the right answer, too late", thief.verification(text[1]), 403, "")
	}
	// The victim is not kept from enrolling by that.
	victim.is(s, "the victim's own answer", victim.verification(challenges(s.mail, victim.identity)[0]), 200, "verified")
	thief.is(s, "a patch of the thief", receive(thief.series(0).texts...), 403, "Signature validation failed")
}

// Many at once for one identity: one key counts.
func enrolmentRaces(s *siege) {
	const n = 4
	var keys []*client
	for i := range n {
		c := newClient(s.t, 2).comeFrom(s.address())
		c.made = 10 * i
		keys = append(keys, c)
	}
	var group sync.WaitGroup
	for i, c := range keys {
		group.Go(func() { c.is(s, fmt.Sprintf("enrolment %d", i), c.enrolment(), 200, "") })
	}
	group.Wait()
	waitFor(s.t, "the challenges", patience, func() bool { return len(challenges(s.mail, keys[0].identity)) == n })
	all := challenges(s.mail, keys[0].identity)
	for _, c := range keys { // nobody knows which is whose: each tries all, at once
		for _, challenge := range all {
			group.Go(func() { c.post(s.at(0), encode(c.verification(challenge))) })
		}
	}
	group.Wait()
	count := 0
	for _, c := range keys {
		status, answer := c.ask(s.at(0), receive(c.series(1).texts...))
		switch {
		case status == http.StatusOK:
			count++
		case status != http.StatusForbidden && status != http.StatusUnauthorized:
			s.t.Errorf("a patch: %d %+v", status, answer)
		}
	}
	if count != 1 {
		s.t.Errorf("%d keys of one identity count", count)
	}
	for range 20 { // one more than may be has to wait
		status, _ := keys[0].ask(s.at(0), keys[0].enrolment())
		if status == http.StatusTooManyRequests {
			return
		}
	}
	s.t.Error("20 challenges in a row were mailed to one identity")
}

// What was signed once does not serve for anything else.
func replays(s *siege) {
	c := s.newcomer(3)
	series := c.series(1)
	c.is(s, "a series", receive(series.texts...), 200, "Sent 2 messages")
	eve := &client{t: s.t, http: &http.Client{Timeout: patience}}
	eve.comeFrom(s.address())
	for i := range series.texts {
		moved := strings.Replace(series.texts[i], "Cc: Ann <"+ann+">", "Cc: victim@example.com", 1)
		if moved == series.texts[i] {
			s.t.Fatal("the message has no Cc")
		}
		eve.is(s, "to somebody else", receive(moved), 200, "received before")
	}
	eve.is(s, "the same again", receive(series.texts...), 200, "received before")
	eve.is(s, "under another message-id", receive(strings.Replace(series.texts[1], series.want[1].ID, "other@client.example", 1)), 403, "Signature validation failed")
	word := c.sign(c.mail("[PATCH] topic: a patch", "word-0@client.example", "", "auth-delete\n\nverify:"+strings.Repeat("0", 32)+"\n"+diff))
	c.is(s, "a patch with magic words", receive(word), 200, "Sent 1")
	eve.is(s, "it as a deletion", endpoint.Request{Action: endpoint.ActionDelete, Msg: word}, 400, "Invalid key delete message")
	eve.is(s, "it as an answer", endpoint.Request{Action: endpoint.ActionVerify, Msg: word}, 400, "Invalid verification message")
	eve.is(s, "an old answer", c.verification(challenges(s.mail, c.identity)[0]), 409, "enrolled already")
	eve.is(s, "an answer as a patch", receive(c.verification(challenges(s.mail, c.identity)[0]).Msg), 400, "only accepts patches")
	deletion := c.sign("From: " + c.identity + "\nSubject: b4-auth-delete\n\nauth-delete\n")
	eve.is(s, "a deletion for anybody", endpoint.Request{Action: endpoint.ActionDelete, Msg: deletion}, 400, "Invalid key delete message")
	c.is(s, "the key still counts", receive(c.series(1).texts...), 200, "Sent 2")
	waitFor(s.t, "the mail", patience, func() bool { return len(arrived(s.mail)[series.name]) >= 2 })
	if err := mailtest.CheckSeries(arrived(s.mail)[series.name], series.want); err != nil {
		s.t.Errorf("after the replays: %v", err)
	}
	for _, m := range s.mail.Messages() {
		if slices.Contains(m.To, victim) {
			s.t.Errorf("a replay went to %v", m.To)
		}
	}
}

// Signatures that do not hold.
func wrongSignatures(s *siege) {
	c := s.newcomer(4)
	other := newClient(s.t, 4).comeFrom(s.address()) // the same identity, another key
	stranger := newClient(s.t, 5).comeFrom(s.address())
	text := c.series(1).texts[1]
	bodyless := strings.Index(text, "X-Developer-Signature:")
	if bodyless < 0 {
		s.t.Fatal("there is no signature")
	}
	flip := func(old, new string) string {
		changed := strings.Replace(text, old, new, 1)
		if changed == text {
			s.t.Fatalf("there is no %q", old)
		}
		return changed
	}
	for what, r := range map[string]struct {
		text   string
		status int
		words  string
	}{
		"of another key":       {other.series(1).texts[1], 403, "Signature validation failed"},
		"of a stranger":        {stranger.series(1).texts[1], 401, "No matching key"},
		"none":                 {c.mail("[PATCH] x", "none@client.example", "", diff), 401, "not signed"},
		"a changed body":       {flip("+\tif", "+\tIf"), 403, "Signature validation failed"},
		"a changed subject":    {flip("topic: series", "topic: Series"), 403, "Signature validation failed"},
		"a changed sender":     {flip("From: Dev Example", "From: Eve Example"), 403, "Signature validation failed"},
		"another algorithm":    {flip("a=ed25519-sha256", "a=rsa-sha256"), 401, "No matching key"},
		"another version":      {flip("v=1", "v=9"), 403, "Signature validation failed"},
		"a length":             {flip("v=1;", "v=1; l=1;"), 403, "Signature validation failed"},
		"no base64":            {flip("b=", "b=!!!!"), 0, "Signature validation failed"},
		"of the future":        {c.signedAt(24 * time.Hour), 403, "Signature validation failed"},
		"of long ago":          {c.signedAt(-30 * 24 * time.Hour), 403, "Signature validation failed"},
		"two":                  {text[:bodyless] + "X-Developer-Signature: v=1; a=ed25519-sha256; i=a@b.example; s=c; h=from; bh=x; b=y\n" + text[bodyless:], 400, "2 signatures"},
		"an endless one":       {flip("b=", "b="+strings.Repeat("A", 1<<20)), 0, ""},
		"a bomb of fields":     {strings.Repeat("X-Developer-Signature: v=1; a=ed25519-sha256; i=a@b; s=c; h=from; bh=x; b=y\n", 10_000) + text, 400, ""},
		"a long list of h=":    {flip("h=from", "h="+strings.Repeat("from:", 100_000)+"from"), 0, ""},
		"an identity of folds": {flip("i="+c.identity, "i=\r\n "+c.identity), 0, ""},
	} {
		status, answer, err := c.post(s.at(0), encode(receive(r.text)))
		if err != nil || status == 200 || r.status != 0 && status != r.status || !strings.Contains(answer.Message, r.words) {
			s.t.Errorf("a signature, %s: %d %+v %v, want %d %q", what, status, answer, err, r.status, r.words)
		}
	}
}

// signedAt is a patch with a signature of another time.
func (c *client) signedAt(off time.Duration) string {
	c.t.Helper()
	signed, err := c.signer.Sign(c.t.Context(), []byte(c.mail("[PATCH] x", fmt.Sprintf("at-%d@client.example", off), "", diff)), time.Now().Add(off))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(signed)
}

// victim is somebody who is to get nothing.
const victim = "victim@example.com"

// Headers that want to be more than they are: each is refused, or leaves
// without what it was about.
func headerTricks(s *siege) {
	c := s.newcomer(6)
	cases := map[string]struct {
		more    string              // in the header
		subject string              // "": an honest one
		change  func(string) string // after it was signed; nil: nothing
		status  int
	}{
		"two From":        {more: "From: Eve <eve@example.com>\n", status: 403},
		"two Subject":     {more: "Subject: [PATCH] buy this\n", status: 403},
		"two Message-ID":  {more: "Message-ID: <second@client.example>\n", status: 403},
		"two Date":        {more: "Date: Thu, 2 Jan 2025 03:04:05 +0000\n", status: 400},
		"Bcc":             {more: "Bcc: victim@example.com\n", status: 200},
		"Resent-To":       {more: "Resent-To: victim@example.com\nResent-From: eve@example.com\n", status: 200},
		"Sender":          {more: "Sender: victim@example.com\n", status: 200},
		"Return-Path":     {more: "Return-Path: <victim@example.com>\n", status: 200},
		"Received":        {more: "Received: from victim@example.com by x; Thu, 2 Jan 2025 03:04:05 +0000\n", status: 200},
		"DKIM":            {more: "DKIM-Signature: v=1; d=victim@example.com\n", status: 200},
		"List-Id":         {more: "List-Id: <victim@example.com>\n", status: 200},
		"X-Endpoint":      {more: "X-Endpoint-Received: by victim@example.com\n", status: 200},
		"X-Original-From": {more: "X-Original-From: victim@example.com\n", status: 200},
		"Disposition":     {more: "Disposition-Notification-To: victim@example.com\nReturn-Receipt-To: victim@example.com\n", status: 200},
		"a field in a fold": {change: func(m string) string {
			return strings.Replace(m, "MIME-Version", "X-A: a\n \n Bcc: victim@example.com\n"+"MIME-Version", 1)
		}, status: 401},
		"a line that is none": {change: func(m string) string {
			return strings.Replace(m, "MIME-Version", "victim@example.com\n"+"MIME-Version", 1)
		}, status: 400},
		"a space in a name": {change: func(m string) string {
			return strings.Replace(m, "MIME-Version", "Bcc : victim@example.com\n"+"MIME-Version", 1)
		}, status: 403},
		"CR in a field": {change: func(m string) string {
			return strings.Replace(m, "MIME-Version", "X-A: a\rBcc: victim@example.com\n"+"MIME-Version", 1)
		}, status: 400},
		"NUL in a field": {change: func(m string) string {
			return strings.Replace(m, "MIME-Version", "X-A: a\x00Bcc: victim@example.com\n"+"MIME-Version", 1)
		}, status: 400},
		"NUL in an address": {change: func(m string) string { return strings.Replace(m, "To: topic", "To: \x00topic", 1) }, status: 400},
		"CRLF in a header": {change: func(m string) string {
			return strings.Replace(m, "Cc: Ann <"+ann+">", "Cc: Ann <"+ann+">\r\nBcc: victim@example.com", 1)
		}, status: 200},
		"an encoded line end":       {subject: "[PATCH] =?utf-8?q?a=0D=0ABcc=3A_victim=40example=2Ecom?=", status: 0},
		"an encoded line in base64": {subject: "[PATCH] =?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte("a\r\nBcc: victim@example.com")) + "?=", status: 0},
		"an encoded word in an address": {change: func(m string) string {
			return strings.Replace(m, "Cc: Ann <", "Cc: =?utf-8?q?Ann=0ABcc=3A_victim=40example=2Ecom?= <", 1)
		}, status: 0},
		"a command in an address": {change: func(m string) string {
			return strings.Replace(m, "<"+ann+">", `<"a> RCPT TO:<victim@example.com"@example.com>`, 1)
		}, status: 0},
		"200 recipients too many": {change: func(m string) string {
			return strings.Replace(m, "Cc: ", "Cc: "+strings.Repeat("a@example.com, ", 300), 1)
		}, status: 403},
		"no list among the recipients": {change: func(m string) string { return strings.Replace(m, list, "victim@example.com", 1) }, status: 403},
		"a list that is longer":        {change: func(m string) string { return strings.Replace(m, list, list+".evil.example", 1) }, status: 403},
		"a list in a name": {change: func(m string) string {
			return strings.Replace(m, "To: "+list, `To: "`+list+`" <victim@example.com>`, 1)
		}, status: 403},
		"a list in a comment": {change: func(m string) string { return strings.Replace(m, "To: "+list, "To: victim@example.com ("+list+")", 1) }, status: 403},
		"a multipart":         {change: func(m string) string { return strings.Replace(m, "text/plain", "multipart/mixed; boundary=x", 1) }, status: 403},
		"an unknown encoding": {change: func(m string) string { return strings.Replace(m, "Encoding: 8bit", "Encoding: uuencode", 1) }, status: 400},
	}
	n := 0
	for what, r := range cases {
		n++
		id := fmt.Sprintf("trick-%d@client.example", n)
		subject := r.subject
		if subject == "" {
			subject = "[PATCH] topic: a patch"
		}
		text := c.sign(c.mail(subject, id, r.more, "Text.\n"+diff))
		if r.change != nil {
			changed := r.change(text)
			if changed == text {
				s.t.Fatalf("%s: nothing was changed", what)
			}
			text = changed
		}
		status, answer, err := c.post(s.at(0), encode(receive(text)))
		if err != nil || r.status != 0 && status != r.status || status >= 500 {
			s.t.Errorf("%s: %d %+v %v, want %d", what, status, answer, err, r.status)
		}
		if status == http.StatusOK {
			s.harmless(what, id)
		}
	}
}

// harmless waits for a mail, and fails where it goes to a victim, or has fields
// that make it.
func (s *siege) harmless(what, id string) {
	s.t.Helper()
	var got *mailtest.Message
	waitFor(s.t, what, patience, func() bool {
		for _, m := range s.mail.Messages() {
			if idOf(m.Data) == id {
				got = &m
			}
		}
		return got != nil
	})
	if slices.Contains(got.To, victim) {
		s.t.Errorf("%s: it went to %q", what, got.To)
	}
	m, err := mail.ReadMessage(bytes.NewReader(got.Data))
	if err != nil {
		s.t.Errorf("%s: %v", what, err)
		return
	}
	for name, values := range m.Header {
		for _, value := range values {
			if name != "Subject" && name != "Cc" && strings.Contains(value, "victim") {
				s.t.Errorf("%s: it has %s: %s", what, name, value)
			}
		}
	}
}
