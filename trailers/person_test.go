package trailers

import (
	"strings"
	"testing"
)

func TestUnreachable(t *testing.T) {
	t.Parallel()
	const msg = "title\n\nCc: Foo <foo at x.example>\nCc: bar@example.org # 5.10+\ncc: nobody\nReviewed-by: Foo\nTo: https://example.org/\nLink: x\n"
	var got []string
	for _, one := range Unreachable(msg) {
		got = append(got, one.Key+"="+one.Value)
	}
	if want := "Cc=Foo <foo at x.example> cc=nobody To=https://example.org/"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
