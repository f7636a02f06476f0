package main

import "testing"

func TestSuggestion(t *testing.T) {
	t.Parallel()
	verbs := []string{"new", "send", "set", "trailers", "undo", "redo"}
	for _, tc := range []struct{ name, word, want string }{
		{"neighbours swapped", "sned", "send"},
		{"a letter too few", "trailer", "trailers"},
		{"a letter too many", "neww", "new"},
		{"another letter", "tra1lers", "trailers"},
		{"the first of two as near", "uedo", "undo"},
		{"its beginning alone", "tra", "trailers"},
		{"too little of a beginning", "tr", ""},
		{"nothing like it", "checkout", ""},
		{"nothing like a short word", "xyz", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			want := ""
			if tc.want != "" {
				want = `; did you mean "` + tc.want + `"?`
			}
			if got := suggestion(tc.word, verbs); got != want {
				t.Errorf("suggestion(%q) = %q, want %q", tc.word, got, want)
			}
		})
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"", "abc", 3}, {"abc", "", 3}, {"abc", "abc", 0},
		{"abc", "acb", 1}, {"kitten", "sitting", 3}, {"größe", "grosse", 3},
	} {
		if got := editDistance(tc.a, tc.b); got != tc.want {
			t.Errorf("editDistance(%q, %q) = %d, want %d", tc.a, tc.b, got, tc.want)
		}
	}
}
