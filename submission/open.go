package submission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// ErrNothingOpen means that there is no send to go on with.
var ErrNothingOpen = errors.New("no send of this series is unfinished")

// An Open is the send of a series that is not over, to be gone on with or
// given up.
type Open struct {
	repo    *gitrepo.Repo
	series  *series.Series
	journal *sendmail.Journal
}

// Reopen opens the send of the series that is not over, or returns
// ErrNothingOpen; a *DamagedSendError or a *LostSendError for one that cannot
// be gone on with. The caller holds the [Lock].
func Reopen(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (*Open, error) {
	open, err := openJournals(ctx, repo, s.Tracking.ChangeID)
	if err != nil {
		return nil, err
	}
	if len(open) == 0 || open[0].Salvaged() {
		if err := CheckNoneOpen(ctx, repo, s); err != nil {
			return nil, err
		}
		return nil, ErrNothingOpen
	}
	j, err := sendmail.OpenJournal(open[0].Dir())
	if err != nil {
		return nil, err
	}
	return &Open{repo: repo, series: s, journal: j}, nil
}

// Close releases the journal.
func (o *Open) Close() error { return o.journal.Close() }

// Signer is who signed the messages; nil for nobody.
func (o *Open) Signer() *sendmail.Signer { return o.journal.Plan().Signer }

// Identity is the section of sendemail.* that the send began with, "" being
// none; known is false where the plan does not tell.
func (o *Open) Identity() (identity string, known bool) {
	if recorded := o.journal.Plan().Identity; recorded != nil {
		return *recorded, true
	}
	return "", false
}

// Detour says that what is left would go another way than the send began: now
// by route, at first by began. Where there is no way now, Continue says so.
func (o *Open) Detour(mail sendmail.Settings) (route, began string, differs bool) {
	began = o.journal.Plan().Transport
	if s := o.journal.Summary(); over(o.journal) || s.Pending+s.Deferred == 0 {
		return "", began, false
	}
	transport, err := sendmail.OpenTransport(mail, credentials{o.repo})
	if err != nil {
		return "", began, false
	}
	defer transport.Close()
	return transport.String(), began, transport.String() != began
}

// Revision is the one that is being sent.
func (o *Open) Revision() int { return o.journal.Plan().Revision }

// Behind is how far a clock is behind the last entry of the journal; 0 when it
// is not.
func (o *Open) Behind(now time.Time) time.Duration { return o.journal.Behind(now) }

// Doubts are the messages of unknown fate.
func (o *Open) Doubts() []sendmail.Doubt { return o.journal.Doubts() }

// over says that nothing of the mail is left to do: it is complete, or the
// user leaves it at the refusals.
func over(j *sendmail.Journal) bool {
	s := j.Summary()
	return s.Complete || j.Has(markRefusals) && s.Final()
}

// An OutstandingError reports that it is too early to leave a send at its
// refusals, or that there is nothing to leave it at.
type OutstandingError struct{ Summary sendmail.Summary }

func (e *OutstandingError) Error() string {
	if e.Summary.Accepted == 0 {
		return "nobody accepted anything: there is nothing to leave it at"
	}
	return fmt.Sprintf("refusals cannot be accepted yet: %s", e.Summary)
}

// AcceptRefusals leaves the send at the recipients that were refused, even
// where they are To. It returns an *OutstandingError while anything else is
// left to do, and when nothing was accepted.
func (o *Open) AcceptRefusals() error {
	s := o.journal.Summary()
	if !s.Final() || s.Accepted == 0 {
		return &OutstandingError{Summary: s}
	}
	return o.journal.Mark(markRefusals)
}

// An UnknownFateError reports messages of which only the user can find out
// whether they arrived.
type UnknownFateError struct {
	Doubts   []sendmail.Doubt
	LinkMask string // URL with one %s for the message-id
}

func (e *UnknownFateError) Error() string {
	text := "it is not known whether these arrived:"
	for _, d := range e.Doubts {
		text += fmt.Sprintf("\n%s  <%s>\n  %s", d.Planned.Subject, d.Planned.ID, AboutDoubt(d, e.LinkMask))
	}
	return text
}

// AboutDoubt tells when a message left, to whom, and where it would be.
func AboutDoubt(d sendmail.Doubt, linkMask string) string {
	return fmt.Sprintf("%s, to %s: %s", d.Since.Local().Format(time.DateTime), strings.Join(visible(d.Planned, d.Recipients), ", "),
		strings.Replace(linkMask, "%s", d.Planned.ID, 1))
}

// visible are recipients as they may be shown: those of a Bcc are counted only
// (spec/mail.md 2.9).
func visible(m sendmail.Planned, recipients []string) []string {
	var shown []string
	for _, r := range recipients {
		if slices.Contains(m.Bcc, r) {
			r = sendmail.Blind
		}
		shown = append(shown, r)
	}
	return shown
}

// LinkMask is the URL of a message in the project's archive, with one %s for
// its message-id.
func (o *Open) LinkMask(ctx context.Context) (string, error) {
	return linkMask(ctx, o.repo, o.series)
}

func linkMask(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (string, error) {
	settings, err := project.Load(ctx, repo, s.Base)
	if err != nil {
		return "", err
	}
	return settings.LinkMask()
}

// Continue goes on with the send: what is pending or deferred is sent with the
// bytes of its plan, over the transport that mail says; then tag and branch
// move. Messages of unknown fate are never sent: it returns an
// *UnknownFateError within an *UnfinishedError.
func (o *Open) Continue(ctx context.Context, mail sendmail.Settings, policy sendmail.Policy, progress func(sendmail.Event)) (Outcome, error) {
	if out, err := o.doubtful(ctx); err != nil {
		return out, err
	}
	if s := o.journal.Summary(); over(o.journal) || s.Pending+s.Deferred == 0 {
		return o.Finish(ctx)
	}
	transport, err := sendmail.OpenTransport(mail, credentials{o.repo})
	if err != nil {
		return outcomeOf(o.journal), o.unfinished(err)
	}
	defer transport.Close()
	if err := transport.Authorize(ctx); err != nil {
		return outcomeOf(o.journal), o.unfinished(err)
	}
	return carry(ctx, o.repo, o.journal, transport, policy, progress)
}

// Finish does what is left once the mail is out. As long as it is not, it
// tells how far it is, in an *UnfinishedError.
func (o *Open) Finish(ctx context.Context) (Outcome, error) {
	if out, err := o.doubtful(ctx); err != nil {
		return out, err
	}
	out := outcomeOf(o.journal)
	if !over(o.journal) {
		return out, o.unfinished(nil)
	}
	return out.finish(ctx, o.repo, o.journal)
}

// Interrupted is how far the send is when the user stops before it goes on.
func (o *Open) Interrupted() (Outcome, error) {
	out := outcomeOf(o.journal)
	out.Summary.Stopped = "interrupted"
	return out, &UnfinishedError{Kind: Kind(o.journal.Plan().Kind), Summary: out.Summary}
}

func (o *Open) unfinished(err error) error {
	return &UnfinishedError{Kind: Kind(o.journal.Plan().Kind), Summary: o.journal.Summary(), Err: err}
}

func (o *Open) doubtful(ctx context.Context) (Outcome, error) {
	doubts := o.Doubts()
	if len(doubts) == 0 {
		return Outcome{}, nil
	}
	mask, err := o.LinkMask(ctx)
	if err != nil {
		return Outcome{}, err
	}
	return outcomeOf(o.journal), o.unfinished(&UnknownFateError{Doubts: doubts, LinkMask: mask})
}

// Settle records what the user says of a message of unknown fate: that it
// arrived, or that it did not and may be sent again.
func (o *Open) Settle(d sendmail.Doubt, arrived bool) error {
	return o.journal.Settle(d.Message, arrived)
}

// Renamed says what message-id its server gave to the first message.
func (o *Open) Renamed(id string) error { return o.journal.Rename(0, id) }

// Nameless says that the server gives messages new message-ids, and did not
// tell that of the first, to which the others reply.
func (o *Open) Nameless(mail sendmail.Settings) bool { return o.journal.Nameless(mail) }

// Shown records that a message of unknown fate was found in an archive, which
// where names. It returns [sendmail.ErrShownBefore] where that proves nothing.
func (o *Open) Shown(d sendmail.Doubt, where string) error { return o.journal.Shown(d.Message, where) }

// Moved says that the branch is not what it was when the send began. What is
// sent stays what was planned.
func (o *Open) Moved(ctx context.Context) (bool, error) {
	var r series.Reroll
	if o.journal.Plan().Finish == nil || json.Unmarshal(o.journal.Plan().Finish, &r) != nil {
		return false, nil // a resend, or Finish will say so
	}
	for _, u := range r.Updates {
		if u.Name == r.Branch {
			tip, err := o.repo.Ref(ctx, u.Name)
			return tip != u.Old && tip != u.New, err
		}
	}
	return false, nil
}
