package submission

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// A Sending is a submission that is ready to leave: all is checked and
// prepared, nothing is connected to, and nothing has changed.
type Sending struct {
	*Submission
	Route string // where the mail goes first, for people

	Service *endpoint.Service // what a web endpoint says of itself; nil for one that cannot tell, and for other ways

	transport sendmail.Transport
	reroll    *series.Reroll // nil unless of KindSend
}

// A ReflectRouteError reports a sendmail command that may not be trusted to
// deliver only to the recipients it is given.
type ReflectRouteError struct{ Command string }

func (e *ReflectRouteError) Error() string {
	return fmt.Sprintf("the command %q may send to the addresses in the headers as well", e.Command)
}

// Ready checks a submission against everything that stops it, and prepares
// what follows the mail; the messages are signed from then on. allow names
// problems to pass over. It returns *Refusals, an *OpenSendError, a
// *SigningError, a *series.TaggedError, or why there is no way to send. The
// caller holds the [Lock].
func (s *Submission) Ready(ctx context.Context, allow []string) (*Sending, error) {
	if err := s.check(ctx, allow); err != nil {
		return nil, err
	}
	if err := s.sign(ctx); err != nil {
		return nil, err
	}
	ready := &Sending{Submission: s}
	var err error
	if s.Kind == KindSend {
		if ready.reroll, err = s.prepareReroll(ctx, s.Messages[0].Draft.Message.ID); err != nil {
			return nil, err
		}
	} else if s.Kind.private() {
		if err := s.checkReflectRoute(); err != nil {
			return nil, err
		}
	}
	if ready.transport, err = sendmail.OpenTransport(s.Mail, credentials{s.repo}); err != nil {
		return nil, err
	}
	ready.Route = ready.transport.String()
	if err := ready.meet(ctx); err != nil {
		return nil, err
	}
	return ready, ready.transport.Authorize(ctx)
}

// Check says what Ready would refuse, writes nothing and asks no server.
func (s *Submission) Check(ctx context.Context, allow []string) error {
	if err := s.check(ctx, allow); err != nil || s.Kind != KindSend {
		return err
	}
	return s.Series.CheckReroll(ctx)
}

func (s *Submission) check(ctx context.Context, allow []string) error {
	if err := s.endpointPossible(); err != nil {
		return err
	}
	if err := s.refusals(allow); err != nil {
		return err
	}
	if err := CheckNoneOpen(ctx, s.repo, s.Series); err != nil {
		return err
	}
	if s.Signing.Err != nil {
		return &SigningError{s.Signing.Err, s.Mail.ByEndpoint()}
	}
	return s.validate(ctx)
}

// refusals are only those of the way when the mail is not for everybody.
func (s *Submission) refusals(allow []string) error {
	found := s.Problems(allow)
	if s.Kind.private() {
		found = s.sift(s.endpointProblems(), allow)
	}
	var refused []Problem
	for _, p := range found {
		if p.Refusal {
			refused = append(refused, p)
		}
	}
	if len(refused) > 0 {
		return &Refusals{Problems: refused}
	}
	return nil
}

func (s *Submission) checkReflectRoute() error {
	if s.Mail.ByEndpoint() {
		return nil // it knows one address that is mine
	}
	command := s.Mail.Command
	if command == "" && filepath.IsAbs(s.Mail.Server) {
		command = s.Mail.Server
	}
	if command == "" {
		return nil
	}
	config, err := s.repo.Config()
	if err != nil {
		return err
	}
	if trusted, _ := config.Get("sendemail.b4-really-reflect-via"); trusted != command {
		return &ReflectRouteError{Command: command}
	}
	return nil
}

func (s *Submission) prepareReroll(ctx context.Context, firstID string) (*series.Reroll, error) {
	mask, err := s.settings.LinkMask()
	if err != nil {
		return nil, err
	}
	compat, err := s.settings.Bool("compat-tags", false)
	if err != nil {
		return nil, err
	}
	return s.Series.PrepareReroll(ctx, series.Mailed{
		FirstID: firstID, Subject: s.rendered.Title, Prefixes: s.rendered.Prefixes,
		Text: s.rendered.Text, LinkMask: mask,
	}, compat)
}

// Tag is the tag that the sent revision will get; "" for none.
func (r *Sending) Tag() string {
	if r.reroll == nil {
		return ""
	}
	return r.reroll.Tag
}

// NextRevision is what the branch becomes afterwards; 0 for no change.
func (r *Sending) NextRevision() int {
	if r.reroll == nil {
		return 0
	}
	return r.reroll.Revision
}

// An Outcome is how far a send came.
type Outcome struct {
	Summary      sendmail.Summary
	Receipts     []sendmail.Receipt // one per message and recipient
	Messages     []sendmail.Planned // that these are of
	Tag          string             // that now marks the sent revision; "" for none
	NextRevision int                // of the branch; 0 when it did not change
	Journal      string             // its folder; "" when there is none
}

func outcomeOf(j *sendmail.Journal) Outcome {
	return Outcome{Summary: j.Summary(), Receipts: j.Receipts(), Messages: j.Plan().Messages, Journal: j.Dir()}
}

// An UnfinishedError reports a send that is not over: the journal holds what
// is left to do.
type UnfinishedError struct {
	Kind    Kind // of a mail to oneself nothing is kept to go on with
	Summary sendmail.Summary
	Refs    bool // the mail is out; only tag and branch are left
	Over    bool // nothing is left that could be gone on with or given up
	Denied  bool // a web endpoint refused the request itself, not its mail server a recipient
	Tells   bool // a web endpoint can be asked what it has
	Err     error
}

func (e *UnfinishedError) Error() string {
	switch {
	case e.Refs:
		return fmt.Sprintf("all mail was accepted, but tag and branch could not be updated: %v", e.Err)
	case e.Err == nil && e.Summary.Stopped == "" && e.Summary.Final():
		return e.Summary.String() + ": somebody in To was refused"
	case e.Err == nil && e.Summary.Stopped == "":
		return e.Summary.String()
	case e.Err == nil:
		return e.Summary.String() + ": " + e.Summary.Stopped
	}
	return fmt.Sprintf("%s: %v", e.Summary, e.Err)
}

func (e *UnfinishedError) Unwrap() error { return e.Err }

// Status is the exit status of design section 7.
func (e *UnfinishedError) Status() int {
	if e.Refs {
		return 5
	}
	if errors.As(e.Err, new(*sendmail.LogError)) && e.Summary.Accepted+e.Summary.Unknown > 0 {
		return 4 // what the disk has is not known (spec/mail 4.4, F42)
	}
	return max(e.Summary.Status(), 1)
}

// Send writes the journal, hands the messages over and, when they were
// accepted, moves tag and branch. Nothing is connected to before the journal
// is on disk. It returns an *UnfinishedError when something is left to do,
// with the outcome so far. A send that a web endpoint refuses as a whole is over
// at once: nothing of it left, and the revision is not used up.
func (r *Sending) Send(ctx context.Context, policy sendmail.Policy, progress func(sendmail.Event)) (Outcome, error) {
	plan := sendmail.Plan{Kind: string(r.Kind), ChangeID: r.Series.Tracking.ChangeID, Revision: r.Series.Tracking.Revision,
		Created: r.now, Transport: r.Route, Identity: &r.Mail.Identity, EnvelopeFrom: r.Envelope, Signer: r.Signer()}
	if r.reroll != nil {
		// A hook that forbids the reroll says so while nothing has left.
		if r.reroll.Rewrites() {
			if err := r.repo.BeforeRewrite(ctx); err != nil {
				return Outcome{}, err
			}
		}
		finish, err := json.Marshal(r.reroll)
		if err != nil {
			return Outcome{}, err
		}
		plan.Finish = finish
	}
	dir, err := sendmail.NextDir(seriesDir(r.repo, plan.ChangeID), plan.Revision, plan.Kind)
	if err != nil {
		return Outcome{}, err
	}
	journal, err := sendmail.Create(dir, plan, r.Outgoing())
	if err != nil {
		return Outcome{}, err
	}
	defer journal.Close()
	defer r.transport.Close()
	out, err := carry(ctx, r.repo, journal, r.transport, policy, progress)
	if unfinished := (*UnfinishedError)(nil); !r.Kind.private() && errors.As(err, &unfinished) && unfinished.Err == nil && deniedWhole(out.Receipts) {
		unfinished.Err = forget(ctx, r.repo, journal)
		unfinished.Over = unfinished.Err == nil
	}
	if err == nil {
		_ = expireMessages(r.repo, r.now) // what is not removed now is next time: the send is complete without it
	}
	return out, err
}

// carry runs a journal to its end, as far as that comes.
func carry(ctx context.Context, repo *gitrepo.Repo, j *sendmail.Journal, t sendmail.Transport, policy sendmail.Policy, progress func(sendmail.Event)) (Outcome, error) {
	kind := Kind(j.Plan().Kind)
	if err := begin(ctx, repo, j); err != nil {
		return outcomeOf(j), &UnfinishedError{Kind: kind, Summary: j.Summary(), Err: err}
	}
	summary, err := policy.Run(ctx, j, t, progress)
	web, byWeb := t.(*sendmail.Web)
	out := outcomeOf(j)
	out.Summary = summary
	if kind.private() {
		// A mail that is not for the list may be repeated at will: nothing to go on with.
		if markErr := j.Mark(markClosed); markErr != nil {
			err = errors.Join(err, markErr)
		}
		if err != nil || !summary.Complete {
			return out, &UnfinishedError{Kind: kind, Summary: summary, Denied: denied(out.Receipts), Err: err}
		}
		return out, nil
	}
	if err != nil || !over(j) {
		return out, &UnfinishedError{Kind: kind, Summary: summary, Denied: denied(out.Receipts), Tells: byWeb && web.Tells(), Err: err}
	}
	// The mail is out: what follows must not be cut short by an interrupt.
	return out.finish(context.WithoutCancel(ctx), repo, j)
}

// refusedByWeb says that a web endpoint refused the request that a message came
// in, rather than that its mail server refused a recipient of one it took.
func refusedByWeb(r sendmail.Receipt) bool {
	return r.Step == sendmail.AtEndpoint && r.State == sendmail.Refused && r.Code >= 400
}

func denied(all []sendmail.Receipt) bool { return slices.ContainsFunc(all, refusedByWeb) }

// deniedWhole says that a web endpoint refused everything: nobody has anything,
// and nothing is left to try.
func deniedWhole(all []sendmail.Receipt) bool {
	return len(all) > 0 && !slices.ContainsFunc(all, func(r sendmail.Receipt) bool { return !refusedByWeb(r) })
}

// forget ends a send of which nothing left: the revision is as free as before.
func forget(ctx context.Context, repo *gitrepo.Repo, j *sendmail.Journal) error {
	ctx = context.WithoutCancel(ctx)
	if plan := j.Plan(); Kind(plan.Kind) == KindSend {
		if err := series.ForgetBegun(ctx, repo, plan.ChangeID, plan.Revision); err != nil {
			return err
		}
	}
	return j.Mark(markAbandoned)
}

// begin remembers outside of the journal, before anything is connected to, that
// mail of the revision may leave.
func begin(ctx context.Context, repo *gitrepo.Repo, j *sendmail.Journal) error {
	if Kind(j.Plan().Kind) != KindSend {
		return nil
	}
	var reroll series.Reroll
	if err := json.Unmarshal(j.Plan().Finish, &reroll); err != nil {
		return err
	}
	return reroll.Begin(ctx, repo)
}

// finish moves the refs that were prepared, and closes the journal.
func (o Outcome) finish(ctx context.Context, repo *gitrepo.Repo, j *sendmail.Journal) (Outcome, error) {
	if Kind(j.Plan().Kind) != KindSend { // no tag, no next revision
		return o, errors.Join(markOnce(j, markMailDone), markOnce(j, markClosed))
	}
	var reroll series.Reroll
	if err := json.Unmarshal(j.Plan().Finish, &reroll); err != nil {
		return o, &UnfinishedError{Kind: KindSend, Summary: o.Summary, Refs: true, Err: err}
	}
	reroll.Mailed.OnWire = j.OnWire(0)
	err := markOnce(j, markMailDone)
	if err == nil {
		err = series.FinishReroll(ctx, repo, &reroll)
	}
	lost, untagged := (*series.LostBranchError)(nil), (*series.LostPatchesError)(nil)
	if errors.As(err, &lost) || errors.As(err, &untagged) {
		// The tag is there, or the next revision, and nothing else can be done: this send is over.
		if untagged == nil {
			o.Tag = reroll.Tag
		}
		return o, &UnfinishedError{Summary: o.Summary, Refs: true, Over: true,
			Err: errors.Join(err, series.ForgetBegun(ctx, repo, reroll.ChangeID, reroll.Revision-1), markOnce(j, markClosed))}
	}
	if err == nil {
		o.Tag, o.NextRevision = reroll.Tag, reroll.Now
		err = errors.Join(markOnce(j, markRerolled), series.ForgetBegun(ctx, repo, reroll.ChangeID, reroll.Revision-1), markOnce(j, markClosed))
	}
	if err != nil {
		return o, &UnfinishedError{Kind: KindSend, Summary: o.Summary, Refs: true, Err: err}
	}
	return o, nil
}

func markOnce(j *sendmail.Journal, mark string) error {
	if j.Has(mark) {
		return nil
	}
	return j.Mark(mark)
}

// credentials are git's helpers, as sendmail wants them.
type credentials struct{ repo *gitrepo.Repo }

func (c credentials) Fill(ctx context.Context, protocol, host, username string) (sendmail.Credential, error) {
	got, err := c.repo.FillCredential(ctx, protocol, host, username)
	cred := sendmail.Credential{Username: got.Get("username"), Password: got.Get("password"), Fields: got}
	switch kind := got.Get("authtype"); {
	case kind == "" || err != nil:
	case strings.EqualFold(kind, "bearer"):
		cred.Bearer, cred.Password = true, got.Get("credential")
	case cred.Password == "":
		err = fmt.Errorf("the credential helper answers with authtype=%q, which is no way to log in to a mail server", kind)
	}
	if seconds, numErr := strconv.ParseInt(got.Get("password_expiry_utc"), 10, 64); numErr == nil {
		cred.Expires = time.Unix(seconds, 0)
	}
	return cred, err
}

func (c credentials) Approve(ctx context.Context, cred sendmail.Credential) error {
	return c.repo.ApproveCredential(ctx, cred.Fields.(gitrepo.Credential))
}

func (c credentials) Reject(ctx context.Context, cred sendmail.Credential) error {
	return c.repo.RejectCredential(ctx, cred.Fields.(gitrepo.Credential))
}
