package series

import (
	"context"
	"fmt"
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

// forkPoint is where the series left its base branch.
func (s *Series) forkPoint(ctx context.Context, last gitrepo.ID) (gitrepo.ID, error) {
	base, err := s.baseBranch(ctx)
	if err != nil {
		return "", err
	}
	fork, err := s.repo.ForkPoint(ctx, base, last)
	if err == nil && fork == "" {
		err = fmt.Errorf("branch %q and its base branch %q have no common ancestor", s.Name(), shortBranch(base))
	}
	return fork, err
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
// contains the base commit. The result is as b4 records it: without
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
	if upstream != "" {
		return plainName(upstream), nil
	}
	containing, err := s.repo.RefsContaining(ctx, s.Base, "refs/heads/", "refs/remotes/")
	if err != nil {
		return "", err
	}
	var candidates []string
	for _, ref := range containing {
		if ref != s.Branch && !strings.HasPrefix(ref, "refs/heads/b4/") && !strings.HasSuffix(ref, "/HEAD") {
			candidates = append(candidates, plainName(ref))
		}
	}
	if len(candidates) == 1 {
		return candidates[0], nil
	}
	return "", &BaseBranchError{Branch: s.Branch, Candidates: candidates}
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
		return given, nil
	}
	return "", &BaseBranchError{Branch: s.Branch, Named: given}
}

func plainName(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
}
