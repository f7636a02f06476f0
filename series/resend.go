package series

import (
	"context"
	"fmt"
	"strings"

	"github.com/kprep/kprep/coverletter"
)

// Resent is a revision as it was sent, from its tag, as a series that can be
// rendered again: patches, cover letter, recipients, prefixes and what it needs
// below it are the tag's, presubject and change-id the branch's. Nothing can be
// stored in it. It returns a *NotSentError (see [Series.SentRevision]), or says
// why the tag is not enough.
func (s *Series) Resent(ctx context.Context, revision int) (*Series, error) {
	sent, err := s.SentRevision(ctx, revision)
	if err != nil {
		return nil, err
	}
	if sent.Base == "" {
		return nil, fmt.Errorf("the tag %q names no base-commit", sent.Tag)
	}
	base, err := s.repo.Commit(string(sent.Base))
	if err != nil {
		return nil, fmt.Errorf("the base-commit of the tag %q: %w", sent.Tag, err)
	}
	patches, err := commitsSince(s.repo, string(sent.Tip), base.ID)
	if err != nil {
		return nil, fmt.Errorf("the patches of the tag %q: %w", sent.Tag, err)
	}
	obj, err := s.repo.Read(string(sent.Object))
	if err != nil {
		return nil, err
	}
	_, text, _ := strings.Cut(string(obj.Data), "\n\n")
	tagged, err := coverletter.FromTag(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", sent.Tag, err)
	}
	tracking := *s.Tracking
	tracking.Revision, tracking.Prefixes = sent.Revision, tagged.Prefixes
	return &Series{Branch: s.Branch, Tip: sent.Tip, Storage: BranchDescription, Text: tagged.Text, Tracking: &tracking,
		Base: base.ID, Patches: patches, asSent: &tagged, repo: s.repo}, nil
}
