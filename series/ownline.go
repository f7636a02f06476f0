package series

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/trailers"
)

// An OwnLine is the user's own commits at the end of a branch that is no series.
type OwnLine struct {
	Branch  string     // full ref name
	Tip     gitrepo.ID // of the branch
	Start   gitrepo.ID // the commit below the first patch
	Patches []*gitrepo.Commit

	repo *gitrepo.Repo
}

// A LineOptions says where an OwnLine begins: with the commit From, or else above
// the newest commit of somebody else that was made after Since (b4-interop 9.1).
// A merge ends it as well.
type LineOptions struct {
	From  string
	Since time.Time
}

// A NoLineError means that a branch does not end in commits of the user.
type NoLineError struct {
	Branch string
	Reason string
}

func (e *NoLineError) Error() string {
	return fmt.Sprintf("branch %q has no commits of yours to look at: %s", shortBranch(e.Branch), e.Reason)
}

// FindOwnLine reads the user's own commits at the end of the branch that is
// checked out. It returns ErrDetached, an *UnbornError or a *NoLineError.
func FindOwnLine(ctx context.Context, repo *gitrepo.Repo, o LineOptions) (*OwnLine, error) {
	branch, err := branchRef(ctx, repo, "")
	if err != nil {
		return nil, err
	}
	line := &OwnLine{Branch: branch, repo: repo}
	none := func(format string, words ...any) error {
		return &NoLineError{Branch: branch, Reason: fmt.Sprintf(format, words...)}
	}
	last := gitrepo.ID("")
	if o.From != "" {
		if last, err = line.below(ctx, o.From); err != nil {
			return nil, err
		}
	}
	for rev := branch; len(line.Patches) < maxDepth; {
		c, err := repo.Commit(rev)
		if err != nil {
			return nil, err
		}
		if line.Tip == "" {
			line.Tip = c.ID
		}
		mine, err := repo.IsMe(c.Committer)
		if err != nil {
			return nil, err
		}
		line.Start = c.ID
		switch {
		case len(c.Parents) > 1:
			return line.settle(none("the last one is a merge"))
		case !mine && last == "" && c.Committer.When.Before(o.Since):
			return nil, none("nobody else made one after %s, above which they could begin", o.Since.Format(time.DateOnly))
		case !mine:
			return line.settle(none("the last one was committed by somebody else"))
		case len(c.Parents) == 0:
			return nil, none("all of them are yours, down to the first")
		}
		line.Patches, rev = append(line.Patches, c), string(c.Parents[0])
		if c.ID == last {
			line.Start = c.Parents[0]
			return line.settle(nil)
		}
	}
	return nil, none("the last %d are all yours", maxDepth)
}

// below resolves the commit that the line is to begin with.
func (l *OwnLine) below(ctx context.Context, rev string) (gitrepo.ID, error) {
	from, err := l.repo.Commit(rev + "^{commit}")
	if err != nil {
		return "", &NoLineError{Branch: l.Branch, Reason: fmt.Sprintf("%q names no commit of this repository", rev)}
	}
	tip, err := l.repo.Commit(l.Branch)
	if err != nil {
		return "", err
	}
	below, err := l.repo.Ancestor(ctx, from.ID, tip.ID)
	if err == nil && !below {
		err = &NoLineError{Branch: l.Branch, Reason: fmt.Sprintf("%q is not in it", rev)}
	}
	return from.ID, err
}

// settle puts the patches in order, oldest first; where there are none that is
// the error none.
func (l *OwnLine) settle(none error) (*OwnLine, error) {
	if len(l.Patches) == 0 {
		return nil, none
	}
	slices.Reverse(l.Patches)
	return l, nil
}

// Reviewed reads what is known of the patches.
func (l *OwnLine) Reviewed(ctx context.Context) (*Reviewed, error) {
	patches, err := reviewedPatches(ctx, l.repo, l.Patches)
	if err != nil {
		return nil, err
	}
	r := &Reviewed{Branch: trailers.Branch{Patches: patches}}
	r.IsMe, err = knowsMe(l.repo)
	return r, err
}

// AddTrailers is [Series.AddTrailers] for these commits. It returns a
// *gitrepo.BusyError or a *ForeignError.
func (l *OwnLine) AddTrailers(ctx context.Context, add map[gitrepo.ID][]trailers.Trailer, c Custody) (changed int, err error) {
	messages := c.messages(l.Patches, add)
	if len(messages) == 0 {
		return 0, nil
	}
	if err := l.repo.CheckIdle(ctx, l.Branch); err != nil {
		return 0, err
	}
	if foreign, err := foreignCommits(l.repo, l.Patches); err != nil || len(foreign) > 0 {
		if err == nil {
			err = &ForeignError{Commits: foreign}
		}
		return 0, err
	}
	me, err := l.repo.Committer()
	if err != nil {
		return 0, err
	}
	chain, err := l.repo.Chain(ctx, l.Patches, l.Start, messages, gitrepo.ChainOptions{Committer: me, Mine: true})
	if err != nil {
		return 0, err
	}
	if err := l.repo.BeforeRewrite(ctx); err != nil {
		return 0, err
	}
	defer l.repo.AfterRewrite(ctx)
	plan := oplog.Plan{Objects: chain.Objects}
	if plan.Refs, err = l.repo.CarryNotes(ctx, chain.New); err != nil {
		return 0, err
	}
	plan.Refs = append(plan.Refs, gitrepo.RefUpdate{Name: l.Branch, New: chain.Tip, Old: l.Tip})
	return len(messages), perform(ctx, l.repo, act{branch: l.Branch, reason: trailersReason, plan: plan})
}
