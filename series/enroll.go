package series

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// An EnrolledError reports a branch that is a series already.
type EnrolledError struct{ Branch string }

func (e *EnrolledError) Error() string {
	return fmt.Sprintf("branch %q carries a cover letter already", shortBranch(e.Branch))
}

// A NotAncestorError reports a base that the branch does not contain.
type NotAncestorError struct{ Base, Branch string }

func (e *NotAncestorError) Error() string {
	return fmt.Sprintf("%q is not an ancestor of branch %q", e.Base, shortBranch(e.Branch))
}

// maxEnrolled is how many commits a branch may have to become a series, as in
// b4 (spec/b4-interop 2.3).
const maxEnrolled = 500

// A TooManyError reports more commits than a series may have: the base is
// likely to be another one than was meant.
type TooManyError struct {
	Branch, Base string
	Count        int
}

func (e *TooManyError) Error() string {
	return fmt.Sprintf("branch %q has %d commits that %q has not, and a series at most %d", shortBranch(e.Branch), e.Count, plainName(e.Base), maxEnrolled)
}

// Enroll puts a cover letter below the commits of the branch that is checked
// out, from base on. Base is a branch, by its short or full name, whose fork
// point counts (of what the branch had once, Once of the result tells), or a tag or commit that the branch contains; [FindBase] finds
// one. The revisions of o.Sent get their tags and their place in the history,
// or an *EarlierError says why not. There may be 0 to 500 commits, linear and the user's own. Index and
// work tree are not touched; o.Name and o.Fork are not used.
func Enroll(ctx context.Context, repo *gitrepo.Repo, base string, o Origin) (*Series, error) {
	branch, err := branchRef(ctx, repo, "")
	if err != nil {
		return nil, err
	}
	if err := repo.CheckIdle(ctx, branch); err != nil {
		return nil, err
	}
	tip, err := repo.Commit(branch)
	if err != nil {
		return nil, err
	}
	onto, onBranch, err := enrolGround(ctx, repo, base)
	if err != nil {
		return nil, err
	}
	from, err := enrolFrom(ctx, repo, onto, onBranch, tip.ID)
	if err != nil {
		return nil, err
	}
	fork := from.base
	if fork == "" || fork != onto && onBranch == "" {
		return nil, &NotAncestorError{Base: base, Branch: branch}
	}
	n, err := repo.CommitsBetween(ctx, fork, tip.ID)
	if err != nil {
		return nil, err
	}
	if n > maxEnrolled {
		return nil, &TooManyError{Branch: branch, Base: base, Count: n}
	}
	commits, err := commitsSince(repo, string(tip.ID), fork)
	if err != nil {
		return nil, err
	}
	if err := checkFresh(repo, branch, len(commits)); err != nil {
		return nil, err
	}
	if foreign, err := foreignCommits(repo, commits); err != nil || len(foreign) > 0 {
		if err == nil {
			err = &ForeignError{Commits: foreign}
		}
		return nil, err
	}
	o.Name = slugOf(repo, branch)
	s, err := newborn(ctx, repo, branch, coverletter.Slug(o.Name), o)
	if err != nil {
		return nil, err
	}
	s.Patches, s.Base, s.Tip = commits, fork, tip.ID
	switch {
	case o.BaseBranch != "" || onBranch == "":
		err = s.nameBase(ctx, o)
	case s.Storage != CoverCommit:
		s.Tracking.BaseBranch = plainName(onBranch) // also when it was rewound, and has the base no more
	}
	if err != nil {
		return nil, err
	}
	tags, refs, err := s.recordEarlier(ctx, o, onto)
	if err != nil {
		return nil, err
	}
	l, err := s.layOut(ctx, s.Storage, s.Text, s.Tracking)
	if err != nil {
		return nil, err
	}
	l.also = oplog.Plan{Objects: tags, Refs: refs}
	if _, err := s.apply(ctx, l, "kprep: enroll"); err != nil {
		return nil, err
	}
	enrolled, err := Load(ctx, repo, branch)
	if err == nil && len(from.once) > 0 {
		enrolled.Once, enrolled.Left = enrolled.Patches[:len(from.once)], from.left
	}
	return enrolled, err
}

// enrolFrom is where the patches of a branch begin that is to be a series on
// ground, or on a base branch.
func enrolFrom(ctx context.Context, repo *gitrepo.Repo, onto gitrepo.ID, onBranch string, tip gitrepo.ID) (ground, error) {
	if onBranch != "" {
		return groundOn(ctx, repo, onBranch, tip, "")
	}
	common, err := repo.MergeBase(ctx, onto, tip)
	return ground{base: common, left: common}, err
}

// checkFresh returns an *EnrolledError when one of the topmost n commits is a
// cover letter, or the branch's configuration holds one.
func checkFresh(repo *gitrepo.Repo, branch string, n int) error {
	config, err := repo.Config()
	if err != nil {
		return err
	}
	_, described := config.Get(trackingKey(branch))
	found, err := newFinder(repo).find(branch, branch)
	if err != nil {
		return err
	}
	if described || found != nil && len(found.patches) < n+1 {
		return &EnrolledError{Branch: branch}
	}
	return nil
}

// enrolGround resolves what a branch is to be based on. When that is a branch,
// onBranch is its full name.
func enrolGround(ctx context.Context, repo *gitrepo.Repo, base string) (onto gitrepo.ID, onBranch string, err error) {
	rev := base
	for _, prefix := range []string{"refs/heads/", "refs/remotes/"} {
		name := prefix + strings.TrimPrefix(base, prefix)
		id, err := repo.Ref(ctx, name)
		if err != nil {
			return "", "", err
		}
		if id != "" {
			rev, onBranch = name, name // a tag of the same name is not meant, as in b4
			break
		}
	}
	c, err := repo.Commit(rev + "^{commit}")
	if err != nil {
		return "", "", &ForkError{Fork: base, Err: fmt.Errorf("it names no commit of this repository")}
	}
	return c.ID, onBranch, nil
}

// commitsSince lists the commits above fork, oldest first. They must be
// linear, at most maxDepth.
func commitsSince(repo *gitrepo.Repo, rev string, fork gitrepo.ID) ([]*gitrepo.Commit, error) {
	var commits []*gitrepo.Commit
	for c, err := range repo.FirstParents(rev) {
		if err != nil {
			return nil, err
		}
		if c.ID == fork {
			slices.Reverse(commits)
			return commits, nil
		}
		if len(c.Parents) != 1 {
			return nil, &MergeError{Commit: c}
		}
		if commits = append(commits, c); len(commits) > maxDepth {
			break
		}
	}
	return nil, fmt.Errorf("there are more than %d commits above the base", maxDepth)
}
