package submission

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/sendmail"
)

func TestSuppression(t *testing.T) {
	t.Parallel()
	yes, no := true, false
	// Everybody whom a message may mention, and the sender in some of the roles.
	const all = "author cc to signed-off-by reviewed-by cccmd header-cc to-command me-author me-cc me-signed-off-by me-cccmd"
	for _, c := range []struct {
		why, words string
		from, sob  *bool
		left       string // who still gets a copy
	}{
		{"nothing is said", "", nil, nil, all},
		{"author", "author", nil, nil, less(all, "author")},
		{"self is the sender in any role", "self", nil, nil, less(all, "me-author", "me-cc", "me-signed-off-by", "me-cccmd")},
		{"sob is everybody but the sender", "sob", nil, nil, less(all, "signed-off-by")},
		{"bodycc", "bodycc", nil, nil, less(all, "cc", "to")},
		{"cc is the header's", "cc", nil, nil, less(all, "header-cc")},
		{"misc-by is all other trailers", "misc-by", nil, nil, less(all, "reviewed-by")},
		{"cccmd", "cccmd", nil, nil, less(all, "cccmd")},
		{"body is three of them", "body", nil, nil, less(all, "cc", "to", "signed-off-by", "reviewed-by")},
		{"all leaves whom a To command names", "all", nil, nil, "to-command"},
		{"several words", "author misc-by", nil, nil, less(all, "author", "reviewed-by")},
		{"suppressFrom", "", &yes, nil, less(all, "me-author", "me-cc", "me-signed-off-by", "me-cccmd")},
		{"suppressFrom wins over self", "self", &no, nil, all},
		{"signedOffByCc=false", "", nil, &no, less(all, "signed-off-by")},
		{"signedOffByCc wins over sob", "sob author", nil, &yes, less(all, "author")},
	} {
		s := suppressionOf(sendmail.Settings{SuppressCc: strings.Fields(c.words), SuppressFrom: c.from, SignedOffByCc: c.sob})
		var left []string
		for _, word := range strings.Fields(all) {
			role, me := strings.CutPrefix(word, "me-")
			role = strings.NewReplacer("header-cc", roleHeader, "to-command", roleTo).Replace(role)
			if !s.covers(role, me) {
				left = append(left, word)
			}
		}
		if got := strings.Join(left, " "); got != c.left {
			t.Errorf("%s: left %q, want %q", c.why, got, c.left)
		}
	}
}

func less(all string, gone ...string) string {
	var left []string
	for _, word := range strings.Fields(all) {
		if !strings.Contains(" "+strings.Join(gone, " ")+" ", " "+word+" ") {
			left = append(left, word)
		}
	}
	return strings.Join(left, " ")
}

func TestReadHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, text, want string }{
		{"nothing", "", ""},
		{"one", "X-A: 1\n", "X-A=1"},
		{"a continuation", "X-A: 1,\n\t2\nX-B:3", "X-A=1, 2|X-B=3"},
		{"empty lines at the end", "X-A: 1\n\n\n", "X-A=1"},
		{"an empty line between", "X-A: 1\n\nX-B: 2\n", "it printed an empty line between headers"},
		{"a blank line between", "X-A: 1\n \nX-B: 2\n", "it printed an empty line between headers"},
		{"a continuation of nothing", " 1\n", `it printed the continuation " 1" of no header`},
		{"no header", "X-A\n", `it printed "X-A", which is no header`},
	} {
		headers, err := readHeaders(c.text)
		var got []string
		for _, h := range headers {
			got = append(got, h.Name+"="+h.Value)
		}
		if err != nil {
			got = []string{err.Error()}
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}
