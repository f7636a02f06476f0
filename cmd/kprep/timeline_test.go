package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/dashboard"
)

func TestTimeline(t *testing.T) {
	t.Parallel()
	sent := func(n, replies, open int) dashboard.Revision {
		return dashboard.Revision{Number: n, When: time.Date(2025, time.Month(n), 2, 23, 0, 0, 0, time.UTC), Replies: replies, Open: open}
	}
	for _, tc := range []struct {
		why  string
		on   canvas
		s    dashboard.Standing
		want string
	}{
		{"nothing was sent", canvas{columns: 80}, dashboard.Standing{Revision: 1}, ""},
		{"the first revision, and nothing since", canvas{columns: 80}, dashboard.Standing{Revision: 2, LastSent: 1, Revisions: []dashboard.Revision{sent(1, 0, 0)}}, `
  ● v1 ──────── ○ v2
    2025-01-02    nothing new yet
`},
		{"several, with replies", canvas{columns: 80}, dashboard.Standing{Revision: 3, LastSent: 2, Changed: true, Revisions: []dashboard.Revision{sent(1, 12, 0), sent(2, 1, 1)}}, `
  ● v1 ──────── ● v2 ──────── ○ v3
    2025-01-02    2025-02-02    not sent
    12 replies    1 reply
                  1 open
`},
		{"what was said first goes deeper", canvas{columns: 80}, dashboard.Standing{Revision: 2, LastSent: 2, Revisions: []dashboard.Revision{sent(1, 2, 1), sent(2, 0, 0)}}, `
  ● v1 ──────── ● v2
    2025-01-02    2025-02-02
    2 replies
    1 open
`},
		{"in rows", canvas{columns: 40}, dashboard.Standing{Revision: 4, LastSent: 4, Revisions: []dashboard.Revision{sent(1, 1, 0), sent(2, 0, 0), sent(3, 0, 0), sent(4, 3, 3)}}, `
  ● v1 ──────── ● v2 ────────
    2025-01-02    2025-02-02
    1 reply
  ● v3 ──────── ● v4
    2025-03-02    2025-04-02
                  3 replies
                  3 open
`},
		{"in ASCII", canvas{80, true}, dashboard.Standing{Revision: 2, LastSent: 1, Changed: true, Revisions: []dashboard.Revision{sent(1, 0, 0)}}, `
  * v1 -------- o v2
    2025-01-02    not sent
`},
	} {
		if got := drawTimeline(tc.on, tc.s.Timeline()); got != strings.TrimPrefix(tc.want, "\n") {
			t.Errorf("%s:\n%swant%s", tc.why, got, tc.want)
		}
	}
}

// However many revisions there are, and however narrow it is, no line is wider, and
// each revision is drawn once.
func TestTimelineFits(t *testing.T) {
	t.Parallel()
	for columns := 20; columns <= 120; columns += 7 {
		s := dashboard.Standing{Revision: 31, LastSent: 30}
		for n := range 30 {
			s.Revisions = append(s.Revisions, dashboard.Revision{Number: n + 1, Replies: n * n * n})
		}
		text := drawTimeline(canvas{columns: columns}, s.Timeline())
		for line := range strings.Lines(text) {
			if cells(strings.TrimSuffix(line, "\n")) > columns {
				t.Errorf("wider than %d: %q", columns, line)
			}
		}
		for n := 1; n <= 31; n++ {
			if got := strings.Count(text+" ", fmt.Sprintf(" v%d ", n)) + strings.Count(text, fmt.Sprintf(" v%d\n", n)); got != 1 {
				t.Errorf("in %d columns v%d is drawn %d times", columns, n, got)
			}
		}
	}
}
