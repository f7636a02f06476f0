package series

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// A ForeignError names commits that a rewrite would take from whoever
// committed them.
type ForeignError struct{ Commits []*gitrepo.Commit }

func (e *ForeignError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d commits of the series were committed by someone else:", len(e.Commits))
	if len(e.Commits) == 1 {
		b.Reset()
		b.WriteString("a commit of the series was committed by someone else:")
	}
	for _, c := range e.Commits {
		fmt.Fprintf(&b, "\n%s %s (committed by %s <%s>)", c.ID.Short(), c.Subject(), c.Committer.Name, c.Committer.Email)
	}
	return b.String()
}

// CheckRewritable is the one gate before history changes. It returns a
// *gitrepo.BusyError, a *MergeError or a *ForeignError.
func (s *Series) CheckRewritable(ctx context.Context) error {
	if err := s.repo.CheckIdle(ctx, s.Branch); err != nil {
		return err
	}
	if err := s.CheckLinear(); err != nil {
		return err
	}
	return s.checkMine(ctx, append([]*gitrepo.Commit{s.Cover}, s.Patches...))
}

func (s *Series) checkMine(ctx context.Context, commits []*gitrepo.Commit) error {
	foreign, err := foreignCommits(s.repo, commits)
	if err != nil || len(foreign) == 0 {
		return err
	}
	// Who sent earlier revisions of this series from this repository was me,
	// under whatever address: a changed user.email locks nobody out.
	mine, err := s.sentAs(ctx)
	if err != nil {
		return err
	}
	var others []*gitrepo.Commit
	for _, c := range foreign {
		if !mine[strings.ToLower(c.Committer.Email)] {
			others = append(others, c)
		}
	}
	if len(others) > 0 {
		return &ForeignError{Commits: others}
	}
	return nil
}

func foreignCommits(repo *gitrepo.Repo, commits []*gitrepo.Commit) ([]*gitrepo.Commit, error) {
	var foreign []*gitrepo.Commit
	for _, c := range commits {
		mine, err := repo.IsMe(c.Committer)
		if err != nil {
			return nil, err
		}
		if !mine {
			foreign = append(foreign, c)
		}
	}
	return foreign, nil
}

// ErrBlank means that an edited cover letter had no text.
var ErrBlank = errors.New("the cover letter would be empty")

// Edit replaces the cover letter's text and keeps the tracking data. It
// returns false, and changes nothing, when the text is the same. The reflog
// records reason.
func (s *Series) Edit(ctx context.Context, text, reason string) (changed bool, err error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch text {
	case "":
		return false, ErrBlank
	case s.Text:
		return false, nil
	}
	if coverletter.HasMarker(text) {
		return false, fmt.Errorf("the cover letter may not hold the line %q", coverletter.Marker)
	}
	if _, err := coverletter.Parse(text); err != nil {
		return false, err
	}
	if err := s.CheckRewritable(ctx); err != nil {
		return false, err
	}
	tip, objects, err := s.withCover(text, s.Tracking)
	if err != nil {
		return false, err
	}
	if err := s.repo.WriteObjects(ctx, objects...); err != nil {
		return false, err
	}
	return true, s.repo.UpdateRefs(ctx, reason, gitrepo.RefUpdate{Name: s.Branch, New: tip, Old: s.Tip})
}

// withCover makes the commits of the branch with another cover letter.
func (s *Series) withCover(text string, tracking *coverletter.Tracking) (gitrepo.ID, []gitrepo.Object, error) {
	me, err := s.repo.Committer()
	if err != nil {
		return "", nil, err
	}
	commits := append([]*gitrepo.Commit{s.Cover}, s.Patches...)
	messages := map[gitrepo.ID]string{s.Cover.ID: coverletter.Encode(text, tracking)}
	tip, objects := s.repo.Chain(commits, s.Base, messages, me)
	return tip, objects, nil
}
