package sendmail

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
)

// A login is one attempt to get into a server that knows the user me with the
// password secret-word.
type login struct {
	options   mailtest.Options
	settings  []string
	passwords []string // that the helper has, in order
	bearer    bool     // they are tokens

	log    string // what the helper was asked; "" with a sendemail.smtpPass
	reason string // part of the error; "" when the user gets in
	said   string // how the server was asked last, "" for whatever
}

func (c login) try(t *testing.T) {
	t.Helper()
	c.options.TLS = mailtest.StartTLS
	c.options.Users = map[string]string{"me": "secret-word"}
	s := mailtest.Start(t, c.options)
	h := &helper{passwords: c.passwords, bearer: c.bearer}
	tr := transportTo(t, s, h, append(c.settings, "sendemail.smtpEncryption=tls", "sendemail.smtpUser=me")...)
	err := tr.Authorize(t.Context())
	if s.Connections() != 0 {
		t.Error("connected before the password was there")
	}
	j := journalOf(t, series(1))
	if err == nil {
		var sum Summary
		sum, err = quickly().Run(t.Context(), j, tr, nil)
		if want := min(len(c.reason), 1); sum.Status() != want {
			t.Errorf("status %d, want %d", sum.Status(), want)
		}
	}
	if (err == nil) != (c.reason == "") || err != nil && !strings.Contains(err.Error(), c.reason) {
		t.Errorf("error %v, want %q", err, c.reason)
	}
	if err != nil && (len(s.Messages()) > 0 || states(j) != "pending pending") {
		t.Errorf("%s, %d messages arrived", states(j), len(s.Messages()))
	}
	if got := h.told("127.0.0.1:" + s.Port()); got != c.log {
		t.Errorf("the helper was asked %q, want %q", got, c.log)
	}
	lines := slices.DeleteFunc(s.Lines(), func(l string) bool { return !strings.HasPrefix(l, "AUTH") })
	if c.said != "" && (len(lines) == 0 || !strings.HasPrefix(lines[len(lines)-1], "AUTH "+c.said)) {
		t.Errorf("the server was asked %q, want %s", lines, c.said)
	}
	shown := fmt.Sprintf("%v %+v %#v %s %+v %#v", err, err, err, tr, tr.settings, tr.settings)
	if tr.credential != nil {
		shown += fmt.Sprintf("%v %+v %#v", *tr.credential, *tr.credential, *tr.credential)
	}
	for _, r := range j.Receipts() {
		shown += r.Reply
	}
	if strings.Contains(shown, "-word") || strings.Contains(shown, base64.StdEncoding.EncodeToString([]byte("secret-word"))) {
		t.Errorf("a password shows: %s", shown)
	}
}

// told is what a helper was asked, in a few words.
func (h *helper) told(host string) string {
	var log []string
	for _, l := range h.log {
		l = strings.ReplaceAll(l, "fill smtp "+host+" me", "fill")
		if verb, of, ok := strings.Cut(l, " all of "); ok {
			l = verb + "(" + of + ")"
		}
		log = append(log, l)
	}
	return strings.Join(log, " ")
}

const (
	right   = "secret-word"
	stale   = "stale-word"
	learned = "fill approve(secret-word)"
)

func speaks(mechanisms ...string) mailtest.Options { return mailtest.Options{Mechanisms: mechanisms} }

func atAuth(reply string) mailtest.Options {
	return mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtAUTH, Reply: reply}}}
}

func TestLogin(t *testing.T) {
	t.Parallel()
	odd := speaks("LOGIN")
	odd.LoginPrompt = [2]string{"User Name\x00", "Pass phrase?"}
	for name, c := range map[string]login{
		"PLAIN":                     {passwords: []string{right}, log: learned, said: "PLAIN "},
		"LOGIN":                     {options: speaks("LOGIN"), passwords: []string{right}, log: learned, said: "LOGIN"},
		"LOGIN with odd questions":  {options: odd, passwords: []string{right}, log: learned},
		"CRAM-MD5":                  {options: speaks("CRAM-MD5"), passwords: []string{right}, log: learned, said: "CRAM-MD5"},
		"CRAM-MD5 is not better":    {options: speaks("CRAM-MD5", "LOGIN", "PLAIN"), passwords: []string{right}, log: learned, said: "PLAIN"},
		"XOAUTH2 for a token":       {options: speaks("PLAIN", "XOAUTH2"), bearer: true, passwords: []string{right}, log: learned, said: "XOAUTH2"},
		"OAUTHBEARER for a token":   {options: speaks("PLAIN", "XOAUTH2", "OAUTHBEARER"), bearer: true, passwords: []string{right}, log: learned, said: "OAUTHBEARER"},
		"XOAUTH2 by smtpAuth":       {options: speaks("PLAIN", "XOAUTH2"), settings: []string{"sendemail.smtpAuth=XOAUTH2"}, passwords: []string{right}, log: learned, said: "XOAUTH2"},
		"a password is no token":    {options: speaks("XOAUTH2"), passwords: []string{right}, log: "fill", reason: "offers XOAUTH2; allowed are PLAIN, LOGIN, CRAM-MD5"},
		"a token is no password":    {options: speaks("PLAIN"), bearer: true, passwords: []string{right}, log: "fill", reason: "offers PLAIN; allowed are OAUTHBEARER, XOAUTH2"},
		"lower case":                {options: mailtest.Options{LowerCase: true}, passwords: []string{right}, log: learned},
		"smtpAuth picks LOGIN":      {settings: []string{"sendemail.smtpAuth=login"}, passwords: []string{right}, log: learned, said: "LOGIN"},
		"smtpPass":                  {settings: []string{"sendemail.smtpPass=secret-word"}},
		"smtpPass wrong":            {settings: []string{"sendemail.smtpPass=stale-word"}, reason: "535"},
		"no password":               {log: "fill", reason: "the helper knows nothing"},
		"not offered":               {options: speaks("GSSAPI"), passwords: []string{right}, log: "fill", reason: "offers GSSAPI; allowed are PLAIN, LOGIN, CRAM-MD5"},
		"not allowed":               {options: speaks("PLAIN"), settings: []string{"sendemail.smtpAuth=LOGIN"}, passwords: []string{right}, log: "fill", reason: "offers PLAIN; allowed are LOGIN"},
		"a password repeated":       {options: atAuth("535 5.7.8 no: secret-word"), passwords: []string{right, right}, log: "fill reject(secret-word) fill reject(secret-word)", reason: "no: [password]"},
		"not about the name":        {options: atAuth("503 5.5.1 not here"), passwords: []string{right}, log: "fill", reason: "503"},
		"a yes that is none":        {options: atAuth("250 fine"), passwords: []string{right}, log: "fill", reason: "never said that the login succeeded: it answered 250 fine"},
		"a question that is absurd": {options: atAuth("334 bW9yZQ=="), passwords: []string{right}, log: "fill", reason: "sasl"},
		"hung up":                   {options: mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtAUTH, Drop: true}}}, passwords: []string{right}, log: "fill", reason: "at AUTH: the server closed the connection"},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.try(t) })
	}
}

func TestF08WrongPassword(t *testing.T) {
	t.Parallel()
	once := mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtAUTH, Times: 1, Reply: "534 5.7.9 application password"}}}
	for name, c := range map[string]login{
		"stale, then right":  {passwords: []string{stale, right}, log: "fill reject(stale-word) " + learned},
		"CRAM-MD5":           {options: speaks("CRAM-MD5"), passwords: []string{stale, right}, log: "fill reject(stale-word) " + learned},
		"another 5xx":        {options: once, passwords: []string{stale, right}, log: "fill reject(stale-word) " + learned},
		"wrong twice":        {passwords: []string{stale, stale}, log: "fill reject(stale-word) fill reject(stale-word)", reason: "535"},
		"wrong, then nobody": {passwords: []string{stale}, log: "fill reject(stale-word) fill", reason: "535"},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.try(t) })
	}
}

func TestF09LoginDeferred(t *testing.T) {
	t.Parallel()
	once := mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtAUTH, Times: 1, Reply: "454 4.7.0 later"}}}
	for name, c := range map[string]login{
		"for long: the password is kept": {options: atAuth("454 4.7.0 later"), passwords: []string{right}, log: "fill", reason: "454 4.7.0 later"},
		"once":                           {options: once, passwords: []string{right}, log: learned},
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); c.try(t) })
	}
}

func TestF10TokenExpired(t *testing.T) {
	t.Parallel()
	for _, mechanism := range []string{"XOAUTH2", "OAUTHBEARER"} {
		for name, c := range map[string]login{
			"refreshed":     {passwords: []string{stale, right}, log: "fill reject(stale-word) " + learned},
			"stale as well": {passwords: []string{stale, stale}, log: "fill reject(stale-word) fill reject(stale-word)", reason: "535"},
		} {
			t.Run(mechanism+" "+name, func(t *testing.T) {
				t.Parallel()
				c.options, c.bearer, c.said = speaks(mechanism), true, mechanism
				c.try(t)
			})
		}
	}
}

// A machine that was asleep finds its connection dead, and its token too old.
func TestF44Suspended(t *testing.T) {
	t.Parallel()
	s := mailtest.Start(t, mailtest.Options{TLS: mailtest.StartTLS, Users: map[string]string{"me": right}, Mechanisms: []string{"XOAUTH2"},
		Faults: []mailtest.Fault{{At: mailtest.AtMAIL, Message: 2, Drop: true}}})
	h := &helper{passwords: []string{right, right}, bearer: true, expires: time.Now().Add(time.Hour)}
	tr := transportTo(t, s, h, "sendemail.smtpEncryption=tls", "sendemail.smtpUser=me")
	j := journalOf(t, series(1))
	sum, err := quickly().Run(t.Context(), j, tr, func(e Event) {
		if e.Message == 1 && !e.Done && s.Connections() == 1 {
			tr.credential.Expires = time.Now().Add(-time.Second) // the night went by
		}
	})
	if err != nil || sum.Status() != 0 || s.Connections() != 2 {
		t.Errorf("%+v, %v, %d connections", sum, err, s.Connections())
	}
	if got, want := h.told("127.0.0.1:"+s.Port()), learned+" "+learned; got != want {
		t.Errorf("the helper was asked %q, want %q", got, want)
	}
	checkArrivals(t, j, s, false)
}
