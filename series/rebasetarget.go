package series

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// holds says whether a commit lies in the series with patches above it: the
// cover letter below them, or a patch but the last.
func (s *Series) holds(id gitrepo.ID) bool {
	if len(s.Patches) == 0 {
		return false
	}
	return s.Storage == CoverCommit && id == s.Cover.ID || slices.Contains(s.patchIDs()[:len(s.Patches)-1], id)
}

// RebaseTarget is the commit that Rebase would move the patches onto.
func (s *Series) RebaseTarget(ctx context.Context, o RebaseOptions) (gitrepo.ID, error) {
	onto, _, err := s.rebaseTarget(ctx, o)
	if err != nil {
		return "", err
	}
	return onto.ID, nil
}

// rebaseTarget finds the new base, and the base branch to record with it: ""
// when what is on record stays. A commit that the series holds is returned as
// it is.
func (s *Series) rebaseTarget(ctx context.Context, o RebaseOptions) (*gitrepo.Commit, string, error) {
	ref, name, err := s.ontoRef(ctx, o.Onto)
	if err != nil {
		return nil, "", err
	}
	if ref == "" {
		ref = o.Onto
	}
	onto, err := s.repo.Commit(ref + "^{commit}")
	if err != nil {
		return nil, "", &OntoError{Branch: s.Branch, Onto: o.Onto, Reason: "it names no commit of this repository"}
	}
	if s.holds(onto.ID) {
		return onto, "", nil
	}
	if s.Cover != nil {
		if within, err := s.repo.Ancestor(ctx, s.Cover.ID, onto.ID); err != nil || within {
			if err == nil {
				err = &OntoError{Branch: s.Branch, Onto: o.Onto, Reason: "it contains the cover letter of this series"}
			}
			return nil, "", err
		}
	}
	if common, err := s.repo.MergeBase(ctx, s.Base, onto.ID); err != nil || common == "" {
		if err == nil {
			err = &OntoError{Branch: s.Branch, Onto: o.Onto, Reason: "it has no history in common with the series"}
		}
		return nil, "", err
	}
	if s.Storage == CoverCommit {
		return onto, "", nil
	}
	moved := *s
	moved.Base = onto.ID
	if o.BaseBranch != "" {
		name = o.BaseBranch
	}
	if name == "" { // a tag or commit: does the recorded branch lead there?
		recorded, err := s.baseBranch(ctx)
		if err == nil {
			tip, err := s.repo.Commit(recorded)
			if err != nil {
				return nil, "", err
			}
			if ok, err := s.repo.Ancestor(ctx, onto.ID, tip.ID); err != nil || ok {
				return onto, "", err
			}
		}
		moved.Tracking = s.Tracking.Clone()
		moved.Tracking.BaseBranch = ""
	}
	if name, err = moved.chooseBase(ctx, name); err != nil {
		return nil, "", err
	}
	if name == s.Tracking.BaseBranch {
		name = ""
	}
	return onto, name, nil
}

// ontoRef resolves what the user calls a branch: its full name, and the one
// that is recorded; "" for what is no branch. Without a word it is the
// upstream, unless that is a copy of this very branch, or else the recorded
// base branch.
func (s *Series) ontoRef(ctx context.Context, given string) (ref, name string, err error) {
	if given != "" {
		for _, prefix := range []string{"refs/heads/", "refs/remotes/"} {
			ref := prefix + plainName(given)
			id, err := s.repo.Ref(ctx, ref)
			if err != nil {
				return "", "", err
			}
			if id != "" && (plainName(given) == given || ref == given) {
				return ref, plainName(ref), nil
			}
		}
		return "", "", nil
	}
	upstream, err := s.repo.Upstream(ctx, s.Branch)
	if err != nil {
		return "", "", err
	}
	if upstream != "" && !strings.HasSuffix(upstream, "/"+s.Name()) {
		return upstream, plainName(upstream), nil
	}
	recorded, err := s.baseBranch(ctx)
	if errors.As(err, new(*BaseBranchError)) {
		return "", "", &OntoError{Branch: s.Branch}
	}
	return recorded, plainName(recorded), err
}
