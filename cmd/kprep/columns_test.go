package main

import (
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/dashboard"
)

func TestFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, text string
		on        canvas
		want      string
	}{
		{"it fits", "four", canvas{columns: 4}, "four"},
		{"too long", "five!", canvas{columns: 4}, "fiv…"},
		{"too long, in ASCII", "five!!!", canvas{4, true}, "f..."},
		{"no room for the mark", "five!!!", canvas{2, true}, "fi"},
		{"no blank in front of the mark", "one two", canvas{columns: 5}, "one…"},
		{"wide characters", "漢字漢字", canvas{columns: 5}, "漢字…"},
		{"half of a wide character", "漢字漢字", canvas{columns: 6}, "漢字…"},
		{"names stay as they are in ASCII", "漢字漢字", canvas{7, true}, "漢字..."},
		{"a combining mark takes no room", "e\u0301e\u0301", canvas{columns: 2}, "e\u0301e\u0301"},
		{"a combining mark stays with its letter", "abe\u0301def", canvas{columns: 4}, "abe\u0301…"},
		{"joiners take no room", "a\u200db\u2060c", canvas{columns: 3}, "a\u200db\u2060c"},
		{"a syllable in parts", "\u1112\u1161\u11ab\u1100\u1173\u11af", canvas{columns: 4}, "\u1112\u1161\u11ab\u1100\u1173\u11af"},
		{"a picture is wide", "😀😀", canvas{columns: 3}, "😀…"},
	} {
		if got := c.on.fit(c.text); got != c.want || cells(got) > c.on.columns {
			t.Errorf("%s: fit(%q) in %d is %q, want %q", c.why, c.text, c.on.columns, got, c.want)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, want string }{
		{"nothing", "", ""},
		{"it fits", "one two", "one two"},
		{"at a blank", "one two three", "one two/three"},
		{"a word that is too long", "one overlongs", "one/overlon…"},
		{"wide characters", "漢字 漢字 漢字", "漢字/漢字/漢字"},
	} {
		if got := strings.Join(canvas{columns: 8}.wrap(c.text), "/"); got != c.want {
			t.Errorf("%s: %q, want %q", c.why, got, c.want)
		}
	}
}

// Whatever series are called, and however narrow the terminal, no line is wider, and
// nothing of what comes next is lost.
func TestListFits(t *testing.T) {
	t.Parallel()
	since := time.Date(2024, 12, 1, 0, 0, 0, 0, time.UTC)
	all := []*dashboard.Standing{
		{Branch: "b4/short", Revision: 1, Patches: 1, Title: "A short one", Next: dashboard.Next{Text: "write the cover letter"}},
		{Branch: "b4/" + strings.Repeat("漢字", 20), Current: true, Revision: 12, Patches: 300, Title: strings.Repeat("wïde 漢字 ", 20), LastSent: 11, SentOn: "2024-12-01",
			Recipients: []string{"a-very-long-mailbox-of-a-list@lists.example.org"}, Replies: dashboard.Replies{Total: 400, New: 20, Open: 100},
			Next: dashboard.Next{Action: dashboard.Answer, Text: "answer Maximilian Maintainer and 17 others", Since: &since}},
	}
	for _, columns := range []string{"200", "80", "60", "40", "20", "3"} {
		for _, locale := range []string{"C", "C.UTF-8"} {
			e := testEnv(t)
			e.environ = []string{"COLUMNS=" + columns, "LC_ALL=" + locale}
			text := e.drawList(all)
			for line := range strings.Lines(text) {
				if n := cells(strings.TrimSuffix(line, "\n")); n > e.canvas().columns {
					t.Errorf("COLUMNS=%s: a line of %d columns: %q", columns, n, line)
				}
			}
			if joined := strings.Join(strings.Fields(text), " "); !strings.Contains(joined, "answer Maximilian Maintainer and 17 others, open for 32 days") {
				t.Errorf("COLUMNS=%s: what comes next is not in\n%s", columns, text)
			}
			if locale == "C" && strings.Contains(text, "…") {
				t.Errorf("COLUMNS=%s: not ASCII:\n%s", columns, text)
			}
		}
	}
}

func TestLocale(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why     string
		environ []string
		want    bool
	}{
		{"none is named", nil, false},
		{"C", []string{"LANG=C"}, true},
		{"POSIX", []string{"LANG=POSIX"}, true},
		{"UTF-8", []string{"LANG=de_DE.UTF-8"}, false},
		{"C in UTF-8", []string{"LC_ALL=C.utf8"}, false},
		{"another charset", []string{"LANG=de_DE.ISO-8859-1"}, true},
		{"a charset and a modifier", []string{"LANG=de_DE.UTF-8@euro"}, false},
		{"LC_ALL comes first", []string{"LANG=de_DE.UTF-8", "LC_ALL=C"}, true},
		{"LC_CTYPE comes before LANG", []string{"LANG=C", "LC_CTYPE=C.UTF-8"}, false},
		{"an empty one says nothing", []string{"LC_ALL=", "LANG=C.UTF-8"}, false},
	} {
		e := &env{environ: c.environ}
		if got := e.asciiOnly(); got != c.want {
			t.Errorf("%s: %v, want %v", c.why, got, c.want)
		}
	}
}
