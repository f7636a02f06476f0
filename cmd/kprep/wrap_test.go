package main

import (
	"slices"
	"strings"
	"testing"
)

func TestFold(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, want string }{
		{"nothing", "", ""},
		{"it fits exactly", "twelve chars", "twelve chars"},
		{"no word is broken", "one two three four", "one two\nthree four"},
		{"no blank is left at an end", "one two      three", "one two\n  three"},
		{"lines stay lines", "one\ntwo three four five\nsix\n", "one\ntwo three\nfour five\nsix\n"},
		{"a word too long stays whole", "see https://example.org/a/b now", "see\nhttps://example.org/a/b\nnow"},
		{"and at the beginning", "https://example.org/a/b", "https://example.org/a/b"},
		{"a command stays whole", "say 'a b c d e f', now", "say\n'a b c d e f',\nnow"},
		{"and in brackets", "so, ('a b c d'; e)", "so,\n('a b c d';\ne)"},
		{"an apostrophe is no quote", "it is 'tis five six", "it is 'tis\nfive six"},
		{"below a label", "hint: one two three", "hint: one\n  two three"},
		{"below an item", "- one two three", "- one two\n  three"},
		{"below a number", "  1 one two three", "  1 one two\n    three"},
		{"below the column", "ok  one two three", "ok  one two\n    three"},
		{"a column too far away", "one two three  four", "one two\n  three\n  four"},
		{"as far as the line was", "  one two three", "  one two\n  three"},
		{"a long indent leaves room", "          one two three", "          one\n      two\n      three"},
		{"wide characters", "漢字漢 漢字 漢字", "漢字漢 漢字\n漢字"},
		{"combining characters", "e\u0301e\u0301e\u0301e\u0301e\u0301 f\u0301f\u0301f\u0301f\u0301f\u0301 g", "e\u0301e\u0301e\u0301e\u0301e\u0301 f\u0301f\u0301f\u0301f\u0301f\u0301\ng"},
		{"blanks alone", strings.Repeat(" ", 20), strings.Repeat(" ", 20)},
	} {
		if got := fold(c.text, 12); got != c.want {
			t.Errorf("%s: fold(%q) is\n%q, want\n%q", c.why, c.text, got, c.want)
		}
	}
}

func TestRefill(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, want string }{
		{"what fits stays", "one\ntwo\n", "one\ntwo\n"},
		{"a paragraph is filled anew", "one two three\nfour five six\n\nseven\n", "one two\nthree four\nfive six\n\nseven\n"},
		{"an item with it", "- one two three\n  four\n- five\n", "- one two\n  three four\n- five\n"},
		{"a column with it", "ab  one two three\n    four\n", "ab  one two\n    three\n    four\n"},
		{"examples stay lines", "  one two three\n  four\n", "  one two\n  three\n  four\n"},
		{"so do headings", "# one two three\nfour\n", "# one two\n  three\nfour\n"},
		{"and rows", "| one | two | three |\n| four |\n", "| one | two\n  | three |\n| four |\n"},
		{"code stays as it is", "```\none two three four\nfive\n```\nsix\n", "```\none two three four\nfive\n```\nsix\n"},
		{"a fence without end", "```\none two three four", "```\none two three four"},
	} {
		if got := refill(c.text, 12); got != c.want {
			t.Errorf("%s: refill(%q) is\n%q, want\n%q", c.why, c.text, got, c.want)
		}
	}
}

// FuzzFold: folding changes blanks alone, and leaves no line too wide that could be
// broken once more.
func FuzzFold(f *testing.F) {
	f.Add("hint: one two  three\n  - four five", 12)
	f.Add("            far away  漢字 漢字", 7)
	f.Add("1. one\n12.  two three", 5)
	f.Fuzz(func(t *testing.T, text string, columns int) {
		columns = max(columns%200, 1)
		for name, got := range map[string]string{"fold": fold(text, columns), "refill": refill(text, columns)} {
			if !slices.Equal(strings.Fields(got), strings.Fields(text)) {
				t.Errorf("%s(%q, %d) is %q", name, text, columns, got)
			}
		}
		for line := range strings.SplitSeq(fold(text, columns), "\n") {
			if trimmed := strings.Trim(line, " "); cells(trimmed) > columns && !strings.Contains(line, "'") && strings.Contains(strings.TrimLeft(line, " ")[:breakable(line, columns)], " ") {
				t.Errorf("fold(%q, %d) leaves %q", text, columns, line)
			}
		}
	})
}

// breakable is how many bytes of the text of a line stand in so many columns.
func breakable(line string, columns int) int {
	text := strings.TrimLeft(line, " ")
	room := columns - (len(line) - len(text))
	for i, r := range text {
		if room -= cellsOf(r); room < 0 {
			return i
		}
	}
	return len(text)
}
