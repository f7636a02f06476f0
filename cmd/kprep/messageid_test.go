package main

import "testing"

func TestParseMessageIDTakesWhatPeopleHaveAtHand(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ why, word, want string }{
		{"bare", "a.b-c@example.org", "a.b-c@example.org"},
		{"in brackets", "<a@example.org>", "a@example.org"},
		{"with blanks around", " <a@example.org>\n", "a@example.org"},
		{"URL of an archive", "https://lore.kernel.org/all/a@example.org/", "a@example.org"},
		{"URL of a thread", "https://lore.kernel.org/git/a@example.org/T/#u", "a@example.org"},
		{"URL with escapes", "https://patch.msgid.link/a%2Bb@example.org", "a+b@example.org"},
		{"URL without a message", "https://lore.kernel.org/all/", ""},
		{"no domain", "a@", ""},
		{"no local part", "@example.org", ""},
		{"two domains", "a@b@example.org", ""},
		{"a word", "v2", ""},
		{"nothing", "", ""},
		{"header injection", "a@example.org>\r\nBcc: <b@example.org", ""},
		{"two", "<a@example.org>,<b@example.org>", ""},
		{"terminal escape", "a\x1b[31m@example.org", ""},
		{"escape in a URL", "https://lore.example.org/a%0a@example.org/", ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			got, err := parseMessageID("reroll", tc.word)
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%q, %v; want %q", got, err, tc.want)
			}
		})
	}
}
