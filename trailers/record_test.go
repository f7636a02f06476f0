package trailers

import (
	"fmt"
	"slices"
	"testing"

	"github.com/kprep/kprep/patchmail"
)

// What was sent tells what is reviewed, whatever calls itself by its name.
func TestRecord(t *testing.T) {
	t.Parallel()
	mine := func(revision, n int) string {
		return fmt.Sprintf("20250102-x-v%d-%d-0123456789ab@example.org", revision, n)
	}
	one, two, new := Patch{Title: "a: one", PatchID: "1"}, Patch{Title: "b: two", PatchID: "2"}, Patch{Title: "c: new", PatchID: "3"}
	branch := Branch{ChangeID: "20250102-x-0123456789ab", Patches: []Patch{one, two, new},
		Sent:     []Revision{{Number: 1, Patches: []Patch{one, two}}},
		FirstIDs: map[int][]string{1: {mine(1, 0)}},
		IsMe:     func(mailbox string) bool { return mailbox == "me@example.org" }}
	me := patchmail.Address{Mailbox: "me@example.org"}
	cover := Post{ID: mine(1, 0), From: me, Subject: "[PATCH 0/2] all", ChangeID: branch.ChangeID}
	patch := func(id, subject, patchID string, above string) Post {
		return Post{ID: id, From: me, Subject: subject, PatchID: patchID, Parents: []string{above}, ChangeID: branch.ChangeID}
	}
	ack := Post{ID: "r", Subject: "Re: x", From: patchmail.Address{Mailbox: "vic@example.org"}, Body: "Acked-by: vic@example.org\n"}
	for _, c := range []struct {
		why    string
		posts  []Post
		answer string
		want   string
	}{
		{"what was sent", []Post{cover, patch(mine(1, 2), "[PATCH 2/2] b: two", "2", mine(1, 0))}, mine(1, 2), "2 new"},
		{"a copy with another diff", []Post{cover, patch(mine(1, 2), "[PATCH 2/2] b: two", "1", mine(1, 0))}, mine(1, 2), "2 new"},
		{"a copy with another diff and another number", []Post{cover, patch(mine(1, 2), "[PATCH 1/2] a: one", "1", mine(1, 0))}, mine(1, 2), "2 new"},
		{"a copy without a diff", []Post{cover, patch(mine(1, 2), "[PATCH 0/2] all", "", "")}, mine(1, 2), "2 new"},
		{"a copy that is a reply", []Post{cover, patch(mine(1, 1), "[PATCH 1/2] a: one", "1", mine(1, 0)),
			patch(mine(1, 2), "Re: [PATCH 1/2] a: one", "", mine(1, 1))}, mine(1, 2), "2 new"},
		{"a cover letter that is a patch", []Post{patch(mine(1, 0), "[PATCH 3/3] c: new", "3", "")}, mine(1, 0), "1 new, 2 new"},
		{"a patch under the cover letter that was not sent there", []Post{cover, patch("p", "[PATCH 2/2] c: new", "3", mine(1, 0))}, mine(1, 0), "1 new, 2 new"},
		{"another cover letter, and the same patches", []Post{patch("c", "[PATCH 0/2] all", "", ""), patch("p", "[PATCH 1/2] a: one", "1", "c")}, "c", "1 new"},
		{"another cover letter, and another diff", []Post{patch("c", "[PATCH 0/2] all", "", ""), patch("p", "[PATCH 1/2] a: one", "9", "c")}, "c", "1 changed"},
		{"a patch of that number with another diff", []Post{cover, patch("p", "[PATCH 2/2] b: two", "9", mine(1, 0))}, "p", "2 changed"},
		{"a revision that was never sent", []Post{patch("p", "[PATCH v2 1/2] a: one", "9", "")}, "p", "1 changed"},
	} {
		reply := ack
		reply.Parents = []string{c.answer}
		posts := append(slices.Clone(c.posts), reply)
		got := ""
		for _, f := range Collect(posts, branch, Options{}) {
			if got != "" {
				got += ", "
			}
			got += fmt.Sprint(f.Patch+1, " ", f.Fate)
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
		place := Places(posts, branch)[len(posts)-1]
		if one := fmt.Sprint(place.Patch+1, " "); !place.Cover && place.Mine && c.want[:2] != one || !place.Mine {
			t.Errorf("%s: its place is %+v", c.why, place)
		}
	}
}

// Whoever refers to a reply that has lost its own references does not say what it is
// about, unless its subject says so as well.
func TestReferencesOfOthers(t *testing.T) {
	t.Parallel()
	branch := Branch{ChangeID: "id", Patches: patches("a=1 b=2"), IsMe: func(string) bool { return false }}
	for subject, want := range map[string]int{"Re: [PATCH 2/2] b": 1, "Re: [PATCH 1/2] a": 0, "Re: something": -1} {
		posts := []Post{
			{ID: "1", Subject: "[PATCH 1/2] a", PatchID: "1", ChangeID: "id"}, {ID: "2", Subject: "[PATCH 2/2] b", PatchID: "2", ChangeID: "id"},
			{ID: "r", Subject: subject, From: patchmail.Address{Mailbox: "v@example.org"}, Body: "Acked-by: v@example.org\n"},
			{ID: "x", Subject: "Re: x", Parents: []string{"r", "1"}},
		}
		if all := Collect(posts, branch, Options{}); len(all) != 1 || all[0].Patch != want {
			t.Errorf("%q: got %+v, want patch %d", subject, all, want)
		}
	}
}

// A revision that mails claim does not come between two that were sent.
func TestClaimedRevision(t *testing.T) {
	t.Parallel()
	branch := Branch{ChangeID: "id", Patches: patches("a=8 b=9"), Sent: []Revision{{Number: 1, Patches: patches("a=1 b=2")}, {Number: 3, Patches: patches("a=8 b=9")}},
		FirstIDs: map[int][]string{1: {"x-v1-0-ab@example.org"}}, IsMe: func(string) bool { return false }}
	posts := []Post{
		{ID: "forged", Subject: "[PATCH v2 1/2] b", PatchID: "1", ChangeID: "id"},
		{ID: "r", Subject: "Re: a", Parents: []string{"x-v1-1-ab@example.org"}, From: patchmail.Address{Mailbox: "v@example.org"}, Body: "Acked-by: v@example.org\n"},
	}
	found := Collect(posts, branch, Options{Fuzzy: true})
	if len(found) != 1 || found[0].Patch != 0 || found[0].Basis != ByTitle {
		t.Errorf("got %+v", found)
	}
}

func TestAltered(t *testing.T) {
	t.Parallel()
	branch := Branch{Sent: []Revision{{Number: 1, Patches: patches("a=1 b= c=3")}}, FirstIDs: map[int][]string{1: {"x-v1-0-ab@example.org"}}}
	for _, c := range []struct {
		why, id, patchID string
		want             bool
	}{
		{"as it was sent", "x-v1-1-ab@example.org", "1", false},
		{"another diff", "x-v1-1-ab@example.org", "3", true},
		{"no diff", "x-v1-3-ab@example.org", "", true},
		{"the record does not know", "x-v1-2-ab@example.org", "3", false},
		{"the cover letter, which may hold one", "x-v1-0-ab@example.org", "3", false},
		{"beyond the last patch", "x-v1-4-ab@example.org", "3", false},
		{"of others", "x@example.org", "3", false},
	} {
		if got := Altered([]Post{{ID: c.id, PatchID: c.patchID}}, branch); (len(got) == 1) != c.want {
			t.Errorf("%s: %v", c.why, got)
		}
	}
}
