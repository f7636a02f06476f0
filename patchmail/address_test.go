package patchmail

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParseAddressList(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why  string
		in   string
		want []Address
	}{
		{"nothing", "", nil},
		{"bare", "j@example.org", []Address{{"", "j@example.org"}}},
		{"brackets only", "<j@example.org>", []Address{{"", "j@example.org"}}},
		{"quoted comma", `"Doe, John" <j@x>`, []Address{{"Doe, John", "j@x"}}},
		{"quoted quote", `"J \"Q\" Doe" <j@x>`, []Address{{`J "Q" Doe`, "j@x"}}},
		{"two, blanks anywhere", " a@b ,\tc@d ", []Address{{"", "a@b"}, {"", "c@d"}}},
		{"empty elements", ", a@b,, c@d ,", []Address{{"", "a@b"}, {"", "c@d"}}},
		{"dot in an unquoted name", "Karl K. Bär <k@x>", []Address{{"Karl K. Bär", "k@x"}}},
		{"comment in the name", "Foo (comment, x) Bar <a@b>", []Address{{"Foo (comment, x) Bar", "a@b"}}},
		{"nested comment", "Foo (a (b) \\) c) <a@b>", []Address{{"Foo (a (b) ) c)", "a@b"}}},
		{"comment behind is the name", "a@b (Jane Doe)", []Address{{"Jane Doe", "a@b"}}},
		{"comment behind brackets", "Jane <a@b> (work), c@d", []Address{{"Jane", "a@b"}, {"", "c@d"}}},
		{"comment inside a mailbox", "a(x)@b", []Address{{"x", "a@b"}}},
		{"group expanded", "Group: a@x, Jane <b@y>;, c@z", []Address{{"", "a@x"}, {"Jane", "b@y"}, {"", "c@z"}}},
		{"empty group", "undisclosed-recipients:;", nil},
		{"route dropped", "<@r1,@r2:a@b>", []Address{{"", "a@b"}}},
		{"obsolete blanks", "a . b @ x", []Address{{"", "a.b@x"}}},
		{"quoted local part", `"a b"@x`, []Address{{"", `"a b"@x`}}},
		{"quoted local part in brackets", `A <"a>b@c"@x>`, []Address{{"A", `"a>b@c"@x`}}},
		{"domain literal", "a@[192.0.2.1]", []Address{{"", "a@[192.0.2.1]"}}},
		{"IPv6 literal and colon", "a@[IPv6:2001:db8::1], b@x", []Address{{"", "a@[IPv6:2001:db8::1]"}, {"", "b@x"}}},
		{"trailing dot", "a@x.", []Address{{"", "a@x"}}},
		{"non-ASCII kept as written", "Jö <ž@exämple.com>", []Address{{"Jö", "ž@exämple.com"}}},
		{"encoded name", "=?utf-8?q?Jane_D=C3=A9v?= <j@x>", []Address{{"Jane Dév", "j@x"}}},
		{"blank between encoded words vanishes", "=?utf-8?q?Jane_?= =?utf-8?b?RMOpdg==?= <j@x>", []Address{{"Jane Dév", "j@x"}}},
		{"rune split between encoded words", "=?utf-8?q?D=C3?= =?utf-8?q?=A9v?= <j@x>", []Address{{"Dév", "j@x"}}},
		{"encoded word in quotes", `"=?iso-8859-1?q?B=E4r,_K.?=" <b@x>`, []Address{{"Bär, K.", "b@x"}}},
		{"comma inside an encoded word", "=?utf-8?q?B=C3=A4r=2C_K=2E?= <b@x>", []Address{{"Bär, K.", "b@x"}}},
		{"address as its own name", "a@b <a@b>", []Address{{"a@b", "a@b"}}},
		{"brackets in a name", "Foo [ext] <a@b>", []Address{{"Foo [ext]", "a@b"}}},
		{"blanks in a quoted name survive", `" a  b " <a@b>`, []Address{{" a  b ", "a@b"}}},
		{"capitals survive", "Jane <Jane@Example.ORG>", []Address{{"Jane", "Jane@Example.ORG"}}},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got, err := ParseAddressList(tt.in)
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("ParseAddressList(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			}
		})
	}
}

func TestParseAddressListRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, in string }{
		{"no at sign", "Foo <foo at x.com>"},
		{"name only", "Foo Bar"},
		{"unquoted comma", "Doe, John <j@x>"},
		{"local alias", "max"},
		{"empty brackets", "Foo <>"},
		{"two at signs", "a@b@c"},
		{"no domain", "a@"},
		{"no local part", "@x"},
		{"dot only domain", "a@."},
		{"empty label", "a@b..c"},
		{"dots in a row", "a..b@c"},
		{"second address behind", "a@b <c@d> e@f"},
		{"smuggled SMTP parameter", "<a> SIZE=1 <b>"},
		{"blank in the mailbox", "<a b@c>"},
		{"quote left open", `"Foo <a@b>`},
		{"quote left open in brackets", `Foo <"a@b>`},
		{"comment left open", "Foo (bar <a@b>"},
		{"bracket left open", "Foo <a@b"},
		{"stray closing bracket", "a@b>"},
		{"bracket in brackets", "<<a@b>>"},
		{"literal left open", "a@[192.0.2.1"},
		{"group left open", "Group: a@x"},
		{"group in a group", "A: B: a@x;;"},
		{"semicolon outside a group", "a@x; b@y"},
		{"route only", "<@relay>"},
		{"line feed", "a@b,\nc@d"},
		{"carriage return in a name", "Foo\rBar <a@b>"},
		{"encoded line feed", "=?utf-8?q?Foo=0ABcc:_x@y?= <a@b>"},
		{"encoded escape", "=?utf-8?b?G1szMW0=?= <a@b>"},
		{"unknown charset", "=?klingon?q?Foo?= <a@b>"},
		{"right-to-left override", "Foo \u202egro.elpmaxe <a@b>"},
		{"isolate in a mailbox", "a\u2066@b"},
		{"zero-width space", "a\u200b@b"},
		{"C1 control", "F\u0085oo <a@b>"},
		{"invalid UTF-8", "F\xff <a@b>"},
		{"too long", strings.Repeat("a", 250) + "@example.org"},
		{"endless", strings.Repeat("a.", 1e6)},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got, err := ParseAddressList(tt.in)
			var ae *AddressError
			if !errors.As(err, &ae) {
				t.Errorf("ParseAddressList(%.100q) = %q, %v; want an *AddressError", tt.in, got, err)
			}
			if err != nil && (strings.ContainsAny(err.Error(), "\n\r\x1b") || len(err.Error()) > 1000) {
				t.Errorf("the message is no line for a terminal: %q", err.Error())
			}
		})
	}
}

func TestParseAddress(t *testing.T) {
	t.Parallel()
	if a, err := ParseAddress(" Jane <j@x> "); err != nil || a != (Address{"Jane", "j@x"}) {
		t.Errorf("got %q, %v", a, err)
	}
	for _, bad := range []string{"", "a@b, c@d", "Group: a@b;"} {
		if a, err := ParseAddress(bad); err == nil {
			t.Errorf("ParseAddress(%q) = %q, want an error", bad, a)
		}
	}
}

func TestParseTrailerAddress(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why, in string
		want    Address
	}{
		{"plain", "Jane Doe <j@x>", Address{"Jane Doe", "j@x"}},
		{"unquoted comma", "Doe, John <j@x>", Address{"Doe, John", "j@x"}},
		{"unquoted comma, not ASCII", "Bär, K. <k@x>", Address{"Bär, K.", "k@x"}},
		{"colon and semicolon", "Team: A; B <k@x>", Address{"Team: A; B", "k@x"}},
		{"bare with comment", "stable@vger.example.org # 5.10+", Address{"", "stable@vger.example.org"}},
		{"comment with colons and commas", "<stable@x> # v6.1+: 123abc: a, b <c@d>", Address{"", "stable@x"}},
		{"bare, address in the comment", "stable@x # for y@z", Address{"", "stable@x"}},
		{"hash in the name", "Agent #1 <a@b>", Address{"Agent #1", "a@b"}},
		{"hash in the local part", "a#b@x", Address{"", "a#b@x"}},
		{"bracketed remark", "Jane <j@x> [fixed a typo]", Address{"Jane", "j@x"}},
		{"remark behind a bare address", "stable@x [5.10]", Address{"", "stable@x"}},
		{"comment in the name", "Jane (Acme) <j@x>", Address{"Jane (Acme)", "j@x"}},
		{"comment behind", "Jane <j@x> (supporter:FOO)", Address{"Jane", "j@x"}},
		{"nickname", `Jane "JD" Doe <j@x>`, Address{"Jane JD Doe", "j@x"}},
		{"encoded", "=?utf-8?q?J=C3=B6?= <j@x>", Address{"Jö", "j@x"}},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got, err := ParseTrailerAddress(tt.in)
			if err != nil || got != tt.want {
				t.Errorf("ParseTrailerAddress(%q) = %q, %v; want %q", tt.in, got, err, tt.want)
			}
		})
	}
	for _, bad := range []string{
		"", "Foo Bar", "Foo <foo at x.com>", "a@b, c@d", "A <a@b>, B <c@d>", "Foo\x1b <a@b>", "#1234", "a@b#c",
		"https://example.org/r/a@b",
	} {
		if got, err := ParseTrailerAddress(bad); err == nil {
			t.Errorf("ParseTrailerAddress(%q) = %q, want an error", bad, got)
		}
	}
}

func TestAddressString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why  string
		a    Address
		want string
	}{
		{"no name", Address{"", "a@b"}, "a@b"},
		{"plain", Address{"Jane Dév", "a@b"}, "Jane Dév <a@b>"},
		{"comma", Address{"Doe, John", "a@b"}, `"Doe, John" <a@b>`},
		{"quote and backslash", Address{`a "b" \c`, "a@b"}, `"a \"b\" \\c" <a@b>`},
		{"dot", Address{"K. Bär", "a@b"}, `"K. Bär" <a@b>`},
		{"outer blanks", Address{" x ", "a@b"}, `" x " <a@b>`},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got := tt.a.String()
			if got != tt.want {
				t.Errorf("%q.String() = %q, want %q", tt.a, got, tt.want)
			}
			if back, err := ParseAddress(got); err != nil || back != tt.a {
				t.Errorf("ParseAddress(%q) = %q, %v; want %q", got, back, err, tt.a)
			}
		})
	}
}

func TestAddressKey(t *testing.T) {
	t.Parallel()
	same := []Address{{"", "Jane@Example.org"}, {"Jane", "jane@example.ORG"}}
	if same[0].Key() != same[1].Key() {
		t.Errorf("%q and %q differ in Key", same[0], same[1])
	}
	if a, b := (Address{Mailbox: "a@exämple.com"}), (Address{Mailbox: "a@xn--exmple-cua.COM"}); a.Key() != b.Key() {
		t.Errorf("%q and %q differ in Key", a, b)
	}
	if a, b := (Address{Mailbox: "a@b"}), (Address{Mailbox: "a@c"}); a.Key() == b.Key() {
		t.Errorf("%q and %q have one Key", a, b)
	}
}

func TestAddressEnvelope(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why, mailbox, want string
		needsUTF8          bool
	}{
		{"ASCII", "j@example.org", "j@example.org", false},
		{"capitals kept", "Jane@Example.ORG", "Jane@Example.ORG", false},
		{"domain in Unicode", "j@exämple.com", "j@xn--exmple-cua.com", false},
		{"domain in capitals and decomposed", "j@EXA\u0308MPLE.com", "j@xn--exmple-cua.com", false},
		{"local part beyond ASCII", "ž@exämple.com", "ž@xn--exmple-cua.com", true},
		{"quoted local part", `"a b"@x`, `"a b"@x`, false},
		{"address literal", "a@[192.0.2.1]", "a@[192.0.2.1]", false},
		{"underscore in the domain", "a@b_c.example", "a@b_c.example", false},
	}
	for _, tt := range tests {
		got, needsUTF8, err := Address{Mailbox: tt.mailbox}.Envelope()
		if err != nil || got != tt.want || needsUTF8 != tt.needsUTF8 {
			t.Errorf("%s: %q gives %q, %v, %v; want %q, %v", tt.why, tt.mailbox, got, needsUTF8, err, tt.want, tt.needsUTF8)
		}
	}
	for _, bad := range []string{
		"", "a", "<a@b>", "a@b c", " a@b", "a@b ", "a@b.", "a . b@c", "a@b, c@d", "a@b\n", "a> SIZE=1 <b@c", "a@b>",
		"a@\u2100.example", "a@ä\uff20b.example", "a@-ä-.example", "a@\u2665\u2028.example", "-oQ@\xff",
	} {
		var ae *AddressError
		if got, _, err := (Address{Mailbox: bad}).Envelope(); !errors.As(err, &ae) {
			t.Errorf("%q gives %q, %v; want an *AddressError", bad, got, err)
		}
	}
}
