package trailers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// Ten thousand replies, each to the one before, to the cover letter, or round in
// circles: all are found, each once.
func TestLongThreads(t *testing.T) {
	t.Parallel()
	const replies = 10_000
	for _, c := range []struct {
		why    string
		parent func(n int) string
		want   int
	}{
		{"one below the other", func(n int) string { return fmt.Sprintf("r%d", n-1) }, replies},
		{"all to the patch", func(int) string { return "r-1" }, replies},
		{"all to the cover letter", func(int) string { return "cover" }, 3 * replies},
		{"in circles", func(n int) string { return fmt.Sprintf("r%d", n^1) }, replies},
	} {
		b := trailers.Branch{ChangeID: "id", IsMe: func(string) bool { return false }}
		posts := []trailers.Post{{ID: "cover", Subject: "[PATCH 0/3] x", ChangeID: "id"}}
		for n := range 3 {
			p := trailers.Patch{Title: fmt.Sprint("patch ", n), PatchID: fmt.Sprint(n)}
			b.Patches = append(b.Patches, p)
			posts = append(posts, trailers.Post{ID: fmt.Sprintf("r%d", -1-n), Subject: fmt.Sprintf("[PATCH %d/3] %s", n+1, p.Title), PatchID: p.PatchID, Parents: []string{"cover"}})
		}
		for n := range replies {
			who := patchmail.Address{Mailbox: fmt.Sprintf("r%d@example.org", n)}
			posts = append(posts, trailers.Post{ID: fmt.Sprintf("r%d", n), Parents: []string{c.parent(n)}, From: who, Date: time.Unix(int64(n), 0),
				Subject: "Re: x", Body: "Acked-by: " + who.Mailbox + "\n"})
		}
		found := trailers.Collect(posts, b, trailers.Options{})
		if len(found) != c.want {
			t.Errorf("%s: %d trailers, want %d", c.why, len(found), c.want)
		}
		for _, f := range found {
			if want := trailers.New; c.why == "in circles" && f.Fate != trailers.Unmatched || c.why != "in circles" && f.Fate != want {
				t.Fatalf("%s: %+v", c.why, f)
			}
		}
	}
}
