package series

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/spool"
	"github.com/kprep/kprep/trailers"
)

// Rendering says how a series becomes messages.
type Rendering struct {
	From        patchmail.Address // who sends
	Now         time.Time         // of the send; dates are counted back from it
	Random      string            // 12 hexadecimal digits for the message-ids of this send
	Mailer      string            // for X-Mailer; "" for none
	Template    string            // of the cover letter; "" for the default
	Signature   string            // below "-- " of the cover letter; "" for the sender
	Extra       []string          // prefixes in front of the series' own, such as PREVIEW
	ForceCover  bool              // a cover letter also for a single patch
	InBodyFrom  bool              // the author is named in the body though he is the sender
	InBodyCover bool              // and the sender in that of the cover letter, whose signature else breaks when From is rewritten
	Plain       bool              // the author will be the From of the message, so the body need not say it
	// RangeDiff puts one into the cover letter though the template has no place
	// for it. RangeDiffLimit is how many lines one may have; less than 0 for any.
	RangeDiff      bool
	RangeDiffLimit int
	SameThread     string // "": no; "shallow": reply to v1; else: reply to the revision before
	InReplyTo      string // message-id that the first message answers, whatever SameThread says; "" for none
	Unthreaded     bool   // patches do not reply to the first message
	Untracked      bool   // no headers with tracking data: the branch is at another revision
	// Drop says which trailers are not mailed; nil drops none.
	Drop     func(key string) bool
	Encoding string // transfer encoding, as [patchmail.Message] has it
}

// A Draft is one message of a series, complete but for its recipients.
type Draft struct {
	Message patchmail.Message // To and Cc empty, and without its body; see Mail
	Counter int               // k of k/n; 0 is the cover letter
	Title   string            // the subject without its prefixes
	Commit  *gitrepo.Commit   // nil for a cover letter
	// Persons are named by this message: the author where he is not the
	// sender, and those in its trailers, in order.
	Persons []Person
	Dropped []string // trailers that the commit or the cover letter has and the mail has not
	InBody  string   // the author that stands in the body; "" for none

	body func(out []byte) ([]byte, error) // appends it
}

// Mail is the Message with its body. The body is made anew each time, always
// the same, as those of a long series are too much to keep.
func (d *Draft) Mail() (patchmail.Message, error) { return d.MailIn(nil) }

// MailIn is Mail, whose body takes the place of one that is not needed any
// more.
func (d *Draft) MailIn(place []byte) (patchmail.Message, error) {
	m := d.Message
	var err error
	m.Body, err = d.body(place[:0])
	return m, err
}

// A Person is somebody whom a message names.
type Person struct {
	patchmail.Address
	Role string // the trailer's key in lower case, or "author"
}

// ErrEmpty means that a series has no patches.
var ErrEmpty = errors.New("the series has no patches yet")

// A Rendered series is what would be mailed, and what is kept of it.
type Rendered struct {
	Drafts []Draft // the cover letter and the patches, in the order they are mailed
	Base   string  // what the mail calls the base commit: an id, or a name that leads to none here
	// For the sent tag: the cover's title and prefixes, and its text with the
	// recipients in it. A single patch has them too.
	Title    string
	Prefixes []string
	Text     string
	// NoRangeDiff says why the range-diff that was asked for is not there;
	// usually "".
	NoRangeDiff string
}

// Render turns the series into messages. A series of one patch has no cover
// letter unless forced: its text goes below the "---" of the patch. It
// returns ErrEmpty or a *MergeError.
func (s *Series) Render(ctx context.Context, r Rendering) (*Rendered, error) {
	if len(s.Patches) == 0 {
		return nil, ErrEmpty
	}
	if err := s.checkWhole(ctx); err != nil {
		return nil, err
	}
	letter, err := s.Letter()
	if err != nil {
		return nil, err
	}
	if s.asSent != nil {
		r.RangeDiff = s.asSent.RangeDiff
	}
	d := &drafter{s: s, r: r, letter: letter, patches: make([]spool.Text, len(s.Patches))}
	d.dropFromLetter()
	if err := d.ask(ctx); err != nil {
		return nil, err
	}
	return d.render()
}

// checkWhole makes sure that the patches are all that the branch changes.
func (s *Series) checkWhole(ctx context.Context) error {
	if err := s.CheckOneCover(ctx); err != nil {
		return err
	}
	for _, check := range []func() error{s.CheckPlaced, s.CheckMarked, s.CheckCoverEmpty, s.CheckLinear} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// A drafter holds what all messages of one rendering share.
type drafter struct {
	s       *Series
	r       Rendering
	letter  coverletter.Letter
	parts   coverletter.Parts
	patches []spool.Text // diffstat, blank line, diff; empty for a commit that changes nothing
	git     string       // version
	footing footing
	dropped []string // trailers of the cover letter

	noRangeDiff string
}

// ask has git do everything it is needed for, at the same time.
func (d *drafter) ask(ctx context.Context) error {
	d.parts.Shortlog = shortlog(d.s.Patches)
	group, asking := errgroup.WithContext(ctx)
	group.Go(func() error {
		kept := spool.In(filepath.Join(d.s.repo.CommonDir, "kprep"))
		return d.s.repo.EachPatch(asking, d.s.patchIDs(), func(i int, p gitrepo.Patch) error {
			if len(p.Diff) > 0 {
				d.patches[i] = kept.Keep(p.Stat, []byte("\n"), p.Diff)
			}
			return nil
		})
	})
	group.Go(func() (err error) {
		d.git, err = d.s.repo.Version(asking)
		return err
	})
	group.Go(func() (err error) {
		d.parts.Diffstat, err = d.s.repo.DiffStat(asking, d.s.Base, d.s.End())
		return err
	})
	group.Go(func() (err error) {
		if d.s.asSent != nil { // nothing is looked up: it says again what it said
			d.footing.base = string(d.s.Base)
			return nil
		}
		d.footing, err = (&resolver{repo: d.s.repo}).stand(asking, d.s)
		return err
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return d.rangeDiff(ctx)
}

func (d *drafter) hasCover() bool { return len(d.s.Patches) > 1 || d.r.ForceCover }

func (d *drafter) template() string {
	if d.r.Template != "" {
		return d.r.Template
	}
	return coverletter.DefaultTemplate
}

func (d *drafter) render() (*Rendered, error) {
	d.parts.ChangeID = d.s.Tracking.ChangeID
	d.parts.Signature = d.r.Signature
	if d.parts.Signature == "" {
		d.parts.Signature = d.r.From.String()
	}
	d.parts.BaseCommit = d.footing.base
	d.parts.Prerequisites = strings.Join(mailLines(d.footing.needs), "\n")
	if d.s.asSent != nil {
		d.parts.Prerequisites = d.s.asSent.Prerequisites
	}
	out := &Rendered{Prefixes: d.prefixes(), Base: d.footing.base, NoRangeDiff: d.noRangeDiff, Drafts: make([]Draft, 0, len(d.s.Patches)+1)}
	_, out.Title = patchmail.LiftBrackets(d.letter.Subject)
	if d.hasCover() {
		out.Drafts = append(out.Drafts, d.cover(out.Title))
	}
	for i, commit := range d.s.Patches {
		draft, err := d.patch(i, commit)
		if err != nil {
			return nil, err
		}
		out.Drafts = append(out.Drafts, draft)
	}
	// The tag says where its own patches begin, whatever the mail says that
	// they need below them.
	d.parts.BaseCommit = string(d.s.Base)
	d.parts.Cover = d.letter.BodyWithRecipients()
	out.Text = coverletter.Fill(d.template(), d.parts)
	return out, d.thread(out.Drafts)
}

// dropFromLetter takes the trailers out of the cover letter that are not
// mailed.
func (d *drafter) dropFromLetter() {
	if d.r.Drop == nil {
		return
	}
	var kept []trailers.Trailer
	for _, t := range d.letter.Trailers {
		if t.Key != "" && d.r.Drop(t.Key) {
			d.dropped = append(d.dropped, t.String())
		} else {
			kept = append(kept, t)
		}
	}
	d.letter.Trailers = kept
}

// drop takes the trailers out of a commit message that are not mailed.
func (d *drafter) drop(text string) (string, []string) {
	if d.r.Drop == nil {
		return text, nil
	}
	above, below := trailers.Cut(text)
	above, gone := trailers.Drop(above, d.r.Drop)
	if len(gone) == 0 {
		return text, nil
	}
	var dropped []string
	for _, t := range gone {
		dropped = append(dropped, t.String())
	}
	return above + below, dropped
}

// prefixes are the words after PATCH that all messages carry.
func (d *drafter) prefixes() []string {
	lifted, _ := patchmail.LiftBrackets(d.letter.Subject)
	return patchmail.MergePrefixes(d.r.Extra, append(append([]string{}, d.s.Tracking.Prefixes...), lifted...)...)
}

func (d *drafter) subject(counter int, own []string, title string) patchmail.Subject {
	return patchmail.Subject{
		Presubject: d.s.Tracking.Presubject,
		Prefixes:   patchmail.MergePrefixes(own, d.prefixes()...),
		Revision:   d.s.Tracking.Revision,
		Counter:    counter, Total: len(d.s.Patches),
		ForceCounter: d.r.ForceCover,
		Title:        title,
	}
}

func (d *drafter) cover(title string) Draft {
	d.parts.Cover = d.letter.Body()
	draft := Draft{Title: title, Persons: persons(d.letter.Trailers), Dropped: d.dropped}
	draft.Message.Subject = d.subject(0, nil, title).String()
	text := coverletter.Fill(d.template(), d.parts)
	if d.r.InBodyCover {
		draft.InBody = d.r.From.String()
		text = inBody(d.r.From) + text
	}
	draft.body = fixed(text)
	return draft
}

func fixed(text string) func([]byte) ([]byte, error) {
	return func(out []byte) ([]byte, error) { return append(out, text...), nil }
}

func persons(block []trailers.Trailer) []Person {
	var all []Person
	for _, t := range block {
		named, _ := t.Named()
		for _, who := range named {
			all = append(all, Person{Address: who, Role: strings.ToLower(t.Key)})
		}
	}
	return all
}

func (d *drafter) patch(i int, commit *gitrepo.Commit) (Draft, error) {
	text, dropped := d.drop(commit.Text())
	subject, body := gitrepo.SplitMessage(text)
	own, title := patchmail.LiftBrackets(subject)
	if title == "" { // nothing but brackets: better a strange title than none
		own, title = nil, subject
	}
	above, _ := trailers.Cut(text)
	_, block := trailers.Split(above)
	draft := Draft{Counter: i + 1, Title: title, Commit: commit, Persons: persons(trailers.Parse(block)), Dropped: dropped}
	draft.Message.Subject = d.subject(i+1, own, title).String()

	author := authorOf(commit)
	another := author.Key() != d.r.From.Key() && !d.r.Plain
	if another {
		draft.Persons = append([]Person{{Address: author, Role: "author"}}, draft.Persons...)
	}
	from := ""
	if another || d.r.InBodyFrom && !d.r.Plain || startsLikeHeader(body) { // which git am would take for a header, unless one comes before it
		draft.InBody = author.String()
		from = inBody(author)
	}
	if d.hasCover() {
		patch, git := d.patches[i], d.git
		draft.body = func(out []byte) ([]byte, error) { return appendPatch(out, from, body, patch, git) }
		return draft, nil
	}
	patch, err := d.patches[i].Bytes()
	if err != nil {
		return draft, err
	}
	if len(patch) == 0 {
		patch = []byte("\n")
	}
	draft.body = fixed(from + coverletter.MixIn(body, d.letter, string(patch), d.parts, d.template()))
	draft.Persons = append(draft.Persons, persons(d.letter.Trailers)...)
	draft.Dropped = append(draft.Dropped, d.dropped...)
	return draft, nil
}

// inBody is the line that git am takes for the author, whatever From says.
func inBody(author patchmail.Address) string { return fmt.Sprintf("From: %s\n\n", author) }

// startsLikeHeader says whether git am would read the first line of a message
// as an in-body header, or as a subject, and cut it off.
func startsLikeHeader(body string) bool {
	if strings.HasPrefix(body, "[PATCH]") {
		return true
	}
	key, _, found := strings.Cut(body, ":")
	if !found {
		return false
	}
	switch strings.ToLower(key) {
	case "from", "subject", "date":
		return true
	}
	return false
}

// appendPatch writes author, message, cut, diffstat and diff, and git's version
// below them. A commit that changes nothing has no cut.
func appendPatch(out []byte, from, message string, patch spool.Text, git string) ([]byte, error) {
	out = slices.Grow(out, len(from)+len(message)+patch.Len()+len(git)+16)
	out = append(out, from...)
	if message != "" {
		out = append(append(out, strings.TrimRight(message, "\n")...), '\n')
	}
	if patch.Len() > 0 {
		var err error
		if out, err = patch.AppendTo(append(out, "---\n"...)); err != nil {
			return nil, err
		}
	}
	return fmt.Appendf(out, "\n-- \n%s\n\n", git), nil
}

func authorOf(c *gitrepo.Commit) patchmail.Address {
	author := c.AuthorText()
	return patchmail.Address{Name: author.Name, Mailbox: author.Email}
}

// thread gives the messages their headers, dates and ids: patch k is one
// second later than k-1 and none lies in the future (spec/mail 2.8).
func (d *drafter) thread(all []Draft) error {
	slug := coverletter.SlugOf(d.s.Tracking.ChangeID, d.r.Now)
	tracking, err := d.s.Tracking.HeaderValue()
	if err != nil {
		return err
	}
	var mailer []patchmail.Header
	if d.r.Mailer != "" {
		mailer = []patchmail.Header{{Name: "X-Mailer", Value: d.r.Mailer}}
	}
	for i := range all {
		m := &all[i].Message
		m.From, m.Encoding, m.Headers = d.r.From, d.r.Encoding, mailer
		m.Date = d.r.Now.Add(time.Duration(i-len(all)+1) * time.Second)
		m.ID = patchmail.MessageID(slug, d.s.Tracking.Revision, all[i].Counter, d.r.Random, d.r.From.Domain())
	}
	first := &all[0].Message
	if parent := d.parentID(); parent != "" {
		first.InReplyTo, first.References = parent, []string{parent}
	}
	if !d.r.Untracked {
		first.Headers = append([]patchmail.Header{
			{Name: "X-B4-Tracking", Value: tracking},
			{Name: "X-Change-ID", Value: d.s.Tracking.ChangeID},
		}, mailer...)
	}
	parent, references := first.ID, append(first.References[:len(first.References):len(first.References)], first.ID)
	if d.r.Unthreaded {
		parent, references = first.InReplyTo, first.References
	}
	for i := range all[1:] {
		m := &all[i+1].Message
		m.InReplyTo, m.References = parent, references
	}
	return nil
}

// parentID is the message that the first one replies to, "" for none.
func (d *drafter) parentID() string {
	revision := d.s.Tracking.Revision - 1
	switch {
	case d.r.InReplyTo != "":
		return d.r.InReplyTo
	case d.r.SameThread == "":
		return ""
	case d.r.SameThread == "shallow":
		revision = 1
	}
	ids := d.s.Tracking.History[fmt.Sprintf("v%d", revision)]
	if len(ids) == 0 {
		return ""
	}
	if d.r.SameThread == "shallow" {
		return ids[0]
	}
	return ids[len(ids)-1]
}
