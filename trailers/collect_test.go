package trailers_test

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// readPosts reads the mails of a file.
func readPosts(t *testing.T, file string) []trailers.Post {
	t.Helper()
	var posts []trailers.Post
	err := inbox.Walk(context.Background(), file, func(mail inbox.Mail) error {
		m, err := inbox.Parse(mail, func(string) string { return "" })
		if err != nil {
			return err
		}
		content, err := inbox.ReadContent(mail.Raw)
		if err != nil {
			return err
		}
		posts = append(posts, trailers.Post{ID: m.ID, Parents: m.Parents, From: content.From, Date: m.Date, Subject: m.Line,
			Body: content.Text, ChangeID: m.ChangeID, PatchID: patchmail.PatchID([]byte(content.Text))})
		return nil
	}, func(err error) { t.Error(err) })
	if err != nil || len(posts) == 0 {
		t.Fatalf("%s: %d mails, %v", file, len(posts), err)
	}
	return posts
}

// patchesOf are the patches among mails, in order of their numbers.
func patchesOf(posts []trailers.Post, revision int) []trailers.Patch {
	var patches []trailers.Patch
	for _, p := range posts {
		s := patchmail.ParseSubject(p.Subject)
		if _, reply := patchmail.BaseSubject(p.Subject); !reply && p.PatchID != "" && s.Revision == revision && strings.HasPrefix(s.Title, "foo: ") {
			message, _, _ := strings.Cut(p.Body, "---\n")
			patches = append(patches, trailers.Patch{Title: s.Title, PatchID: p.PatchID, Message: s.Title + "\n\n" + message})
		}
	}
	return patches
}

// theBranch is that of testdata; nothing is on record of what was sent.
func theBranch(t *testing.T) trailers.Branch {
	return trailers.Branch{ChangeID: "20250106-foo-0123456789ab", Patches: patchesOf(readPosts(t, "testdata/today.mbox"), 1),
		IsMe: func(mailbox string) bool { return mailbox == "jane@dev.example" }}
}

var theOptions = trailers.Options{Ignore: []string{"BOT@ci.example"}, Rejected: []trailers.Rejection{
	{Trailer: "acked-by: Rejected Person <rej@r.example>", Via: "17@r.example"},
	{Trailer: "Acked-by: P One <p1+lists@r.example>", Via: "17@r.example"}}}

// table writes what was found in the form of truth.txt.
func table(posts []trailers.Post, all []trailers.Found) string {
	var b strings.Builder
	for _, f := range all {
		number, _, _ := strings.Cut(posts[f.Post].ID, "@")
		patch, cover := "-", ""
		if f.Patch >= 0 {
			patch = fmt.Sprint(f.Patch + 1)
		}
		if f.Cover {
			cover = " cover"
		}
		var lines []string
		for _, t := range f.All() {
			lines = append(lines, t.String())
		}
		fmt.Fprintf(&b, "%s: %s %s %s%s: %s\n", number, patch, f.Fate, f.Basis, cover, strings.Join(lines, " "))
	}
	return b.String()
}

// Three revisions and their replies, in every state of what is known of the past:
// the same fates.
func TestTruthTable(t *testing.T) {
	t.Parallel()
	truth, err := os.ReadFile("testdata/truth.txt")
	if err != nil {
		t.Fatal(err)
	}
	want := ""
	for line := range strings.Lines(string(truth)) {
		if !strings.HasPrefix(line, "#") {
			want += line
		}
	}
	posts := readPosts(t, "testdata/thread.mbox")
	var sent []trailers.Revision
	firsts := map[int][]string{}
	for n := 1; n <= 3; n++ {
		sent = append(sent, trailers.Revision{Number: n, Patches: patchesOf(posts, n)})
		firsts[n] = []string{fmt.Sprintf("20250106-foo-v%d-0-0123456789ab@dev.example", n)}
	}
	isPatch := func(p trailers.Post) bool { // of the series, or its cover letter
		_, reply := patchmail.BaseSubject(p.Subject)
		return !reply && strings.HasPrefix(p.Subject, "[PATCH") && !strings.Contains(p.Subject, "bar: ")
	}
	onlyReplies := slices.DeleteFunc(slices.Clone(posts), isPatch)
	shuffled := slices.Clone(posts)
	slices.Reverse(shuffled)
	slices.SortStableFunc(shuffled, func(a, b trailers.Post) int { return a.Date.Compare(b.Date) })
	for _, c := range []struct {
		why    string
		posts  []trailers.Post
		branch func(*trailers.Branch)
		skip   string // replies that this cannot place
	}{
		{"the mails alone", posts, func(b *trailers.Branch) {}, ""},
		{"the mails twice", append(slices.Clone(posts), posts...), func(b *trailers.Branch) {}, ""},
		{"sent tags", posts, func(b *trailers.Branch) { b.Sent = sent }, ""},
		{"sent tags and message-ids", posts, func(b *trailers.Branch) { b.Sent, b.FirstIDs = sent, firsts }, ""},
		{"no change-id", posts, func(b *trailers.Branch) { b.ChangeID = "" }, ""},
		// Nothing leads from a subject to a patch that is not there, and nobody
		// knows that the series of somebody else is not this one.
		{"replies alone, and all that is on record", onlyReplies, func(b *trailers.Branch) { b.Sent, b.FirstIDs = sent, firsts }, "15"},
		{"in another order", shuffled, func(b *trailers.Branch) {}, ""},
	} {
		b := theBranch(t)
		c.branch(&b)
		got := table(c.posts, trailers.Collect(c.posts, b, theOptions))
		expected := want
		if c.skip != "" {
			without := func(text string) string {
				return strings.Join(slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool { return strings.HasPrefix(line, c.skip+":") }), "")
			}
			got, expected = without(got), without(expected)
		}
		if got != expected {
			t.Errorf("%s:\n%s", c.why, difference(expected, got))
		}
	}
}

// difference shows the lines that only one of two texts has.
func difference(want, got string) string {
	var b strings.Builder
	wants, gots := strings.Split(want, "\n"), strings.Split(got, "\n")
	for _, line := range wants {
		if !slices.Contains(gots, line) {
			fmt.Fprintf(&b, "want %s\n", line)
		}
	}
	for _, line := range gots {
		if !slices.Contains(wants, line) {
			fmt.Fprintf(&b, " got %s\n", line)
		}
	}
	if b.Len() == 0 {
		fmt.Fprintf(&b, "another order:\n%s", got)
	}
	return b.String()
}

func TestOptions(t *testing.T) {
	t.Parallel()
	posts := readPosts(t, "testdata/thread.mbox")
	taken := func(o trailers.Options) []string {
		var ids []string
		for _, f := range trailers.Collect(posts, theBranch(t), o) {
			if number, _, _ := strings.Cut(posts[f.Post].ID, "@"); f.Fate == trailers.New {
				ids = append(ids, fmt.Sprintf("%s/%d", number, f.Patch+1))
			}
		}
		return ids
	}
	base := taken(theOptions)
	more := func(o trailers.Options) string {
		var added []string
		now := taken(o)
		for _, id := range now {
			if !slices.Contains(base, id) {
				added = append(added, id)
			}
		}
		for _, id := range base {
			if !slices.Contains(now, id) {
				added = append(added, "-"+id)
			}
		}
		return strings.Join(added, " ")
	}
	with := func(change func(*trailers.Options)) trailers.Options {
		o := theOptions
		change(&o)
		return o
	}
	for _, c := range []struct {
		why  string
		o    trailers.Options
		want string
	}{
		{"sloppy, but no refusal", with(func(o *trailers.Options) { o.Sloppy = true }), "03/1 10/1 10/1 25/6"},
		{"my own advice, signed", with(func(o *trailers.Options) { o.Signed = func(int) bool { return true } }), "25/6"},
		{"my own advice, and somebody else's is signed", with(func(o *trailers.Options) {
			o.Signed = func(post int) bool { return posts[post].ID == "10@r.example" }
		}), ""},
		{"fuzzy, but never by place", with(func(o *trailers.Options) { o.Fuzzy = true }), "04/3 22/3 01/3 29/3"},
		{"nothing ignored", with(func(o *trailers.Options) { o.Ignore = nil }), "16/1"},
		{"the named person ignored", with(func(o *trailers.Options) { o.Ignore = []string{"joe@home.example"} }), "16/1 -09/1"},
		{"nothing rejected", with(func(o *trailers.Options) { o.Rejected = nil }), "17/1"},
	} {
		if got := more(c.o); got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

// A cover letter of others counts only for what is the same patch.
func TestCoverOfOthers(t *testing.T) {
	t.Parallel()
	posts := readPosts(t, "testdata/thread.mbox")
	b := theBranch(t)
	b.ChangeID, b.IsMe = "another", func(string) bool { return false }
	got := table(posts, trailers.Collect(posts, b, trailers.Options{}))
	for _, line := range []string{"01: 1 new patch-id cover", "05: 2 new", "23: 6 conditional patch-id cover", "29: 6 new patch-id cover"} {
		if !strings.Contains(got, line) {
			t.Errorf("no %q in\n%s", line, got)
		}
	}
	for _, line := range []string{"title", "place", "06:", "04:"} {
		if strings.Contains(got, line) {
			t.Errorf("%q in\n%s", line, got)
		}
	}
}

func BenchmarkCollect(b *testing.B) {
	var posts []trailers.Post
	branch := trailers.Branch{ChangeID: "id", IsMe: func(string) bool { return false }}
	add := func(id, parent, subject, body, patchID string) {
		posts = append(posts, trailers.Post{ID: id, Parents: strings.Fields(parent), Subject: subject, Body: body, PatchID: patchID, ChangeID: "id",
			From: patchmail.Address{Name: "R", Mailbox: "r@example.org"}, Date: time.Unix(int64(len(posts)), 0)})
	}
	add("cover", "", "[PATCH 0/100] all", "", "")
	for n := range 100 {
		id, subject := fmt.Sprint("p", n), fmt.Sprintf("[PATCH %d/100] patch %[1]d", n+1)
		branch.Patches = append(branch.Patches, trailers.Patch{Title: fmt.Sprint("patch ", n+1), PatchID: id, Message: "s\n\nSigned-off-by: a@example.org\n"})
		add(id, "cover", subject, "", id)
		for k := range 10 {
			add(fmt.Sprint(id, "-", k), id, "Re: "+subject, strings.Repeat("> quoted\n", 100)+"Fine.\n\nReviewed-by: R <r@example.org>\n", "")
		}
	}
	add("c", "cover", "Re: [PATCH 0/100] all", "Tested-by: R <r@example.org>\n", "")
	b.ReportAllocs()
	for b.Loop() {
		if found := trailers.Collect(posts, branch, trailers.Options{}); len(found) != 1100 {
			b.Fatalf("%d trailers", len(found))
		}
	}
}
