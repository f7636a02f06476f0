package main

import "testing"

func TestFit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, text string
		columns   int
		want      string
	}{
		{"it fits", "four", 4, "four"},
		{"too long", "five!", 4, "fiv…"},
		{"no blank in front of the mark", "one two", 5, "one…"},
		{"wide characters", "漢字漢字", 5, "漢字…"},
		{"half of a wide character", "漢字漢字", 6, "漢字…"},
		{"a combining mark takes no room", "e\u0301e\u0301", 2, "e\u0301e\u0301"},
	} {
		if got := fit(c.text, c.columns); got != c.want || cells(got) > c.columns {
			t.Errorf("%s: fit(%q, %d) = %q, want %q", c.why, c.text, c.columns, got, c.want)
		}
	}
}
