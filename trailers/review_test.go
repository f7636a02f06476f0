package trailers

import (
	"errors"
	"strings"
	"testing"
)

func TestReview(t *testing.T) {
	t.Parallel()
	pages := []Page{
		{Title: "foo: change line 1", Offers: []Offer{{Text: "Acked-by: P One <p1@r.example>", About: []string{"via: https://lore.kernel.org/all/reply2@r.example"}, Take: true}}},
		{Title: "foo: \x1b[1m line 2", Offers: []Offer{{Text: "Reviewed-by: A <a@r.example>", Take: true}, {Text: "Tested-by: A <a@r.example>", About: []string{"for v1", "via: x"}}}},
	}
	text := WriteReview(pages)
	const want = `- foo: change line 1
  + Acked-by: P One <p1@r.example>
    # via: https://lore.kernel.org/all/reply2@r.example

- foo: \x1b[1m line 2
  + Reviewed-by: A <a@r.example>
  x Tested-by: A <a@r.example>
    # for v1
    # via: x

`
	if !strings.HasSuffix(text, want) {
		t.Fatalf("got %s", text)
	}
	taken := func(pages []Page) string {
		marks := ""
		for _, p := range pages {
			for _, o := range p.Offers {
				marks += map[bool]string{true: "+", false: "x"}[o.Take]
			}
		}
		return marks
	}
	for _, c := range []struct{ why, from, to, want string }{
		{"unchanged", "", "", "++x"},
		{"one refused", "  + Acked-by", "  x Acked-by", "x+x"},
		{"one taken", "  x Tested-by", "  + Tested-by", "+++"},
		{"blank lines at the end", "    # via: x\n\n", "    # via: x\n", "++x"},
		{"another trailer", "Acked-by", "Nacked-by", ""},
		{"another mark", "  + Acked-by", "  - Acked-by", ""},
		{"a title", "- foo: change", "+ foo: change", ""},
		{"a comment", "# for v1", "# for v2", ""},
		{"a line less", "  x Tested-by: A <a@r.example>\n", "", ""},
		{"a line more", "    # via: x\n", "    # via: x\n  + Acked-by: me <me@r.example>\n", ""},
		{"nothing left", text, "", ""},
	} {
		edited := text
		if c.from != "" {
			edited = strings.Replace(text, c.from, c.to, 1)
		}
		got, err := ReadReview(edited, pages)
		switch {
		case c.want == "" && !errors.As(err, new(*ReviewError)):
			t.Errorf("%s: got %v, %v", c.why, got, err)
		case c.want != "" && (err != nil || taken(got) != c.want):
			t.Errorf("%s: got %q, %v", c.why, taken(got), err)
		}
	}
	if taken(pages) != "++x" {
		t.Error("the argument was changed")
	}
}
