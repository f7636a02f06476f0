package series

import (
	"context"
	"fmt"
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
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

// Enroll puts a cover letter below the commits of the branch that is checked
// out, from base on. Base is a branch, whose fork point counts, or a tag or
// commit that the branch contains. The commits must be linear and the user's
// own. Index and work tree are not touched; o.Name and o.Fork are not used.
func Enroll(ctx context.Context, repo *gitrepo.Repo, base string, o Origin) (*Series, error) {
	branch, err := branchRef(ctx, repo, "")
	if err != nil {
		return nil, err
	}
	if err := repo.CheckIdle(ctx, branch); err != nil {
		return nil, err
	}
	fork, err := enrolFork(ctx, repo, base, branch)
	if err != nil {
		return nil, err
	}
	commits, err := commitsSince(repo, branch, fork.ID)
	if err != nil {
		return nil, err
	}
	found, err := newFinder(repo).find(branch, branch)
	if err != nil {
		return nil, err
	}
	if found != nil && len(found.patches) <= len(commits) {
		return nil, &EnrolledError{Branch: branch}
	}
	s := &Series{Branch: branch, repo: repo, Patches: commits, Base: fork.ID, Tip: fork.ID}
	if len(commits) > 0 {
		s.Tip = commits[len(commits)-1].ID
	}
	if foreign, err := foreignCommits(repo, commits); err != nil || len(foreign) > 0 {
		if err == nil {
			err = &ForeignError{Commits: foreign}
		}
		return nil, err
	}
	return s.enroll(ctx, fork, o)
}

func (s *Series) enroll(ctx context.Context, fork *gitrepo.Commit, o Origin) (*Series, error) {
	o.Name = s.Slug()
	if len(s.Patches) > 0 {
		if err := s.repo.BeforeRewrite(ctx); err != nil {
			return nil, err
		}
		defer s.repo.AfterRewrite(ctx)
	}
	cover, err := firstCover(ctx, s.repo, fork, coverletter.Slug(s.Slug()), o)
	if err != nil {
		return nil, err
	}
	chain, err := s.chain(ctx, s.Patches, cover.ID, nil)
	if err != nil {
		return nil, err
	}
	updates, err := store(ctx, s.repo, chain, cover)
	if err != nil {
		return nil, err
	}
	updates = append(updates, gitrepo.RefUpdate{Name: s.Branch, New: chain.Tip, Old: s.Tip})
	if err := s.repo.CheckRefs(ctx, updates...); err != nil {
		return nil, err
	}
	config, err := s.repo.Config()
	if err != nil {
		return nil, err
	}
	before, had := config.Get(storageKey(s.Branch))
	if err := recordStorage(ctx, s.repo, s.Branch); err != nil {
		return nil, err
	}
	if err := s.repo.UpdateRefs(ctx, "kprep: enroll", updates...); err != nil {
		ctx := context.WithoutCancel(ctx)
		if had {
			_ = s.repo.SetConfig(ctx, storageKey(s.Branch), before)
		} else {
			_ = s.repo.UnsetConfig(ctx, storageKey(s.Branch))
		}
		return nil, err
	}
	return Load(ctx, s.repo, s.Branch)
}

// enrolFork finds the commit below the first patch.
func enrolFork(ctx context.Context, repo *gitrepo.Repo, base, branch string) (*gitrepo.Commit, error) {
	c, err := repo.Commit(base + "^{commit}")
	if err != nil {
		return nil, &ForkError{Fork: base, Err: fmt.Errorf("it names no commit of this repository")}
	}
	tip, err := repo.Commit(branch)
	if err != nil {
		return nil, err
	}
	common, err := repo.MergeBase(ctx, c.ID, tip.ID)
	if err != nil {
		return nil, err
	}
	if common == c.ID {
		return c, nil
	}
	isBranch := false
	for _, prefix := range []string{"refs/heads/", "refs/remotes/"} {
		id, err := repo.Ref(ctx, prefix+base)
		if err != nil {
			return nil, err
		}
		isBranch = isBranch || id != ""
	}
	if !isBranch || common == "" {
		return nil, &NotAncestorError{Base: base, Branch: branch}
	}
	return repo.Commit(string(common))
}

// commitsSince lists the commits above fork, oldest first. They must be
// linear, at most maxDepth.
func commitsSince(repo *gitrepo.Repo, rev string, fork gitrepo.ID) ([]*gitrepo.Commit, error) {
	var commits []*gitrepo.Commit
	for len(commits) <= maxDepth {
		c, err := repo.Commit(rev)
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
		commits = append(commits, c)
		rev = string(c.Parents[0])
	}
	return nil, fmt.Errorf("there are more than %d commits above the base", maxDepth)
}
