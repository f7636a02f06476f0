package coverletter

import (
	"strings"
	"testing"
)

func TestFromMail(t *testing.T) {
	t.Parallel()
	const shortlog, stat = "Jane Doe (2):\n  one\n  two\n\n", " a.c            | 2 +-\n b/{c => d}.bin | Bin 0 -> 3 bytes\n 2 files changed, 1 insertion(+)\n create mode 100644 b/d.bin\n\n"
	for _, c := range []struct{ why, body, want string }{
		{"git format-patch", "Text.\n\n" + shortlog + stat + "\nbase-commit: 0123456789abcdef\n-- \n2.39.5\n\n", "Text.\n"},
		{"git format-patch with a range-diff", "Text.\n\n" + shortlog + stat + "Range-diff against v1:\n1:  a = 1:  b one\n-- \n2.39.5\n", "Text.\n"},
		{"without a diffstat", "Text.\n\n" + shortlog + "-- \n2.39.5\n", "Text.\n"},
		{"two authors", "Text.\n\nA (1):\n  one\n\nB (1):\n  two\n\n" + stat, "Text.\n"},
		{"b4, with a changelog", "Text.\n\nSigned-off-by: A <a@b>\n\n---\nChanges in v2:\n- more\n\n---\nJane (1):\n      one\n\n a | 2 +-\n 1 file changed\n---\nbase-commit: 012\nchange-id: x\n\nBest regards,\n--  \nJane\n",
			"Text.\n\nSigned-off-by: A <a@b>\n\n---\nChanges in v2:\n- more\n"},
		{"a heading, which is no comment", "# Why\n\nBecause.\n\n" + shortlog + stat, "># Why\n\nBecause.\n"},
		{"CRLF", "Text.\r\n\r\n a | 2 +-\r\n 1 file changed\r\n", "Text.\n"},
		{"prose that looks like a shortlog", "Text.\n\nParts (2):\n  first\n  second\n\nThat is all.\n\n" + shortlog + stat, "Text.\n\nParts (2):\n  first\n  second\n\nThat is all.\n"},
		{"prose that looks like a diffstat", "Text.\n\n a | 2\n\nThat is all.\n\n" + stat, "Text.\n\n a | 2\n\nThat is all.\n"},
		{"a diffstat of others in the prose", "Text.\n\n a | 2 +-\n 1 file changed\n\nThat was it.\n\n" + stat, "Text.\n\n a | 2 +-\n 1 file changed\n\nThat was it.\n"},
		{"two dashes in the prose", "Text.\n-- \nMore.\n\n" + stat + "base-commit: 012\n-- \n2.39.5\n", "Text.\n-- \nMore.\n"},
		{"nothing written", shortlog + stat, ""},
	} {
		want := "Title\n"
		if c.want != "" {
			want += "\n" + c.want
		}
		if got := FromMail(" Title", c.body); got != want {
			t.Errorf("%s: got %q, want %q", c.why, got, want)
		}
	}
	if got := FromMail("", "\n"+stat); got != "" {
		t.Errorf("a letter without any text became %q", got)
	}
}

func TestFromPatchMail(t *testing.T) {
	t.Parallel()
	const diff = " a | 2 +-\n 1 file changed\n\ndiff --git a/a b/a\n--- a/a\n+++ b/a\n"
	for _, c := range []struct{ why, body, want string }{
		{"nothing below the line", "Message.\n---\n" + diff, "Title\n"},
		{"a note below the line", "Message.\n---\nNote.\n\n" + diff, "Title\n\nNote.\n"},
		{"as MixIn makes it", "Message.\n---\nProse.\n\nCc: A <a@b>\n---\nChanges in v2:\n- more\n---\n" + diff + "---\nbase-commit: 012\nchange-id: x\n\nBest regards,\n-- \nJane\n",
			"Title\n\nProse.\n\nCc: A <a@b>\n\n---\nChanges in v2:\n- more\n"},
		{"no line at all", "Message.\n" + strings.TrimPrefix(diff, " "), "Title\n"},
		{"a line in a mail without a diff", "Text.\n---\nMore.\n", "Title\n"},
	} {
		if got := FromPatchMail("Title", c.body); got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

// What is rendered is read back: prose, trailers and changelog survive.
func FuzzFromMailUndoesFill(f *testing.F) {
	f.Add("Prose.\n\nMore of it.", "Changes in v2:\n- more")
	f.Add("# heading\n\n a | 2\n\nend", "x")
	f.Fuzz(func(t *testing.T, prose, below string) {
		l, err := Parse("Title\n\n" + prose + "\n\nAcked-by: A <a@example.org>\n\n---\n" + below + "\n")
		if err != nil || !l.HasSubject() {
			t.Skip()
		}
		mailed := Fill(DefaultTemplate, Parts{Cover: l.Body(), Shortlog: "Jane (1):\n      one\n", Diffstat: " a | 2 +-\n 1 file changed\n",
			BaseCommit: "0123456789", ChangeID: "20250102-x-0123456789ab", Signature: "Jane"})
		for line := range strings.Lines(l.Body()) {
			if strings.ContainsRune(line, '\r') || strings.TrimRight(line, " \n") == "--" {
				t.Skip() // not as it is mailed, or as a signature begins
			}
		}
		for _, section := range splitAtCuts(l.Body()) {
			if lines := strings.Split(section, "\n"); generatedFrom(lines) < len(lines) {
				t.Skip() // nobody could tell
			}
		}
		again, err := Parse(FromMail(l.Subject, mailed))
		if err != nil {
			t.Fatalf("%q cannot be read again: %v", mailed, err)
		}
		if again.Subject != l.Subject || again.Body() != l.Body() {
			t.Errorf("%q became %q", l.Body(), again.Body())
		}
	})
}

// A stranger can write letters of many short lines.
func BenchmarkFromMailOfManyLines(b *testing.B) {
	for _, line := range []string{"\n", "line\n", "---\n"} {
		body := strings.Repeat(line, maxMailed)
		b.Run(strings.TrimSpace(line), func(b *testing.B) {
			for b.Loop() {
				FromMail("Title", body)
			}
		})
	}
}
