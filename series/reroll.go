package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// What was sent, as the sent tag records it.
type Mailed struct {
	FirstID  string   // message-id of the first message; "" when nobody knows it
	OnWire   string   `json:",omitempty"` // the one that the server gave it instead; "" for none
	Subject  string   // cover title, without prefixes
	Prefixes []string // as mailed, without PATCH, revision and counter
	Text     string   // the cover as rendered, To and Cc in it
	LinkMask string   // URL with one %s for the message-id
}

// A Reroll is the end of a send, prepared: every object is written, only refs
// remain to be moved.
type Reroll struct {
	Tag      string // short name of the sent tag
	Revision int    // the next one
	Branch   string
	ChangeID string
	Updates  []gitrepo.RefUpdate
	Sent     gitrepo.ID                // the commit that the sent tag leads to; "" in journals from before it was recorded
	Moved    map[gitrepo.ID]gitrepo.ID // commits of the branch to those of the next revision; their notes follow when the refs move
	Mailed   Mailed                    // for a branch that moves while the mail goes out

	Now int `json:"-"` // the revision of the branch once FinishReroll is done: a branch may have got further by other means
}

// A TaggedError means that the revision about to be sent has a tag already.
type TaggedError struct {
	Tag      string
	Revision int // that it is the tag of; 0 where that makes no difference
}

func (e *TaggedError) Error() string {
	return fmt.Sprintf("the tag %q exists already: this revision was sent before", e.Tag)
}

// PrepareReroll makes the sent tag of this revision and the branch of the
// next one, with a changelog entry, without moving any ref; and proves that
// the refs can be moved. It returns a *TaggedError, or what CheckRewritable
// returns.
//
// The tagged commits are the patches without the cover commit below them, in
// b4's form: each tool can compare with what the other sent.
func (s *Series) PrepareReroll(ctx context.Context, m Mailed, compatTag bool) (*Reroll, error) {
	if err := s.CheckRewritable(ctx); err != nil {
		return nil, err
	}
	me, err := s.repo.Committer()
	if err != nil {
		return nil, err
	}
	r := &Reroll{Tag: sentTag(s.Tracking.ChangeID, s.Tracking.Revision), Revision: s.Tracking.Revision + 1,
		Branch: s.Branch, ChangeID: s.Tracking.ChangeID, Mailed: m}

	sent, err := s.chain(ctx, s.Patches, s.Base, nil)
	if err != nil {
		return nil, err
	}
	tag, err := s.repo.NewTag(ctx, r.Tag, sent.Tip, me, coverletter.TagText(m.Prefixes, m.Subject, m.Text))
	if err != nil {
		return nil, err
	}
	next, text := s.nextRevision(m)
	l, err := s.layOut(ctx, s.Storage, text, next)
	if err != nil {
		return nil, err
	}
	// Others may add notes while the mail goes out: these are made again when
	// the refs move, and only proved possible here.
	notes, err := store(ctx, s.repo, l.chain, append(sent.Objects, tag)...)
	if err != nil {
		return nil, err
	}
	r.Sent, r.Moved = sent.Tip, l.chain.New
	for _, name := range s.sentTags(s.Tracking.Revision, compatTag) {
		r.Updates = append(r.Updates, gitrepo.RefUpdate{Name: "refs/tags/" + name, New: tag.ID})
	}
	if l.chain.Tip != s.Tip {
		r.Updates = append(r.Updates, gitrepo.RefUpdate{Name: s.Branch, New: l.chain.Tip, Old: s.Tip})
	}
	return r, s.checkReroll(ctx, r, notes)
}

// nextRevision is the tracking data and cover letter after this one is sent.
func (s *Series) nextRevision(m Mailed) (*coverletter.Tracking, string) {
	next := s.Tracking.Clone()
	version := fmt.Sprintf("v%d", s.Tracking.Revision)
	if next.History == nil && m.FirstID != "" {
		next.History = map[string][]string{}
	}
	next.Revision++
	link := ""
	if m.FirstID != "" {
		id := m.FirstID
		next.History[version] = append(next.History[version], id)
		if m.OnWire != "" && m.OnWire != id { // b4 takes the last one
			id = m.OnWire
			next.History[version] = append(next.History[version], id)
		}
		link = strings.Replace(m.LinkMask, "%s", id, 1)
	}
	return next, coverletter.AddChangelog(s.Text, next.Revision, link)
}

// CheckReroll says whether this revision can be sent and the next one made:
// it returns a *TaggedError, or what CheckRewritable returns.
func (s *Series) CheckReroll(ctx context.Context) error {
	if err := s.CheckRewritable(ctx); err != nil {
		return err
	}
	tag := sentTag(s.Tracking.ChangeID, s.Tracking.Revision)
	if id, err := s.repo.Ref(ctx, "refs/tags/"+tag); err != nil || id != "" {
		if err == nil {
			err = &TaggedError{Tag: tag, Revision: s.Tracking.Revision}
		}
		return err
	}
	return nil
}

func (s *Series) checkReroll(ctx context.Context, r *Reroll, notes []gitrepo.RefUpdate) error {
	for _, u := range r.Updates {
		got, err := s.repo.Ref(ctx, u.Name)
		if err != nil {
			return err
		}
		if u.Old == "" && got != "" {
			tagged := &TaggedError{Tag: strings.TrimPrefix(u.Name, "refs/tags/")}
			if tagged.Tag == r.Tag {
				tagged.Revision = s.Tracking.Revision
			}
			return tagged
		}
		if u.Old != "" && got != u.Old {
			return &gitrepo.RefChangedError{Name: u.Name, Want: u.Old, Got: got}
		}
	}
	return s.repo.CheckRefs(ctx, append(notes, r.Updates...)...)
}

// Rewrites says whether the reroll rewrites history, as it does unless the
// cover letter is kept in the configuration.
func (r *Reroll) Rewrites() bool {
	return slices.ContainsFunc(r.Updates, func(u gitrepo.RefUpdate) bool { return u.Name == r.Branch })
}

// A LostBranchError reports that the branch of a series that was sent is gone:
// the sent tag is there, but there is nothing to make the next revision of, or
// more than one branch that it could be made of.
type LostBranchError struct {
	Branch, Tag string
	Copies      []string // branches that have the series all the same
	Revision    int      // the next one
}

func (e *LostBranchError) Error() string {
	if len(e.Copies) > 0 {
		return fmt.Sprintf("branch %q of the series is gone, and %s are copies of it; what was sent is in the tag %q",
			shortBranch(e.Branch), strings.Join(e.Copies, ", "), e.Tag)
	}
	return fmt.Sprintf("branch %q of the series is gone; what was sent is in the tag %q", shortBranch(e.Branch), e.Tag)
}

// FinishReroll moves the refs in one transaction, the notes with the branch,
// and then changes the configuration where the cover letter is kept there. It
// may be called again after a crash: what stands where it should is left
// alone. A branch that moved while the mail went out, or has another name now,
// is rerolled where it is; when it is gone the tag is written all the same and
// a *LostBranchError says so. Objects that git gc took are made again; a
// *LostPatchesError says that there is nothing to make the tag of. When the server has renamed the first message
// (Mailed.OnWire), the next revision is made again, with both message-ids in
// its history. BeforeRewrite was asked before the mail left;
// AfterRewrite is told here.
func FinishReroll(ctx context.Context, repo *gitrepo.Repo, r *Reroll) error {
	r.Now = r.Revision
	objects, err := r.findTag(ctx, repo)
	var untagged *LostPatchesError
	if err != nil && !errors.As(err, &untagged) {
		return err
	}
	var open []gitrepo.RefUpdate
	again := layout{branch: r.Branch}
	var onBranch *gitrepo.RefUpdate
	for _, u := range r.Updates {
		if u.Name == r.Branch {
			onBranch = &u
			continue
		}
		got, err := repo.Ref(ctx, u.Name)
		if err != nil {
			return err
		}
		if got != u.New {
			open = append(open, u)
		}
	}
	moved := r.Moved
	var lost *LostBranchError
	tip, err := repo.Ref(ctx, r.Branch)
	prepared := onBranch != nil && r.Mailed.OnWire == ""
	if err == nil && prepared && tip == onBranch.Old {
		// Nothing keeps it from git gc, for as long as a send may be left alone.
		_, lookErr := repo.Commit(string(onBranch.New))
		prepared = !errors.As(lookErr, new(*gitrepo.MissingError))
	}
	switch {
	case err != nil:
		return err
	case prepared && tip == onBranch.Old:
		open = append(open, *onBranch)
	case onBranch == nil || tip != onBranch.New:
		var u *gitrepo.RefUpdate
		if u, again, err = rerollMoved(ctx, repo, r); err != nil {
			if lost = new(LostBranchError); !errors.As(err, &lost) {
				return err
			}
		}
		moved = again.chain.New
		if u != nil {
			open = append(open, *u)
		}
	}
	notes, err := repo.CarryNotes(ctx, moved)
	if err != nil {
		return err
	}
	plan := oplog.Plan{Objects: append(objects, again.chain.Objects...), Refs: append(notes, open...), Config: again.config}
	if len(plan.Refs)+len(plan.Config) > 0 {
		if len(moved) > 0 {
			defer repo.AfterRewrite(ctx)
		}
		reason := fmt.Sprintf("kprep: sent v%d, reroll", r.Revision-1)
		if err := perform(ctx, repo, act{changeID: r.ChangeID, branch: again.branch, reason: reason, plan: plan, barrier: true}); err != nil {
			return err
		}
	}
	switch {
	case untagged != nil:
		return untagged
	case lost != nil:
		return lost
	}
	return nil
}

// rerollMoved makes the next revision of the branch as it is now; nothing when
// it is that already.
func rerollMoved(ctx context.Context, repo *gitrepo.Repo, r *Reroll) (u *gitrepo.RefUpdate, l layout, err error) {
	repo.ForgetConfig() // the cover letter may be there, and have changed
	s, err := whereNow(ctx, repo, r)
	if err == nil && s.Tracking.Revision >= r.Revision {
		r.Now = s.Tracking.Revision
		return nil, layout{branch: r.Branch}, nil
	}
	if err != nil {
		return nil, layout{branch: r.Branch}, err
	}
	if err := s.CheckRewritable(ctx); err != nil {
		return nil, l, err
	}
	s.Tracking.Revision = r.Revision - 1 // also of a branch that was set back to an earlier one
	next, text := s.nextRevision(r.Mailed)
	if l, err = s.layOut(ctx, s.Storage, text, next); err != nil {
		return nil, l, err
	}
	if l.chain.Tip != s.Tip {
		u = &gitrepo.RefUpdate{Name: s.Branch, New: l.chain.Tip, Old: s.Tip}
	}
	return u, l, nil
}

// whereNow loads the series that was sent, by its change-id: the branch may
// have another name by now, and its old name another series.
func whereNow(ctx context.Context, repo *gitrepo.Repo, r *Reroll) (*Series, error) {
	s, err := Load(ctx, repo, r.Branch)
	if err == nil && s.Tracking.ChangeID == r.ChangeID {
		return s, nil
	}
	if broken := (*BrokenError)(nil); errors.As(err, &broken) {
		return nil, err
	}
	all, err := List(ctx, repo, func(error) {})
	if err != nil {
		return nil, err
	}
	var found []*Series
	for _, s := range all {
		if s.Tracking.ChangeID == r.ChangeID && s.Tracking.Revision == r.Revision-1 {
			found = append(found, s)
		}
	}
	if len(found) != 1 { // of two copies neither is the one
		lost := &LostBranchError{Branch: r.Branch, Tag: r.Tag, Revision: r.Revision}
		for _, s := range found {
			lost.Copies = append(lost.Copies, strconv.Quote(shortBranch(s.Branch)))
		}
		return nil, lost
	}
	return found[0], nil
}
