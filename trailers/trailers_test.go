package trailers

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const kernelBlock = `Fixes: 123456789abc ("foo: add bar")
Reported-by: syzbot+x@example.com
Closes: https://lists.example.org/r/1@example.org
Cc: stable@vger.example.org # 5.10+
[jane: fixed typo]
(cherry picked from commit 43631e0c7482abde05f8823e271a3e0ef3312c2b)
Signed-off-by: Jane Dév <jane@example.org>
`

func TestSplit(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, msg, block string }{
		{"empty", "", ""},
		{"title only", "s\n", ""},
		{"title that looks like a trailer", "net: fix a leak\n", ""},
		{"title paragraph of trailers", "Cc: a@example.org\nCc: b@example.org\n", ""},
		{"no title, so the first paragraph counts", "\nCc: a@example.org\n", "Cc: a@example.org\n"},
		{"one trailer", "s\n\nCc: a@example.org\n", "Cc: a@example.org\n"},
		{"no final newline", "s\n\nCc: a@example.org", "Cc: a@example.org"},
		{"blank lines after it belong to it", "s\n\nCc: a@example.org\n\n \n", "Cc: a@example.org\n\n \n"},
		{"only the last paragraph", "s\n\nCc: a@example.org\n\nCc: b@example.org\n", "Cc: b@example.org\n"},
		{"continuation", "s\n\nFixes: 1234 (\"a\n  b\")\nCc: a@example.org\n", "Fixes: 1234 (\"a\n  b\")\nCc: a@example.org\n"},
		{"indented first line", "s\n\n  Cc: a@example.org\n", ""},
		{"prose looks like a trailer", "s\n\nNote: see below.\nIt is not one.\n", ""},
		{"trailers under prose without a blank line", "s\n\nSome prose.\nCc: a@example.org\n", ""},
		{"prose below the trailers", "s\n\nCc: a@example.org\n\nBye.\n", ""},
		{"notes belong between trailers", "s\n\ntext\n\n" + kernelBlock, kernelBlock},
		{"note of two lines", "s\n\nCc: a@example.org\n[jane: moved it\nelsewhere]\nAcked-by: b@example.org\n", "Cc: a@example.org\n[jane: moved it\nelsewhere]\nAcked-by: b@example.org\n"},
		{"note that never ends", "s\n\nCc: a@example.org\n[jane: moved it\nelsewhere\n", ""},
		{"note in front", "s\n\n[jane: typo]\nCc: a@example.org\n", "[jane: typo]\nCc: a@example.org\n"},
		{"numbered reference", "s\n\nLink: https://example.org/1 [1]\n[1] https://example.org/2\nCc: a@example.org\n", "Link: https://example.org/1 [1]\n[1] https://example.org/2\nCc: a@example.org\n"},
		{"notes alone are prose", "s\n\n[1] https://example.org/2\n", ""},
		{"picked line alone", "s\n\n(cherry picked from commit 1234567)\n", "(cherry picked from commit 1234567)\n"},
		{"URL is no trailer", "s\n\nhttps://example.org/x\n", ""},
		{"C++ name is no trailer", "s\n\nstd::move\n", ""},
		{"no blank after the colon", "s\n\nCc:a@example.org\n", "Cc:a@example.org\n"},
		{"blank before the colon", "s\n\nCc : a@example.org\n", "Cc : a@example.org\n"},
		{"key of two words", "s\n\nTested on: x86\n", ""},
		{"heading without value", "s\n\nExample:\n", ""},
		{"empty trailer among others", "s\n\nCc:\nAcked-by: a@example.org\n", "Cc:\nAcked-by: a@example.org\n"},
		{"comment line is no trailer", "s\n\n# heading\nCc: a@example.org\n", ""},
		{"CRLF", "s\r\n\r\nCc: a@example.org\r\n", "Cc: a@example.org\r\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			body, block := Split(tt.msg)
			if block != tt.block || body+block != tt.msg {
				t.Errorf("Split(%q)\n got %q, %q\nwant block %q", tt.msg, body, block, tt.block)
			}
		})
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	block := "Fixes: 1234 (\"a\n  b\")\n" +
		"cc :  a@example.org \r\n" +
		"[jane: moved it\nelsewhere]\n" +
		"(cherry picked from commit 1234567)\n" +
		"Empty:\n\n"
	want := []Trailer{
		{"Fixes", "1234 (\"a\n  b\")"},
		{"cc", "a@example.org"},
		{"", "[jane: moved it\nelsewhere]"},
		{"", "(cherry picked from commit 1234567)"},
		{"Empty", ""},
	}
	if got := Parse(block); !slices.Equal(got, want) {
		t.Errorf("Parse(%q)\n got %q\nwant %q", block, got, want)
	}
	if got := Parse(""); got != nil {
		t.Errorf(`Parse("") = %q, want none`, got)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why  string
		t    Trailer
		want string
	}{
		{"plain", Trailer{"Cc", "a@example.org"}, "Cc: a@example.org"},
		{"note", Trailer{"", "[jane: x]"}, "[jane: x]"},
		{"note of two lines", Trailer{"", "[jane: x\ny]"}, "[jane: x\ny]"},
		{"continuation kept", Trailer{"Fixes", "1 (\"a\n  b\")"}, "Fixes: 1 (\"a\n  b\")"},
		{"no value", Trailer{"Cc", ""}, "Cc:"},
		{"a value cannot bring its own trailer", Trailer{"Cc", "a@example.org\nSigned-off-by: x"}, "Cc: a@example.org\n Signed-off-by: x"},
		{"nor a paragraph", Trailer{"Cc", "a@example.org\n\r\n \nx"}, "Cc: a@example.org\n x"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if got := tt.t.String(); got != tt.want {
				t.Errorf("%q.String() = %q, want %q", tt.t, got, tt.want)
			}
		})
	}
}

func TestSame(t *testing.T) {
	t.Parallel()
	a := Trailer{"Reviewed-by", "Ann Dév <ann@example.org>"}
	for _, b := range []Trailer{a, {"reviewed-BY", "ann DÉV  <ANN@example.org>"}} {
		if !a.Same(b) {
			t.Errorf("%q and %q differ", a, b)
		}
	}
	for _, b := range []Trailer{{"Acked-by", a.Value}, {a.Key, "Ann <ann@example.org>"}} {
		if a.Same(b) {
			t.Errorf("%q and %q are the same", a, b)
		}
	}
}

func TestPerson(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, mailbox string }{
		{"Cc: stable@vger.example.org # 5.10+", "stable@vger.example.org"},
		{"Cc: stable@vger.example.org # see https://example.org/x", "stable@vger.example.org"},
		{"Reported-by: syzbot+x@example.com", "syzbot+x@example.com"},
		{"To: Doe, John <john@example.org>", "john@example.org"},
		{"Reported-and-tested-by: Ann <ann@example.org>", "ann@example.org"},
		{"Thanks-to: Ann <ann@example.org>", "ann@example.org"},
		{"Link: https://example.org/r/1@example.org", ""},
		{"Link: 1@example.org", ""},
		{"Fixes: 123456789abc (\"mail a@example.org\")", ""},
		{"Message-ID: <1@example.org>", ""},
		{"message-id: 1@example.org", ""},
		{"In-Reply-To: <1@example.org>", ""},
		{"Change-Id: I1@example.org", ""},
		{"prerequisite-message-id: <1@example.org>", ""},
		{"Archive: <https://example.org/1@example.org>", ""},
		{"Cc: Foo <foo at x.com>", ""},
		{"Cc: Foo Bar", ""},
		{"Cc:", ""},
		{"[ann@example.org: fixed]", ""},
	}
	for _, tt := range tests {
		t.Run(tt.line, func(t *testing.T) {
			t.Parallel()
			got, ok := Parse(tt.line + "\n")[0].Person()
			if got.Mailbox != tt.mailbox || ok != (tt.mailbox != "") {
				t.Errorf("person of %q: got %q, %v, want %q", tt.line, got, ok, tt.mailbox)
			}
		})
	}
}

func TestPersons(t *testing.T) {
	t.Parallel()
	msg := "s\n\nAuthor: Prose <prose@example.org>\nwrote it.\n\n" + kernelBlock +
		"Acked-by: JANE <Jane@example.org>\nCc: Foo <foo at x.com>\n" +
		"---\nCc: notes@example.org\n\n Author: X <diff@example.org>\n\nCc: last@example.org\n"
	want := []string{"syzbot+x@example.com", "stable@vger.example.org", "jane@example.org"}
	var got []string
	for _, a := range Persons(msg) {
		got = append(got, a.Mailbox)
	}
	if !slices.Equal(got, want) {
		t.Errorf("Persons(%q)\n got %q\nwant %q", msg, got, want)
	}
}

func TestAdd(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, msg, want string }{
		{"to the block", "s\n\nb\n\nCc: a@example.org\n", "s\n\nb\n\nCc: a@example.org\nX: 1\nX: 2\n"},
		{"new block", "s\n\nb\n", "s\n\nb\n\nX: 1\nX: 2\n"},
		{"new block under the title", "s\n", "s\n\nX: 1\nX: 2\n"},
		{"missing newline", "s\n\nb", "s\n\nb\n\nX: 1\nX: 2\n"},
		{"blanks and blank lines at the end stay", "s\n\nCc: a@example.org  \n\n \n", "s\n\nCc: a@example.org  \nX: 1\nX: 2\n\n \n"},
		{"above the cut", "s\n\nb\n\n---\nv2: x\n", "s\n\nb\n\nX: 1\nX: 2\n\n---\nv2: x\n"},
		{"above the cut, block", "s\n\nCc: a@example.org\n---\nv2: x\n", "s\n\nCc: a@example.org\nX: 1\nX: 2\n---\nv2: x\n"},
		{"after a continuation", "s\n\nFixes: 1 (\"a\n b\")\n", "s\n\nFixes: 1 (\"a\n b\")\nX: 1\nX: 2\n"},
		{"prose is not a block", "s\n\nNote: b\nmore\n", "s\n\nNote: b\nmore\n\nX: 1\nX: 2\n"},
		{"nothing there", "", "\nX: 1\nX: 2\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if got := Add(tt.msg, Trailer{"X", "1"}, Trailer{"X", "2"}); got != tt.want {
				t.Errorf("Add(%q)\n got %q\nwant %q", tt.msg, got, tt.want)
			}
			if got := Add(tt.msg); got != tt.msg {
				t.Errorf("adding nothing to %q gave %q", tt.msg, got)
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, msg, below string }{
		{"none", "a\n--- b\n----\n", ""},
		{"first of two", "a\n---\nb\n---\nc", "---\nb\n---\nc"},
		{"blanks behind", "a\n--- \t\r\nb", "--- \t\r\nb"},
		{"last line", "a\n---", "---"},
		{"diff header", "--- a/f\n+++ b/f\n", ""},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			above, below := Cut(tt.msg)
			if below != tt.below || above+below != tt.msg {
				t.Errorf("Cut(%q) = %q, %q; want below %q", tt.msg, above, below, tt.below)
			}
		})
	}
}

// git is the judge of ordinary messages; it prints trailers only, with
// continuation lines joined.
func TestGitAgrees(t *testing.T) {
	t.Parallel()
	git, err := exec.LookPath("git")
	if err != nil {
		t.Skip("git is not installed")
	}
	messages := []string{
		"s\n\nb\n",
		"net: title\n",
		"s\n\nb\n\nCc: a@example.org\nSigned-off-by: Jane <jane@example.org>\n",
		"s\n\nb\n\n" + kernelBlock,
		"s\n\nFixes: 1234 (\"a\n  b\")\nSigned-off-by: Jane <jane@example.org>\n",
		"s\n\nCc: a@example.org\n\nprose last\n",
		"s\n\nNote: see below.\nIt is\nnot one,\nsay all\nfour lines.\n",
		"s\n\nSigned-off-by: Jane <jane@example.org>\n---\nCc: below@example.org\n",
		"\nCc: a@example.org\n",
		"s\n\nCc : a@example.org\nCc:b@example.org\n",
	}
	for _, msg := range messages {
		t.Run(msg, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(git, "interpret-trailers", "--parse")
			cmd.Env = []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_DIR=/nonexistent"}
			cmd.Stdin = strings.NewReader(msg)
			out, err := cmd.Output()
			if err != nil {
				t.Fatalf("git interpret-trailers: %v", err)
			}
			above, _ := Cut(msg)
			_, block := Split(above)
			var got strings.Builder
			for _, tr := range Parse(block) {
				if tr.Key != "" {
					got.WriteString(tr.Key + ": " + strings.Join(strings.Fields(tr.Value), " ") + "\n")
				}
			}
			if got.String() != string(out) {
				t.Errorf("trailers of %q\n got %q\n git %q", msg, got.String(), out)
			}
		})
	}
}

func FuzzAdd(f *testing.F) {
	for _, msg := range []string{"", "s", "s\n\nb\n\n" + kernelBlock, "s\n\nb\n\n---\nx\n", "\n\nCc: a\n [x", "s\n\n[a\nCc: b", "s\n\n(cherry picked from x\n[y"} {
		f.Add(msg)
	}
	f.Fuzz(func(t *testing.T, msg string) {
		above, below := Cut(msg)
		oldBody, oldBlock := Split(above)
		added := Trailer{"X-Test", "one"}
		gotAbove, gotBelow := Cut(Add(msg, added))
		body, block := Split(gotAbove)
		if gotBelow != below {
			t.Errorf("Add(%q) changed what is below the cut to %q", msg, gotBelow)
		}
		if strings.TrimRightFunc(body, unicode.IsSpace) != strings.TrimRightFunc(oldBody, unicode.IsSpace) {
			t.Errorf("Add(%q) changed the body from %q to %q", msg, oldBody, body)
		}
		want := append(Parse(oldBlock), added)
		if got := Parse(block); !slices.Equal(got, want) {
			t.Errorf("trailers of Add(%q)\n got %q\nwant %q", msg, got, want)
		}
		for _, tr := range Parse(block) {
			if back := Parse(tr.String() + "\n"); len(back) != 1 || !back[0].Same(tr) {
				t.Errorf("%q is written as %q and read back as %q", tr, tr.String(), back)
			}
		}
	})
}
