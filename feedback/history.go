package feedback

import (
	"context"
	"maps"
	"slices"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

// A History is what was mailed of a series, and what its branch is today.
type History struct {
	Series *series.Series
	*series.Reviewed

	repo *gitrepo.Repo
}

// ReadHistory reads the history of a series.
func ReadHistory(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (*History, error) {
	known, err := s.Reviewed(ctx)
	if err != nil {
		return nil, err
	}
	return &History{Series: s, Reviewed: known, repo: repo}, nil
}

// Query asks for all threads of a series.
func Query(s *series.Series) inbox.Query {
	q := inbox.Query{ChangeIDs: []string{s.Tracking.ChangeID}}
	for _, version := range slices.Sorted(maps.Keys(s.Tracking.History)) {
		q.IDs = append(q.IDs, s.Tracking.History[version]...)
	}
	return q
}

// commit is the patch of a revision as it was mailed, "" when that is not here.
func (h *History) commit(revision, number int) gitrepo.ID {
	if patches := h.Sent[revision]; number >= 1 && number <= len(patches) {
		return patches[number-1]
	}
	return ""
}

// sentTitle is what a patch of a revision was called, "" when that is not known.
func (h *History) sentTitle(revision, number int) string {
	for _, r := range h.Branch.Sent {
		if r.Number == revision && number >= 1 && number <= len(r.Patches) {
			return r.Patches[number-1].Title
		}
	}
	return ""
}

// titleOf is what a patch is called in a mail.
func titleOf(c *gitrepo.Commit) string {
	_, title := patchmail.LiftBrackets(c.Subject())
	if title == "" {
		title = c.Subject()
	}
	return title
}
