package server

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/store"
)

func kim(t *testing.T, selector string, seed byte) *person {
	return newPerson(t, "kim@example.org", selector, seed)
}

func TestEnrol(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := kim(t, "laptop", 1)
	w.refused(receive(p.patch(epoch)), 401, "No matching key, please complete web auth first.")
	a := w.good(p.enrolment())
	if want := "Challenge generated and sent to kim@example.org"; !strings.HasPrefix(a.Message, want) || !strings.Contains(a.Message, p.fingerprint) {
		t.Errorf("%q does not tell of %q and the fingerprint", a.Message, want)
	}
	mail := w.mail("kim@example.org")
	for _, want := range []string{"From: Test Endpoint <devnull@relay.example.net>\n", "To: kim@example.org\n", "Auto-Submitted: auto-generated\n", "Date: ", "Message-ID: <", p.fingerprint, "https://send.example.net/_b4_submit"} {
		if !strings.Contains(mail, want) {
			t.Errorf("the mail lacks %q:\n%s", want, mail)
		}
	}
	if strings.Contains(mail, "Eve") || strings.Contains(mail, "Mallory") {
		t.Errorf("the mail has a stranger's words:\n%s", mail)
	}
	challenge := challengeLine.FindString(mail)
	w.refused(receive(p.patch(epoch)), 401, "No matching key")
	a = w.good(w.answer(p, challenge))
	if !strings.HasPrefix(a.Message, "Challenge verified for kim@example.org/laptop") {
		t.Errorf("answer: %q", a.Message)
	}
	if notice := w.mail("kim@example.org"); !strings.Contains(notice, "a key was enrolled for you") || !strings.Contains(notice, "https://send.example.net/_b4_submit?stop=") {
		t.Errorf("the notice:\n%s", notice)
	}
	w.refused(w.answer(p, challenge), 409, "is enrolled already: no challenge of it is open")
	w.refused(p.enrolment(), 409, "i=kim@example.org;s=laptop is already authorized")
	w.good(receive(p.patch(epoch)))
	if log := w.log.String(); strings.Contains(log, challenge) || strings.Contains(log, "127.0.0.1") || !strings.Contains(log, `"action":"auth-verify","status":200`) {
		t.Errorf("the log:\n%s", log)
	}
}

func TestEnrolRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	good := kim(t, "laptop", 1)
	for name, c := range map[string]struct {
		identity, selector, key string
		status                  int
		words                   string
	}{
		"no address":                 {"nobody", "laptop", good.public, 400, "no plain address"},
		"two addresses":              {"kim@example.org, jo@example.org", "laptop", good.public, 400, "no plain address"},
		"a display name":             {"Kim <kim@example.org>", "laptop", good.public, 400, "no plain address"},
		"a line break":               {"kim@example.org\nBcc: jo@example.org", "laptop", good.public, 400, "no plain address"},
		"a quoted local part":        {`"kim k"@example.org`, "laptop", good.public, 400, "no plain address"},
		"a local part not in ASCII":  {"zoë@example.org", "laptop", good.public, 400, "no plain address"},
		"a domain literal":           {"kim@[127.0.0.1]", "laptop", good.public, 400, "no plain address"},
		"an empty selector":          {"kim@example.org", "", good.public, 400, "Invalid authentication request"},
		"a selector with a slash":    {"kim@example.org", "a/b", good.public, 400, "selector"},
		"a selector that goes up":    {"kim@example.org", "..", good.public, 400, "selector"},
		"a selector with a break":    {"kim@example.org", "a\nb", good.public, 400, "selector"},
		"a long selector":            {"kim@example.org", strings.Repeat("a", 65), good.public, 400, "selector"},
		"a key that is text":         {"kim@example.org", "laptop", "hello", 400, "Invalid authentication request"},
		"a key that is too short":    {"kim@example.org", "laptop", "AAAA", 400, "Invalid authentication request"},
		"two keys":                   {"kim@example.org", "laptop", good.public + "\n" + good.public, 400, "Invalid authentication request"},
		"an endless key":             {"kim@example.org", "laptop", strings.Repeat("A", maxKeyText+1), 413, "public key is larger"},
		"OpenPGP without gpg":        {"kim@example.org", "laptop", "-----BEGIN PGP PUBLIC KEY BLOCK-----\n", 400, "no OpenPGP keys"},
		"half of an OpenSSH key":     {"kim@example.org", "laptop", "ssh-ed25519 AAAA", 400, "OpenSSH"},
		"an option before a SSH key": {"kim@example.org", "laptop", `command="x" ssh-ed25519 AAAA`, 400, "Invalid authentication request"},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.refused(endpoint.Request{Action: endpoint.ActionNew, Identity: c.identity, Selector: c.selector, PublicKey: c.key}, c.status, c.words)
			w.empty()
		})
	}
}

// Who asks for a challenge in another's name takes nothing from them.
func TestNobodyTakesAnEnrolment(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	victim, thief := kim(t, "default", 1), kim(t, "default", 2)
	challenge := w.challenge(victim)
	stolen := w.challenge(thief) // goes to the victim's mailbox
	w.good(victim.enrolment())
	w.mailedChallenge(victim)
	w.refused(w.answer(thief, challenge), 403, "did not match")
	w.good(w.answer(victim, challenge)) // the first one still counts
	w.mail(victim.identity)
	w.refused(w.answer(thief, stolen), 409, "i=kim@example.org;s=default is already authorized, with another key than this one")
	w.refused(receive(thief.patch(epoch)), 403, "Signature validation failed")
}

func TestChallengeBounds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := kim(t, "default", 1)
	challenge := w.challenge(p)
	w.wait(challengeLife)
	w.refused(w.answer(p, challenge), 403, "no challenge is open")
	challenge = w.challenge(p)
	for range challengeGuesses {
		w.refused(w.answer(p, strings.Repeat("0", 32)), 403, "Challenge verification for kim@example.org/default did not match")
	}
	w.refused(w.answer(p, challenge), 403, "too many wrong answers")
	w.enrolled(p)
}

func TestVerifyRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := kim(t, "default", 1)
	challenge := w.challenge(p)
	right := func() endpoint.Statement {
		s := p.statement(endpoint.PurposeVerify)
		s.Challenge = challenge
		return s
	}
	other := newPerson(t, "jo@example.org", "default", 3)
	mail := func(text string) string { return p.sign(text, epoch) }
	plain := "From: kim@example.org\nSubject: b4-send-verify\n\nverify:" + challenge + "\n"
	for name, c := range map[string]struct {
		mail   string
		status int
		words  string
	}{
		"not a mail":               {"hello", 400, "Invalid verification message"},
		"not signed":               {plain, 401, "Message is not signed"},
		"by somebody else":         {other.sign(strings.Replace(plain, "kim@", "jo@", 1), epoch), 401, "No match for this identity"},
		"signed for somebody else": {mail(strings.Replace(plain, "kim@", "jo@", 1)), 403, "Signature validation failed"},
		"changed behind":           {strings.Replace(mail(plain), challenge, strings.Repeat("0", 32), 1), 403, "Signature validation failed"},
		"no such word":             {mail("From: kim@example.org\nSubject: b4-send-verify\n\nhello:" + challenge + "\n"), 400, "Invalid verification message"},
		"text behind":              {mail(plain + "and more\n"), 400, "Invalid verification message"},
		"another subject":          {mail(strings.Replace(plain, "b4-send-verify", "[PATCH] fix", 1)), 400, "Invalid verification message"},
		"another purpose":          {p.state(p.statement(endpoint.PurposeDelete), epoch), 400, "Invalid verification message"},
		"a patch with the word":    {p.patch(epoch, "Text.", "Text.\nverify:"+challenge), 400, "Invalid verification message"},
		"another service":          {p.state(with(right(), func(s *endpoint.Statement) { s.URL = "https://evil.example/" }), epoch), 403, "it names the endpoint"},
		"another identity":         {p.state(with(right(), func(s *endpoint.Statement) { s.Identity = "jo@example.org" }), epoch), 403, "Signature validation failed"},
		"another selector":         {p.state(with(right(), func(s *endpoint.Statement) { s.Selector = "laptop" }), epoch), 403, "it names the selector"},
		"another key":              {p.state(with(right(), func(s *endpoint.Statement) { s.Key = "SHA256:x" }), epoch), 403, "it names the key"},
		"too old":                  {p.state(right(), epoch.Add(-2*time.Hour)), 403, "it was signed 2h0m0s ago"},
		"from the future":          {p.state(right(), epoch.Add(time.Hour)), 403, "in the future"},
		"an endless mail":          {strings.Repeat("a", maxStatementMail+1), 400, "Invalid verification message"},
		"two signatures":           {strings.Replace(mail(plain), "X-Developer-Signature:", "X-Developer-Signature: a=ed25519-sha256; i=jo@example.org; b=\nX-Developer-Signature:", 1), 400, "2 signatures"},
		"the beginning of it":      {mail(strings.Replace(plain, challenge, challenge[:31], 1)), 403, "did not match"},
	} {
		t.Run(name, func(t *testing.T) {
			w := w.in(t)
			w.refused(endpoint.Request{Action: endpoint.ActionVerify, Msg: c.mail}, c.status, c.words)
			w.empty()
		})
	}
	w.good(endpoint.Request{Action: endpoint.ActionVerify, Msg: p.state(right(), epoch)})
}

func with(s endpoint.Statement, change func(*endpoint.Statement)) endpoint.Statement {
	change(&s)
	return s
}

// b4 may send the statement in any transfer encoding.
func TestVerifyEncodings(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]func(challenge string) string{
		"base64":           func(c string) string { return "base64\n\n" + base64Text("verify:"+c+"\n") },
		"quoted-printable": func(c string) string { return "quoted-printable\n\nverify=3A" + c + "\n" },
		"7bit":             func(c string) string { return "7bit\n\nverify:" + c + "\n\n\n" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			p := kim(t, "default", 1)
			challenge := w.challenge(p)
			w.good(endpoint.Request{Action: endpoint.ActionVerify, Msg: p.sign("From: kim@example.org\nSubject: b4-send-verify\nContent-Transfer-Encoding: "+body(challenge), epoch)})
		})
	}
}

func TestFurtherKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.enrolled(kim(t, "default", 1))
	p := kim(t, "laptop", 2)
	a := w.good(w.answer(p, w.challenge(p)))
	if !strings.Contains(a.Message, "counts from 2025-01-05 03:04 UTC on") {
		t.Errorf("answer: %q", a.Message)
	}
	notice := w.mail(p.identity)
	if !strings.Contains(notice, "a further key was enrolled for you") || !strings.Contains(notice, "2025-01-05 03:04 UTC") {
		t.Errorf("the notice:\n%s", notice)
	}
	w.refused(receive(p.patch(epoch)), 403, "Message 1 ([PATCH 1/9] fix: leak): The key "+p.fingerprint+" of kim@example.org counts from 2025-01-05 03:04 UTC on")
	w.wait(StandardKeyWait)
	w.good(receive(p.patch(w.now())))
	w.next()

	link := linkLine.FindString(notice)
	if link == "" {
		t.Fatalf("no link in\n%s", notice)
	}
	link = w.http.URL + strings.TrimPrefix(link, "https://send.example.net")
	page := func(method string, status int, words string) {
		t.Helper()
		r, err := http.NewRequest(method, link, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, text := w.text(r); got != status || !strings.Contains(text, words) {
			t.Errorf("%s: %d\n%s", method, got, text)
		}
	}
	page("GET", 200, p.fingerprint)
	page("HEAD", 200, "")
	w.good(receive(p.patch(w.now()))) // to look at it stops nothing
	w.next()
	page("POST", 200, "is revoked")
	w.refused(receive(p.patch(w.now())), 410, "was revoked")
	page("POST", 404, "leads to no key")
	if notice := w.mail(p.identity); !strings.Contains(notice, "your key was revoked") {
		t.Errorf("the notice:\n%s", notice)
	}
	w.refused(p.enrolment(), 410, "was revoked")
}

// A key that waits can be withdrawn, and vouched for, but can do nothing else.
func TestWaitingKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	old := w.enrolled(kim(t, "default", 1))
	waiting := func(p *person) *person {
		t.Helper()
		challenge := w.challenge(p)
		w.good(w.answer(p, challenge))
		w.mail(p.identity)
		w.refused(w.answer(p, challenge), 409, "is enrolled already, and counts from 2025-01-05 03:04 UTC on: no challenge of it is open")
		w.refused(p.enrolment(), 409, "i=kim@example.org;s="+p.selector+" is already authorized")
		w.refused(endpoint.Request{Action: endpoint.ActionStatus, Msg: p.state(p.statement(endpoint.PurposeStatus), epoch)}, 403, "counts from 2025-01-05")
		return p
	}
	p := waiting(kim(t, "laptop", 2))
	s := p.statement(endpoint.PurposeRotate)
	s.NewSelector, s.NewKey = old.selector, old.fingerprint
	w.refused(endpoint.Request{Action: endpoint.ActionRotate, Msg: p.state(s, epoch), Proof: old.state(s, epoch), Selector: old.selector, PublicKey: old.public}, 403, "counts from 2025-01-05")
	w.good(endpoint.Request{Action: endpoint.ActionDelete, Msg: p.state(p.statement(endpoint.PurposeDelete), epoch)})
	w.mail(p.identity)
	w.refused(endpoint.Request{Action: endpoint.ActionStatus, Msg: p.state(p.statement(endpoint.PurposeStatus), epoch)}, 410, "was revoked")

	// The selector is free for another key, which is no revoked one.
	next := kim(t, "laptop", 3)
	w.good(next.enrolment())
	w.refused(receive(next.patch(epoch)), 401, "No matching key, please complete web auth first.")
	w.mailedChallenge(next)
	p = waiting(kim(t, "desk", 4))
	s = old.statement(endpoint.PurposeRotate)
	s.NewSelector, s.NewKey = p.selector, p.fingerprint
	w.good(endpoint.Request{Action: endpoint.ActionRotate, Msg: old.state(s, epoch), Proof: p.state(s, epoch), Selector: p.selector, PublicKey: p.public})
	w.mail(p.identity)
	w.good(receive(p.patch(epoch)))
}

// Of two keys with one selector the other one is said to have it.
func TestSelectorOfAnother(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.enrolled(kim(t, "default", 1))
	p := kim(t, "default", 2)
	const taken = "i=kim@example.org;s=default is already authorized, with another key than this one"
	w.refused(p.enrolment(), 409, taken)
	for action, purpose := range map[string]endpoint.Purpose{
		endpoint.ActionStatus: endpoint.PurposeStatus, endpoint.ActionDelete: endpoint.PurposeDelete, endpoint.ActionVerify: endpoint.PurposeVerify,
	} {
		s := p.statement(purpose)
		s.Challenge = "0123"
		w.refused(endpoint.Request{Action: action, Msg: p.state(s, epoch)}, 409, taken)
	}
	w.empty()
}

// A capital letter makes no other person.
func TestSpellings(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.Limits.Challenges = 4 })
	w.enrolled(kim(t, "default", 1))
	eve := newPerson(t, "Kim@Example.org", "laptop", 2)
	w.good(eve.enrolment())
	challenge := challengeLine.FindString(w.mail("kim@example.org"))
	if a := w.good(w.answer(eve, challenge)); !strings.Contains(a.Message, "counts from 2025-01-05 03:04 UTC on") {
		t.Errorf("a further key counts at once: %q", a.Message)
	}
	w.mail("kim@example.org")
	w.refused(receive(eve.patch(epoch)), 403, "counts from 2025-01-05")
	w.wait(StandardKeyWait)
	w.good(endpoint.Request{Action: endpoint.ActionDelete, Msg: eve.state(eve.statement(endpoint.PurposeDelete), w.now())})
	w.refused(newPerson(t, "KIM@example.org", "other", 2).enrolment(), 410, "was revoked")
	w.good(newPerson(t, "kIm@example.org", "other", 3).enrolment())
	w.good(newPerson(t, "kiM@example.org", "other", 3).enrolment())
	w.good(newPerson(t, "KIm@example.org", "other", 3).enrolment())
	w.refused(newPerson(t, "KiM@example.org", "other", 3).enrolment(), 429, "Too many")
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := w.enrolled(kim(t, "default", 1))
	withdraw := func(mail string) endpoint.Request { return endpoint.Request{Action: endpoint.ActionDelete, Msg: mail} }
	right := func() endpoint.Statement { return p.statement(endpoint.PurposeDelete) }
	w.refused(withdraw(p.patch(epoch, "Text.", "auth-delete")), 400, "Invalid key delete message")
	w.refused(withdraw(p.patch(epoch, "[PATCH 2/9] fix: leak", string(endpoint.PurposeDelete), "Text.\n"+diff, "auth-delete\n")), 403, "it names the endpoint")
	for name, c := range map[string]struct {
		change func(*endpoint.Statement)
		signed time.Time
		status int
		words  string
	}{
		"another service": {func(s *endpoint.Statement) { s.URL = "" }, epoch, 403, "it names the endpoint"},
		"another key":     {func(s *endpoint.Statement) { s.Key = "" }, epoch, 403, "it names the key"},
		"no nonce":        {func(s *endpoint.Statement) { s.Nonce = "" }, epoch, 400, "no nonce"},
		"too old":         {func(s *endpoint.Statement) {}, epoch.Add(-11 * time.Minute), 403, "it was signed 11m0s ago"},
		"another purpose": {func(s *endpoint.Statement) { s.Purpose = endpoint.PurposeStatus }, epoch, 400, "Invalid key delete message"},
	} {
		t.Run(name, func(t *testing.T) {
			w.refused(withdraw(p.state(with(right(), c.change), c.signed)), c.status, c.words)
		})
	}
	w.good(receive(p.patch(epoch))) // nothing of it revoked the key
	w.next()
	right1 := p.state(right(), epoch)
	if a := w.good(withdraw(right1)); a.Message != "Record deleted for kim@example.org/default" {
		t.Errorf("answer: %q", a.Message)
	}
	w.refused(withdraw(right1), 410, "was revoked")
	w.refused(receive(p.patch(epoch)), 410, "was revoked")
	if notice := w.mail(p.identity); !strings.Contains(notice, "your key was revoked") {
		t.Errorf("the notice:\n%s", notice)
	}
}

func TestRotate(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	old := w.enrolled(kim(t, "default", 1))
	fresh, other := kim(t, "default", 2), kim(t, "default", 3)
	request := func(change func(*endpoint.Statement), by, proof *person) endpoint.Request {
		s := old.statement(endpoint.PurposeRotate)
		s.NewSelector, s.NewKey = fresh.selector, fresh.fingerprint
		change(&s)
		return endpoint.Request{Action: endpoint.ActionRotate, Msg: by.state(s, epoch), Proof: proof.state(s, epoch), Selector: fresh.selector, PublicKey: fresh.public}
	}
	nothing := func(*endpoint.Statement) {}
	w.refused(request(nothing, fresh, fresh), 403, "Signature validation failed")
	w.refused(request(nothing, old, old), 403, "Signature validation failed")
	w.refused(request(nothing, old, other), 403, "Signature validation failed")
	w.refused(request(func(s *endpoint.Statement) { s.NewKey = other.fingerprint }, old, fresh), 403, "it vouches for the key")
	w.refused(request(func(s *endpoint.Statement) { s.NewSelector = "laptop" }, old, fresh), 403, "it vouches for the key")
	missing := request(nothing, old, fresh)
	missing.Proof = ""
	w.refused(missing, 400, "the proof of the new key is missing")
	swapped := request(nothing, old, fresh)
	swapped.Proof = request(func(s *endpoint.Statement) { s.Nonce = "another" }, old, fresh).Proof
	w.refused(swapped, 403, "the proof says something else")
	w.empty()
	w.good(receive(old.patch(epoch)))
	w.next()
	right := request(nothing, old, fresh)
	if a := w.good(right); !strings.Contains(a.Message, fresh.fingerprint) || !strings.Contains(a.Message, old.fingerprint) {
		t.Errorf("answer: %q", a.Message)
	}
	if notice := w.mail(old.identity); !strings.Contains(notice, "your key was replaced") || !strings.Contains(notice, "?stop=") {
		t.Errorf("the notice:\n%s", notice)
	}
	w.refused(right, 409, "with another key than this one") // the old key has nothing more to say
	w.refused(receive(old.patch(epoch)), 403, "Signature validation failed")
	fresh.message = 100
	w.good(receive(fresh.patch(epoch)))
}

func TestChallengeLimits(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		c.Limits.Challenges, c.Limits.ChallengesDomain, c.Limits.ChallengesNetwork = 4, 6, 10
		c.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
	})
	from := func(network, identity string) (int, endpoint.Answer) {
		t.Helper()
		data, err := json.Marshal(newPerson(t, identity, "default", 1).enrolment())
		if err != nil {
			t.Fatal(err)
		}
		r, err := http.NewRequest(http.MethodPost, w.http.URL+"/_b4_submit", bytes.NewReader(data))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Forwarded-For", network)
		return w.do(r)
	}
	asked := 0
	taken := func(network, identity string) {
		t.Helper()
		if status, a := from(network, identity); status != http.StatusOK {
			t.Errorf("%s for %s: %d %+v", network, identity, status, a)
		}
		asked++
	}
	refused := func(network, identity, words string) {
		t.Helper()
		if status, a := from(network, identity); status != 429 || !strings.Contains(a.Message, words) || a.RetryAfter <= 0 || a.RetryAfter > 3600 {
			t.Errorf("%s for %s: %d %+v", network, identity, status, a)
		}
	}
	const eve, victim = "198.51.100.1", "203.0.113.1"
	for range 4 {
		taken(eve, "kim@example.org")
	}
	refused(eve, "kim@EXAMPLE.org", "Too many requests")
	taken(victim, "kim@example.org") // whatever strangers do
	taken(victim, "kim@example.org")
	refused(victim, "kim@example.org", "Too many challenges to kim@example.org were asked for in this hour, 4 of them by other networks than yours")
	taken(eve, "jo@example.org")
	taken(eve, "ann@example.org")
	taken(eve, "ann@example.org") // the domain is used up, and this a share
	taken(victim, "tom@example.org")
	taken(victim, "tom@example.org")
	refused(victim, "tom@example.org", "Too many challenges")
	taken(eve, "kim@example.com")
	taken(eve, "kim@example.net")
	taken(eve, "kim@example.info")
	refused(eve, "kim@example.edu", "Too many requests") // the network
	taken(victim, "kim@example.edu")
	w.wait(time.Hour)
	taken(eve, "kim@example.org")
	for i := range asked {
		sub := w.next()
		if sub == nil || sub.Kind != store.Notice {
			t.Fatalf("mail %d: %s", i, brief(sub))
		}
		text := string(sub.Messages[0].Relayed)
		if i == 4 && !strings.Contains(text, "In this hour 5 challenges to this address were asked for, 4 of them by other\nnetworks") || i < 4 && strings.Contains(text, "In this hour") {
			t.Errorf("mail %d:\n%s", i, text)
		}
	}
	w.empty()
}

func TestGuesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	p := kim(t, "default", 1)
	challenge := w.challenge(p)
	for i := range 10_000 / 100 { // each with a hundred challenges in it
		guesses := make([]string, 100)
		for j := range guesses {
			guesses[j] = fmt.Sprintf("verify:%032x", i*100+j)
		}
		status, _ := w.ask(endpoint.Request{Action: endpoint.ActionVerify, Msg: p.sign("From: kim@example.org\nSubject: b4-send-verify\n\n"+strings.Join(guesses, "\n")+"\n", epoch)})
		if status != http.StatusBadRequest {
			t.Fatalf("several guesses at once: %d", status)
		}
	}
	for i := range 100 {
		w.refused(w.answer(p, fmt.Sprintf("%032x", i)), 403, "")
	}
	w.refused(w.answer(p, challenge), 403, "too many wrong answers")
}
