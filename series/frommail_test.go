package series

import (
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/patchmail"
)

func TestNameOfMail(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, changeID, title, want string }{
		{"of the change-id", "20250102-fix-the-leak-0123456789ab", "Another title", "fix-the-leak"},
		{"a change-id of another form", "I0123456789abcdef", "Fix: the leak!", "fix-the-leak"},
		{"a change-id that is no name", "20250102-../../x-0123456789ab", "A leak", "a-leak"},
		{"a long title", "", strings.Repeat("word ", 20), "word-word-word-word-word-word-word-word"},
		{"a long word", "", strings.Repeat("ü", 30), strings.Repeat("ü", 20)},
		{"nothing to make a name of", "", "!!!", ""},
	} {
		m := FromMail{ChangeID: c.changeID, Subject: patchmail.Subject{Title: c.title}}
		if got := coverletter.Slug(m.Name()); got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestNeedsOfMail(t *testing.T) {
	t.Parallel()
	const change, patch = "change-id: 20250102-x-0123456789ab:v1", "patch-id: 0123456789012345678901234567890123456789"
	for _, c := range []struct {
		why  string
		need []string
		want []string
	}{
		{"the patches of a series that is named", []string{change, patch}, []string{change}},
		{"patches alone", []string{patch}, []string{patch}},
		{"what is no prerequisite", []string{"change-id: ../x:v1", "change-id: x"}, nil},
	} {
		if got := needsOf(c.need); !slices.Equal(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestTitleOfMailedPatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ why, line, made, want string }{
		{"nothing in front", "[PATCH net-next 1/2] foo: bar", "foo: bar", "foo: bar"},
		{"as kprep and b4 mail it", "[PATCH net-next tag 1/2] foo: bar", "foo: bar", "[tag] foo: bar"},
		{"as git format-patch mails it", "[PATCH net-next 1/2] [tag] foo: bar", "foo: bar", "[tag] foo: bar"},
		{"a list's own", "[list] [PATCH NET-NEXT v2 1/2] foo: bar", "foo: bar", "foo: bar"},
		{"a title that the body gives", "[PATCH tag 1/2] foo: bar", "another", "another"},
		{"mailed again", "[RESEND PATCH net-next 1/2] foo: bar", "foo: bar", "foo: bar"},
	} {
		p := MailedPatch{Subject: patchmail.ParseSubject(c.line)}
		if got := p.title(c.made, []string{"net-next", "RESEND"}); got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestTakeTracking(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why      string
		tracking coverletter.Tracking
		ok       bool
	}{
		{"what b4 mails", coverletter.Tracking{Prefixes: []string{"RFC", "net-next"}, Presubject: "[proj] ", History: map[string][]string{"v1": {"a@example.org"}}}, true},
		{"the revision is in its own history", coverletter.Tracking{History: map[string][]string{"v2": {"b@example.org"}}}, true},
		{"another message began the revision", coverletter.Tracking{History: map[string][]string{"v2": {"a@example.org"}}}, false},
		{"its message began another revision", coverletter.Tracking{History: map[string][]string{"v1": {"b@example.org"}}}, false},
		{"a line break", coverletter.Tracking{Prefixes: []string{"RFC\nBcc: a@example.org"}}, false},
		{"a line break in front", coverletter.Tracking{Presubject: "[x]\n"}, false},
		{"a control character", coverletter.Tracking{Prefixes: []string{"\x1b[2J"}}, false},
		{"what kprep puts there", coverletter.Tracking{Prefixes: []string{"v3"}}, false},
		{"more than a subject holds", coverletter.Tracking{Prefixes: slices.Repeat([]string{"x"}, 201)}, false},
	} {
		m := FromMail{Revision: 2, FirstID: "b@example.org"}
		if err := m.TakeTracking(&c.tracking); (err == nil) != c.ok || (m.Tracking != nil) != c.ok {
			t.Errorf("%s: %v", c.why, err)
		}
	}
}
