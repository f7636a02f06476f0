package project

import "testing"

func TestProfileWordsAreReadOtherwise(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, text, want string
		reads           func(string) string
	}{
		{"kprep writes PATCH", "RFC PATCH", "RFC", withoutPatch},
		{"wherever it stands", "PATCH for-9.0", "for-9.0", withoutPatch},
		{"and no part of a word", "PATCHES", "PATCHES", withoutPatch},
		{"nothing but it", "PATCH", "", withoutPatch},
		{"complaints are shown", "scripts/who --x 2>/dev/null", "scripts/who --x", quietly},
		{"with a blank", "scripts/who 2> /dev/null ", "scripts/who", quietly},
		{"no other redirection", "scripts/who >/dev/null", "scripts/who >/dev/null", quietly},
	} {
		if got := c.reads(c.text); got != c.want {
			t.Errorf("%s: %q is read as %q, want %q", c.why, c.text, got, c.want)
		}
	}
}

func TestPlaceOfRemote(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://user:secret@Git.Example.org/a/b.git/": "git.example.org/a/b",
		"ssh://git@git.sr.ht/~me/tool":                 "git.sr.ht/~me/tool",
		"git@git.sr.ht:~me/tool":                       "git.sr.ht/~me/tool",
		"host:/abs/repo.git":                           "host/abs/repo",
		"/srv/git/net-next":                            "/srv/git/net-next",
		"../other":                                     "../other",
		"":                                             "",
	} {
		if got := PlaceOf(url); got != want {
			t.Errorf("PlaceOf(%q) = %q, want %q", url, got, want)
		}
	}
	for _, c := range []struct {
		pattern, place string
		want           bool
	}{
		{"*/netdev/net", "git.kernel.org/x/netdev/net", true},
		{"*/netdev/net", "git.kernel.org/x/netdev/net-next", false},
		{"git.sr.ht/~*", "git.sr.ht/~me/tool", true},
		{"git.sr.ht/~*", "evil.org/git.sr.ht/~me", false},
		{"a*b*c", "a1b2c", true},
		{"a*b*c", "acb", false},
		{"exact", "exact", true},
		{"exact", "exactly", false},
	} {
		if got := remoteFits(c.pattern, c.place); got != c.want {
			t.Errorf("%q fits %q: %v, want %v", c.place, c.pattern, got, c.want)
		}
	}
}
