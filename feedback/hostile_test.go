package feedback_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/feedback"
)

// Ten thousand replies, each to the one before, and loops among them, cost time
// that grows with their number; a mail of 50 MB costs itself alone.
func TestHostileThread(t *testing.T) {
	t.Parallel()
	w := ring(t)
	const count = 10_000
	var mbox strings.Builder
	above := "20250102-ring-v1-2-aaaaaaaaaaaa@example.org"
	for n := range count {
		id := fmt.Sprintf("h%d@bad.example", n)
		fmt.Fprintf(&mbox, "From x Thu Jan  1 00:00:00 1970\nFrom: Jane Dev <jane@example.org.bad.example>\nDate: Fri, 3 Jan 2025 10:00:00 +0000\nMessage-ID: <%s>\n"+
			"Subject: Re: [PATCH 2/4] ring: add a ring buffer\nIn-Reply-To: <%s>\nReferences: <h%d@bad.example> <%s>\n\n> +	return 0;\n\nNo. %d\n\n",
			id, above, (n*7919)%count, firstIDs()["v1"], n)
		above = id
	}
	fmt.Fprintf(&mbox, "From x Thu Jan  1 00:00:00 1970\nFrom: big@bad.example\nMessage-ID: <big@bad.example>\nSubject: Re: x\nIn-Reply-To: <%s>\n\n%s\n\n", firstIDs()["v1"], strings.Repeat("0123456789abcde\n", 50<<20/16))
	begun := time.Now()
	f := w.collect(t, w.mailed(all)+mbox.String())
	t.Logf("%d replies in %s", len(f.Replies), time.Since(begun))
	if len(f.Replies) != count {
		t.Errorf("%d replies", len(f.Replies))
	}
	for _, r := range f.Replies {
		if r.Kind != feedback.Review || r.Place.Number != 2 || len(r.Remarks) != 1 || r.Remarks[0].At == nil || r.Remarks[0].At.Line != 10 {
			t.Fatalf("%s: %s", r.ID, drawn(&r))
		}
	}
}
