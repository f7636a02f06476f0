package relay

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

func testService() Service {
	return Service{Name: "Rig Endpoint", From: patchmail.Address{Mailbox: "devnull@relay.example.net"}, Delimiter: "+",
		OwnDomains: []string{"corp.example.com"}, ListID: "kprep.lists.example.org"}
}

var testKey = Key{Identity: "joe@example.org", Selector: "default"}

const (
	testHeader = "Date: Thu, 2 Jan 2025 03:04:05 +0000\nSubject: [PATCH] fix: leak\nMIME-Version: 1.0\n" +
		"Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: 8bit\nMessage-ID: <1@example.org>\nTo: list@lists.example.org\n"
	testDiff = "---\n a.c | 1 +\n\ndiff --git a/a.c b/a.c\n--- a/a.c\n+++ b/a.c\n@@ -1 +1,2 @@\n a\n+b \n-- \n2.39\n"
)

// field returns the unfolded value of the only field of a name.
func onlyField(t *testing.T, raw []byte, name string) string {
	t.Helper()
	m, err := parse(raw)
	if err != nil {
		t.Fatalf("%v:\n%s", err, raw)
	}
	if n := len(m.values(strings.ToLower(name))); n > 1 {
		t.Fatalf("%d fields %s:\n%s", n, name, raw)
	}
	return m.value(strings.ToLower(name))
}

func TestFrom(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 50)
	for name, c := range map[string]struct{ from, want, envelope, inBody string }{
		"plain":               {"Joe Doe <joe@example.org>", "Joe Doe via Rig Endpoint <devnull+joe.example.org@relay.example.net>", "devnull+joe.example.org@relay.example.net", "From: Joe Doe <joe@example.org>"},
		"no name":             {"joe@example.org", `"joe@example.org via Rig Endpoint" <devnull+joe.example.org@relay.example.net>`, "devnull+joe.example.org@relay.example.net", "From: joe@example.org"},
		"comma and comment":   {`"Name, X (y)" <a@example.org>`, `"Name, X (y) via Rig Endpoint" <devnull+a.example.org@relay.example.net>`, "devnull+a.example.org@relay.example.net", `From: "Name, X (y)" <a@example.org>`},
		"not ASCII":           {"=?utf-8?q?Zo=C3=AB?= Probe <zoe@example.org>", "=?utf-8?q?Zo=C3=AB_Probe_via_Rig_Endpoint?= <devnull+zoe.example.org@relay.example.net>", "devnull+zoe.example.org@relay.example.net", "From: Zoë Probe <zoe@example.org>"},
		"not even encoded":    {"Zoë Probe <zoe@example.org>", "=?utf-8?q?Zo=C3=AB_Probe_via_Rig_Endpoint?= <devnull+zoe.example.org@relay.example.net>", "devnull+zoe.example.org@relay.example.net", "From: Zoë Probe <zoe@example.org>"},
		"plus part":           {"Joe <joe+kernel@example.org>", "Joe via Rig Endpoint <devnull+joe+kernel.example.org@relay.example.net>", "devnull+joe+kernel.example.org@relay.example.net", "From: Joe <joe+kernel@example.org>"},
		"too long a mailbox":  {"Joe <" + long + "@example.org>", "Joe via Rig Endpoint <devnull@relay.example.net>", "devnull@relay.example.net", "From: Joe <" + long + "@example.org>"},
		"quoted local part":   {`Joe <"j d"@example.org>`, "Joe via Rig Endpoint <devnull@relay.example.net>", "devnull@relay.example.net", `From: Joe <"j d"@example.org>`},
		"own domain":          {"Joe <joe@Corp.example.com>", "Joe <joe@Corp.example.com>", "joe@Corp.example.com", ""},
		"below an own domain": {"Joe <joe@evil.corp.example.com>", "Joe via Rig Endpoint <devnull+joe.evil.corp.example.com@relay.example.net>", "devnull+joe.evil.corp.example.com@relay.example.net", "From: Joe <joe@evil.corp.example.com>"},
		"ends like an own one": {"Joe <joe@notcorp.example.com>", "Joe via Rig Endpoint <devnull+joe.notcorp.example.com@relay.example.net>", "devnull+joe.notcorp.example.com@relay.example.net",
			"From: Joe <joe@notcorp.example.com>"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			raw := "From: " + c.from + "\n" + testHeader + "\nText.\n" + testDiff
			letter, err := testService().Relay([]byte(raw), testKey)
			if err != nil {
				t.Fatal(err)
			}
			if got := onlyField(t, letter.Raw, "From"); got != c.want {
				t.Errorf("From is %s\nwant    %s", got, c.want)
			}
			if letter.From != c.envelope {
				t.Errorf("the envelope is from %s, want %s", letter.From, c.envelope)
			}
			_, body, _ := strings.Cut(string(letter.Raw), "\n\n")
			want, replyTo := "Text.\n"+testDiff, ""
			if c.inBody != "" {
				want = c.inBody + "\n\n" + want
				author, err := patchmail.ParseAddress(c.from)
				if err != nil {
					t.Fatal(err)
				}
				replyTo = author.Mailbox
				if got, err := patchmail.ParseAddress(onlyField(t, letter.Raw, "X-Original-From")); err != nil || got != author {
					t.Errorf("X-Original-From is %+v, %v", got, err)
				}
			}
			if got := onlyField(t, letter.Raw, "Reply-To"); got != replyTo {
				t.Errorf("Reply-To is %q, want %q", got, replyTo)
			}
			if body != want {
				t.Errorf("the body is\n%s\nwant\n%s", body, want)
			}
			if got := onlyField(t, letter.Raw, "X-Endpoint-Received"); got != "by Rig Endpoint for joe@example.org/default" {
				t.Errorf("X-Endpoint-Received is %q", got)
			}
		})
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	const author = "From: Joe <joe@example.org>\n"
	long := strings.Repeat("x", 999) + "\n"
	for name, c := range map[string]struct {
		encoding, body string
		text, sent     string // decoded; and its encoding
	}{
		"a cover letter":                 {"7bit", "Hello.\n\n---\n a.c | 1 +\n", author + "\nHello.\n\n---\n a.c | 1 +\n", "7bit"},
		"by somebody else":               {"7bit", "From: Kim <kim@example.org>\n\nText.\n", "From: Kim <kim@example.org>\n\nText.\n", "7bit"},
		"by somebody else, below a date": {"7bit", "date: today\nFROM: Kim <kim@example.org>\n\nText.\n", "date: today\nFROM: Kim <kim@example.org>\n\nText.\n", "7bit"},
		"its own subject":                {"7bit", "Subject: a\n b\n\nFrom: is text\n", author + "Subject: a\n b\n\nFrom: is text\n", "7bit"},
		"blank lines above":              {"7bit", "\n\nText.\n", author + "\nText.\n", "7bit"},
		"a word that only begins so":     {"7bit", "Fromage: is text\n", author + "\nFromage: is text\n", "7bit"},
		"8 bits":                         {"8bit", "Zoë\n", author + "\nZoë\n", "8bit"},
		"base64":                         {"base64", "Wm/Dqwo=\n", author + "\nZoë\n", "8bit"},
		"quoted-printable":               {"Quoted-Printable", "Zo=C3=AB=\n!\n", author + "\nZoë!\n", "8bit"},
		"carriage returns of a patch":    {"quoted-printable", "+a=0D\n", author + "\n+a\r\n", "quoted-printable"},
		"carriage returns as they are":   {"8bit", "+a\r\n", author + "\n+a\r\n", "quoted-printable"},
		"a line too long for the wire":   {"8bit", long, author + "\n" + long, "quoted-printable"},
		"no encoding said":               {"", "Zoë\n", author + "\nZoë\n", "8bit"},
		"no line end":                    {"8bit", "Zoë", author + "\nZoë\n", "8bit"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := strings.Replace(testHeader, "Content-Transfer-Encoding: 8bit\n", "", 1)
			if c.encoding != "" {
				header += "content-transfer-encoding: " + c.encoding + "\n"
			}
			letter, err := testService().Relay([]byte("From: Joe <joe@example.org>\n"+header+"\n"+c.body), testKey)
			if err != nil {
				t.Fatal(err)
			}
			m, err := parse(letter.Raw)
			if err != nil {
				t.Fatal(err)
			}
			text, err := m.text()
			if got := onlyField(t, letter.Raw, "Content-Transfer-Encoding"); err != nil || string(text) != c.text || got != c.sent {
				t.Errorf("got %s, %v:\n%q\nwant %s:\n%q", got, err, text, c.sent, c.text)
			}
			if _, err := patchmail.SevenBit(letter.Raw); err != nil {
				t.Errorf("a server without 8BITMIME does not get it: %v", err)
			}
			checkWire(t, letter.Raw)
		})
	}
}

// checkWire fails when a mail is none that package sendmail/smtp takes.
func checkWire(t *testing.T, raw []byte) {
	t.Helper()
	for line := range strings.Lines(string(raw)) {
		if len(line) > maxLine+1 || strings.ContainsAny(line, "\r\x00") {
			t.Errorf("this line cannot leave: %.80q", line)
		}
	}
	header, _, _ := strings.Cut(string(raw), "\n\n")
	if strings.ContainsFunc(header, func(r rune) bool { return r > '~' }) {
		t.Errorf("the header is not ASCII:\n%s", header)
	}
}

// However long a name is, the header leaves in lines that all servers take, and
// From on one.
func TestLongNames(t *testing.T) {
	t.Parallel()
	for name, letters := range map[string]string{"two bytes": "ö", "four bytes": "𝄞", "words": "ab ", "quoted": `\"`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			author := `"` + strings.Repeat(letters, 170) + `" <joe@example.org>`
			letter, err := testService().Relay([]byte("From: "+author+"\n"+testHeader+"\nText.\n"+testDiff), testKey)
			if err != nil {
				t.Fatal(err)
			}
			header, _, _ := strings.Cut(string(letter.Raw), "\n\n")
			for line := range strings.Lines(header) {
				if len(line) > maxLine {
					t.Errorf("a line of %d bytes: %.60s", len(line), line)
				}
			}
			m, err := parse(letter.Raw)
			if err != nil {
				t.Fatal(err)
			}
			from, err := patchmail.ParseAddress(m.value("from"))
			start := strings.Repeat(strings.Trim(letters, `\`), 20)
			if err != nil || !strings.HasPrefix(from.Name, start) || !strings.HasSuffix(from.Name, " via Rig Endpoint") || from.Domain() != "relay.example.net" {
				t.Errorf("it is from %v, %v", from, err)
			}
			if raw := m.fields[m.index("from")].raw; strings.Count(raw, "\n") != 1 {
				t.Errorf("From is folded:\n%s", raw)
			}
			original, err := patchmail.ParseAddress(m.value("x-original-from"))
			if err != nil || strings.TrimSpace(original.Name) != strings.TrimSpace(strings.Repeat(strings.Trim(letters, `\`), 170)) {
				t.Errorf("it was from %v, %v", original, err)
			}
		})
	}
}

// A mail of a domain of the service's own leaves byte for byte, but for fields
// that nobody vouches for and the mark.
func TestStrangeFieldsStay(t *testing.T) {
	t.Parallel()
	const signature = "X-Developer-Signature: v=1; a=ed25519-sha256; t=1; l=3;\n i=joe@corp.example.com; h=from:subject:message-id:X-Patchwork-Hint;\n  bh=a\tb\n  c; b=d e\nX-Developer-Key: i=joe;\n\ta=ed25519\n"
	const rest = "References: <0@example.org>\nX-Mailer: b4 0.12\nX-Change-ID: x\nX-B4-Tracking: v=1; b=abc\n\tdef\nX-Patchwork-Hint: ignore\n" + signature
	const from = "From: Joe <joe@corp.example.com>\n"
	const body = "\nText.\n" + testDiff
	const mark = "X-Endpoint-Received: by Rig Endpoint for joe@example.org/default\n"
	strange := "Bcc: all@example.org\nSender: a@example.org\nRESENT-FROM: a@example.org\nResent-To: all@example.org\nReturn-Path: <a@example.org>\n" +
		"DKIM-Signature: v=1;\n b=forged\nARC-Seal: i=1\nAuthentication-Results: fine\nList-Id: <a>\nList-Unsubscribe: <mailto:a@example.org>\n" +
		"Received: from nowhere\n\tby nowhere\nX-Endpoint-Received: by Rig Endpoint for root@example.org/default\nx-endpoint-trust: yes\nX-Original-From: a@example.org\n" +
		"Reply-To: a@example.org\nErrors-To: a@example.org\nApproved: password\nDisposition-Notification-To: a@example.org\nPrecedence: bulk\nX-Patchwork-State: accepted\n"
	want := from + testHeader + rest + mark + body
	letter, err := testService().Relay([]byte(strange+from+testHeader+rest+strange+body), testKey)
	if err != nil {
		t.Fatal(err)
	}
	if string(letter.Raw) != want {
		t.Errorf("got\n%s\nwant\n%s", letter.Raw, want)
	}
	feed, err := testService().Archive([]byte(strange+from+testHeader+rest+strange+body), testKey)
	if want := from + testHeader + rest + mark + "List-Id: <kprep.lists.example.org>\n" + body; err != nil || string(feed) != want {
		t.Errorf("the feed gets, %v:\n%s\nwant\n%s", err, feed, want)
	}
}

func TestArchiveKeepsFrom(t *testing.T) {
	t.Parallel()
	s := testService()
	s.ListID = "Patches of kprep <kprep.lists.example.org>"
	raw := "From: Joe <joe@example.org>\n" + testHeader + "\nText.\n"
	got, err := s.Archive([]byte(raw), testKey)
	want := "From: Joe <joe@example.org>\n" + testHeader + "X-Endpoint-Received: by Rig Endpoint for joe@example.org/default\n" +
		"List-Id: Patches of kprep <kprep.lists.example.org>\n\nText.\n"
	if err != nil || string(got) != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, got, want)
	}
}

func TestRecipients(t *testing.T) {
	t.Parallel()
	s := testService()
	s.AlwaysBcc = []patchmail.Address{{Mailbox: "audit@example.org"}, {Mailbox: "b@example.org"}}
	raw := "From: Joe <joe@example.org>\n" + strings.Replace(testHeader, "To: list@lists.example.org\n",
		"To: \"B, Kim\" <b@example.org>,\n friends: c@example.org, C@example.org;,\n\td@b\u00fccher.example\nCc: undisclosed:;, e@example.org\nBcc: f@example.org\n", 1) + "\nText.\n"
	letter, err := s.Relay([]byte(raw), testKey)
	if want := []string{"b@example.org", "c@example.org", "d@xn--bcher-kva.example", "e@example.org", "audit@example.org"}; err != nil || !slices.Equal(letter.Recipients, want) {
		t.Errorf("got %v, %v, want %v", letter.Recipients, err, want)
	}
	if strings.Contains(string(letter.Raw), "audit") {
		t.Errorf("the header names who gets a blind copy:\n%s", letter.Raw)
	}
	checkWire(t, letter.Raw)
	letter, err = s.Reflect([]byte(raw), testKey)
	if want := []string{"joe@example.org"}; err != nil || !slices.Equal(letter.Recipients, want) {
		t.Errorf("reflected to %v, %v, want %v", letter.Recipients, err, want)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	const from = "From: Joe <joe@example.org>\n"
	const signed = "X-Developer-Signature: v=1; a=ed25519-sha256;\n h=From:subject:%s;\n b=x\n"
	sign := func(name string) string { return strings.Replace(signed, "%s", name, 1) }
	for name, raw := range map[string]string{
		"no body":                        from + testHeader,
		"an empty body":                  from + testHeader + "\n",
		"two subjects":                   from + testHeader + "SUBJECT: [PATCH] other\n\nText.\n",
		"two senders in two fields":      from + from + testHeader + "\nText.\n",
		"two senders in one":             "From: a@example.org, b@example.org\n" + testHeader + "\nText.\n",
		"no sender":                      testHeader + "\nText.\n",
		"a line break in a name":         "From: =?utf-8?q?a=0Ab?= <a@example.org>\n" + testHeader + "\nText.\n",
		"a name that runs backwards":     "From: =?utf-8?q?a=E2=80=AEb?= <a@example.org>\n" + testHeader + "\nText.\n",
		"a blank before the colon":       from + testHeader + "Cc : a@example.org\n\nText.\n",
		"an mbox line":                   "From 1 Mon Sep 17 00:00:00 2001\n" + from + testHeader + "\nText.\n",
		"a fold of blanks alone":         from + testHeader + " \n\nText.\n",
		"a carriage return":              from + testHeader + "Cc: a@example.org\rBcc: b@example.org\n\nText.\n",
		"no address in To":               strings.Replace(from+testHeader, "list@lists", "list at lists", 1) + "\nText.\n",
		"a long line in a signature":     from + testHeader + "X-Developer-Signature: " + long(999) + "\n\nText.\n",
		"HTML":                           strings.Replace(from+testHeader, "text/plain", "text/html", 1) + "\nText.\n",
		"a charset that is not UTF-8":    strings.Replace(from+testHeader, "utf-8", "utf-16", 1) + "\nText.\n",
		"an encoding nobody knows":       strings.Replace(from+testHeader, "8bit", "uuencode", 1) + "\nText.\n",
		"an escape that is none":         strings.Replace(from+testHeader, "8bit", "quoted-printable", 1) + "\na=b\n",
		"base64 that is none":            strings.Replace(from+testHeader, "8bit", "base64", 1) + "\n!!!\n",
		"a signed field that stays":      from + testHeader + "Reply-To: a@example.org\n" + sign("reply-to") + "\nText.\n",
		"a signed field that is written": from + testHeader + "X-Original-From: a@example.org\n" + sign("x-original-from") + "\nText.\n",
		"one above a signed field":       "X-Patchwork-State: accepted\n" + from + testHeader + "X-Patchwork-State: new\n" + sign("x-patchwork-state") + "\nText.\n",
		"a signed encoding that changes": strings.Replace(from+testHeader, "8bit", "base64", 1) + sign("content-transfer-encoding") + "\nVGV4dC4K\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if letter, err := testService().Relay([]byte(raw), testKey); err == nil {
				t.Errorf("this leaves:\n%s", letter.Raw)
			}
		})
	}
	// What is signed and stays as it is may leave, and so may what is signed as absent.
	ok := from + testHeader + "X-Patchwork-State: new\n" + sign("to:date:list-id:content-transfer-encoding:x-patchwork-state") + "\nText.\n"
	if _, err := testService().Relay([]byte(ok), testKey); err != nil {
		t.Error(err)
	}
	var fe *FieldError
	if _, err := testService().Relay([]byte(from+testHeader+"Subject: b\n\nText.\n"), testKey); !errors.As(err, &fe) || fe.Field != "Subject" {
		t.Errorf("got %v", err)
	}
}

func long(n int) string { return strings.Repeat("x", n) }
