package patchmail

import (
	"bufio"
	"bytes"
	"errors"
	"mime"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message/textproto"
)

// readField returns the value of the one field in header as a mail client shows
// it: unfolded by go-message, encoded words decoded.
func readField(t *testing.T, header, name string) string {
	t.Helper()
	h, err := textproto.ReadHeader(bufio.NewReader(strings.NewReader(strings.ReplaceAll(header, "\n", "\r\n") + "\r\n")))
	if err != nil {
		t.Fatalf("go-message cannot read %q: %v", header, err)
	}
	if h.Len() != 1 {
		t.Fatalf("%d fields in %q", h.Len(), header)
	}
	value, err := new(mime.WordDecoder).DecodeHeader(h.Get(name))
	if err != nil {
		t.Fatalf("decode %q: %v", header, err)
	}
	return value
}

// checkFolding fails when a line is longer than it has to be: past 76 columns
// although it has a second word to fold at, or holds a bad encoded word.
func checkFolding(t *testing.T, header string) {
	t.Helper()
	if !isASCII(header) || strings.ContainsAny(header, "\r\x00") {
		t.Errorf("not clean ASCII: %q", header)
	}
	for i, line := range strings.Split(strings.TrimSuffix(header, "\n"), "\n") {
		if len(line) > hardColumn {
			t.Errorf("line of %d bytes", len(line))
		}
		words := strings.Fields(line)
		if i == 0 && len(words) > 0 {
			words = words[1:]
		}
		if len(words) == 0 && i > 0 {
			t.Errorf("blank continuation line in %q", header)
		}
		if len(line) > softColumn && len(words) > 1 && !strings.Contains(line, "  ") {
			t.Errorf("foldable line of %d bytes: %q", len(line), line)
		}
		for _, w := range words {
			if strings.HasPrefix(w, "=?utf-8?") {
				checkEncodedWord(t, strings.TrimSuffix(w, ","))
			}
		}
	}
}

func checkEncodedWord(t *testing.T, word string) {
	t.Helper()
	text, err := new(mime.WordDecoder).Decode(word)
	if err != nil || !utf8.ValidString(text) || len(word) > maxEncodedWord {
		t.Errorf("bad encoded word, %d bytes: %q is %q, %v", len(word), word, text, err)
	}
}

func TestHeaderText(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, value, want string }{
		{"short", "[PATCH] foo: bar", "Subject: [PATCH] foo: bar\n"},
		{"empty", "", "Subject:\n"},
		{
			"long ASCII is folded at a blank",
			"[PATCH v3 12/25] subsystem: driver: do a thing that takes many words to tell",
			"Subject: [PATCH v3 12/25] subsystem: driver: do a thing that takes many\n words to tell\n",
		},
		{
			"the prefix stays readable",
			"[PATCH v3 2/5] über alles",
			"Subject: [PATCH v3 2/5] =?utf-8?q?=C3=BCber?= alles\n",
		},
		{
			"blanks between encoded words are inside",
			"[PATCH] ä b ö",
			"Subject: [PATCH] =?utf-8?q?=C3=A4_b_=C3=B6?=\n",
		},
		{
			"not Latin",
			"[PATCH 1/2] исправить утечку памяти в драйвере сетевой карты при ошибке",
			"Subject: [PATCH 1/2] =?utf-8?b?0LjRgdC/0YDQsNCy0LjRgtGMINGD0YLQtdGH0Lo=?=\n" +
				" =?utf-8?b?0YMg0L/QsNC80Y/RgtC4INCyINC00YDQsNC50LLQtdGA0LUg0YHQtdGC0LU=?=\n" +
				" =?utf-8?b?0LLQvtC5INC60LDRgNGC0Ysg0L/RgNC4INC+0YjQuNCx0LrQtQ==?=\n",
		},
		{
			"looks like an encoded word",
			"[PATCH] parse =?utf-8?q?x?= right",
			"Subject: [PATCH] parse =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?= right\n",
		},
		{"outer blanks survive", " x ", "Subject: =?utf-8?q?_x_?=\n"},
		{
			"no fold at two blanks, which readers make one",
			strings.Repeat("x ", 31) + "twice  two",
			"Subject:" + strings.Repeat(" x", 31) + "\n twice  two\n",
		},
		{"a long path is not cut", strings.Repeat("a/", 60), "Subject: " + strings.Repeat("a/", 60) + "\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			var w headerWriter
			w.text("Subject", tt.value)
			if got := w.out.String(); w.err != nil || got != tt.want {
				t.Errorf("wrote\n%s(%v), want\n%s", got, w.err, tt.want)
			}
			checkFolding(t, w.out.String())
			if got := readField(t, w.out.String(), "Subject"); got != tt.value {
				t.Errorf("read back %q, want %q", got, tt.value)
			}
		})
	}
}

func TestHeaderAddresses(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why  string
		list []Address
		want string
	}{
		{"the form of b4", []Address{
			{"Explicit To", "to@list.example"}, {"Max Maintainer", "max@maint.example"}, {"Odd, Name", "odd@maint.example"},
		}, "To: Explicit To <to@list.example>, Max Maintainer <max@maint.example>,\n \"Odd, Name\" <odd@maint.example>\n"},
		{"not ASCII", []Address{{"Jane Dév", "jane@dev.example"}}, "To: =?utf-8?q?Jane_D=C3=A9v?= <jane@dev.example>\n"},
		{"looks like an encoded word", []Address{{"=?x?q?y?=", "a@b"}}, "To: =?utf-8?q?=3D=3Fx=3Fq=3Fy=3F=3D?= <a@b>\n"},
		{
			"a name of many words is cut as encoded words",
			[]Address{{strings.TrimSpace(strings.Repeat("von und zu ", 9)), "a@b"}},
			"To: =?utf-8?q?von_und_zu_von_und_zu_von_und_zu_von_und_zu_von_und_zu_von_u?=\n" +
				" =?utf-8?q?nd_zu_von_und_zu_von_und_zu_von_und_zu?= <a@b>\n",
		},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			var w headerWriter
			w.addresses("To", tt.list)
			if got := w.out.String(); w.err != nil || got != tt.want {
				t.Errorf("wrote\n%s(%v), want\n%s", got, w.err, tt.want)
			}
			checkFolding(t, w.out.String())
		})
	}
}

func TestCheckHeader(t *testing.T) {
	t.Parallel()
	for _, h := range []Header{
		{"X-B4-Tracking", "v=1; b=abc"}, {"List-Id", "<x.example.org>"}, {"X-Mailer", "kprep"}, {"X-Empty", ""},
	} {
		if err := CheckHeader(h); err != nil {
			t.Errorf("CheckHeader(%q): %v", h, err)
		}
	}
	for _, value := range []string{"a\nBcc: x@y", "a\rb", "a\x00b", "\n"} {
		err := CheckHeader(Header{"X-Foo", value})
		var ie *InjectionError
		if !errors.As(err, &ie) || ie.Header != "X-Foo" || strings.ContainsAny(err.Error(), "\r\n\x00") {
			t.Errorf("value %q: %v, want an *InjectionError", value, err)
		}
	}
	for _, h := range []Header{
		{"", "x"}, {"X Y", "x"}, {"X:", "x"}, {"X\n", "x"}, {"Ü", "x"}, {"X-Foo", "\xff"},
		{"from", "x"}, {"BCC", "x"}, {"Content-Type", "text/html"}, {"Resent-To", "x"}, {"DKIM-Signature", "x"},
		{"Message-ID", "x"}, {"Mime-Version", "2"}, {"X-Developer-Key", "x"}, {"To", "x"}, {"Received", "x"},
	} {
		var he *HeaderError
		if err := CheckHeader(h); !errors.As(err, &he) {
			t.Errorf("CheckHeader(%q) = %v, want a *HeaderError", h, err)
		}
	}
}

func FuzzHeaderText(f *testing.F) {
	f.Add("[PATCH v3 2/5] foo: bär")
	f.Add("  two  blanks   ")
	f.Add("driver_x: bär_y? =z")
	f.Add("=?utf-8?q?x?= 日本語の題名はとても長いので折り返しが必要です。日本語の題名はとても長い")
	f.Add(strings.Repeat("x", 1200))
	f.Add(strings.Repeat("ä", 40) + " " + strings.Repeat("plain ", 30))
	f.Add("a\nBcc: b")
	f.Fuzz(func(t *testing.T, value string) {
		var w headerWriter
		w.text("Subject", value)
		if w.err != nil {
			if utf8.ValidString(value) && !strings.ContainsAny(value, "\r\n\x00") {
				t.Errorf("refused %q: %v", value, w.err)
			}
			return
		}
		header := w.out.String()
		checkFolding(t, header)
		if got := readField(t, header, "Subject"); got != value {
			t.Errorf("wrote %q as %q, read back as %q", value, header, got)
		}
	})
}

func FuzzAddresses(f *testing.F) {
	f.Add("Jane Dév", "jane@dev.example", "Doe, John", "j.d@x")
	f.Add(" a \"b\" \\c ", `"a,> b"@x`, "=?utf-8?q?x?=", "a@[IPv6:::1]")
	f.Add(strings.Repeat("long name ", 30), strings.Repeat("x", 200)+"@y", "日本語", "a@b")
	f.Fuzz(func(t *testing.T, name1, mailbox1, name2, mailbox2 string) {
		list := []Address{{name1, mailbox1}, {name2, mailbox2}}
		var w headerWriter
		w.addresses("Cc", list)
		for i, a := range list {
			if _, _, err := a.Envelope(); err != nil && w.err == nil {
				t.Errorf("wrote %q, though %v", a, err)
			}
			if !isASCII(a.Mailbox) {
				return
			}
			// Encoded words are decoded wherever they stand in text.
			if back, err := ParseAddress(a.String()); w.err == nil && !strings.Contains(a.Name, "=?") && (err != nil || back != list[i]) {
				t.Errorf("String of %q reads as %q, %v", a, back, err)
			}
		}
		if w.err != nil {
			return
		}
		checkFolding(t, w.out.String())
		unfolded := strings.ReplaceAll(strings.TrimPrefix(w.out.String(), "Cc:"), "\n", "")
		got, err := ParseAddressList(unfolded)
		if err != nil || len(got) != 2 || got[0] != list[0] || got[1] != list[1] {
			t.Errorf("wrote %q as %q, read back as %q, %v", list, w.out.String(), got, err)
		}
	})
}

// FuzzParseAddress checks that whatever reads as an address can be written and
// is read again as the same one.
func FuzzParseAddress(f *testing.F) {
	f.Add("Foo (x) <@r:a . b@c.>, G: d@e;")
	f.Add("Doe, John <j@x> # y")
	f.Fuzz(func(t *testing.T, s string) {
		list, err := ParseAddressList(s)
		if err != nil {
			list = nil
		}
		if a, err := ParseTrailerAddress(s); err == nil {
			list = append(list, a)
		}
		for _, a := range list {
			if strings.ContainsFunc(a.Name+a.Mailbox, unicode.IsControl) {
				t.Errorf("%q reads as %q", s, a)
			}
			var w headerWriter
			w.addresses("To", []Address{a})
			if _, err := asciiDomain(a.Domain()); err != nil || !isASCII(a.Mailbox) {
				continue
			}
			if w.err != nil {
				t.Errorf("%q reads as %q, but %v", s, a, w.err)
				continue
			}
			back, err := ParseAddress(strings.ReplaceAll(strings.TrimPrefix(w.out.String(), "To:"), "\n", ""))
			if err != nil || back != a {
				t.Errorf("%q reads as %q, written %q, reads as %q, %v", s, a, w.out.String(), back, err)
			}
		}
	})
}

// TestMailinfo lets git read the names and subjects we write.
func TestMailinfo(t *testing.T) {
	t.Parallel()
	g := newGitDir(t)
	for _, tt := range []struct {
		name, title string
	}{
		{"Jane Doe", "plain title"},
		{"Doe, Jane", "bär: größer, schneller, weiter und noch ein paar Wörter für den Umbruch"},
		{"Jürgen Groß", "=?utf-8?q?kept?= as it is"},
		{"山田 太郎", "日本語の題名はとても長いので折り返しが必要です。日本語の題名はとても長いので"},
		{"K. Bär (Acme)", "[tag] кириллица and ASCII and кириллица"},
		{`Jane "JD" Doe`, "a\\b \"quoted\" <title> (comment)"},
	} {
		m := testMessage()
		m.From.Name = tt.name
		m.Subject = Subject{Title: tt.title}.String()
		raw, err := m.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got := g.run(string(raw), "mailinfo", "-b", "msg", "patch")
		want := "Author: " + tt.name + "\nEmail: jane@dev.example\nSubject: " + tt.title + "\n"
		if !bytes.HasPrefix([]byte(got), []byte(want)) {
			t.Errorf("git mailinfo reads\n%swant\n%sfrom\n%s", got, want, raw)
		}
	}
}
