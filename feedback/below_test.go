package feedback_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/feedback"
)

// Patches that strangers post into the thread, numbered or not, in a reply or not,
// are listed, and so is all that is said to them: below them, at the lines of
// theirs, and no trailer that they get is taken for one of the series.
func TestPatchesOfStrangers(t *testing.T) {
	t.Parallel()
	const diff = "---\n ring.c | 1 +\n\ndiff --git a/ring.c b/ring.c\n--- a/ring.c\n+++ b/ring.c\n@@ -70,2 +70,3 @@\n one\n+other words\n two\n"
	second := "20250102-ring-v3-2-cccccccccccc@example.org"
	for _, tc := range []struct{ why, subject, above, place string }{
		{"one of a series, below the cover letter", "[PATCH v3 5/5] ring: other words", firstIDs()["v3"], "cover"},
		{"a later revision", "[PATCH v9 2/7] ring: other words", firstIDs()["v3"], "cover"},
		{"alone, below a patch", "[PATCH] ring: other words", second, "2"},
		{"in a reply", "Re: [PATCH v3 2/5] ring: x", second, "2"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			w := ring(t)
			var mbox strings.Builder
			mail := func(id, subject, above, text string) {
				fmt.Fprintf(&mbox, "From x Thu Jan  1 00:00:00 1970\nFrom: %s <%[1]s@bad.example>\nDate: Fri, 17 Jan 2025 10:00:00 +0000\nMessage-ID: <%[1]s@bad.example>\n"+
					"Subject: %s\nIn-Reply-To: <%s>\n\n%s\n\n", id, subject, above, text)
			}
			mail("s1", tc.subject, tc.above, "How about this?\n"+diff)
			mail("s2", "Re: "+tc.subject, "s1@bad.example", "> +other words\n\nGood.\n\nReviewed-by: s2 <s2@bad.example>")
			mail("s3", "Re: "+tc.subject, "s2@bad.example", "No.")
			mail("s4", "[PATCH 0/2] others: a series", "s3@bad.example", "Better.")
			mail("s5", "Re: [PATCH 0/2] others: a series", "s4@bad.example", "Indeed.\n\nAcked-by: s5 <s5@bad.example>")
			f := w.collect(t, w.mailed(all)+mbox.String())
			got := ""
			for _, r := range f.Replies {
				place := fmt.Sprint(r.Place.Number)
				if r.Place.Cover {
					place = "cover"
				}
				got += fmt.Sprintf("%s %s %d", strings.TrimSuffix(r.ID, "@bad.example"), place, r.Depth)
				for _, remark := range r.Remarks {
					if at := remark.At; at != nil {
						got += fmt.Sprintf(" %s:%d %s", at.SentFile, at.SentLine, at.File)
					}
				}
				got += "\n"
			}
			want := strings.NewReplacer("PLACE", tc.place).Replace("s1 PLACE 0\ns2 PLACE 1 ring.c:71 \ns3 PLACE 2\ns4 PLACE 3\ns5 PLACE 4\n")
			if got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if err := f.Digest(time.Unix(1, 0)).Keep(w.repo, w.series); err != nil {
				t.Fatal(err)
			}
			sum, err := feedback.Summarize(w.repo, w.series)
			if err != nil {
				t.Fatal(err)
			}
			for _, tally := range append(sum.Patches, sum.Cover, sum.Elsewhere) {
				if len(tally.Trailers) > 0 {
					t.Errorf("taken for trailers of the series: %q", tally.Trailers)
				}
			}
		})
	}
}
