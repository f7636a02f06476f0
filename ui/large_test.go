package ui

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/kprep/kprep/feedback"
)

// What a browser can still show, in bytes.
const mostServed = 5 << 20

// However long patches, messages and replies are, a page is one that a browser can
// show, and says what is left out and where it is.
func TestLargePages(t *testing.T) {
	t.Parallel()
	one := queueSeries(3, 2)
	diff := func(lines []string) string {
		return fmt.Sprintf("diff --git a/f.c b/f.c\n--- /dev/null\n+++ b/f.c\n@@ -0,0 +1,%d @@\n%s", len(lines), strings.Join(lines, ""))
	}
	var many []string
	for k := range 200_000 {
		many = append(many, fmt.Sprintf("+\tif (line_%d()) return \"<&>\";\n", k))
	}
	small := "diff --git a/last.c b/last.c\n--- a/last.c\n+++ b/last.c\n@@ -1 +1 @@\n-the end\n+the very end\n"
	one.Diffs[0].Diff = diff(many) + small
	one.Diffs[1].Diff = diff([]string{"+" + strings.Repeat("x", 2*mostServed) + "\n"}) + small
	one.Diffs[2].Diff = diff(many[:2000])
	one.preview.Messages[0].Body = "words\n" + strings.Repeat("x", 2*mostServed)
	one.preview.Messages[1].Body = "words\n---\n" + one.Diffs[0].Diff
	long := strings.Repeat("a word ", mostServed/7)
	for i := range 3 {
		one.said.Replies = append(one.said.Replies, feedback.Reply{ID: fmt.Sprint("long", i), Place: one.said.Replies[0].Place, Remarks: []feedback.Remark{{Text: []string{long}}}})
	}
	about := one.said.Replies[0]
	about.ID, about.Place.Cover, about.Place.Patch, about.Remarks = "aboutpatch", false, 2, []feedback.Remark{{Text: []string{"It begins. ", long, long}}}
	one.said.Replies = append(one.said.Replies, about)
	site := newSite(t, &sample{sent: -1, series: []*sampleSeries{one}})
	handler := site.Handler(address)
	at := served{}.series(place{0, one.Branch}, "")
	for _, tc := range []struct{ name, path, has, left string }{
		{"a patch of many lines", "/patch/1", "line_1(", "git show " + string(one.Diffs[0].Commit)},
		{"a patch with a long line", "/patch/2", "very end", "bytes more</small>"},
		{"a patch of 2,000 lines", "/patch/3", "line_1999<", ""},
		{"what is said of a patch", "/patch/3", "It begins.", "…</div>"},
		{"a message with a long line", "/messages/0", "words", "All bytes of the message"},
		{"a message with a long patch", "/messages/1", "line_1(", "The rest is left out"},
		{"replies", "/feedback", "It begins.", "Not all that was said is shown in full"},
	} {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request(site, "GET", at+tc.path, nil))
		text := w.Body.String()
		if w.Code != 200 || len(text) > mostServed {
			t.Errorf("%s: status %d, %d bytes", tc.name, w.Code, len(text))
		}
		if !strings.Contains(text, tc.has) || !strings.Contains(text, tc.left) {
			t.Errorf("%s: %q or %q is not on the page", tc.name, tc.has, tc.left)
		}
	}
}
