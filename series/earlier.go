package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
)

// An Earlier is a revision that was mailed before its branch became a series.
type Earlier struct {
	Revision int
	Ref      string // a tag, branch or commit, or a range BASE..TIP
	FirstID  string // message-id of the first message; "" when nobody knows it
}

// An EarlierError reports an earlier revision that cannot be recorded.
type EarlierError struct {
	Earlier
	Err error
}

func (e *EarlierError) Error() string {
	return fmt.Sprintf("v%d from %q: %v", e.Revision, e.Ref, e.Err)
}
func (e *EarlierError) Unwrap() error { return e.Err }

// errOnBase means that a ref has nothing of its own.
var errOnBase = errors.New("it has no commits of its own above the base; give the range BASE..TIP")

// recordEarlier makes the sent tags of the revisions that were mailed already,
// in b4's form, and makes the series the next one above them. base is what the
// branch is based on, which tells where a ref without a range begins.
func (s *Series) recordEarlier(ctx context.Context, o Origin, base gitrepo.ID) (objects []gitrepo.Object, refs []gitrepo.RefUpdate, err error) {
	earlier, err := inOrder(o.Sent)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range earlier {
		tag, err := s.tagEarlier(ctx, e, o.Name, base, o.CompatTags)
		if err != nil {
			return nil, nil, &EarlierError{e, err}
		}
		objects, refs = append(objects, tag.objects...), append(refs, tag.refs...)
		s.Tracking.Revision = e.Revision
		s.Tracking, s.Text = s.nextRevision(Mailed{FirstID: e.FirstID, LinkMask: o.LinkMask})
	}
	return objects, refs, nil
}

// inOrder sorts by revision; an *EarlierError reports one that is there twice.
func inOrder(given []Earlier) ([]Earlier, error) {
	earlier := slices.Clone(given)
	slices.SortStableFunc(earlier, func(a, b Earlier) int { return a.Revision - b.Revision })
	for i, e := range earlier {
		if i > 0 && earlier[i-1].Revision == e.Revision {
			return nil, &EarlierError{e, fmt.Errorf("that revision is %q already", earlier[i-1].Ref)}
		}
	}
	return earlier, nil
}

// A NotEarlierError reports a revision that is not below that of the branch.
type NotEarlierError struct{ Revision, Current int }

func (e *NotEarlierError) Error() string {
	return fmt.Sprintf("the branch is v%d, and only what is below that was mailed earlier", e.Current)
}

// AddSent records revisions that were mailed by other means and have no tag
// yet, of a branch that is a series already. What is on record is never
// replaced: it returns an *EarlierError, of a *TaggedError, a *NotEarlierError
// or what else does not fit; or what CheckRewritable returns when a message-id
// goes into the history. Nothing has changed then.
func (s *Series) AddSent(ctx context.Context, given []Earlier, compatTags bool) error {
	earlier, err := inOrder(given)
	if err != nil {
		return err
	}
	sent, err := s.Sent(ctx)
	if err != nil {
		return err
	}
	name := s.Slug()
	if letter, err := s.Letter(); err == nil && !s.NeedsEditing() {
		_, name = patchmail.LiftBrackets(letter.Subject)
	}
	tracking, l := s.Tracking.Clone(), layout{branch: s.Branch, chain: gitrepo.Chain{Tip: s.Tip}}
	var also oplog.Plan
	for _, e := range earlier {
		tag, err := s.tagMissing(ctx, e, sent, name, compatTags)
		if err == nil {
			err = addHistory(tracking, e)
		}
		if err != nil {
			return &EarlierError{e, err}
		}
		also.Objects, also.Refs = append(also.Objects, tag.objects...), append(also.Refs, tag.refs...)
	}
	if string(tracking.Compact()) != string(s.Tracking.Compact()) {
		if err := s.CheckRewritable(ctx); err != nil {
			return err
		}
		if l, err = s.layOut(ctx, s.Storage, s.Text, tracking); err != nil {
			return err
		}
	}
	l.also = also
	_, err = s.apply(ctx, l, "kprep: add sent revisions")
	return err
}

func (s *Series) tagMissing(ctx context.Context, e Earlier, sent []Sent, name string, compatTags bool) (earlierTag, error) {
	if e.Revision >= s.Tracking.Revision {
		return earlierTag{}, &NotEarlierError{Revision: e.Revision, Current: s.Tracking.Revision}
	}
	for _, known := range sent {
		if known.Revision == e.Revision {
			return earlierTag{}, &TaggedError{Tag: known.Tag}
		}
	}
	return s.tagEarlier(ctx, e, name, s.Base, compatTags)
}

// addHistory puts the message-id of a revision on record, where none is.
func addHistory(t *coverletter.Tracking, e Earlier) error {
	version := fmt.Sprintf("v%d", e.Revision)
	for other, ids := range t.History {
		if slices.Contains(ids, e.FirstID) && other != version {
			return fmt.Errorf("message %q is on record as %s", e.FirstID, other)
		}
	}
	known := t.History[version]
	switch {
	case e.FirstID == "" || slices.Contains(known, e.FirstID):
		return nil
	case len(known) > 0:
		return fmt.Errorf("its first message is on record as %q", known[0])
	case t.History == nil:
		t.History = map[string][]string{}
	}
	t.History[version] = []string{e.FirstID}
	return nil
}

// An earlierTag is a sent tag to be stored, by all its names.
type earlierTag struct {
	objects []gitrepo.Object
	refs    []gitrepo.RefUpdate
}

// tagEarlier makes the tag of one revision. The commits stay what they are,
// unless a copy of the branch is named: no cover-letter commit is below what
// was sent.
func (s *Series) tagEarlier(ctx context.Context, e Earlier, name string, onto gitrepo.ID, compatTags bool) (earlierTag, error) {
	m, err := s.earlierPatches(ctx, e.Ref, name, onto)
	if err != nil {
		return earlierTag{}, err
	}
	return s.makeEarlierTag(ctx, m, e.Revision, compatTags)
}

func (s *Series) makeEarlierTag(ctx context.Context, m *earlierPatches, revision int, compatTags bool) (earlierTag, error) {
	stat, err := s.repo.DiffStat(ctx, m.base, m.patches[len(m.patches)-1].ID)
	if err != nil {
		return earlierTag{}, err
	}
	me, err := s.repo.Committer()
	if err != nil {
		return earlierTag{}, err
	}
	body := coverletter.Fill(coverletter.DefaultTemplate, coverletter.Parts{Cover: m.text, Shortlog: shortlog(m.patches), Diffstat: stat,
		BaseCommit: string(m.base), ChangeID: s.Tracking.ChangeID})
	if !m.when.IsZero() {
		me = me.At(m.when)
	}
	tag, err := s.repo.NewTag(ctx, sentTag(s.Tracking.ChangeID, revision), m.tip, me, coverletter.TagText(m.prefixes, m.title, body))
	if err != nil {
		return earlierTag{}, err
	}
	made := earlierTag{objects: append(m.made, tag)}
	for _, name := range s.sentTags(revision, compatTags) {
		ref := "refs/tags/" + name
		if got, err := s.repo.Ref(ctx, ref); err != nil {
			return made, err
		} else if got != "" {
			return made, &TaggedError{Tag: name}
		}
		made.refs = append(made.refs, gitrepo.RefUpdate{Name: ref, New: tag.ID})
	}
	return made, nil
}

// What was mailed as one revision.
type earlierPatches struct {
	base, tip   gitrepo.ID
	patches     []*gitrepo.Commit // oldest first, at least one; where they were made again, as they were
	made        []gitrepo.Object  // the patches without the cover-letter commit that they stood on
	title, text string
	prefixes    []string  // of the subjects
	when        time.Time // it was mailed; zero when nobody knows
}

func (s *Series) earlierPatches(ctx context.Context, ref, name string, onto gitrepo.ID) (*earlierPatches, error) {
	m := &earlierPatches{}
	var err error
	if m.base, m.tip, err = s.earlierRange(ctx, ref, onto); err != nil {
		return nil, err
	}
	if m.patches, err = commitsSince(s.repo, string(m.tip), m.base); err != nil {
		return nil, err
	}
	cover, err := s.dropOwnCover(ctx, m)
	if err != nil {
		return nil, err
	}
	if len(m.patches) == 0 {
		return nil, errOnBase
	}
	for _, p := range m.patches {
		if coverletter.HasMarker(p.Message) {
			return nil, fmt.Errorf("commit %s is a cover letter: that is a series of its own", p.ID.Short())
		}
	}
	m.title, m.text = s.earlierCover(ref, name, m.patches)
	if cover != nil {
		text, _, err := coverletter.Decode(cover.Text())
		if err != nil {
			return nil, err
		}
		letter, err := coverletter.Parse(text)
		if err != nil {
			return nil, err
		}
		_, m.title = patchmail.LiftBrackets(letter.Subject)
		m.text = letter.BodyWithRecipients()
	}
	return m, nil
}

// dropOwnCover takes the cover-letter commit out of what is a copy of the
// branch as it was, and returns it; nil when there is none.
func (s *Series) dropOwnCover(ctx context.Context, m *earlierPatches) (*gitrepo.Commit, error) {
	isOwn := func(c *gitrepo.Commit) bool { return coverletter.HasMarker(c.Message) && s.ownCover(c) }
	switch n := len(m.patches); {
	case n > 0 && isOwn(m.patches[n-1]):
		cover := m.patches[n-1]
		m.patches, m.tip = m.patches[:n-1], cover.Parents[0]
		return cover, nil
	case n > 1 && isOwn(m.patches[0]):
		cover := m.patches[0]
		m.patches = m.patches[1:]
		if err := s.checkMine(m.patches); err != nil {
			return nil, err
		}
		chain, err := s.chain(ctx, m.patches, m.base, nil)
		m.made, m.tip = chain.Objects, chain.Tip
		return cover, err
	}
	return nil, nil
}

// earlierRange resolves what was mailed. The base of a ref alone is where it
// left what the series is based on.
func (s *Series) earlierRange(ctx context.Context, ref string, onto gitrepo.ID) (base, tip gitrepo.ID, err error) {
	from, to, isRange := strings.Cut(ref, "..")
	if !isRange {
		to = ref
	}
	if strings.HasPrefix(to, ".") || to == "" || isRange && from == "" {
		return "", "", errors.New("a range is BASE..TIP")
	}
	resolve := func(rev string) (gitrepo.ID, error) {
		c, err := s.repo.Commit(rev + "^{commit}")
		if err != nil {
			return "", fmt.Errorf("%q names no commit of this repository", rev)
		}
		return c.ID, nil
	}
	if tip, err = resolve(to); err != nil {
		return "", "", err
	}
	if isRange {
		if base, err = resolve(from); err != nil {
			return "", "", err
		}
	} else {
		base = onto
	}
	common, err := s.repo.MergeBase(ctx, base, tip)
	switch {
	case err != nil:
		return "", "", err
	case common == "":
		return "", "", errors.New("it has no commit in common with the base of the series")
	case isRange && common != base:
		return "", "", fmt.Errorf("%q is not an ancestor of %q", from, to)
	}
	return common, tip, nil
}

// earlierCover is what is known of the cover letter that was mailed: the text
// of an annotated tag, or the title of the only patch, or nothing but a name.
func (s *Series) earlierCover(ref, name string, patches []*gitrepo.Commit) (title, text string) {
	if _, to, isRange := strings.Cut(ref, ".."); isRange {
		ref = to
	}
	if obj, err := s.repo.Read(ref); err == nil && obj.Kind == "tag" {
		_, message, _ := strings.Cut(string(obj.Data), "\n\n")
		message, _, _ = strings.Cut("\n"+message, "\n-----BEGIN ") // a signature
		if title, text = gitrepo.SplitMessage(strings.TrimLeft(message, "\n")); title != "" {
			_, title = patchmail.LiftBrackets(title)
			return title, text
		}
	}
	if len(patches) == 1 {
		_, title = patchmail.LiftBrackets(patches[0].Subject())
		return title, ""
	}
	return name, ""
}
