package series

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// ErrNeverSent means that no send of the series is in the operation log.
var ErrNeverSent = errors.New("the operation log has no send of this series")

// RestoreFromBeforeSend brings patches and cover letter back as they were when
// the last revision was sent, into the storage that the series has now. What
// was on the wire stays: the sent tag, the history, and the revision number of
// the branch. It says whether anything changed.
func (s *Series) RestoreFromBeforeSend(ctx context.Context) (changed bool, err error) {
	if err := s.CheckRewritable(ctx); err != nil {
		return false, err
	}
	me, err := s.repo.Committer()
	if err != nil {
		return false, err
	}
	all, err := operations(s.repo, me.When).List()
	if err != nil {
		return false, err
	}
	for _, op := range all {
		if !op.Barrier || op.ChangeID != s.Tracking.ChangeID {
			continue
		}
		old, err := s.before(ctx, op)
		if err != nil {
			return false, err
		}
		if old == nil {
			continue
		}
		then := *s
		then.Patches, then.Base = old.Patches, old.Base
		l, err := then.layOut(ctx, s.Storage, old.Text, s.Tracking)
		if err != nil {
			return false, err
		}
		return then.apply(ctx, l, "kprep: undo past the send")
	}
	return false, ErrNeverSent
}

// before is the series as it was before a send; nil when the operation moved
// nothing of it.
func (s *Series) before(ctx context.Context, op *oplog.Operation) (*Series, error) {
	var tip, tag gitrepo.ID
	for _, ref := range op.Refs {
		switch {
		case ref.Name == op.Branch:
			tip = ref.Before
		case strings.HasPrefix(ref.Name, "refs/tags/sent/"):
			tag = ref.After
		}
	}
	text, described, err := s.describedBefore(ctx, op)
	if err != nil {
		return nil, err
	}
	if described {
		if tip == "" { // only the configuration changed: what was sent is the branch
			tip = tag
		}
		return s.describedAt(ctx, tip, text)
	}
	if tip == "" {
		return nil, nil
	}
	recorded := string(s.Storage)
	if s.Storage == BranchDescription { // since then: the commits tell
		recorded = ""
	}
	st, err := lookUpCommit(newFinder(s.repo), s.Branch, string(tip), recorded)
	if err == nil && st == nil {
		err = fmt.Errorf("commit %s has no cover letter", tip.Short())
	}
	if err != nil {
		return nil, err
	}
	old := *s
	old.Tip, old.Storage, old.Cover, old.Text, old.Misplaced = st.tip, st.storage, st.cover, st.text, nil
	return &old, old.place(ctx, st)
}

// describedBefore is the cover letter that an operation found in the branch's
// configuration; described is false when none was kept there.
func (s *Series) describedBefore(ctx context.Context, op *oplog.Operation) (text string, described bool, err error) {
	var sections string
	for _, c := range op.Config {
		if c.Branch != shortBranch(op.Branch) {
			continue
		}
		for _, section := range c.Before {
			sections += strings.TrimRight(section.Text, "\n") + "\n"
		}
	}
	if sections == "" {
		return "", false, nil
	}
	config, err := s.repo.ParseConfig(ctx, []byte(sections))
	if err != nil {
		return "", false, err
	}
	if _, described = config.Get(trackingKey(op.Branch)); !described {
		return "", false, nil
	}
	text, _ = config.Get(descriptionKey(op.Branch))
	return text, true, nil
}

// describedAt is a series without a cover commit whose last patch rev names.
func (s *Series) describedAt(ctx context.Context, rev gitrepo.ID, text string) (*Series, error) {
	last, err := s.repo.Commit(string(rev))
	if err != nil {
		return nil, err
	}
	old := *s
	old.Tip, old.Storage, old.Cover, old.Text, old.Misplaced = last.ID, BranchDescription, nil, text, nil
	return &old, old.place(ctx, &stored{storage: BranchDescription, tip: last.ID, text: text, tracking: s.Tracking})
}
