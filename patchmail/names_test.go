package patchmail

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why     string
		counter int
		title   string
		want    string
	}{
		{"plain", 1, "foo: Fix the frobnicator!", "0001-foo-fix-the-frobnicator.eml"},
		{"letters of any script", 2, "Größe & 大きさ", "0002-größe-大きさ.eml"},
		{"combining mark stays with its letter", 2, "cafe\u0301 x", "0002-cafe\u0301-x.eml"},
		{"underscore and digits", 0, "a_b 2", "0000-a_b-2.eml"},
		{"nothing left", 3, "...", "0003.eml"},
		{"no way out of the folder", 4, "../../etc/passwd\x00\n", "0004-etc-passwd.eml"},
		{"invalid UTF-8", 5, "a\xffb", "0005-a-b.eml"},
		{"large counter", 12345, "a", "12345-a.eml"},
		{"cut at 120 bytes", 6, strings.Repeat("a", 300), "0006-" + strings.Repeat("a", 111) + ".eml"},
		{"cut between characters", 7, "xx" + strings.Repeat("ä", 100), "0007-xx" + strings.Repeat("ä", 54) + ".eml"},
		{"no hyphen where it was cut", 8, strings.Repeat("a", 110) + " b", "0008-" + strings.Repeat("a", 110) + ".eml"},
	}
	for _, tt := range tests {
		got := FileName(tt.counter, tt.title, "eml")
		if got != tt.want || len(got) > maxFileName || !utf8.ValidString(got) {
			t.Errorf("%s: got %q (%d bytes), want %q", tt.why, got, len(got), tt.want)
		}
	}
}

func TestMessageID(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, slug, domain, want string }{
		{"b4's example", "20261121-foo-driver_fix", "dev.example", "20261121-foo-driver_fix-v1-0-c8fe425256c0@dev.example"},
		{"letters beyond ASCII", "20261121-größe", "dev.example", "20261121-gr-e-v1-0-c8fe425256c0@dev.example"},
		{"no dots in a row, no line ends", "a..b\n>c", "dev.example", "a-b-c-v1-0-c8fe425256c0@dev.example"},
		{"no domain", "a", "", "a-v1-0-c8fe425256c0@kprep"},
		{"address literal", "a", "[192.0.2.1]", "a-v1-0-c8fe425256c0@kprep"},
	}
	for _, tt := range tests {
		if got := MessageID(tt.slug, 1, 0, "c8fe425256c0", tt.domain); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.why, got, tt.want)
		}
	}
	long := testMessage()
	long.ID = MessageID(strings.Repeat("long-", 100), 12, 34, "c8fe425256c0", "dev.example")
	if raw, err := long.Bytes(); err != nil || !bytes.Contains(raw, []byte("-v12-34-c8fe425256c0@dev.example>")) {
		t.Errorf("%v\n%s", err, raw)
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, in, want, line string }{
		{"plain", "größe 大", "größe 大", "größe 大"},
		{"empty", "", "", ""},
		{"line feed and tab", "a\n\tb", "a\n\tb", `a\n\tb`},
		{"carriage return overwrites", "a\rb", `a\rb`, `a\rb`},
		{"escape", "\x1b[31mred", `\x1b[31mred`, `\x1b[31mred`},
		{"C1 control", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"raw C1 byte", "\x9b31m", `\x9b31m`, `\x9b31m`},
		{"delete and NUL", "a\x7f\x00", `a\x7f\x00`, `a\x7f\x00`},
		{"override", "a\u202eb", `a\u202eb`, `a\u202eb`},
		{"zero width", "a\u200bb\ufeff", `a\u200bb\ufeff`, `a\u200bb\ufeff`},
		{"line separator", "a\u2028b", `a\u2028b`, `a\u2028b`},
		{"tag characters", "\U000e0041", `\U000e0041`, `\U000e0041`},
		{"the replacement character itself", "\ufffd", "\ufffd", "\ufffd"},
	}
	for _, tt := range tests {
		if got := Printable(tt.in); got != tt.want {
			t.Errorf("%s: Printable gives %q, want %q", tt.why, got, tt.want)
		}
		if got := PrintableLine(tt.in); got != tt.line {
			t.Errorf("%s: PrintableLine gives %q, want %q", tt.why, got, tt.line)
		}
	}
}
