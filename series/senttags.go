package series

import (
	"context"
	"slices"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// SentTags lists every tag that records a revision of this series, in order
// of names: those by change-id, and those by branch name, which b4 0.12 and
// kprep.compat-tags write beside them.
func (s *Series) SentTags(ctx context.Context) ([]gitrepo.Ref, error) {
	refs, err := s.repo.Refs(ctx, "refs/tags/sent/")
	if err != nil {
		return nil, err
	}
	var tags []gitrepo.Ref
	for _, ref := range refs {
		// One at a time: what sentAmong keeps of several is the best for a revision.
		sent, err := s.sentAmong([]gitrepo.Ref{ref})
		if err != nil {
			return nil, err
		}
		if len(sent) > 0 {
			tags = append(tags, ref)
		}
	}
	return tags, nil
}

// Unsent lists the patches that nobody else has: they are in no
// remote-tracking branch, and no revision that was sent holds the same change
// to the same files with the same words. A patch that only moved with the base
// counts as another one.
func (s *Series) Unsent(ctx context.Context) ([]*gitrepo.Commit, error) {
	unpublished, err := s.repo.Unpublished(ctx, s.Base, s.Tip)
	if err != nil || len(unpublished) == 0 {
		return nil, err
	}
	tags, err := s.SentTags(ctx)
	if err != nil {
		return nil, err
	}
	type content struct {
		tree            gitrepo.ID
		author, message string
	}
	contentOf := func(c *gitrepo.Commit) content { return content{c.Tree, c.Author.String(), c.Message} }
	sent := map[content]bool{}
	for _, tag := range tags {
		base := s.SentBase(tag)
		if base == "" {
			continue
		}
		commits, err := commitsSince(s.repo, string(tag.Peeled), base)
		if err != nil {
			continue // not a tag that proves anything
		}
		for _, c := range commits {
			sent[contentOf(c)] = true
		}
	}
	var unsent []*gitrepo.Commit
	for _, p := range slices.Concat(s.Patches, s.Misplaced) {
		if unpublished[p.ID] && !sent[contentOf(p)] {
			unsent = append(unsent, p)
		}
	}
	return unsent, nil
}

// SentBase is the commit that the patches of a sent tag apply to; "" when the
// tag does not name it, or when it is not here any more.
func (s *Series) SentBase(tag gitrepo.Ref) gitrepo.ID {
	obj, err := s.repo.Read(string(tag.Object))
	if err != nil {
		return ""
	}
	base, _ := coverletter.ParseTag(string(obj.Data))
	if base == "" {
		return ""
	}
	commit, err := s.repo.Commit(base)
	if err != nil {
		return ""
	}
	return commit.ID
}
