package coverletter

import (
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

const signOff = "Signed-off-by: Jane Dév <jane@example.org>"

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ why, text, want string }{
		{"comment goes", "a\n# c\nb", "a\n\nb"},
		{"comment paragraph goes", "a\n\n# c\n# d\n\nb", "a\n\nb"},
		{"escaped heading", "a\n\n># Heading\n", "a\n\n# Heading"},
		{"escape only in front", "a ># b\n >#\n", "a ># b\n >#"},
		{"quote stays", "> # b\n>> #\n", "> # b\n>> #"},
		{"blank lines", "\n\na\n\n\n\n\nb\n\n", "a\n\nb"},
		{"CRLF", "a\r\n\r\n\r\n\r\nb\r\n", "a\n\nb"},
		{"nothing left", "# a\n\n#b", ""},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if got := Clean(tt.text); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}

func TestNeedsEditing(t *testing.T) {
	t.Parallel()
	if !NeedsEditing("EDITME: x\n\nbody") || !NeedsEditing("x\n\nbody\n\n---\n- EDITME") {
		t.Error("a placeholder is not seen")
	}
	if NeedsEditing("x\n\n# EDITME\nbody") {
		t.Error("a comment counts as a placeholder")
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		why, text, subject, prose string
		trailers                  string // one on a line
		to, cc                    string // mailboxes
		below                     []string
	}{
		{
			why: "everything",
			text: "# remember\n[RFC] foo: title\n\nOne.\n# private\n\n># Heading\n\nTwo.\n\nTo: \"Odd, Name\" <odd@example.org>\nCc: stable@example.org # 5.10+\n" +
				signOff + "\nTo: b@example.org\n\n---\nChanges in v2:\n- x\n\nCc: no@example.org\n\n---\n\n---\nmore\n",
			subject: "[RFC] foo: title", prose: "One.\n\n# Heading\n\nTwo.", trailers: signOff,
			to: "odd@example.org b@example.org", cc: "stable@example.org",
			below: []string{"Changes in v2:\n- x\n\nCc: no@example.org", "more"},
		},
		{why: "no blank second line", text: "one\ntwo\n\nthree", subject: noSubject, prose: "one\ntwo\n\nthree"},
		{why: "one line", text: "net: title\n", subject: noSubject, trailers: "net: title"},
		{why: "cut right below the title", text: "title\n---\nx", subject: noSubject, prose: "title", below: []string{"x"}},
		{why: "title and changelog only", text: "title\n\n---\nx", subject: "title", below: []string{"x"}},
		{why: "no title", text: "To: a@example.org\n" + signOff, subject: noSubject, trailers: signOff, to: "a@example.org"},
		{why: "empty", text: "# only a comment\n", subject: noSubject},
		{why: "trailers as whole body", text: "title\n\nTo: a@example.org\n", subject: "title", to: "a@example.org"},
		{why: "names in any case", text: "title\n\nTO: a@example.org\ncc: b@example.org\n", subject: "title", to: "a@example.org", cc: "b@example.org"},
		{why: "list on one line", text: "title\n\nTo: a@example.org, B <b@example.org>\n", subject: "title", to: "a@example.org b@example.org"},
		{why: "comma in the name is no list", text: "title\n\nTo: Odd, Name <odd@example.org>\n", subject: "title", to: "odd@example.org"},
		{why: "notes stay trailers", text: "title\n\nx\n\nTo: a@example.org\n[jane: x]\n" + signOff, subject: "title", prose: "x", trailers: "[jane: x]\n" + signOff, to: "a@example.org"},
		{why: "a trailer commented out divides no block", text: "title\n\nAcked-by: a@example.org\nTo: b@example.org\n# To: c@example.org\n#\n" + signOff + "\n# e", subject: "title",
			trailers: "Acked-by: a@example.org\n" + signOff, to: "b@example.org"},
		{why: "a comment divides prose from the block", text: "title\n\nProse.\n# c\n" + signOff, subject: "title", prose: "Prose.", trailers: signOff},
		{why: "a comment divides trailers in prose from the block", text: "title\n\nProse.\nTo: a@example.org\n# c\n" + signOff, subject: "title", prose: "Prose.\nTo: a@example.org", trailers: signOff},
		{why: "a title like a trailer above a comment", text: "net: title\n# c\n" + signOff, subject: "net: title", trailers: signOff},
		{why: "a comment among what is below the cut", text: "title\n\n" + signOff + "\n---\nTo: a@example.org\n# c\nCc: b@example.org", subject: "title", trailers: signOff,
			below: []string{"To: a@example.org\n\nCc: b@example.org"}},
		{why: "indented prose", text: "title\n\n    code\n\nx", subject: "title", prose: "    code\n\nx"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got, err := Parse(tt.text)
			if err != nil {
				t.Fatalf("Parse(%q): %v", tt.text, err)
			}
			if got.Subject != tt.subject || got.Prose != tt.prose || withTrailers("", got.Trailers) != tt.trailers ||
				mailboxes(got.To) != tt.to || mailboxes(got.Cc) != tt.cc || !slices.Equal(got.Below, tt.below) {
				t.Errorf("Parse(%q)\n got %q\nwant %q", tt.text, got, tt)
			}
		})
	}
}

func mailboxes(list []patchmail.Address) string {
	var names []string
	for _, a := range list {
		names = append(names, a.Mailbox)
	}
	return strings.Join(names, " ")
}

func TestParseRefusesBrokenRecipient(t *testing.T) {
	t.Parallel()
	for _, line := range []string{"Cc: Foo <foo at example.org>", "To:", "To: Foo Bar"} {
		_, err := Parse("title\n\n" + signOff + "\n" + line + "\n")
		if err == nil || !strings.Contains(err.Error(), line) {
			t.Errorf("%q: got %v, want an error with the line", line, err)
		}
	}
	// What does not say who gets the mail may be broken.
	if _, err := Parse("title\n\nReported-by: Foo <foo at example.org>\n" + signOff + "\n"); err != nil {
		t.Error(err)
	}
}

func TestBody(t *testing.T) {
	t.Parallel()
	sob := []trailers.Trailer{{Key: "Signed-off-by", Value: "Jane Dév <jane@example.org>"}}
	tests := []struct {
		why  string
		l    Letter
		want string
	}{
		{"nothing", Letter{Subject: "s"}, ""},
		{"prose", Letter{Prose: "p"}, "p"},
		{"trailers", Letter{Trailers: sob}, signOff},
		{"prose and trailers", Letter{Prose: "p", Trailers: sob}, "p\n\n" + signOff},
		{"no blank line between trailers and the cut", Letter{Prose: "p", Trailers: sob, Below: []string{"a", "b"}}, "p\n\n" + signOff + "\n---\na\n\n---\nb"},
		{"blank line between prose and the cut", Letter{Prose: "p", Below: []string{"a", "b"}}, "p\n\n---\na\n\n---\nb"},
		{"sections only", Letter{Below: []string{"a"}}, "---\na"},
		{"without recipients", Letter{Prose: "p", To: []patchmail.Address{{Mailbox: "a@example.org"}}}, "p"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			if got := tt.l.Body(); got != tt.want {
				t.Errorf("Body of %q\n got %q\nwant %q", tt.l, got, tt.want)
			}
		})
	}
}

func TestBodyWithRecipients(t *testing.T) {
	t.Parallel()
	l, err := Parse("title\n\np\n\nCc: b@example.org # note\n" + signOff + "\nTo: \"Odd, Name\" <odd@example.org>\n\n---\nx\n")
	if err != nil {
		t.Fatal(err)
	}
	want := "p\n\nTo: \"Odd, Name\" <odd@example.org>\nCc: b@example.org\n" + signOff + "\n---\nx"
	if got := l.BodyWithRecipients(); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

func TestDefault(t *testing.T) {
	t.Parallel()
	text := Default("Foo driver\n", patchmail.Address{Name: "Jane Q. Dév", Mailbox: "jane@example.org"})
	if !strings.HasPrefix(text, "EDITME: cover title for Foo driver\n\n") {
		t.Errorf("wrong title: %q", text)
	}
	if !strings.HasSuffix(text, "\n\nSigned-off-by: Jane Q. Dév <jane@example.org>\n") {
		t.Errorf("the sign-off is not the last line as git writes it: %q", text)
	}
	// Editing only one of title and body is not enough.
	_, body, _ := strings.Cut(text, "\n")
	if !NeedsEditing("title\n"+body) || !NeedsEditing(strings.Replace(text, "EDITME: tell", "tell", 1)) {
		t.Error("an untouched title or body passes")
	}
	l, err := Parse(text)
	if err != nil || len(l.Trailers) != 1 || strings.Count(l.Prose, "\n") > 0 {
		t.Errorf("Parse(%q) = %q, %v; want one line of prose and one trailer", text, l, err)
	}
}

func TestAddChangelog(t *testing.T) {
	t.Parallel()
	const link = "https://example.org/r/1@example.org"
	const v2 = "Changes in v2:\n- EDITME: say what changed since v1, an item for each change\n- Link to v1: " + link + "\n"
	const v3 = "Changes in v3:\n- EDITME: say what changed since v2, an item for each change\n- Link to v2: " + link + "\n"
	tests := []struct {
		why      string
		revision int
		text     string
		want     string
	}{
		{"none yet", 2, "t\n\n# c\np\n\n" + signOff + "\n\n\n", "t\n\n# c\np\n\n" + signOff + "\n\n---\n" + v2},
		{"other section", 2, "t\n\np\n\n---\nnote\n", "t\n\np\n\n---\nnote\n\n---\n" + v2},
		{"in front of the older", 3, "t\n\np\n\n---\n# c\n\nChanges in v2:\n- x", "t\n\np\n\n---\n# c\n\n" + v3 + "\nChanges in v2:\n- x"},
		{"first section with a changelog", 3, "t\n\n---\nnote\n\n---\nchanges IN V2\n\n---\nChanges in v1:\n", "t\n\n---\nnote\n\n---\n" + v3 + "\nchanges IN V2\n\n---\nChanges in v1:\n"},
		{"prose about changes", 2, "t\n\nChanges in v1:\n- x\n", "t\n\nChanges in v1:\n- x\n\n---\n" + v2},
		{"commented changelog", 3, "t\n\n---\n# Changes in v2:\n", "t\n\n---\n# Changes in v2:\n\n---\n" + v3},
		{"longer number", 2, "t\n\n---\nChanges in v20:\n", "t\n\n---\n" + v2 + "\nChanges in v20:\n"},
	}
	for _, tt := range tests {
		t.Run(tt.why, func(t *testing.T) {
			t.Parallel()
			got := AddChangelog(tt.text, tt.revision, link)
			if got != tt.want {
				t.Errorf("AddChangelog(%q)\n got %q\nwant %q", tt.text, got, tt.want)
			}
			if again := AddChangelog(got, tt.revision, link); again != got {
				t.Errorf("the second time gave %q", again)
			}
			if !NeedsEditing(got) {
				t.Error("the stub passes as edited")
			}
		})
	}
}

func TestAddChangelogLeavesOutALinkThatIsNotKnown(t *testing.T) {
	t.Parallel()
	got := AddChangelog("Title\n\nText.\n", 3, "")
	want := "Title\n\nText.\n\n---\nChanges in v3:\n- EDITME: say what changed since v2, an item for each change\n"
	if got != want {
		t.Errorf("%q", got)
	}
}
