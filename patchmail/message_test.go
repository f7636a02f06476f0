package patchmail

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime/quotedprintable"
	"strings"
	"testing"
	"time"
)

func testMessage() *Message {
	return &Message{
		From:       Address{"Jane Dév", "jane@dev.example"},
		To:         []Address{{"", "list@lists.example.org"}},
		Cc:         []Address{{"Ann Acker", "ann@x.example"}},
		Subject:    "[PATCH v2 1/2] foo: fix it",
		Date:       time.Date(2026, 11, 2, 1, 2, 3, 0, time.FixedZone("", -(3*60+30)*60)),
		ID:         "20261121-foo-v2-1-abc@dev.example",
		InReplyTo:  "cover@dev.example",
		References: []string{"old@dev.example", "cover@dev.example"},
		Headers: []Header{
			{"X-Mailer", "kprep 1"},
			{"X-B4-Tracking", "v=1; b=" + strings.Repeat("abcd", 30)},
			{"X-Change-ID", "20261121-foo-eb7feaf4228f"},
		},
		Body: []byte("Fix it.\n---\n diff\n"),
	}
}

func TestMessageBytes(t *testing.T) {
	t.Parallel()
	const want = `From: =?utf-8?q?Jane_D=C3=A9v?= <jane@dev.example>
Date: Mon, 02 Nov 2026 01:02:03 -0330
Subject: [PATCH v2 1/2] foo: fix it
MIME-Version: 1.0
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: 7bit
Message-ID: <20261121-foo-v2-1-abc@dev.example>
References: <old@dev.example>
 <cover@dev.example>
In-Reply-To: <cover@dev.example>
X-B4-Tracking: v=1; b=abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcda
 bcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd
X-Change-ID: 20261121-foo-eb7feaf4228f
To: list@lists.example.org
Cc: Ann Acker <ann@x.example>
X-Mailer: kprep 1

Fix it.
---
 diff
`
	raw, err := testMessage().Bytes()
	if err != nil || string(raw) != want {
		t.Errorf("got\n%s(%v), want\n%s", raw, err, want)
	}
}

func TestMessageRefuses(t *testing.T) {
	t.Parallel()
	inject := new(*InjectionError)
	address := new(*AddressError)
	header := new(*HeaderError)
	tests := []struct {
		why    string
		change func(*Message)
		want   any // nil for any error
	}{
		{"line feed in the subject", func(m *Message) { m.Subject += "\nBcc: x@y" }, inject},
		{"carriage return in the subject", func(m *Message) { m.Subject += "\rx" }, inject},
		{"NUL in the subject", func(m *Message) { m.Subject += "\x00" }, inject},
		{"carriage return in a title", func(m *Message) { m.Subject = Subject{Title: "a \r b"}.String() }, inject},
		{"line feed in a name", func(m *Message) { m.From.Name = "a\nb" }, inject},
		{"line feed in a mailbox", func(m *Message) { m.To[0].Mailbox = "a@b\nc" }, inject},
		{"line feed in an extra field", func(m *Message) { m.Headers[0].Value = "a\n b" }, inject},
		{"line feed in the id", func(m *Message) { m.ID = "a\n@b" }, inject},
		{"carriage return in a reference", func(m *Message) { m.References[1] = "a\r@b" }, inject},
		{"NUL in the id replied to", func(m *Message) { m.InReplyTo = "a@b\x00" }, inject},
		{"override in a name", func(m *Message) { m.Cc[0].Name = "a\u202eb" }, address},
		{"escape in a name", func(m *Message) { m.Cc[0].Name = "a\x1bb" }, address},
		{"forged mailbox", func(m *Message) { m.To[0].Mailbox = "a> SIZE=1 <b@c" }, address},
		{"second mailbox", func(m *Message) { m.To[0].Mailbox = "a@b, c@d" }, address},
		{"mailbox in brackets", func(m *Message) { m.To[0].Mailbox = "<a@b>" }, address},
		{"no sender", func(m *Message) { m.From = Address{} }, address},
		{"no id", func(m *Message) { m.ID = "" }, header},
		{"id in brackets", func(m *Message) { m.ID = "<a@b>" }, header},
		{"id with a blank", func(m *Message) { m.ID = "a b@c" }, header},
		{"id without a domain", func(m *Message) { m.ID = "abc" }, header},
		{"reference with brackets inside", func(m *Message) { m.References[0] = "a><b@c" }, header},
		{"empty reference", func(m *Message) { m.References[0] = "" }, header},
		{"Bcc as extra field", func(m *Message) { m.Headers[0].Name = "Bcc" }, header},
		{"subject not UTF-8", func(m *Message) { m.Subject = "\xff" }, header},
		{"id longer than a line", func(m *Message) { m.ID = strings.Repeat("a", 1000) + "@b" }, nil},
		{"no date", func(m *Message) { m.Date = time.Time{} }, nil},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			m := testMessage()
			tt.change(m)
			raw, err := m.Bytes()
			if err == nil || raw != nil {
				t.Fatalf("wrote\n%s", raw)
			}
			if tt.want != nil && !errors.As(err, tt.want) {
				t.Errorf("got %T %v, want %T", errors.Unwrap(err), err, tt.want)
			}
			if strings.ContainsAny(err.Error(), "\r\n\x00\x1b") {
				t.Errorf("the message holds raw control characters: %q", err.Error())
			}
		})
	}
}

func TestMissingLineFeedIsAdded(t *testing.T) {
	t.Parallel()
	m := testMessage()
	backing := []byte("a\nbX")
	m.Body = backing[:3]
	raw, err := m.Bytes()
	if err != nil || !bytes.HasSuffix(raw, []byte("\n\na\nb\n")) || string(backing) != "a\nbX" {
		t.Errorf("got %q, %v; the caller's bytes are %q", raw, err, backing)
	}
	m.Body = nil
	if raw, err := m.Bytes(); err != nil || !bytes.HasSuffix(raw, []byte("X-Mailer: kprep 1\n\n")) {
		t.Errorf("empty body: %q, %v", raw, err)
	}
}

func TestNeedsUTF8(t *testing.T) {
	t.Parallel()
	m := testMessage()
	m.Body = []byte("ä\n")
	if raw, err := m.Bytes(); err != nil || NeedsUTF8(raw) {
		t.Errorf("an 8bit body does not need SMTPUTF8: %v\n%s", err, raw)
	}
	m.To[0].Mailbox = "j@exämple.com"
	if raw, err := m.Bytes(); err != nil || NeedsUTF8(raw) || !bytes.Contains(raw, []byte("\nTo: j@xn--exmple-cua.com\n")) {
		t.Errorf("a domain that is not ASCII is written as A-label: %v\n%s", err, raw)
	}
	m.To[0].Mailbox = "ž@example.org"
	raw, err := m.Bytes()
	if err != nil || !NeedsUTF8(raw) {
		t.Errorf("a local part that is not ASCII needs SMTPUTF8: %v\n%s", err, raw)
	}
	if _, err := SevenBit(raw); err == nil {
		t.Error("SevenBit took a header that is not ASCII")
	}
}

func TestSevenBit(t *testing.T) {
	t.Parallel()
	m := testMessage()
	m.Body = []byte("é \n.\nContent-Transfer-Encoding: 8bit\n")
	raw, err := m.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	// A signature may have been put in since.
	raw = bytes.Replace(raw, []byte("\n\n"), []byte("\nX-Developer-Signature: v=1\n\n"), 1)
	seven, err := SevenBit(raw)
	if err != nil {
		t.Fatal(err)
	}
	header, _, _ := bytes.Cut(raw, []byte("\n\n"))
	want := strings.Replace(string(header), "Encoding: 8bit", "Encoding: quoted-printable", 1) +
		"\n\n=C3=A9=20\n=2E\nContent-Transfer-Encoding: 8bit\n"
	if string(seven) != want {
		t.Errorf("got\n%s\nwant\n%s", seven, want)
	}
	if again, err := SevenBit(seven); err != nil || !bytes.Equal(again, seven) {
		t.Errorf("a 7-bit message was changed: %v\n%s", err, again)
	}
	for _, bad := range []string{"", "ä", "A: b\n\nä\n", "A: b\nContent-Transfer-Encoding: 8bit\n\nä"} {
		if got, err := SevenBit([]byte(bad)); err == nil && bad != "" {
			t.Errorf("SevenBit(%q) = %q", bad, got)
		}
	}
}

func TestChooseEncoding(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why, body string
		want      transferEncoding
	}{
		{"empty", "", sevenBit},
		{"ASCII", "a\n", sevenBit},
		{"998 bytes", strings.Repeat("a", 998) + "\n", sevenBit},
		{"999 bytes", strings.Repeat("a", 999) + "\n", quotedPrintable},
		{"UTF-8", "ä\n", eightBit},
		{"999 bytes in 500 characters", strings.Repeat("ä", 499) + "a\n", base64Encoding},
		{"carriage return", "abcd\r\n", quotedPrintable},
		{"NUL", "abcd\x00\n", quotedPrintable},
		{"not UTF-8", "abcd\xff\n", quotedPrintable},
		{"just not a third", "aaaa\r\xff\n", quotedPrintable},
		{"over a third", "aa\r\xff\n", base64Encoding},
		{"friendly From", "From now on: 5 days\n", sevenBit},
		{"mailbox From", "From x Thu Jan  1 00:00:00 1970\n", quotedPrintable},
	}
	for _, tt := range tests {
		if got := chooseEncoding([]byte(tt.body)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.why, got, tt.want)
		}
	}
}

func TestQuotedPrintableGuards(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ why, in, want string }{
		{"leading From", "From a\n", "=46rom a\n"},
		{"From: is another thing", "From: a\n", "From: a\n"},
		{"lone dot", ".\n..\n", "=2E\n..\n"},
		{"trailing blank and tab", "a \nb\t\n \n", "a=20\nb=09\n=20\n"},
		{"carriage return", "a\r\n\r\n", "a=0D\n=0D\n"},
		{"equals sign", "a=b\n", "a=3Db\n"},
		{"76 columns fit", strings.Repeat("a", 76) + "\n", strings.Repeat("a", 76) + "\n"},
		{"77 do not", strings.Repeat("a", 77) + "\n", strings.Repeat("a", 75) + "=\naa\n"},
		{"no dot alone behind a soft break", strings.Repeat("a", 76) + ".\n", strings.Repeat("a", 75) + "=\na.\n"},
		{"no dot alone behind a full line of escapes", strings.Repeat("=", 25) + "a.\n", strings.Repeat("=3D", 25) + "=\na.\n"},
		{"no From behind a soft break", strings.Repeat("a", 75) + "From b\n", strings.Repeat("a", 75) + "=\n=46rom b\n"},
	} {
		if got := string(appendQuotedPrintable(nil, []byte(tt.in))); got != tt.want {
			t.Errorf("%s: %q is %q, want %q", tt.why, tt.in, got, tt.want)
		}
	}
}

// FuzzBody checks that the standard library decodes the very bytes of the body,
// and that every encoded form fits on the wire.
func FuzzBody(f *testing.F) {
	f.Add([]byte("a\r\nb \nFrom c\n.\n>From\n\t\n"))
	f.Add([]byte(strings.Repeat("ä= ", 400)))
	f.Add([]byte("\x00\xff\xfe\r\r\r"))
	f.Add([]byte(strings.Repeat("a", 74) + " \n" + strings.Repeat("a", 75) + "\t \n" + strings.Repeat("a", 76) + ".\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		m := testMessage()
		m.Body = body
		raw, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		want := body
		if len(body) > 0 && body[len(body)-1] != '\n' {
			want = append(bytes.Clone(body), '\n')
		}
		if len(want) > 0 {
			encoded := appendQuotedPrintable(nil, want)
			checkQuotedPrintable(t, encoded)
			if got := decodeQuotedPrintable(t, encoded); !bytes.Equal(got, want) {
				t.Errorf("quoted-printable of %q reads as %q", want, got)
			}
		}
		checkWire(t, raw)
		header, encoded, _ := bytes.Cut(raw, []byte("\n\n"))
		_, name, _ := bytes.Cut(header, []byte("Content-Transfer-Encoding: "))
		name, _, _ = bytes.Cut(name, []byte("\n"))
		got := encoded
		switch transferEncoding(name) {
		case quotedPrintable:
			got = decodeQuotedPrintable(t, encoded)
		case base64Encoding:
			if got, err = io.ReadAll(base64.NewDecoder(base64.StdEncoding, bytes.NewReader(encoded))); err != nil {
				t.Errorf("%q: %v", encoded, err)
			}
		case sevenBit:
			if !isASCII(encoded) {
				t.Errorf("7bit, but %q", encoded)
			}
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s of %q reads as %q", name, want, got)
		}
	})
}

func decodeQuotedPrintable(t *testing.T, encoded []byte) []byte {
	t.Helper()
	got, err := io.ReadAll(quotedprintable.NewReader(bytes.NewReader(encoded)))
	if err != nil {
		t.Errorf("%q: %v", encoded, err)
	}
	return got
}

func checkQuotedPrintable(t *testing.T, encoded []byte) {
	t.Helper()
	for line := range bytes.Lines(encoded) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		if len(line) > maxEncodedLine || bytes.TrimRight(line, " \t\r") == nil && len(line) > 0 ||
			len(bytes.TrimRight(line, " \t\r")) != len(line) || string(line) == "." || bytes.HasPrefix(line, []byte("From ")) {
			t.Errorf("bad quoted-printable line %q", line)
		}
	}
}

func BenchmarkMessageBytes(b *testing.B) {
	line := "+\tif (err < 0) /* größer */\n"
	for _, bb := range []struct{ name, line string }{
		{"7bit", strings.ReplaceAll(strings.ReplaceAll(line, "ö", "o"), "ß", "ss")},
		{"8bit", line},
		{"quoted-printable", strings.ReplaceAll(line, "\n", "\r\n")},
		{"base64", "\xd2\xc5\xd3\xd4\xf0\xc9\r\n"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			m := testMessage()
			m.Body = []byte(strings.Repeat(bb.line, 30_000/len(bb.line)))
			b.SetBytes(int64(len(m.Body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Bytes(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestEncodingAsAskedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, encoding, body string
		want                string // Content-Transfer-Encoding; "" for an *EncodingError
	}{
		{"nothing asked for", "", "ä\n", "8bit"},
		{"auto", "auto", "ä, and text enough\r\n", "quoted-printable"},
		{"7bit", "7bit", "a\n", "7bit"},
		{"7bit cannot carry others", "7bit", "ä\n", ""},
		{"8bit", "8bit", "a\n", "8bit"},
		{"8bit cannot carry CR", "8bit", "ä\r\n", ""},
		{"8bit cannot carry a long line", "8bit", strings.Repeat("a", 999) + "\n", ""},
		{"8bit cannot carry what is not UTF-8", "8bit", "\xe4\n", ""},
		{"quoted-printable", "quoted-printable", "a\n", "quoted-printable"},
		{"base64", "base64", "a\n", "base64"},
		{"an unknown word", "uuencode", "a\n", ""},
	} {
		m := Message{From: Address{Mailbox: "a@example.org"}, Subject: "s", Date: time.Unix(1, 0), ID: "i@example.org", Body: []byte(c.body), Encoding: c.encoding}
		raw, err := m.Bytes()
		if c.want == "" {
			if !errors.As(err, new(*EncodingError)) {
				t.Errorf("%s: error %v\n%s", c.why, err, raw)
			}
			continue
		}
		if err != nil || !strings.Contains(string(raw), "\nContent-Transfer-Encoding: "+c.want+"\n") {
			t.Errorf("%s: %v\n%s", c.why, err, raw)
		}
	}
}
