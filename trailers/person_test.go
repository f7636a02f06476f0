package trailers

import (
	"strings"
	"testing"
)

func TestUnreachable(t *testing.T) {
	t.Parallel()
	const msg = "title\n\nCc: Foo <foo at x.example>\nCc: bar@example.org # 5.10+\ncc: nobody\nReviewed-by: Foo\nTo: https://example.org/\nLink: x\n" +
		"Cc: undisclosed-recipients:;\nCc: Team: a@x.example, b@x.example;\nCc: Open: a@x.example, b@x.example\n"
	var got []string
	for _, one := range Unreachable(msg) {
		got = append(got, one.Key+"="+one.Value)
	}
	if want := "Cc=Foo <foo at x.example> cc=nobody To=https://example.org/ Cc=Open: a@x.example, b@x.example"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A group in To or Cc is its members; elsewhere, and in all other forms, the
// value is one mailbox, whatever its name looks like.
func TestNamed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ key, value, want string }{
		{"Cc", "Team: a@x.example, \"Doe, J\" <j@x.example>;", `a@x.example "Doe, J" <j@x.example>`},
		{"To", "Team: Jane <j@x.example>;", "Jane <j@x.example>"},
		{"cc", "Team:\n a@x.example,\n b@x.example; # v5.10+", "a@x.example b@x.example"},
		{"Cc", "undisclosed-recipients:;", ""},
		{"Cc", "undisclosed-recipients: ;", ""},
		{"Cc", "Team: Jane <j@x.example>", `"Team: Jane" <j@x.example>`},
		{"Cc", "Doe, Jane <j@x.example>", `"Doe, Jane" <j@x.example>`},
		{"Reviewed-by", "Team: Jane <j@x.example>;", `"Team: Jane" <j@x.example>`},
		{"Reviewed-by", "Team: a@x.example, b@x.example;", "nobody"},
		{"Cc", "Team: a@x.example, nobody;", "nobody"},
		{"Cc", "a@x.example; b@x.example", "nobody"},
	} {
		named, ok := Trailer{Key: c.key, Value: c.value}.Named()
		var got []string
		for _, a := range named {
			got = append(got, a.String())
		}
		if !ok {
			got = []string{"nobody"}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: %s: %q, want %q", c.key, c.value, got, c.want)
		}
	}
}
