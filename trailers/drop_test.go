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
