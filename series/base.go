package series

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A BaseBranchError means that nothing tells which branch a series is based
// on, which its storage needs to know.
type BaseBranchError struct {
	Branch     string
	Named      string   // the recorded base branch that is not there; "" for none
	Candidates []string // short names of branches that it could be
}

func (e *BaseBranchError) Error() string {
	text := fmt.Sprintf("branch %q has no base branch on record", shortBranch(e.Branch))
	if e.Named != "" {
		text = fmt.Sprintf("the base branch %q of %q does not exist", e.Named, shortBranch(e.Branch))
	}
	if len(e.Candidates) > 0 {
		text += "; it could be " + strings.Join(e.Candidates, ", ")
	}
	return text
}

// A HoldsPatchesError reports a base branch that has patches of the series
// already: they would not be in the series any more.
type HoldsPatchesError struct {
	Base, Branch string // short name, full name
	Common       gitrepo.ID
}

func (e *HoldsPatchesError) Error() string {
	return fmt.Sprintf("branch %q cannot be the base branch of %q: it has the patches up to %s already", e.Base, shortBranch(e.Branch), e.Common.Short())
}

// A ground is where the patches of a branch begin.
type ground struct {
	base gitrepo.ID
	// once are patches that the base branch had at some time and was moved away
	// from, oldest first.
	once []*gitrepo.Commit
	left gitrepo.ID // what b4 takes for the base; base unless there is something in once
}

// groundOn finds where the commits up to last left a base branch, a full ref
// name. recorded is where they are known to begin, "" when nobody noted it.
//
// b4 asks the reflog of the base branch (b4-interop 1.1), so that commits which
// a rewound base branch dropped are not taken for patches. But a patch that was
// committed on the base branch by mistake looks the same: those that the user
// committed last stay in the series, and what is recorded ends all guessing.
func groundOn(ctx context.Context, repo *gitrepo.Repo, baseRef string, last, recorded gitrepo.ID) (ground, error) {
	tip, err := repo.Ref(ctx, baseRef)
	if err != nil {
		return ground{}, err
	}
	common, err := repo.MergeBase(ctx, tip, last)
	if err != nil || common == "" || common == recorded {
		return ground{base: common, left: common}, err
	}
	if recorded != "" {
		if between, err := isBetween(ctx, repo, common, recorded, last); err != nil || between {
			return ground{base: recorded, left: recorded}, err
		}
	}
	fork, err := repo.ForkPoint(ctx, baseRef, last)
	if err != nil || fork == common {
		return ground{base: common, left: common}, err
	}
	g := ground{base: fork, left: fork}
	for g.base != common && len(g.once) < maxEnrolled {
		c, err := repo.Commit(string(g.base))
		if err != nil {
			return ground{}, err
		}
		if mine, err := repo.IsMe(c.Committer); err != nil || !mine || len(c.Parents) != 1 {
			break // an unknown user may still read
		}
		g.base = c.Parents[0]
		g.once = append([]*gitrepo.Commit{c}, g.once...)
	}
	return g, nil
}

// isBetween says whether a commit that may be gone lies on the way from low to
// high.
func isBetween(ctx context.Context, repo *gitrepo.Repo, low, commit, high gitrepo.ID) (bool, error) {
	c, err := repo.Commit(string(commit))
	if err != nil || c.ID != commit {
		return false, nil // it is what configuration says, and proves nothing
	}
	if below, err := repo.Ancestor(ctx, commit, high); err != nil || !below {
		return false, err
	}
	return repo.Ancestor(ctx, low, commit)
}

// findGround is where the series begins on its base branch.
func (s *Series) findGround(ctx context.Context, last gitrepo.ID) (ground, error) {
	base, err := s.baseBranch(ctx)
	if err != nil {
		return ground{}, err
	}
	config, err := s.repo.Config()
	if err != nil {
		return ground{}, err
	}
	recorded, _ := config.Get(baseKey(s.Branch))
	g, err := groundOn(ctx, s.repo, base, last, gitrepo.ID(recorded))
	if err == nil && g.base == "" {
		err = fmt.Errorf("branch %q and its base branch %q have no common ancestor", s.Name(), shortBranch(base))
	}
	return g, err
}

// SetBaseCommit says which commit the patches begin above, where no
// cover-letter commit does: a commit of the branch, at or above where it left
// its base branch. It returns a *NotAncestorError, an *OnCoverError, a
// *HoldsPatchesError or what CheckRewritable returns.
func (s *Series) SetBaseCommit(ctx context.Context, rev string) (changed bool, err error) {
	if s.Storage == CoverCommit {
		return false, &OnCoverError{Branch: s.Branch}
	}
	c, err := s.repo.Commit(rev + "^{commit}")
	if err != nil {
		return false, &ForkError{Fork: rev, Err: fmt.Errorf("it names no commit of this repository")}
	}
	placed := *s
	placed.Base, placed.Once = c.ID, nil
	if ok, err := s.repo.Ancestor(ctx, c.ID, s.End()); err != nil {
		return false, err
	} else if !ok {
		return false, &NotAncestorError{Base: rev, Branch: s.Branch}
	}
	base, err := s.baseBranch(ctx)
	if err != nil {
		return false, err
	}
	if err := placed.checkBaseBranch(ctx, base); err != nil {
		return false, err
	}
	if placed.Patches, err = commitsSince(s.repo, string(s.End()), c.ID); err != nil {
		return false, err
	}
	if err := placed.CheckRewritable(ctx); err != nil {
		return false, err
	}
	l, err := placed.layOut(ctx, s.Storage, s.Text, s.Tracking)
	if err != nil {
		return false, err
	}
	return placed.apply(ctx, l, "kprep: set base-commit")
}

// An OnCoverError means that a series begins at its cover-letter commit, so
// that no other base can be set.
type OnCoverError struct{ Branch string }

func (e *OnCoverError) Error() string {
	return fmt.Sprintf("branch %q begins at its cover-letter commit, and its base is the commit below that", shortBranch(e.Branch))
}

// checkBaseBranch returns a *HoldsPatchesError when a base branch, a full ref
// name, has more of the branch than its base.
func (s *Series) checkBaseBranch(ctx context.Context, ref string) error {
	tip, err := s.repo.Ref(ctx, ref)
	if err != nil {
		return err
	}
	common, err := s.repo.MergeBase(ctx, tip, s.End())
	if err != nil || common == s.Base || common == "" {
		return err
	}
	if below, err := s.repo.Ancestor(ctx, common, s.Base); err != nil || below {
		return err
	}
	return &HoldsPatchesError{Base: plainName(ref), Branch: s.Branch, Common: common}
}

// baseBranch is the full name of the recorded base branch, or of the
// remote-tracking branch of that name where the local one is missing, as in a
// second clone.
func (s *Series) baseBranch(ctx context.Context) (string, error) {
	name := s.Tracking.BaseBranch
	if name == "" {
		return "", &BaseBranchError{Branch: s.Branch}
	}
	for _, ref := range []string{"refs/heads/" + name, "refs/remotes/" + name, "refs/remotes/origin/" + name} {
		id, err := s.repo.Ref(ctx, ref)
		if err != nil {
			return "", err
		}
		if id != "" {
			return ref, nil
		}
	}
	return "", &BaseBranchError{Branch: s.Branch, Named: name}
}

// chooseBase finds the base branch for a storage that needs one: the one
// given, the recorded one, the upstream, or the only other branch that
// contains the base commit; of a branch and its upstream the local one. One
// that has patches of the series is none. The result is as b4 records it: without
// "refs/heads/" or "refs/remotes/".
func (s *Series) chooseBase(ctx context.Context, given string) (string, error) {
	if given != "" {
		return s.givenBase(ctx, given)
	}
	if s.Tracking.BaseBranch != "" {
		if _, err := s.baseBranch(ctx); err == nil {
			return s.Tracking.BaseBranch, nil
		}
	}
	upstream, err := s.repo.Upstream(ctx, s.Branch)
	if err != nil {
		return "", err
	}
	if upstream != "" && s.checkBaseBranch(ctx, upstream) == nil {
		return plainName(upstream), nil
	}
	containing, err := s.repo.RefsContaining(ctx, s.Base, "refs/heads/", "refs/remotes/")
	if err != nil {
		return "", err
	}
	var candidates []string
	for _, ref := range containing {
		if ref != s.Branch && !isTopic(ref) && !strings.HasSuffix(ref, "/HEAD") && s.checkBaseBranch(ctx, ref) == nil {
			candidates = append(candidates, plainName(ref))
		}
	}
	if candidates, err = s.dropUpstreams(ctx, candidates); err != nil {
		return "", err
	}
	if len(candidates) == 1 {
		return candidates[0], nil
	}
	return "", &BaseBranchError{Branch: s.Branch, Candidates: candidates}
}

// isTopic says whether a branch, here or at a remote, has the name of a series.
func isTopic(ref string) bool {
	name := plainName(ref)
	if strings.HasPrefix(ref, "refs/remotes/") {
		_, name, _ = strings.Cut(name, "/")
	}
	return strings.HasPrefix(name, "b4/")
}

// dropUpstreams leaves out branches that others of a list follow, as master and
// origin/master in an ordinary clone: the local one stands for both.
func (s *Series) dropUpstreams(ctx context.Context, names []string) ([]string, error) {
	if len(names) < 2 {
		return names, nil
	}
	followed := map[string]bool{}
	for _, name := range names {
		upstream, err := s.repo.Upstream(ctx, "refs/heads/"+name)
		if err != nil {
			return nil, err
		}
		if upstream != "" && plainName(upstream) != name {
			followed[plainName(upstream)] = true
		}
	}
	return slices.DeleteFunc(names, func(name string) bool { return followed[name] }), nil
}

func (s *Series) givenBase(ctx context.Context, given string) (string, error) {
	for _, prefix := range []string{"refs/heads/", "refs/remotes/"} {
		id, err := s.repo.Ref(ctx, prefix+given)
		if err != nil {
			return "", err
		}
		if id == "" {
			continue
		}
		if ok, err := s.repo.Ancestor(ctx, s.Base, id); err != nil {
			return "", err
		} else if !ok {
			return "", &NotAncestorError{Base: s.Base.Short(), Branch: prefix + given}
		}
		return given, s.checkBaseBranch(ctx, prefix+given)
	}
	return "", &BaseBranchError{Branch: s.Branch, Named: given}
}

func plainName(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
}
