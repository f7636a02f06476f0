package series

import (
	"context"
	"fmt"
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// A MisplacedError reports commits on the wrong side of the cover letter.
type MisplacedError struct {
	Branch  string
	Commits []*gitrepo.Commit
}

func (e *MisplacedError) Error() string {
	text := fmt.Sprintf("branch %q keeps its cover letter at the tip, but these commits are above it and so not in the series:", shortBranch(e.Branch))
	for _, c := range e.Commits {
		text += fmt.Sprintf("\n  %s %s", c.ID.Short(), c.Subject())
	}
	return text
}

// CheckPlaced returns a *MisplacedError when commits lie on the wrong side of
// the cover letter. Convert to the same storage puts them right.
func (s *Series) CheckPlaced() error {
	if len(s.Misplaced) > 0 {
		return &MisplacedError{Branch: s.Branch, Commits: s.Misplaced}
	}
	return nil
}

// An UnmarkedError reports a cover-letter commit without the marker line that
// b4 looks for.
type UnmarkedError struct {
	Commit  gitrepo.ID
	Storage Storage
}

func (e *UnmarkedError) Error() string {
	return fmt.Sprintf("the cover-letter commit %s lost the line %q when it was reworded", e.Commit.Short(), coverletter.Marker)
}

// CheckMarked returns an *UnmarkedError when the cover-letter commit lost its
// marker line. Convert to the same storage writes it again.
func (s *Series) CheckMarked() error {
	if s.Unmarked {
		return &UnmarkedError{Commit: s.Cover.ID, Storage: s.Storage}
	}
	return nil
}

// maxBelow is how far below the cover letter lost patches are looked for.
const maxBelow = 100

// Below lists the user's commits right below a cover letter that is the first
// commit of its series, oldest first, which no other branch, tag or remote
// has: a rebase may have moved the cover letter above them. Convert to the same
// storage takes them in.
func (s *Series) Below(ctx context.Context) ([]*gitrepo.Commit, error) {
	if s.Storage != CoverCommit {
		return nil, nil
	}
	base, err := s.repo.Commit(string(s.Base))
	if err != nil {
		return nil, err
	}
	if mine, err := s.repo.IsMe(base.Committer); err != nil || !mine {
		return nil, err
	}
	ids, err := s.repo.OnlyOn(ctx, s.Branch, s.Base, maxBelow)
	if err != nil {
		return nil, err
	}
	var below []*gitrepo.Commit
	for _, id := range ids { // newest first
		c, err := s.repo.Commit(string(id))
		if err != nil {
			return nil, err
		}
		if mine, err := s.repo.IsMe(c.Committer); err != nil {
			return nil, err
		} else if !mine || len(c.Parents) != 1 {
			break
		}
		if isCover(c) && !s.ownCover(c) {
			break
		}
		below = append([]*gitrepo.Commit{c}, below...)
	}
	if len(below) == 0 || len(ids) == maxBelow { // none, or a line of its own
		return nil, nil
	}
	under, err := newFinder(s.repo).find(s.Branch, string(below[0].Parents[0]))
	if err != nil || under != nil && s.dependsOn(under.cover) { // patches of that series, as they were
		return nil, err
	}
	return below, nil
}

// A BelowError reports commits below the cover letter that may be patches.
type BelowError struct {
	Branch  string
	Commits []*gitrepo.Commit // oldest first
}

func (e *BelowError) Error() string {
	last := e.Commits[len(e.Commits)-1]
	return fmt.Sprintf("commits below the cover letter of branch %q are in no other branch, the last is %s (%s)", shortBranch(e.Branch), last.ID.Short(), last.Subject())
}

// CheckCovers returns the *TwoCoversError of CheckOneCover, or a *BelowError
// when Below finds any.
func (s *Series) CheckCovers(ctx context.Context) error {
	if err := s.CheckOneCover(ctx); err != nil {
		return err
	}
	below, err := s.Below(ctx)
	if err == nil && len(below) > 0 {
		err = &BelowError{Branch: s.Branch, Commits: below}
	}
	return err
}

// dependsOn says whether a cover letter is that of a series which this one
// names as a prerequisite.
func (s *Series) dependsOn(cover *gitrepo.Commit) bool {
	_, tracking, err := coverletter.Decode(cover.Text())
	return err == nil && slices.ContainsFunc(s.Tracking.Prerequisites, func(line string) bool {
		id, _, ok := changePrerequisite(line)
		return ok && id == tracking.ChangeID
	})
}

// ownCover says whether a commit is another copy of this series' cover letter.
func (s *Series) ownCover(c *gitrepo.Commit) bool {
	_, tracking, err := coverletter.Decode(c.Text())
	return err == nil && tracking.ChangeID == s.Tracking.ChangeID
}

// takeIn makes the commits below the cover letter patches of the series; other
// copies of the cover letter among them go.
func (s *Series) takeIn(ctx context.Context) error {
	below, err := s.Below(ctx)
	if err != nil || len(below) == 0 {
		return err
	}
	var patches []*gitrepo.Commit
	for _, c := range below {
		if !isCover(c) {
			patches = append(patches, c)
		}
	}
	s.Patches, s.Base = append(patches, s.Patches...), below[0].Parents[0]
	return nil
}
