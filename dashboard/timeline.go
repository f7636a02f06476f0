package dashboard

import (
	"fmt"
	"time"
)

// A Revision is one that was sent.
type Revision struct {
	Number    int       `json:"revision"`
	When      time.Time `json:"when"`
	MessageID string    `json:"message-id,omitempty"` // of its first message, "" when nobody knows
	Replies   int       `json:"replies"`              // of others, as far as somebody has looked
	Open      int       `json:"open"`                 // of those
}

// A Stage is a point on the way of a series.
type Stage struct {
	Name  string     // "v2", or "applied"
	When  *time.Time // a revision was sent; nil for others
	Done  bool       // false for where the branch is now
	Notes []string   // such as "3 replies"
}

// Timeline is the way of a series: the revisions that were sent, the oldest first, the
// one that the branch is, unless all is applied already, and what was applied.
func (s *Standing) Timeline() []Stage {
	var way []Stage
	for i := range s.Revisions {
		r := &s.Revisions[i]
		stage := Stage{Name: fmt.Sprintf("v%d", r.Number), When: &r.When, Done: true}
		if r.Replies > 0 {
			stage.Notes = append(stage.Notes, counted(r.Replies, "reply", "replies"))
		}
		if r.Open > 0 {
			stage.Notes = append(stage.Notes, fmt.Sprintf("%d open", r.Open))
		}
		way = append(way, stage)
	}
	landed := s.Landed()
	over := landed == s.Patches && landed > 0 && !s.Changed
	if s.Revision > s.LastSent && !over {
		stage := Stage{Name: fmt.Sprintf("v%d", s.Revision), Notes: []string{"not sent"}}
		if s.LastSent > 0 && !s.Changed {
			stage.Notes = []string{"nothing new yet"}
		}
		way = append(way, stage)
	}
	if landed > 0 {
		way = append(way, Stage{Name: "applied", Done: true, Notes: []string{fmt.Sprintf("%d of %s", landed, counted(s.Patches, "patch", "patches"))}})
	}
	return way
}

func counted(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
