package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// A FromMail is one revision of a series as it was mailed, to go on from.
type FromMail struct {
	Revision int
	ChangeID string                // "" when no mail of it names one
	Tracking *coverletter.Tracking // of its X-B4-Tracking header; nil without
	Subject  patchmail.Subject     // of the cover letter, or else of the first patch
	Cover    *string               // the body of the cover letter; nil without
	To, Cc   []patchmail.Address   // of the cover letter
	Patches  []MailedPatch         // in order, at least one
	From     string                // the address that it was mailed from
	Date     time.Time             // of the first mail
	FirstID  string                // its message-id, without brackets
	Base     string                // the base commit that the mails name, "" for none
	Needs    []string              // the prerequisites that they name, as "change-id: ID:vN"
	Earlier  []Earlier             // revisions before it that were found, without Ref
}

// A MailedPatch is one patch mail.
type MailedPatch struct {
	Raw     []byte
	Subject patchmail.Subject
	Text    string // of the body, decoded
	To, Cc  []patchmail.Address
}

// title is that of the commit, given as git am makes it. What stood in brackets in
// front of it, and was mailed behind PATCH or behind the prefix, comes back.
func (p *MailedPatch) title(made string, common []string) string {
	title := p.Subject.Title
	own := slices.DeleteFunc(slices.Clone(p.Subject.Prefixes), func(word string) bool {
		return slices.ContainsFunc(common, func(c string) bool { return strings.EqualFold(c, word) })
	})
	if len(own) > 0 {
		title = "[" + strings.Join(own, " ") + "] " + title
	}
	if !strings.HasSuffix(title, made) {
		return made
	}
	return title
}

// A MailBaseError reports patches in mail whose base commit is not here.
type MailBaseError struct{ Base string }

func (e *MailBaseError) Error() string {
	return fmt.Sprintf("the mails say that the patches apply to %s, which is not in this repository", e.Base)
}

// A MailApplyError reports patches in mail that do not apply.
type MailApplyError struct {
	Base  gitrepo.ID
	Needs []string // what the mails say has to be below them, besides
	Err   error    // a *gitrepo.MailApplyError
}

func (e *MailApplyError) Error() string {
	text := fmt.Sprintf("on %s, %v", e.Base.Short(), e.Err)
	if len(e.Needs) > 0 {
		text += fmt.Sprintf("; they depend on %q", e.Needs)
	}
	return text
}
func (e *MailApplyError) Unwrap() error { return e.Err }

// A HereError reports a series in mail that a branch is already.
type HereError struct{ Branch, ChangeID string }

func (e *HereError) Error() string {
	return fmt.Sprintf("branch %q is the series %s already", shortBranch(e.Branch), e.ChangeID)
}

// Name makes a name for the branch: of the change-id, or else of the title.
func (m *FromMail) Name() string {
	if id := m.changeID(); id != "" {
		parts := strings.Split(id, "-")
		if n := len(parts); n > 2 && len(parts[0]) == len("20060102") && len(parts[n-1]) == 12 {
			return strings.Join(parts[1:n-1], "-")
		}
	}
	return shortened(coverletter.Slug(m.Subject.Title))
}

// shortened cuts a long slug behind a word.
func shortened(slug string) string {
	const most = 40
	if len(slug) <= most {
		return slug
	}
	end := most
	for !utf8.RuneStart(slug[end]) {
		end--
	}
	if word := strings.LastIndexByte(slug[:end], '-'); word > 0 {
		end = word
	}
	return slug[:end]
}

// changeID is "" for one that could be no name of a file, as a stranger may
// choose it.
func (m *FromMail) changeID() string {
	if m.Tracking != nil {
		return m.Tracking.ChangeID
	}
	if coverletter.CheckChangeID(m.ChangeID) != nil {
		return ""
	}
	return m.ChangeID
}

// TakeTracking takes over the tracking data of a header of the mails, unless they
// cannot be those of the revision: whoever has mailed it can have written anything.
func (m *FromMail) TakeTracking(t *coverletter.Tracking) error {
	const longest = 200 // of a subject's bytes, for all
	length := 0
	for _, text := range append(slices.Clone(t.Prefixes), t.Presubject) {
		if length += len(text); patchmail.PrintableLine(text) != text || length > longest {
			return fmt.Errorf("%.100q is nothing for a subject", text)
		}
	}
	if _, err := prefixesOf(t.Prefixes); err != nil {
		return err
	}
	history := t.Clone()
	if err := addHistory(history, Earlier{Revision: m.Revision, FirstID: m.FirstID}); err != nil {
		return fmt.Errorf("of v%d %w", m.Revision, err)
	}
	m.Tracking = t
	return nil
}

// StartFrom makes a branch of a series that was mailed, ready for its next
// revision, and checks it out: patches, cover letter, recipients, prerequisites,
// and tracking data with the message-id in the history. What the user mailed
// gets its sent tag, unless there is one. Where o.Fork is "" the patches go where
// the mails say, or else onto HEAD. The work tree must be clean. On any failure,
// such as a *MailBaseError, a *MailApplyError or a *HereError, nothing has changed.
func StartFrom(ctx context.Context, repo *gitrepo.Repo, o Origin, m *FromMail) (*Series, error) {
	slug := coverletter.Slug(o.Name)
	if slug == "" {
		return nil, &NameError{Name: o.Name}
	}
	if err := repo.CheckIdleHere(); err != nil {
		return nil, err
	}
	if err := repo.CheckClean(ctx); err != nil {
		return nil, err
	}
	s, err := newborn(ctx, repo, "refs/heads/"+o.BranchPrefix+slug, slug, o)
	if err != nil {
		return nil, err
	}
	if s.Base, err = m.base(repo, o.Fork); err != nil {
		return nil, err
	}
	if err := s.identify(ctx, o, m); err != nil {
		return nil, err
	}
	mails, err := s.applyMails(ctx, m)
	if err != nil {
		return nil, err
	}
	if err := s.nameBase(ctx, o); err != nil {
		return nil, err
	}
	if err := s.writeCover(o.Name, m, mails); err != nil {
		return nil, err
	}
	also, err := s.goOn(ctx, o, m)
	if err != nil {
		return nil, err
	}
	if err := s.born(ctx, "kprep: series from mail "+slug, also, false); err != nil {
		return nil, err
	}
	repo.Head = gitrepo.Head{Branch: s.Branch}
	return Load(ctx, repo, s.Branch)
}

// base is where the patches go.
func (m *FromMail) base(repo *gitrepo.Repo, fork string) (gitrepo.ID, error) {
	if fork == "" && m.Base != "" {
		c, err := repo.Commit(m.Base + "^{commit}")
		if errors.As(err, new(*gitrepo.MissingError)) || errors.As(err, new(*gitrepo.NotCommitError)) {
			return "", &MailBaseError{Base: m.Base}
		}
		if err != nil {
			return "", err
		}
		return c.ID, nil
	}
	c, _, err := forkPoint(repo, fork)
	if err != nil {
		return "", err
	}
	return c.ID, nil
}

// identify takes over what the mails say of the series, and makes sure that no
// branch is it already.
func (s *Series) identify(ctx context.Context, o Origin, m *FromMail) error {
	switch id := m.changeID(); {
	case m.Tracking != nil:
		s.Tracking = m.Tracking.Clone()
	case id != "":
		s.Tracking = coverletter.NewTracking(id)
	}
	if m.Tracking == nil {
		s.Tracking.FromThread = m.FirstID
		s.Tracking.Prefixes = slices.DeleteFunc(slices.Clone(m.Subject.Prefixes), func(word string) bool { return strings.EqualFold(word, "RESEND") })
		s.Tracking.Prerequisites = needsOf(m.Needs)
	}
	if o.BaseBranch != "" || s.Storage != CoverCommit {
		s.Tracking.BaseBranch = ""
	}
	s.Tracking.Revision = m.Revision
	all, err := List(ctx, s.repo, func(error) {})
	if err != nil {
		return err
	}
	for _, other := range all {
		if other.Tracking.ChangeID == s.Tracking.ChangeID {
			return &HereError{Branch: other.Branch, ChangeID: s.Tracking.ChangeID}
		}
	}
	return nil
}

// needsOf are the prerequisites to record. Where a series or a thread is named,
// the patch-ids beside it are those of its patches.
func needsOf(lines []string) []string {
	var named, patches []string
	for _, line := range lines {
		switch p, err := ParsePrerequisite(line); {
		case err != nil:
		case p.Kind == NeedsPatch:
			patches = append(patches, p.String())
		default:
			named = append(named, p.String())
		}
	}
	if len(named) > 0 {
		return named
	}
	return patches
}

// applyMails makes the patches of the series. Nothing leads to them yet.
func (s *Series) applyMails(ctx context.Context, m *FromMail) ([]gitrepo.MailPatch, error) {
	raws := make([][]byte, len(m.Patches))
	for i, p := range m.Patches {
		raws[i] = p.Raw
	}
	mails, _, err := readPatches(ctx, s.repo, raws)
	if err != nil {
		return nil, err
	}
	for i := range mails {
		title := m.Patches[i].title(mails[i].Subject, m.Subject.Prefixes)
		mails[i].Message = title + strings.TrimPrefix(mails[i].Message, mails[i].Subject)
	}
	ids, err := s.repo.ApplyMail(ctx, s.Base, mails)
	if errors.As(err, new(*gitrepo.MailApplyError)) {
		return nil, &MailApplyError{Base: s.Base, Needs: m.Needs, Err: err}
	}
	if err != nil {
		return nil, err
	}
	s.Tip = s.Base
	for _, id := range ids {
		c, err := s.repo.Commit(string(id))
		if err != nil {
			return nil, err
		}
		if coverletter.HasMarker(c.Message) {
			return nil, fmt.Errorf("the patch %q holds the line %q, which only a cover letter may", c.Subject(), coverletter.Marker)
		}
		s.Patches, s.Tip = append(s.Patches, c), id
	}
	return mails, nil
}

// writeCover makes the cover letter that was mailed, with its recipients.
func (s *Series) writeCover(name string, m *FromMail, mails []gitrepo.MailPatch) error {
	author, err := s.repo.Author()
	if err != nil {
		return err
	}
	me := patchmail.Address{Name: author.Name, Mailbox: author.Email}
	switch {
	case m.Cover != nil:
		s.Text = coverletter.FromMail(m.Subject.Title, *m.Cover)
	case len(m.Patches) == 1:
		s.Text = coverletter.FromPatchMail(m.Subject.Title, m.Patches[0].Text)
	default:
		s.Text = coverletter.Default(name, me)
	}
	if coverletter.HasMarker(s.Text) {
		return fmt.Errorf("the cover letter that was mailed holds the line %q", coverletter.Marker)
	}
	to, cc, err := s.mailedTo(m, mails)
	if err != nil {
		return err
	}
	s.Text = coverletter.AddRecipients(s.Text, to, cc)
	letter, err := s.Letter()
	if err == nil && !letter.HasSubject() { // a title alone is none
		s.Text = strings.TrimRight(s.Text, "\n") + fmt.Sprintf("\n\nSigned-off-by: %s <%s>\n", me.Name, me.Mailbox)
	}
	return err
}

// mailedTo are those whom the series was mailed to, without the user, and
// without those whom a trailer of a patch alone has brought.
func (s *Series) mailedTo(m *FromMail, mails []gitrepo.MailPatch) (to, cc []patchmail.Address, err error) {
	var unwanted map[string]bool
	add := func(list *[]patchmail.Address, more []patchmail.Address) error {
		for _, a := range more {
			mine, err := s.repo.IsMe(gitrepo.Ident{Email: a.Mailbox})
			if err != nil {
				return err
			}
			if !mine && !unwanted[a.Key()] {
				*list = append(*list, a)
			}
		}
		return nil
	}
	err = errors.Join(add(&to, m.To), add(&cc, m.Cc))
	for i, p := range m.Patches {
		unwanted = map[string]bool{}
		above, _ := trailers.Cut(mails[i].Message)
		_, block := trailers.Split(above)
		for _, t := range trailers.Parse(block) {
			if a, ok := t.Person(); ok {
				unwanted[a.Key()] = true
			}
		}
		unwanted[patchmail.Address{Mailbox: mails[i].Address}.Key()] = true
		err = errors.Join(err, add(&to, p.To), add(&cc, p.Cc))
	}
	return to, cc, err
}

// goOn makes it the next revision: above the one that was mailed, and above all
// that have a tag here. The sent tag says what the user mailed.
func (s *Series) goOn(ctx context.Context, o Origin, m *FromMail) (oplog.Plan, error) {
	for _, e := range append(m.Earlier, Earlier{Revision: m.Revision, FirstID: m.FirstID}) {
		if err := addHistory(s.Tracking, e); err != nil && e.Revision == m.Revision {
			return oplog.Plan{}, err
		}
	}
	sent, err := s.Sent(ctx)
	if err != nil {
		return oplog.Plan{}, err
	}
	var also oplog.Plan
	tagged := slices.ContainsFunc(sent, func(r Sent) bool { return r.Revision == m.Revision })
	mine, err := s.repo.IsMe(gitrepo.Ident{Email: m.From})
	if err == nil && mine && !tagged {
		also, err = s.tagMailed(ctx, m, o.CompatTags)
	}
	if err != nil {
		return also, err
	}
	link := strings.Replace(o.LinkMask, "%s", m.FirstID, 1)
	if n := len(sent); n > 0 && sent[n-1].Revision > m.Revision { // what was done since is in its tag
		s.Tracking.Revision, link = sent[n-1].Revision, ""
	}
	s.Tracking.Revision++
	s.Text = coverletter.AddChangelog(s.Text, s.Tracking.Revision, link)
	return also, nil
}

// tagMailed makes the sent tag of the revision that was mailed, dated as it was.
func (s *Series) tagMailed(ctx context.Context, m *FromMail, compatTags bool) (oplog.Plan, error) {
	letter, err := s.Letter()
	if err != nil {
		return oplog.Plan{}, err
	}
	tag, err := s.makeEarlierTag(ctx, &earlierPatches{base: s.Base, tip: s.Tip, patches: s.Patches, title: letter.Subject,
		text: letter.BodyWithRecipients(), prefixes: s.Tracking.Prefixes, when: m.Date}, m.Revision, compatTags)
	return oplog.Plan{Objects: tag.objects, Refs: tag.refs}, err
}
