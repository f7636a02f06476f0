package submission

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/spool"
)

// A Kind says what a submission is for.
type Kind string

const (
	KindSend    Kind = "send"    // to everybody; tag and reroll follow
	KindReflect Kind = "reflect" // to the sender alone, headers as for everybody
	KindPreview Kind = "preview" // to somebody else for a look, headers as for everybody
	KindResend  Kind = "resend"  // a revision once more to everybody, see [series.Series.Resent]
)

// private says whether the mail goes to others than its headers name, so that
// it may be repeated at will.
func (k Kind) private() bool { return k == KindReflect || k == KindPreview }

// Options says how to prepare a submission.
type Options struct {
	Kind        Kind
	Now         time.Time
	Random      string // 12 hexadecimal digits, unguessable
	Mailer      string
	Agent       string              // of HTTP
	Home        string              // for ~/.signature; "" for none
	To, Cc, Bcc []string            // lists from the command line; aliases may stand in them
	PreviewTo   []string            // lists, of KindPreview
	InReplyTo   string              // message-id that the first message answers; "" for none
	FromThread  []patchmail.Address // who takes part in the discussion that it joins, for Cc
	SameThread  string              // no, previous or first; "" leaves it to send-same-thread
	NotMeToo    bool                // no copy for the sender, wherever it comes from
	NoTrailers  bool                // nobody whom the cover letter or a commit names
	ForceCover  bool
	InBodyFrom  bool   // the author in the body of each patch, for lists that rewrite From
	Identity    string // --identity, counts when IdentitySet; "" then is no identity
	IdentitySet bool
	Plain       bool // for [Submission.Plain]: no author in any body
	RangeDiff   bool // in the cover letter, wherever its template would have it
	Signing     Signing
	UseEndpoint bool     // through the web endpoint, whatever other way is configured
	Env         []string // of the user's commands; empty for the process's own
	Patience    Patience // with them, and with hooks
	// Signed, which may be nil, is called as messages get their signatures.
	Signed func(done, total int)
}

// A Message is one message as it would leave.
type Message struct {
	Draft      *series.Draft // with To and Cc
	Name       string        // of its file: 0000-title.eml
	Recipients []string      // envelope mailboxes, each once
	Size       int           // in bytes, with LF line ends
	Encoding   string        // for the transfer

	to   []string          // those of Recipients that are To
	raw  spool.Text        // as it would leave
	text [sha256.Size]byte // of the body
}

// Raw is the message as it would leave, with LF line ends.
func (m Message) Raw() ([]byte, error) { return m.raw.Bytes() }

// A Submission is a rendered series with its recipients.
type Submission struct {
	Kind     Kind
	Series   *series.Series
	Messages []Message
	Sender   patchmail.Address // From of every message
	Envelope string            // envelope sender
	Mail     sendmail.Settings
	To, Cc   []patchmail.Address // of the series, for people
	Signing  Signing             // of every message, once it is [Sending]

	explicit    bool // recipients were given on the command line
	reasons     reasons
	joins       string              // message-id of the discussion that the series was told to answer
	wantsThread bool                // it is to answer an earlier revision
	only        []string            // the envelope of mail that is not for whom the headers name
	bcc         int                 // recipients that no header names
	foreignBcc  bool                // some of them need a server with SMTPUTF8
	named       []patchmail.Address // whom cover, settings, options and Cc trailers name
	patience    Patience
	signed      func(done, total int)
	repo        *gitrepo.Repo
	settings    *project.Settings
	rules       projectRules
	rendered    *series.Rendered
	kept        *spool.Spool // the bytes of the messages
	oddLimit    string       // kprep.range-diff-limit when it is no number
	random      string
	now         time.Time
}

// Prepare renders the series and gives each message its recipients and bytes.
func Prepare(ctx context.Context, repo *gitrepo.Repo, s *series.Series, o Options) (*Submission, error) {
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	settings, err := project.Load(ctx, repo, s.Base)
	if err != nil {
		return nil, err
	}
	settings.Home = o.Home
	identity, given := chosenIdentity(settings, o.Identity, o.IdentitySet)
	mail, err := sendmail.ReadSettings(config, identity, given)
	if err != nil {
		return nil, err
	}
	mail.UseEndpoint, mail.Reflect, mail.Agent = o.UseEndpoint, o.Kind == KindReflect, o.Agent
	sub := &Submission{Kind: o.Kind, Series: s, Mail: mail, repo: repo, settings: settings, patience: o.Patience, signed: o.Signed, random: o.Random, now: o.Now}
	if sub.rules, err = readRules(settings); err != nil {
		return nil, err
	}
	if len(sub.Mail.SuppressCc) == 0 {
		sub.Mail.SuppressCc = settings.SuppressCc()
	}
	if sub.Sender, err = sender(repo, mail.From); err != nil {
		return nil, err
	}
	sub.bindSigner(o.Signing)
	mailbox, _, err := sub.Sender.Envelope()
	if err != nil {
		return nil, err
	}
	if sub.Envelope, err = mail.EnvelopeFrom(mailbox); err != nil {
		return nil, err
	}
	rendering, err := sub.rendering(o)
	if err != nil {
		return nil, err
	}
	if sub.rendered, err = s.Render(ctx, rendering); err != nil {
		return nil, err
	}
	recipients, err := sub.recipients(o)
	if err != nil {
		return nil, err
	}
	letter, err := s.Letter()
	if err != nil {
		return nil, err
	}
	if o.NoTrailers {
		letter.To, letter.Cc = nil, nil
		for i := range sub.rendered.Drafts {
			sub.rendered.Drafts[i].Persons = nil
		}
	}
	if !o.Plain {
		if err := sub.obeyCommands(ctx, o, &recipients); err != nil {
			return nil, err
		}
	}
	if err := sub.mapAddresses(ctx, &recipients, letter.To, letter.Cc); err != nil {
		return nil, err
	}
	sub.reasons = sub.reasonsFor(recipients, letter.To, letter.Cc)
	recipients.address(sub.rendered.Drafts, letter.To, letter.Cc)
	sub.named = slices.Concat(letter.To, letter.Cc, recipients.To, recipients.Cc, recipients.Bcc, copied(sub.rendered.Drafts))
	sub.bcc, sub.explicit = len(recipients.Bcc), len(o.To)+len(o.Cc)+len(o.Bcc) > 0
	sub.foreignBcc = slices.ContainsFunc(recipients.Bcc, func(a patchmail.Address) bool {
		_, needs, err := a.Envelope() // whose error write returns
		return err == nil && needs
	})
	if sub.only, err = sub.privately(o); err != nil {
		return nil, err
	}
	return sub, sub.write(recipients.Bcc)
}

// privately are the mailboxes that mail goes to whose headers name others; nil
// for mail that goes to whom its headers name.
func (s *Submission) privately(o Options) ([]string, error) {
	people := []patchmail.Address{s.Sender}
	switch s.Kind {
	case KindReflect:
	case KindPreview:
		book := newAddressBook(s.Mail, o.Home, s.repo.TopLevel)
		var err error
		if people, err = readLists(book, listsFrom("--preview-to", o.PreviewTo)); err != nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	mailboxes, _, err := envelope(patchmail.Message{To: people}, nil)
	return mailboxes, err
}

// Only are the mailboxes that get the mail whatever its headers say; nil where
// these are obeyed.
func (s *Submission) Only() []string { return s.only }

// chosenIdentity is the identity of sendemail.* that was given, or else the user's
// for this project.
func chosenIdentity(settings *project.Settings, given string, isGiven bool) (string, bool) {
	if v, ok := settings.Get("sendemail-identity"); ok && !v.FromTree() && !isGiven {
		return v.Text, true
	}
	return given, isGiven
}

// Sender is who the user's mail about a series is from.
func Sender(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (patchmail.Address, error) {
	config, err := repo.Config()
	if err != nil {
		return patchmail.Address{}, err
	}
	settings, err := project.Load(ctx, repo, s.Base)
	if err != nil {
		return patchmail.Address{}, err
	}
	identity, given := chosenIdentity(settings, "", false)
	mail, err := sendmail.ReadSettings(config, identity, given)
	if err != nil {
		return patchmail.Address{}, err
	}
	return sender(repo, mail.From)
}

// sender is who the mail is from: sendemail.from, else git's author.
func sender(repo *gitrepo.Repo, from string) (patchmail.Address, error) {
	if from != "" {
		a, err := patchmail.ParseAddress(from)
		if err != nil {
			return a, fmt.Errorf("configuration sendemail.from: %w", err)
		}
		return a, nil
	}
	author, err := repo.Author()
	return patchmail.Address{Name: author.Name, Mailbox: author.Email}, err
}

// recipients gathers the standing recipients: --to and --cc replace
// sendemail.to and .cc, the series settings always count.
func (s *Submission) recipients(o Options) (Recipients, error) {
	r := Recipients{Me: []patchmail.Address{s.Sender}, Suppress: suppressionOf(s.Mail),
		ToCover: s.Mail.ToCover, CcCover: s.Mail.CcCover}
	book := newAddressBook(s.Mail, o.Home, s.repo.TopLevel)
	for _, l := range []struct {
		into    *[]patchmail.Address
		from    *[]string
		option  string
		given   []string
		mailKey string
		mail    []string
		key     string
	}{
		{&r.To, &r.toFrom, "--to", o.To, "sendemail.to", s.Mail.To, "send-series-to"},
		{&r.Cc, &r.ccFrom, "--cc", o.Cc, "sendemail.cc", s.Mail.Cc, "send-series-cc"},
		{&r.Bcc, new([]string), "--bcc", o.Bcc, "sendemail.bcc", s.Mail.Bcc, ""},
	} {
		var lists []recipientList
		if l.given == nil {
			lists = listsFrom("configuration "+l.mailKey, l.mail)
		}
		if l.key != "" {
			lists = append(lists, seriesLists(s.settings, l.key)...)
		}
		for _, list := range append(lists, listsFrom(l.option, l.given)...) {
			found, err := readLists(book, []recipientList{list})
			if err != nil {
				return r, err
			}
			*l.into = append(*l.into, found...)
			for range found {
				*l.from = append(*l.from, strings.TrimPrefix(list.where, "configuration "))
			}
		}
	}
	for _, v := range s.settings.All("email-exclude") {
		if v.FromTree() {
			continue // who never gets mail is the user's to say
		}
		for _, glob := range strings.Split(v.Text, ",") {
			r.Exclude = append(r.Exclude, strings.TrimSpace(glob))
		}
	}
	var err error
	if r.Dropped, err = s.Series.Dropped(); err != nil {
		return r, err
	}
	for _, a := range without(o.FromThread, r.Me) {
		r.Cc, r.ccFrom = append(r.Cc, a), append(r.ccFrom, "the thread")
	}
	r.MeToo, err = s.settings.Bool("send-me-too", true)
	r.MeToo = r.MeToo && !o.NotMeToo
	return r, err
}

// An UnwritableError reports a message that cannot be written as mail, such as
// one whose author has no address.
type UnwritableError struct {
	Draft *series.Draft
	Err   error
}

func (e *UnwritableError) Error() string {
	cause := e.Err
	if inner := errors.Unwrap(cause); inner != nil { // less the message-id, which says nothing yet
		cause = inner
	}
	if e.Draft.Commit == nil {
		return fmt.Sprintf("the cover letter: %v", cause)
	}
	return fmt.Sprintf("commit %s (%s): %v", e.Draft.Commit.ID.Short(), e.Draft.Title, cause)
}

func (e *UnwritableError) Unwrap() error { return e.Err }

// write makes the bytes and the envelope of every message, this once.
func (s *Submission) write(bcc []patchmail.Address) error {
	s.kept = spool.In(filepath.Join(s.repo.CommonDir, "kprep"))
	s.Messages = make([]Message, len(s.rendered.Drafts))
	var body, raw []byte // of one message after the other
	for i := range s.Messages {
		m := &s.Messages[i]
		m.Draft = &s.rendered.Drafts[i]
		m.Name = patchmail.FileName(m.Draft.Counter, m.Draft.Title, "eml")
		mail, err := m.Draft.MailIn(body)
		if err != nil {
			return err
		}
		if raw, err = mail.AppendTo(raw[:0]); err != nil {
			return &UnwritableError{Draft: m.Draft, Err: err}
		}
		body = mail.Body
		m.Size, m.Encoding, m.text = len(raw), encodingOf(raw), sha256.Sum256(body)
		m.raw = s.kept.Keep(raw)
		if m.Recipients, m.to, err = s.envelope(mail, bcc); err != nil {
			return fmt.Errorf("%s: %w", mail.Subject, err)
		}
		if i > 0 { // most have the same
			before := s.Messages[i-1]
			m.Recipients, m.to = shared(m.Recipients, before.Recipients), shared(m.to, before.to)
		}
	}
	first := s.rendered.Drafts[0].Message
	for _, a := range first.To {
		if s.Common(a) {
			s.To = append(s.To, a)
		}
	}
	for _, a := range first.Cc {
		if s.Common(a) {
			s.Cc = append(s.Cc, a)
		}
	}
	return nil
}

// envelope are the mailboxes that a message goes to, and those of them that are
// To.
func (s *Submission) envelope(m patchmail.Message, bcc []patchmail.Address) (all, to []string, err error) {
	if all, to, err = envelope(m, bcc); s.only != nil {
		all, to = s.only, s.only
	}
	return all, to, err
}

// shared is one for two lists that are the same.
func shared(list, other []string) []string {
	if slices.Equal(list, other) {
		return other
	}
	return list
}

// Outgoing are the messages as a transport takes them, one at a time: the bytes
// of each hold until the next.
func (s *Submission) Outgoing() iter.Seq2[sendmail.Outgoing, error] {
	return func(yield func(sendmail.Outgoing, error) bool) {
		var raw []byte
		var err error
		for _, m := range s.Messages {
			raw, err = m.raw.AppendTo(raw[:0])
			out := sendmail.Outgoing{Name: m.Name, ID: m.Draft.Message.ID, Subject: m.Draft.Message.Subject,
				Recipients: m.Recipients, To: m.to, Bcc: s.blind(m), Date: m.Draft.Message.Date, Raw: raw}
			if !yield(out, err) {
				return
			}
		}
	}
}

// blind are the recipients of a message that no header names.
func (s *Submission) blind(m Message) []string {
	if s.Kind.private() {
		return nil
	}
	named, _, err := envelope(m.Draft.Message, nil)
	if err != nil {
		return nil // write has made the envelope
	}
	return slices.DeleteFunc(slices.Clone(m.Recipients), func(r string) bool { return slices.Contains(named, r) })
}

// Common says whether an address receives every message of the series.
func (s *Submission) Common(a patchmail.Address) bool {
	for _, m := range s.Messages {
		if !contains(m.Draft.Message.To, a) && !contains(m.Draft.Message.Cc, a) {
			return false
		}
	}
	return true
}

// copied are those whom a To or Cc trailer of a patch names.
func copied(drafts []series.Draft) []patchmail.Address {
	var all []patchmail.Address
	for _, d := range drafts {
		for _, p := range d.Persons {
			if p.Role == "cc" || p.Role == "to" {
				all = append(all, p.Address)
			}
		}
	}
	return all
}

// Bcc counts the recipients of every message that no header names.
func (s *Submission) Bcc() int { return s.bcc }
