package trailers_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// longShapes are threads by what their replies answer, with how many trailers each
// reply gives that way.
var longShapes = []struct {
	why    string
	parent func(n int) string
	gives  int
	fate   trailers.Fate
}{
	{"one below the other", func(n int) string { return fmt.Sprintf("r%d", n-1) }, 1, trailers.New},
	{"all to the patch", func(int) string { return "r-1" }, 1, trailers.New},
	{"all to the cover letter", func(int) string { return "cover" }, 3, trailers.New},
	{"in circles", func(n int) string { return fmt.Sprintf("r%d", n^1) }, 1, trailers.Unmatched},
	{"each to a cover letter of its own", func(n int) string { return fmt.Sprintf("c%d", n) }, 1, trailers.Changed},
}

// longThread is a series of three patches with so many replies. Some answer cover
// letters of revisions that were never sent, with a patch below.
func longThread(replies int, parent func(n int) string) ([]trailers.Post, trailers.Branch) {
	b := trailers.Branch{ChangeID: "id", IsMe: func(string) bool { return false }}
	posts := []trailers.Post{{ID: "cover", Subject: "[PATCH 0/3] x", ChangeID: "id"}}
	for n := range 3 {
		p := trailers.Patch{Title: fmt.Sprint("patch ", n), PatchID: fmt.Sprint(n)}
		b.Patches = append(b.Patches, p)
		posts = append(posts, trailers.Post{ID: fmt.Sprintf("r%d", -1-n), Subject: fmt.Sprintf("[PATCH %d/3] %s", n+1, p.Title), PatchID: p.PatchID, Parents: []string{"cover"}})
	}
	for n := range replies {
		who := patchmail.Address{Mailbox: fmt.Sprintf("r%d@example.org", n)}
		above := parent(n)
		if above[0] == 'c' && above != "cover" {
			posts = append(posts, trailers.Post{ID: above, Subject: fmt.Sprintf("[PATCH v%d 0/3] x", n+2), ChangeID: "id"},
				trailers.Post{ID: above + "-1", Subject: fmt.Sprintf("[PATCH v%d 1/3] patch 0", n+2), ChangeID: "id", PatchID: above, Parents: []string{above}})
		}
		posts = append(posts, trailers.Post{ID: fmt.Sprintf("r%d", n), Parents: []string{above}, From: who, Date: time.Unix(int64(n), 0),
			Subject: "Re: x", Body: "Acked-by: " + who.Mailbox + "\n"})
	}
	return posts, b
}

// Ten thousand replies, each to the one before, to the cover letter, or round in
// circles: all are found, each once.
func TestLongThreads(t *testing.T) {
	t.Parallel()
	const replies, claims = 10_000, 99 // and the series itself
	for _, c := range longShapes {
		posts, b := longThread(replies, c.parent)
		found := trailers.Collect(posts, b, trailers.Options{})
		if len(found) != c.gives*replies {
			t.Errorf("%s: %d trailers, want %d", c.why, len(found), c.gives*replies)
		}
		fates := map[trailers.Fate]int{}
		for _, f := range found {
			fates[f.Fate]++
		}
		if c.fate == trailers.Changed { // no more revisions than anybody sends are believed
			if fates[trailers.Changed] != claims || fates[trailers.Unmatched] != replies-claims {
				t.Errorf("%s: %v", c.why, fates)
			}
		} else if fates[c.fate] != len(found) {
			t.Errorf("%s: %v", c.why, fates)
		}
	}
}

// Ten times the replies are to take ten times as long.
func BenchmarkLongThreads(b *testing.B) {
	for _, c := range longShapes {
		for _, replies := range []int{1000, 10_000} {
			posts, branch := longThread(replies, c.parent)
			b.Run(fmt.Sprintf("%s/%d", c.why, replies), func(b *testing.B) {
				for b.Loop() {
					trailers.Collect(posts, branch, trailers.Options{})
				}
			})
		}
	}
}
