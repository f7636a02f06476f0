package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"golang.org/x/sync/errgroup"
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
	if err := s.checkWhole(ctx); err != nil {
		return err
	}
	own := s.Patches
	if s.Cover != nil {
		own = append([]*gitrepo.Commit{s.Cover}, own...)
	}
	return s.checkMine(own)
}

// CheckMine makes sure that nobody else committed the patches; it returns a
// *ForeignError.
func (s *Series) CheckMine() error { return s.checkMine(s.Patches) }

func (s *Series) checkMine(commits []*gitrepo.Commit) error {
	foreign, err := foreignCommits(s.repo, commits)
	if err != nil || len(foreign) == 0 {
		return err
	}
	// Who ran kprep here before was me, under whatever address: a changed
	// user.email locks nobody out. Tags travel, so that a tagger proves nothing.
	mine, err := operations(s.repo, time.Time{}).Committers()
	if err != nil {
		return err
	}
	var others []*gitrepo.Commit
	for _, c := range foreign {
		if !slices.ContainsFunc(mine, func(a string) bool { return strings.EqualFold(a, c.Committer.Email) }) {
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
	l, changed, err := s.edited(ctx, text)
	if err != nil || !changed {
		return false, err
	}
	return s.apply(ctx, l, reason)
}

// EditRemembering is Edit, and changes in the same operation what is
// remembered of the series, which counts also where the text is the same.
func (s *Series) EditRemembering(ctx context.Context, text, reason string, now time.Time, change func(*State)) (changed bool, err error) {
	l, changed, err := s.edited(ctx, text)
	if err != nil {
		return false, err
	}
	if !changed {
		return false, s.UpdateState(ctx, strings.TrimPrefix(reason, "kprep: "), now, change)
	}
	blob, remembers, err := s.remember(change)
	if err != nil {
		return false, err
	}
	if remembers {
		l.also.Blobs = append(l.also.Blobs, blob)
	}
	return s.apply(ctx, l, reason)
}

// edited is the branch with another text; changed is false, and there is no
// layout, when it is the same.
func (s *Series) edited(ctx context.Context, text string) (l layout, changed bool, err error) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	switch text {
	case "":
		return l, false, ErrBlank
	case s.Text:
		return l, false, nil
	}
	if err := checkText(text); err != nil {
		return l, false, err
	}
	if err := s.CheckRewritable(ctx); err != nil {
		return l, false, err
	}
	l, err = s.layOut(ctx, s.Storage, text, s.Tracking)
	return l, err == nil, err
}

// checkText refuses a text that could not be read again.
func checkText(text string) error {
	if coverletter.HasMarker(text) {
		return fmt.Errorf("the cover letter may not hold the line %q", coverletter.Marker)
	}
	_, err := coverletter.Parse(text)
	return err
}

// chain makes commits of the series again, which are known to be the user's.
func (s *Series) chain(ctx context.Context, commits []*gitrepo.Commit, onto gitrepo.ID, messages map[gitrepo.ID]string) (gitrepo.Chain, error) {
	me, err := s.repo.Committer()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	return s.repo.Chain(ctx, commits, onto, messages, gitrepo.ChainOptions{Committer: me, Mine: true})
}

// store writes the commits that were made again, and others, and has the
// notes follow. What it returns belongs into the transaction of the branch.
func store(ctx context.Context, repo *gitrepo.Repo, chain gitrepo.Chain, others ...gitrepo.Object) (notes []gitrepo.RefUpdate, err error) {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return repo.WriteObjects(ctx, append(others, chain.Objects...)...) })
	group.Go(func() error {
		var err error
		notes, err = repo.CarryNotes(ctx, chain.New)
		return err
	})
	return notes, group.Wait()
}
