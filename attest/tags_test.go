package attest

import (
	"strings"
	"testing"
)

// A fold adds nothing but line breaks before blanks, and a line is too long by
// one word at most: what is moved to the next is not broken again.
func FuzzFoldField(f *testing.F) {
	f.Add("X-Developer-Signature: v=1; a=ed25519-sha256; t=1714564800; l=408; i=dev@example.org; h=from:subject; bh=" + strings.Repeat("x", 44) + "; b=" + strings.Repeat("y", 73) + " " + strings.Repeat("z", 40))
	f.Add(strings.Repeat("word, ", 40))
	f.Add("one " + strings.Repeat("x", 200))
	f.Fuzz(func(t *testing.T, line string) {
		if strings.ContainsAny(line, "\r\n") {
			return
		}
		folded := foldField(line)
		if unfolded := strings.ReplaceAll(folded, "\n", ""); unfolded != line {
			t.Errorf("%q becomes %q", line, unfolded)
		}
		for i, l := range strings.Split(folded, "\n") {
			if i > 0 && !strings.HasPrefix(l, " ") {
				t.Errorf("of %q\nthe line %q begins a field of its own", line, l)
			}
			if last := strings.LastIndex(l, " "); last > foldWidth {
				t.Errorf("of %q\nthe line %q is longer than one word too many", line, l)
			}
		}
	})
}

func TestParseClaim(t *testing.T) {
	t.Parallel()
	c, err := parseClaim([]byte(" v=1; a=x;\r\n\ti=a@b ; b=old; h= from : subject; bh=ab=b=; b=c2ln\n bmF0 \r\n"))
	if err != nil {
		t.Fatal(err)
	}
	if want := "v=1; a=x; i=a@b ; b=old; h= from : subject; bh=ab=b=; b="; string(c.signed) != want {
		t.Errorf("signed %q, want %q", c.signed, want)
	}
	if c.value != "c2lnbmF0" || c.tags["i"] != "a@b" || c.tags["bh"] != "ab=b=" || c.tags["b"] != "c2lnbmF0" || c.tags["h"] != "from:subject" {
		t.Errorf("%q %q", c.value, c.tags)
	}
}
