package trailers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

// patches reads "title=patch-id" words.
func patches(words string) []Patch {
	var all []Patch
	for word := range strings.FieldsSeq(words) {
		title, id, _ := strings.Cut(word, "=")
		all = append(all, Patch{Title: title, PatchID: id})
	}
	return all
}

func TestLineage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why       string
		revisions []string // the last is the branch
		want      string   // of the patches of the first
	}{
		{"nothing changed", []string{"a=1 b=2", "a=1 b=2"}, "0 patch-id, 1 patch-id"},
		{"reordered", []string{"a=1 b=2 c=3", "c=3 a=1 b=2"}, "1 patch-id, 2 patch-id, 0 patch-id"},
		{"reworded", []string{"a=1 b=2", "a=1 x=2"}, "0 patch-id, 1 patch-id"},
		{"amended", []string{"a=1 b=2", "a=1 b=9"}, "0 patch-id, 1 title"},
		{"both, between neighbours", []string{"a=1 b=2 c=3", "a=1 x=9 c=3"}, "0 patch-id, 1 place, 2 patch-id"},
		{"both, alone", []string{"a=1", "x=9"}, "0 place"},
		{"both, two of them", []string{"a=1 b=2", "x=8 y=9"}, "-, -"},
		{"both, with one more", []string{"a=1 b=2", "a=1 x=8 y=9"}, "0 patch-id, -"},
		{"dropped", []string{"a=1 b=2 c=3", "a=1 c=3"}, "0 patch-id, -, 1 patch-id"},
		{"split, and one part has its title", []string{"a=1 b=2", "a=8 aa=9 b=2"}, "0 title, 2 patch-id"},
		{"squashed", []string{"a=1 b=2 c=3", "a=9 c=3"}, "0 title, -, 1 patch-id"},
		{"a title twice in the branch", []string{"a=1 b=2 c=3", "a=8 a=9 b=2 c=3"}, "-, 2 patch-id, 3 patch-id"},
		{"a title twice in the branch, and one of them in its place", []string{"a=1 b=2", "a=8 b=2 a=9"}, "-, 1 patch-id"},
		{"a title twice before", []string{"a=1 a=2 c=3", "a=9 c=3"}, "-, -, 1 patch-id"},
		{"a title twice before, and one is left", []string{"a=1 a=2 c=3", "x=9 a=2 c=3"}, "-, 1 patch-id, 2 patch-id"},
		{"a change twice", []string{"a=1 b=2", "a=1 c=1 b=2"}, "0 title, 2 patch-id"},
		{"a title that went to another change", []string{"a=1 b=2", "b=1 a=2"}, "0 patch-id, 1 patch-id"},
		{"renamed, then amended, and the old title came back", []string{"a=1 z=0", "b=1 a=2 z=0", "b=9 a=2 z=0"}, "0 title, 2 patch-id"},
		{"renamed, then dropped, and the old title came back", []string{"a=1 z=0", "b=1 z=0", "a=9 y=8 z=0"}, "-, 2 patch-id"},
		{"left out for once", []string{"a=1 b=2", "b=2", "a=7 b=2"}, "0 title, 1 patch-id"},
		{"an unknown change", []string{"a= b=2", "a= b=2"}, "0 title, 1 patch-id"},
		{"nothing known of one", []string{"a=1 = c=3", "a=1 c=3"}, "0 patch-id, -, 1 patch-id"},
	} {
		var sent []Revision
		for n, words := range c.revisions[:len(c.revisions)-1] {
			sent = append([]Revision{{Number: n + 1, Patches: patches(words)}}, sent...)
		}
		l := newLineage(sent, nil, patches(c.revisions[len(c.revisions)-1]))
		var got []string
		for i := range sent[len(sent)-1].Patches {
			if k := l.today(1, i); k.index < 0 {
				got = append(got, "-")
			} else {
				got = append(got, fmt.Sprintf("%d %s", k.index, k.basis))
			}
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
		for _, nowhere := range [][2]int{{7, 0}, {1, -1}, {1, 99}} {
			if k := l.today(nowhere[0], nowhere[1]); k.index >= 0 {
				t.Errorf("%s: %v became %v", c.why, nowhere, k)
			}
		}
	}
}

func TestKnownIDs(t *testing.T) {
	t.Parallel()
	b := Branch{Sent: []Revision{{Number: 2, Patches: make([]Patch, 3)}, {Number: 3, Patches: make([]Patch, 1)}},
		FirstIDs: map[int][]string{2: {"20250106-foo-v2-0-ab@x.example"}, 3: {"made-by-hand@x.example"}, 4: {"a-v4-1-b@x.example"}}}
	known := knownIDs(b)
	for id, want := range map[string]place{
		"20250106-foo-v2-0-ab@x.example": {2, 0}, "20250106-foo-v2-3-ab@x.example": {2, 3}, "20250106-foo-v2-4-ab@x.example": {},
		"made-by-hand@x.example": {3, 1}, "a-v4-1-b@x.example": {4, 1}, "a-v4-2-b@x.example": {},
	} {
		if known[id] != want {
			t.Errorf("%s is %v, want %v", id, known[id], want)
		}
	}
}

func TestIsSender(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, person, from string
		want              bool
	}{
		{"the same", "A <a@example.org>", "B <A@Example.org>", true},
		{"an extension", "A <a+x@example.org>", "B <a+y@example.org>", true},
		{"one label more", "A <a@example.org>", "B <a@mail.example.org>", true},
		{"one label less", "A <a@mail.example.org>", "B <a@example.org>", true},
		{"two labels more", "A <a@example.org>", "B <a@x.mail.example.org>", false},
		{"only the domain", "A <a@example.org>", "B <b@example.org>", false},
		{"all below a top domain", "A <a@org>", "B <a@example.org>", false},
		{"the end of a label", "A <a@ample.org>", "B <a@example.org>", false},
		{"the same name", "Ann Doe <a@example.org>", "ann  doe <x@example.net>", true},
		{"the name turned round", "Ann Doe <a@example.org>", "\"Doe, Ann\" <x@example.net>", true},
		{"any name with a comma", "Ann Doe <a@example.org>", "\"Roe, Bob\" <x@example.net>", false},
		{"no name at all", "a@example.org", "b@example.org", false},
		{"no sender", "a@example.org", "", false},
	} {
		person, err := patchmail.ParseAddress(c.person)
		if err != nil {
			t.Fatal(err)
		}
		from, _ := patchmail.ParseAddress(c.from)
		if got := isSender(person, from); got != c.want {
			t.Errorf("%s: %q from %q: %v", c.why, c.person, c.from, got)
		}
	}
}

// A commit with a link to the mail of a patch is that patch, unless two have it.
func TestLinkedCommits(t *testing.T) {
	t.Parallel()
	link := "t\n\nLink: https://lists.example.org/r/p%40x.example/\n"
	posts := []Post{
		{ID: "p@x.example", Subject: "[PATCH 1/2] old", PatchID: "1", ChangeID: "id"},
		{ID: "r@x.example", Parents: []string{"p@x.example"}, Subject: "Re: [PATCH 1/2] old", Body: "Acked-by: a@x.example\n", From: patchmail.Address{Mailbox: "a@x.example"}},
	}
	for _, c := range []struct {
		why     string
		patches []Patch
		want    int
	}{
		{"one", []Patch{{Title: "x", PatchID: "8"}, {Title: "y", PatchID: "9", Message: link}}, 1},
		{"two", []Patch{{Title: "x", PatchID: "8", Message: link}, {Title: "y", PatchID: "9", Message: link}}, -1},
		{"the same change counts more", []Patch{{Title: "x", PatchID: "1"}, {Title: "y", PatchID: "9", Message: link}}, 0},
	} {
		all := Collect(posts, Branch{ChangeID: "id", Patches: c.patches, IsMe: func(string) bool { return false }}, Options{})
		if len(all) != 1 || all[0].Patch != c.want {
			t.Errorf("%s: got %+v", c.why, all)
		}
	}
}
