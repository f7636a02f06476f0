package trailers

import (
	"fmt"
	"testing"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// What somebody takes back later is not taken unasked, and nothing else changes.
func TestRetraction(t *testing.T) {
	t.Parallel()
	branch := Branch{ChangeID: "id", Patches: []Patch{{Title: "a", PatchID: "1"}, {Title: "b", PatchID: "2", Message: "b\n\nx\n\nAcked-by: R <r@x.org>\n"}},
		IsMe: func(mailbox string) bool { return mailbox == "me@x.org" }}
	posts := []Post{
		{ID: "c", Subject: "[PATCH 0/2] all", ChangeID: "id"},
		{ID: "1", Subject: "[PATCH 1/2] a", PatchID: "1", ChangeID: "id", Parents: []string{"c"}},
		{ID: "2", Subject: "[PATCH 2/2] b", PatchID: "2", ChangeID: "id", Parents: []string{"c"}},
	}
	type mail struct {
		day          int
		from, answer string
		body         string
	}
	for _, c := range []struct {
		why   string
		mails []mail
		want  string
	}{
		{"nothing", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}}, "1 new"},
		{"in words", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "1", "I withdraw my ack."}}, "1 conditional (I withdraw my ack.)"},
		{"above the trailer", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "1", "Please drop my\n\nAcked-by: R <r@x.org>\n\nfrom this."}},
			"1 conditional (Please drop my), 1 conditional"},
		{"by a refusal", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "1", "Nacked-by: R <r@x.org>"}}, "1 conditional (Nacked-by: R <r@x.org>), 1 advice"},
		{"and given again", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "1", "NAK."}, {3, "r", "1", "Acked-by: R <r@x.org>"}}, "1 repeated (NAK.), 1 new"},
		{"before it was given", []mail{{3, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "1", "NAK."}}, "1 new"},
		{"by somebody else", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "s", "1", "NAK."}}, "1 new"},
		{"of another patch", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "2", "NAK."}}, "1 new"},
		{"of all patches", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "c", "I take back what I gave."}}, "1 conditional (I take back what I gave.)"},
		{"that the commit has", []mail{{1, "r", "2", "Acked-by: R <r@x.org>"}, {2, "r", "2", "NAK."}}, "2 present (NAK.)"},
		{"advice stays advice", []mail{{1, "r", "1", "Fixes: 123456789abc"}, {2, "r", "1", "NAK."}}, "1 advice"},
		{"quoted", []mail{{1, "r", "1", "Acked-by: R <r@x.org>"}, {2, "r", "1", "> NAK.\n\nNo, I do not."}}, "1 new"},
	} {
		all := posts
		for i, m := range c.mails {
			all = append(all[:len(all):len(all)], Post{ID: fmt.Sprint("m", i), Subject: "Re: x", Parents: []string{m.answer}, Body: m.body + "\n",
				From: patchmail.Address{Mailbox: m.from + "@x.org"}, Date: time.Date(2025, 1, m.day, 0, 0, 0, 0, time.UTC)})
		}
		got := ""
		for _, f := range Collect(all, branch, Options{}) {
			if got != "" {
				got += ", "
			}
			if got += fmt.Sprint(f.Patch+1, " ", f.Fate); f.Retracted != "" {
				got += " (" + f.Retracted + ")"
			}
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

// Nobody gives a trailer in the user's name but himself.
func TestInMyName(t *testing.T) {
	t.Parallel()
	branch := Branch{ChangeID: "id", Patches: []Patch{{Title: "a", PatchID: "1"}}, IsMe: func(mailbox string) bool { return mailbox == "me@x.org" }}
	me := patchmail.Address{Name: "Me Myself", Mailbox: "me@x.org"}
	signed := func(int) bool { return true }
	for _, c := range []struct {
		why  string
		from patchmail.Address
		line string
		o    Options
		want Fate
	}{
		{"from me", me, "Signed-off-by: Me Myself <me@x.org>", Options{}, Advice},
		{"from me, signed", me, "Signed-off-by: Me Myself <me@x.org>", Options{Signed: signed}, New},
		{"from my name", patchmail.Address{Name: "Me Myself", Mailbox: "mal@evil.org"}, "Acked-by: Me Myself <me@x.org>", Options{}, Advice},
		{"from my name, sloppy", patchmail.Address{Name: "Me Myself", Mailbox: "mal@evil.org"}, "Acked-by: Me Myself <me@x.org>", Options{Sloppy: true}, Advice},
		{"from somebody else", patchmail.Address{Mailbox: "mal@evil.org"}, "Acked-by: Me Myself <me@x.org>", Options{}, Mismatch},
		{"advice from me", me, "Fixes: 123456789abc", Options{}, Advice},
		{"advice from me, signed", me, "Fixes: 123456789abc", Options{Signed: signed}, New},
		{"advice of others, signed", patchmail.Address{Mailbox: "r@x.org"}, "Fixes: 123456789abc", Options{Signed: signed}, Advice},
	} {
		posts := []Post{{ID: "1", Subject: "[PATCH] a", PatchID: "1", ChangeID: "id"}, {ID: "r", Subject: "Re: x", Parents: []string{"1"}, From: c.from, Body: c.line + "\n"}}
		if all := Collect(posts, branch, c.o); len(all) != 1 || all[0].Fate != c.want {
			t.Errorf("%s: got %+v, want %s", c.why, all, c.want)
		}
	}
}
