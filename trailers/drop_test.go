package trailers

import (
	"strings"
	"testing"
)

func TestDrop(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, msg, want, dropped string }{
		{"one of three", "s\n\nb\n\nA: 1\nX-Local: 2\nB: 3\n", "s\n\nb\n\nA: 1\nB: 3\n", "X-Local: 2"},
		{"case does not count", "s\n\nb\n\nA: 1\nx-local: 2\n", "s\n\nb\n\nA: 1\n", "x-local: 2"},
		{"with its continuation", "s\n\nX-Local: 2\n more\n\tyet\nA: 1\n", "s\n\nA: 1\n", "X-Local: 2\n more\n yet"},
		{"the continuation of another stays", "s\n\nX-Local: 2\nA: 1\n more\n", "s\n\nA: 1\n more\n", "X-Local: 2"},
		{"a note stays", "s\n\nX-Local: 2\n[jane: so]\nA: 1\n", "s\n\n[jane: so]\nA: 1\n", "X-Local: 2"},
		{"the whole block", "s\n\nb\n\nX-Local: 1\nX-Local: 2\n", "s\n\nb\n", "X-Local: 1|X-Local: 2"},
		{"prose stays", "s\n\nX-Local: 1\nis how it starts.\n", "s\n\nX-Local: 1\nis how it starts.\n", ""},
		{"nothing to drop keeps the bytes", "s\n\nA:  1 \r\n\n\n", "s\n\nA:  1 \r\n\n\n", ""},
	} {
		rest, dropped := Drop(c.msg, func(key string) bool { return strings.EqualFold(key, "x-local") })
		var got []string
		for _, d := range dropped {
			got = append(got, d.String())
		}
		if rest != c.want || strings.Join(got, "|") != c.dropped {
			t.Errorf("%s: got %q and %q, want %q and %q", c.why, rest, got, c.want, c.dropped)
		}
	}
}

// Dropping leaves no trailer of that name, and everything else as it was.
func FuzzDrop(f *testing.F) {
	f.Add("s\n\nb\n\nA: 1\nX-Local: 2\n more\nB: 3\n")
	f.Add("s\n\nX-Local: 1\n")
	f.Add("s\n\nb\n\nx-LOCAL: 1\r\n[note]\nA: 2\n\n\n")
	f.Fuzz(func(t *testing.T, msg string) {
		local := func(key string) bool { return strings.EqualFold(key, "x-local") }
		rest, dropped := Drop(msg, local)
		body, block := Split(msg)
		var kept []string
		for _, trailer := range Parse(block) {
			if !local(trailer.Key) {
				kept = append(kept, trailer.String())
			}
		}
		if len(dropped)+len(kept) != len(Parse(block)) {
			t.Fatalf("Drop(%q): %d dropped and %d kept of %d", msg, len(dropped), len(kept), len(Parse(block)))
		}
		if len(dropped) == 0 && rest != msg {
			t.Errorf("Drop(%q) dropped nothing and made it %q", msg, rest)
		}
		if !strings.HasPrefix(rest, strings.TrimRight(body, " \t\r\n")) {
			t.Errorf("Drop(%q) changed the body: %q", msg, rest)
		}
		if len(kept) == 0 {
			return // what is above may be a block of its own now
		}
		_, block = Split(rest)
		for _, trailer := range Parse(block) {
			if local(trailer.Key) {
				t.Errorf("Drop(%q) left %q", msg, trailer)
			}
		}
	})
}
