package trailers

import (
	"fmt"
	"testing"
	"time"

	"github.com/kprep/kprep/patchmail"
)

func TestPlaces(t *testing.T) {
	t.Parallel()
	branch := Branch{ChangeID: "20250102-x-0123456789ab",
		Patches:  []Patch{{Title: "a: first", PatchID: "1"}, {Title: "b: second", PatchID: "2"}},
		Sent:     []Revision{{Number: 1, Patches: []Patch{{Title: "a: first", PatchID: "1"}, {Title: "b: second", PatchID: "0"}, {Title: "c: third", PatchID: "3"}}}},
		FirstIDs: map[int][]string{1: {"20250102-x-v1-0-0123456789ab@example.org"}},
		IsMe:     func(mailbox string) bool { return mailbox == "me@example.org" }}
	mine := func(n int) string { return fmt.Sprintf("20250102-x-v1-%d-0123456789ab@example.org", n) }
	for _, tc := range []struct {
		why   string
		posts []Post
		want  string // of the last post
	}{
		{"a reply to a patch that is not there", []Post{{ID: "r", Subject: "Re: x", Parents: []string{mine(2)}}}, "v1 2 -> 2"},
		{"a reply to a cover letter that is not there", []Post{{ID: "r", Subject: "Re: x", Parents: []string{mine(0)}}}, "v1 cover -> 0"},
		{"a reply to a patch that is gone", []Post{{ID: "r", Subject: "Re: x", Parents: []string{mine(3)}}}, "v1 3 -> 0"},
		{"a reply to a reply", []Post{{ID: "q", Subject: "Re: x", Parents: []string{mine(1)}}, {ID: "r", Subject: "Re: x", Parents: []string{"q"}}}, "v1 1 -> 1"},
		{"its subject alone tells", []Post{{ID: "r", Subject: "AW: [PATCH 2/3] b:  second"}}, "v1 2 -> 2"},
		{"the subject of another revision", []Post{{ID: "r", Subject: "Re: [PATCH v2 2/3] b: second"}}, "none"},
		{"a subject that no patch has", []Post{{ID: "r", Subject: "Re: [PATCH 2/3] b: other"}}, "none"},
		{"an original with the subject of a patch", []Post{{ID: "r", Subject: "b: second"}}, "none"},
		{"a circle", []Post{{ID: "q", Subject: "Re: x", Parents: []string{"r", mine(1)}}, {ID: "r", Subject: "Re: x", Parents: []string{"q"}}}, "v1 1 -> 1"},
		{"a circle around nothing", []Post{{ID: "q", Subject: "Re: x", Parents: []string{"r"}}, {ID: "r", Subject: "Re: x", Parents: []string{"q"}}}, "none"},
		{"what it answers is itself", []Post{{ID: "r", Subject: "Re: x", Parents: []string{"r", mine(1)}}}, "v1 1 -> 1"},
		{"another discussion", []Post{{ID: "q", Subject: "y"}, {ID: "r", Subject: "Re: y", Parents: []string{"q"}}}, "none"},
		{"my own patch", []Post{{ID: mine(1), Subject: "[PATCH 1/3] a: first", PatchID: "1", Parents: []string{mine(0)}}}, "none"},
		{"a patch of somebody that answers mine", []Post{{ID: "r", Subject: "[PATCH] a: otherwise", PatchID: "9", Parents: []string{mine(1)},
			From: patchmail.Address{Mailbox: "you@example.org"}}}, "v1 1 -> 1"},
		{"a reply to a patch of somebody that answers mine", []Post{{ID: "q", Subject: "[PATCH] a: otherwise", PatchID: "9", Parents: []string{mine(1)},
			From: patchmail.Address{Mailbox: "you@example.org"}}, {ID: "r", Subject: "Re: [PATCH] a: otherwise", Parents: []string{"q"}}}, "v1 1 -> 1 below q"},
		{"a reply in a series of others that answers mine", []Post{{ID: "q", Subject: "[PATCH 1/2] a: otherwise", PatchID: "9", Parents: []string{mine(1)}, ChangeID: "other",
			From: patchmail.Address{Mailbox: "you@example.org"}}, {ID: "r", Subject: "Re: [PATCH 1/2] a: otherwise", Parents: []string{"q"}}}, "v1 1 -> 1 below q"},
		{"a reply to a cover letter of others that answers mine", []Post{{ID: "q", Subject: "[PATCH 0/2] otherwise", Parents: []string{mine(0)}, ChangeID: "other",
			From: patchmail.Address{Mailbox: "you@example.org"}}, {ID: "r", Subject: "Re: [PATCH 0/2] otherwise", Parents: []string{"q"}}}, "v1 cover -> 0 below q"},
		{"a reply to a patch of mine by its subject, and a stranger's", []Post{{ID: "q", Subject: "[PATCH 2/3] b: second", PatchID: "9", Parents: []string{mine(0)}, ChangeID: "other",
			From: patchmail.Address{Mailbox: "you@example.org"}}, {ID: "r", Subject: "Re: [PATCH 2/3] b: second", Parents: []string{"q"}}}, "v1 cover -> 0 below q"},
		{"a reply to a reply with a patch", []Post{{ID: "p", Subject: "Re: x", PatchID: "9", Parents: []string{mine(1)}}, {ID: "q", Subject: "Re: x", Parents: []string{"p"}},
			{ID: "r", Subject: "Re: x", Parents: []string{"q"}}}, "v1 1 -> 1 below p"},
		{"a patch below a patch of others", []Post{{ID: "p", Subject: "Re: x", PatchID: "9", Parents: []string{mine(1)}}, {ID: "q", Subject: "Re: x", PatchID: "8", Parents: []string{"p"}},
			{ID: "r", Subject: "Re: x", Parents: []string{"q"}}}, "v1 1 -> 1 below q"},
		{"the same, the last one first", []Post{{ID: "r2", Subject: "Re: x", Parents: []string{"r"}}, {ID: "p", Subject: "Re: x", PatchID: "9", Parents: []string{mine(1)}},
			{ID: "r", Subject: "Re: x", Parents: []string{"p"}}}, "v1 1 -> 1 below p"},
		{"a reply in a series of others", []Post{{ID: "q", Subject: "[PATCH 1/2] a: otherwise", PatchID: "9", ChangeID: "other",
			From: patchmail.Address{Mailbox: "you@example.org"}}, {ID: "r", Subject: "Re: [PATCH 1/2] a: otherwise", Parents: []string{"q"}}}, "none"},
	} {
		for i := range tc.posts {
			tc.posts[i].Date = time.Date(2025, 1, 2, i, 0, 0, 0, time.UTC)
		}
		places := Places(tc.posts, branch)
		if got := drawnPlace(places[len(places)-1]); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.why, got, tc.want)
		}
	}
}

func drawnPlace(p Place) string {
	switch {
	case p == Place{}:
		return "none"
	case p.Below != "":
		below := p.Below
		p.Below = ""
		return drawnPlace(p) + " below " + below
	case p.Cover:
		return fmt.Sprintf("v%d cover -> %d", p.Revision, p.Patch+1)
	}
	return fmt.Sprintf("v%d %d -> %d", p.Revision, p.Number, p.Patch+1)
}

// A thread of ten thousand replies, each to the one before, is climbed once.
func TestPlacesOfADeepThread(t *testing.T) {
	t.Parallel()
	branch := Branch{FirstIDs: map[int][]string{1: {"a-v1-1-b@example.org"}}, IsMe: func(string) bool { return false },
		Sent: []Revision{{Number: 1, Patches: []Patch{{Title: "x", PatchID: "1"}}}}, Patches: []Patch{{Title: "x", PatchID: "1"}}}
	posts := make([]Post, 10_000)
	above := "a-v1-1-b@example.org"
	for i := range posts {
		posts[i] = Post{ID: fmt.Sprint(i), Subject: "Re: x", Parents: []string{above}}
		above = posts[i].ID
	}
	for i, p := range Places(posts, branch) {
		if drawnPlace(p) != "v1 1 -> 1" {
			t.Fatalf("reply %d: %s", i, drawnPlace(p))
		}
	}
}
