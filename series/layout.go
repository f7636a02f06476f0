package series

import (
	"context"
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// A layout is a branch as it would be with another cover letter, other
// tracking data or another storage: nothing is stored yet.
type layout struct {
	branch string        // full ref name
	chain  gitrepo.Chain // its Tip is the new tip of the branch
	config []oplog.ConfigValue
	also   oplog.Plan // objects and refs that belong into the same operation
}

// layOut makes the branch anew with the given contents. What is the same
// already keeps its id. The caller has checked that the commits are the user's.
func (s *Series) layOut(ctx context.Context, storage Storage, text string, tracking *coverletter.Tracking) (layout, error) {
	l := layout{branch: s.Branch}
	var err error
	switch message := coverletter.Encode(text, tracking); {
	case storage == BranchDescription:
		l.chain, err = s.chain(ctx, s.Patches, s.Base, nil)
	case s.Cover != nil:
		l.chain, err = s.moveCover(ctx, storage, message)
	default:
		l.chain, err = s.newCover(ctx, storage, message)
	}
	if err != nil {
		return l, err
	}
	l.config, err = s.configure(storage, text, tracking)
	return l, err
}

// moveCover makes the branch with the cover commit that there is, in the place
// that the storage has for it.
func (s *Series) moveCover(ctx context.Context, storage Storage, message string) (gitrepo.Chain, error) {
	me, err := s.repo.Committer()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	commits := append([]*gitrepo.Commit{s.Cover}, s.Patches...)
	if storage == TipCommit {
		commits = append(append([]*gitrepo.Commit{}, s.Patches...), s.Cover)
	}
	tree, err := s.coverTree(storage)
	if err != nil {
		return gitrepo.Chain{}, err
	}
	return s.repo.Chain(ctx, commits, s.Base, map[gitrepo.ID]string{s.Cover.ID: message},
		gitrepo.ChainOptions{Committer: me, Mine: true, Trees: map[gitrepo.ID]gitrepo.ID{s.Cover.ID: tree}})
}

// newCover makes the branch with a cover commit that was not there.
func (s *Series) newCover(ctx context.Context, storage Storage, message string) (gitrepo.Chain, error) {
	author, err := s.repo.Author()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	me, err := s.repo.Committer()
	if err != nil {
		return gitrepo.Chain{}, err
	}
	tree, err := s.coverTree(storage)
	if err != nil {
		return gitrepo.Chain{}, err
	}
	cover := func(parent gitrepo.ID) (gitrepo.Object, error) {
		return s.repo.NewCommit(ctx, tree, []gitrepo.ID{parent}, author, me, message)
	}
	if storage == TipCommit {
		chain, err := s.chain(ctx, s.Patches, s.Base, nil)
		if err != nil {
			return chain, err
		}
		obj, err := cover(chain.Tip)
		chain.Objects, chain.Tip = append(chain.Objects, obj), obj.ID
		return chain, err
	}
	obj, err := cover(s.Base)
	if err != nil {
		return gitrepo.Chain{}, err
	}
	chain, err := s.chain(ctx, s.Patches, obj.ID, nil)
	chain.Objects = append([]gitrepo.Object{obj}, chain.Objects...)
	return chain, err
}

// coverTree is the tree of the commit below the cover: the cover is empty.
func (s *Series) coverTree(storage Storage) (gitrepo.ID, error) {
	if storage == TipCommit && len(s.Patches) > 0 {
		return s.Patches[len(s.Patches)-1].Tree, nil
	}
	base, err := s.repo.Commit(string(s.Base))
	if err != nil {
		return "", err
	}
	return base.Tree, nil
}

// configure records where the cover is, and keeps it there where that is the
// configuration itself.
func (s *Series) configure(storage Storage, text string, tracking *coverletter.Tracking) ([]oplog.ConfigValue, error) {
	config, err := s.repo.Config()
	if err != nil {
		return nil, err
	}
	want := []oplog.ConfigValue{{Key: storageKey(s.Branch), Values: []string{string(storage)}}, {Key: trackingKey(s.Branch)}, {Key: baseKey(s.Branch)}}
	if storage != CoverCommit {
		want[2].Values = []string{string(s.Base)}
	}
	if storage == BranchDescription {
		want[1].Values = []string{string(tracking.Compact())}
		want = append(want, oplog.ConfigValue{Key: descriptionKey(s.Branch), Values: []string{text}})
	} else if s.Storage == BranchDescription {
		want = append(want, oplog.ConfigValue{Key: descriptionKey(s.Branch)})
	}
	return slices.DeleteFunc(want, func(v oplog.ConfigValue) bool { return slices.Equal(config.All(v.Key), v.Values) }), nil
}

// apply carries a layout out as one operation. It says whether anything
// changed.
func (s *Series) apply(ctx context.Context, l layout, reason string) (changed bool, err error) {
	if l.chain.Tip == s.Tip && len(l.config)+len(l.also.Refs)+len(l.also.Blobs) == 0 {
		return false, nil
	}
	if len(l.chain.New) > 0 {
		if err := s.repo.BeforeRewrite(ctx); err != nil {
			return false, err
		}
		defer s.repo.AfterRewrite(ctx)
	}
	plan := oplog.Plan{Objects: append(l.also.Objects, l.chain.Objects...), Config: l.config, Blobs: l.also.Blobs}
	if plan.Refs, err = s.repo.CarryNotes(ctx, l.chain.New); err != nil {
		return false, err
	}
	plan.Refs = append(plan.Refs, l.also.Refs...)
	if l.chain.Tip != s.Tip {
		plan.Refs = append(plan.Refs, gitrepo.RefUpdate{Name: s.Branch, New: l.chain.Tip, Old: s.Tip})
	}
	return true, perform(ctx, s.repo, act{changeID: s.Tracking.ChangeID, branch: s.Branch, reason: reason, plan: plan})
}
