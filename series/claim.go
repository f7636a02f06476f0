package series

import (
	"context"
	"errors"

	"github.com/kprep/kprep/gitrepo"
)

// A Claim is the deliberate taking over of a branch that somebody else
// committed: nothing has changed yet.
type Claim struct {
	s       *Series
	Foreign []*gitrepo.Commit // committed by someone else, oldest first
}

// PrepareClaim looks for the commits that Claim would make the user's own. A
// series without any has an empty Foreign. Merges are refused as ever.
func (s *Series) PrepareClaim(ctx context.Context) (*Claim, error) {
	err := s.CheckRewritable(ctx)
	foreign := (*ForeignError)(nil)
	if err != nil && !errors.As(err, &foreign) {
		return nil, err
	}
	c := &Claim{s: s}
	if foreign != nil {
		c.Foreign = foreign.Commits
	}
	return c, nil
}

// Apply makes the user the committer of the foreign commits, and of those on
// top of them. Authors, messages and trees stay.
func (c *Claim) Apply(ctx context.Context) error {
	s := c.s
	me, err := s.repo.Committer()
	if err != nil {
		return err
	}
	commits := s.Patches
	switch s.Storage {
	case CoverCommit:
		commits = append([]*gitrepo.Commit{s.Cover}, commits...)
	case TipCommit:
		commits = append(append([]*gitrepo.Commit{}, commits...), s.Cover)
	}
	restamp := map[gitrepo.ID]bool{}
	for _, f := range c.Foreign {
		restamp[f.ID] = true
	}
	chain, err := s.repo.Chain(ctx, commits, s.Base, nil, gitrepo.ChainOptions{Committer: me, Restamp: restamp})
	if err != nil {
		return err
	}
	_, err = s.apply(ctx, layout{chain: chain}, "kprep: claim")
	return err
}
