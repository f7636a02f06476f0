package manual

import (
	"slices"
	"strings"
	"testing"
)

func none(string) string { return "" }

func TestRoff(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ name, markdown, want string }{
		{"a dash can be typed again", "Use --to.", ".PP\nUse \\-\\-to.\n"},
		{"a line that looks like a request is none", ".SH no\n'br no", ".PP\n\\&.SH no\n\\(aqbr no\n"},
		{"a backslash is shown", `a\b`, ".PP\na\\eb\n"},
		{"code keeps what would be marks", "`*a*[b](c)`", ".PP\n\\fB*a*[b](c)\\fR\n"},
		{"an escaped mark is none", "\\`a\\` \\*b\\* \\[c](d)", ".PP\n\\(gaa\\(ga *b* [c](d)\n"},
		{"a mark that nothing closes is text", "a * b ` c", ".PP\na * b \\(ga c\n"},
		{"emphasis in strong text", "**a *b* c**", ".PP\n\\fBa \\fIb\\fR c\\fR\n"},
		{"a link to a page", "[how](sending.md)", ".PP\nhow (\\fBkprep\\-sending(7)\\fR)\n"},
		{"a link elsewhere", "[it](https://example.org/a-b) [x](../y)", ".PP\nit <https://example.org/a\\-b> x\n"},
		{"letters beyond ASCII", "é…", ".PP\n\\[u00E9]\\[u2026]\n"},
		{"headings", "## A \"b\"\n### C\n#### D", ".SH \"A \\(dqb\\(dq\"\n.SS \"C\"\n.PP\n\\fBD\\fR\n"},
		{"items, one over two lines", "- a\n  b\n- c\n\nd", ".IP \"\\(bu\" 2\na\nb\n.IP \"\\(bu\" 2\nc\n.PP\nd\n"},
		{"numbered items", "1. a\n2. b", ".IP \"1.\" 4\na\n.IP \"2.\" 4\nb\n"},
		{"prose that begins with a number is no item", "2 commits.\n3.5 of them", ".PP\n2 commits.\n3.5 of them\n"},
		{"a fence", "```console\n$ a  # b\n\n.c\n```\nd", ".PP\n.RS 4\n.nf\n$ a  # b\n\\&\n\\&.c\n.fi\n.RE\n.PP\nd\n"},
		{"a fence that nothing closes", "```\na", ".PP\n.RS 4\n.nf\na\n.fi\n.RE\n"},
		{"an indented block", "a\n\n    b\n      c\n\nd", ".PP\na\n.PP\n.RS 4\n.nf\nb\n  c\n.fi\n.RE\n.PP\nd\n"},
		{"a table of two columns is a list of tags", "| a | b |\n|---|---|\n| `x\\|y` | z |", ".TP 7\n\\fBx|y\\fR\nz\n"},
		{"of more columns each is named, and empty ones are left out", "| a | b | c | d |\n|---|---|---|---|\n| 1 | 2 | | 4 |\n| 5 |",
			".TP 7\n1\nb: 2\n.br\nd: 4\n.TP 7\n5\n\\&\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			page := Roff(Head{Name: "kprep-x", Section: 7, Date: "2025-01-02", Source: "kprep v1"}, tc.markdown, func(target string) string {
				if target == "sending.md" {
					return "kprep-sending(7)"
				}
				return ""
			})
			head := "'\\\" t\n.TH \"KPREP\\-X\" \"7\" \"2025\\-01\\-02\" \"kprep v1\" \"kprep\"\n.nh\n.ad l\n"
			if got, ok := strings.CutPrefix(page, head); !ok || got != tc.want {
				t.Errorf("Roff(%q)\n got %q\nwant %q", tc.markdown, page, head+tc.want)
			}
		})
	}
}

// Whatever a page says, it commands only what we write.
func FuzzRoff(f *testing.F) {
	for _, s := range []string{"# a\n\n.so b\n", "```\n.\n'x\n```", "| a |\n|\n|", "- .a", "**`", "[](", "\\", "\r.x", "\x00\n\u2028.x", "    .a\n\t.b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, markdown string) {
		requests := []string{".TH", ".nh", ".ad", ".SH", ".SS", ".PP", ".IP", ".TP", ".RS", ".RE", ".nf", ".fi", ".br"}
		for i, line := range strings.Split(Roff(Head{Name: "a", Section: 1}, markdown, none), "\n") {
			request, _, _ := strings.Cut(line, " ")
			if i > 0 && (strings.HasPrefix(line, ".") && !slices.Contains(requests, request) || strings.HasPrefix(line, "'")) {
				t.Errorf("Roff(%q) has the request %q", markdown, line)
			}
		}
	})
}

// What is escaped is shown as it was.
func FuzzEscape(f *testing.F) {
	for _, s := range []string{"a|b", `\`, `\|`, "*a*", "[a](b)", "`a`", `a\`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, plain string) {
		if strings.ContainsAny(plain, "\r\n") || strings.ToValidUTF8(plain, "") != plain {
			return
		}
		w := writer{link: none}
		if got := w.inline(Escape(plain)); got != escape(plain) {
			t.Errorf("inline(Escape(%q)) = %q, want %q", plain, got, escape(plain))
		}
	})
}
