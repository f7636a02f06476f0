package sendmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// An Event is a report of progress.
type Event struct {
	Message  int // index in the plan, from 0
	Total    int // messages in the plan
	Name     string
	Subject  string
	Done     bool      // false: the message is about to be tried
	Receipts []Receipt // of this attempt, when done
	Alike    bool      // all messages went this way, for one reason, which Summary.Stopped tells

	ID  string   // message-id, without angle brackets
	Bcc []string // recipients whom nobody else is to know

	Pause time.Duration // greater than 0: nothing is tried for so long
	Why   string        // what the pause is for, harmless to a terminal

	Step  string        // not empty: what is waited for, such as "greeting", "RCPT", "final dot" or "command"
	Limit time.Duration // for so long at most
}

// A watched transport tells what it waits for.
type watched interface {
	watch(func(step string, limit time.Duration))
}

// Run sends what is pending or deferred in j, in the plan's order, and logs
// the receipts. Every message is sent with the bytes that the journal holds, so
// going on after a break is Run again. It never touches what is accepted,
// refused or unknown. How often it tries again what is deferred is its
// [Policy]; Run has the standard one.
//
// It stops early, and says so in Summary.Stopped, when going on would do harm
// (spec/mail.md 2.8, 4.2, 4.4):
//
//   - the first message, the root of the thread, was not accepted by anybody,
//     or is deferred or unknown for somebody: the others would reply to a ghost;
//   - a message is of unknown fate: so may be the next;
//   - the server refused the sender (5xx to MAIL) or a message as such (5xx to
//     DATA or the dot): so it will the next;
//   - the server cannot be used, or something stays deferred.
//
// A web endpoint gets all messages at once; so it has them all, or none, or
// nobody knows, unless it tells them apart.
//
// Recipients that are refused while others are accepted stop nothing but the
// root. One to whom a message is deferred gets none of the later ones before
// it; the others do. An error says why nothing, or nothing more, could be
// tried: the transport could not connect or log in, a [TooLargeError], the
// journal could not be written, or ctx was cancelled. The summary holds in any
// case, and its Status is the exit status.
func Run(ctx context.Context, j *Journal, t Transport, progress func(Event)) (Summary, error) {
	return Policy{}.Run(ctx, j, t, progress)
}

// Run is [Run] with this policy.
func (p Policy) Run(ctx context.Context, j *Journal, t Transport, progress func(Event)) (Summary, error) {
	if progress == nil {
		progress = func(Event) {}
	}
	r := &run{j: j, t: t, progress: progress, policy: p}
	if w, ok := t.(watched); ok {
		w.watch(func(step string, limit time.Duration) {
			e := r.event(r.current)
			if step == betweenLogins {
				e.Pause, e.Why = limit, "sendemail.smtpReloginDelay"
			} else {
				e.Step, e.Limit = step, limit
			}
			progress(e)
		})
		defer w.watch(nil)
	}
	err := r.all(ctx)
	if err != nil && ctx.Err() != nil {
		err = &interruptedError{ctx.Err()} // what it broke is no news
	}
	if ctx.Err() != nil && r.stopped != "" {
		r.stopped = "interrupted"
	}
	s := j.Summary()
	s.Stopped, s.Nameless = Discreet(j.blind(), r.stopped), r.stopped != "" && r.stopped == r.nameless()
	return s, err
}

// An interruptedError says in the user's words that a context was cancelled.
type interruptedError struct{ cause error }

func (e *interruptedError) Error() string { return "interrupted" }
func (e *interruptedError) Unwrap() error { return e.cause }

type run struct {
	j        *Journal
	t        Transport
	progress func(Event)
	policy   Policy
	able     Abilities
	stopped  string
	current  int             // index of the message that is tried
	waiting  map[string]bool // recipients to whom an earlier message is outstanding
}

func (r *run) all(ctx context.Context) error {
	if r.j.salvaged {
		return &DamagedError{Dir: r.j.dir, Reason: strings.Join(r.j.damage, "; ")}
	}
	first := 0
	for first < len(r.j.plan.Messages) && len(r.j.open(first)) == 0 {
		first++
	}
	if first == len(r.j.plan.Messages) {
		return nil
	}
	if first > 0 {
		if r.stopped = r.j.ghost(); r.stopped != "" {
			return nil
		}
	}
	if err := r.j.reserve(); err != nil {
		return err
	}
	if err := r.prepare(ctx, first); err != nil {
		return err
	}
	if first > 0 {
		if r.stopped = r.nameless(); r.stopped != "" {
			return nil
		}
	}
	if t, ok := r.t.(wholesale); ok {
		return r.together(ctx, t)
	}
	for pass := 0; ; pass++ {
		if err := r.pass(ctx, first); err != nil || r.stopped != "" {
			return err
		}
		again, err := r.wait(ctx, pass)
		if err != nil || !again {
			return err
		}
	}
}

// pass goes once through all messages, from the one with the given index.
func (r *run) pass(ctx context.Context, first int) error {
	r.waiting = map[string]bool{}
	for i := first; i < len(r.j.plan.Messages) && r.stopped == ""; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.deliver(ctx, i); err != nil {
			return err
		}
		for _, to := range r.j.open(i) {
			r.waiting[to] = true
		}
	}
	return nil
}

// prepare asks the next hop what it takes and compares every message with the
// answer before the first is sent.
func (r *run) prepare(ctx context.Context, first int) error {
	var in bytes.Buffer
	for i := range r.j.plan.Messages {
		if _, err := r.j.look(i, &in); err != nil {
			return err // damaged: find out before anything leaves
		}
	}
	if err := r.connect(ctx, first); err != nil {
		return err
	}
	if !r.able.UTF8 && !isASCII(r.j.plan.EnvelopeFrom) {
		return fmt.Errorf("the server does not take addresses outside of ASCII, such as the sender %s", clean(r.j.plan.EnvelopeFrom))
	}
	if err := r.checkUTF8(&in); err != nil {
		return err
	}
	if err := r.knowSize(&in); err != nil {
		return err
	}
	tooLarge := &TooLargeError{Limit: r.able.MaxSize}
	for i := range r.j.plan.Messages {
		if len(r.j.open(i)) == 0 {
			continue
		}
		m, err := r.message(i, &in)
		if err != nil {
			return err
		}
		if size := int64(wireSize(m.Raw)); r.able.MaxSize > 0 && size > r.able.MaxSize {
			tooLarge.Messages = append(tooLarge.Messages, fmt.Sprintf("%s (%d)", m.Name, size))
		}
	}
	if len(tooLarge.Messages) > 0 {
		return tooLarge
	}
	return nil
}

// checkUTF8 returns a *UTF8Error for a server that does not take what the
// headers hold.
func (r *run) checkUTF8(in *bytes.Buffer) error {
	if r.able.UTF8 {
		return nil
	}
	e := &UTF8Error{}
	for i, planned := range r.j.plan.Messages {
		if len(r.j.open(i)) == 0 {
			continue
		}
		m, err := r.j.look(i, in)
		if err != nil {
			return err
		}
		if patchmail.NeedsUTF8(m.Raw) {
			e.Messages = append(e.Messages, planned.Name)
		}
	}
	if len(e.Messages) > 0 {
		return e
	}
	return nil
}

// message is the form of message i that the next hop takes.
func (r *run) message(i int, in *bytes.Buffer) (Outgoing, error) {
	if r.able.EightBit {
		return r.j.look(i, in)
	}
	return r.j.sevenBit(i, in)
}

// event is about message i.
func (r *run) event(i int) Event {
	m := r.j.plan.Messages[i]
	return Event{Message: i, Total: len(r.j.plan.Messages), Name: m.Name, Subject: m.Subject, ID: m.ID, Bcc: m.Bcc}
}

// attempt sends message i to the recipients, once.
func (r *run) attempt(ctx context.Context, i int, recipients []string) ([]Receipt, error) {
	m, err := r.message(i, new(bytes.Buffer))
	if err != nil {
		return nil, err
	}
	e := r.event(i)
	r.current = i
	r.progress(e)
	got, err := r.t.Send(ctx, r.j.plan.EnvelopeFrom, i, m, recipients, func(to []string) error { return r.j.depart(i, to) })
	if journalErr := r.j.Append(got...); journalErr != nil {
		return got, errors.Join(err, journalErr)
	}
	if renameErr := r.learnID(i, got); renameErr != nil {
		return got, errors.Join(err, renameErr)
	}
	if len(got) > 0 {
		e.Done, e.Receipts = true, got
		r.progress(e)
	}
	return got, err
}

// next are the recipients of message i for one transaction: not those that
// wait for an earlier one, not those that are put off, not more than the
// server takes, and addresses outside of ASCII by themselves, so that others
// do not need a next hop with SMTPUTF8.
func (r *run) next(i int, off map[string]bool) []string {
	var ascii, foreign []string
	for _, to := range r.j.open(i) {
		switch {
		case off[to] || r.waiting[to] && !r.policy.OutOfOrder:
		case isASCII(to):
			ascii = append(ascii, to)
		default:
			foreign = append(foreign, to)
		}
	}
	if len(ascii) == 0 {
		ascii = foreign
	}
	if limit := r.able.MaxRecipients; limit > 0 && len(ascii) > limit {
		ascii = ascii[:limit]
	}
	return ascii
}

// verdict says why nothing may follow the message of these receipts; "" when
// it may.
func verdict(name string, got []Receipt) string {
	for _, r := range got {
		switch {
		case r.State == Unknown:
			return fmt.Sprintf("it is not known what became of %s: %s", name, r.Reply)
		case r.State == Refused && (r.Step == AtMail || r.Step == AtData || r.Step == AtDot || r.Step == AtCommand):
			return fmt.Sprintf("%s was refused: %s", name, answer(r))
		}
	}
	return ""
}

// notNow says that a message is outstanding, and why.
func notNow(name string, r Receipt) string {
	return fmt.Sprintf("%s could not be sent now: %s", name, answer(r))
}

func answer(r Receipt) string {
	if r.Code == 0 || r.Step == AtCommand || r.Step == AtEndpoint {
		return r.Reply
	}
	return fmt.Sprintf("%d %s", r.Code, r.Reply)
}

// ghost says why no message may reply to the first one; "" when it may.
func (j *Journal) ghost() string {
	name := j.plan.Messages[0].Name
	accepted := false
	for _, r := range j.of(0) {
		switch r.State {
		case Accepted:
			accepted = true
		case Unknown, InFlight:
			return fmt.Sprintf("it is not known what became of %s, to which the others reply", name)
		case Pending, Deferred:
			return fmt.Sprintf("%s, to which the others reply, has not reached everybody: %s: %s", name, r.Recipient, answer(r))
		}
	}
	if !accepted {
		return fmt.Sprintf("nobody accepted %s, to which the others reply", name)
	}
	return ""
}

// knowSize adds to what the server says of sizes what it was seen to refuse
// for its size (552, RFC 5321 4.2.3). 5.2.2 is a mailbox that is full.
func (r *run) knowSize(in *bytes.Buffer) error {
	for i := range r.j.plan.Messages {
		for _, receipt := range r.j.of(i) {
			if receipt.Code != 552 || receipt.Step != AtDot && receipt.Step != AtData || strings.HasPrefix(receipt.Reply, "5.2.2") {
				continue
			}
			m, err := r.j.look(i, in)
			if err != nil {
				return err
			}
			if below := int64(wireSize(m.Raw)) - 1; r.able.MaxSize == 0 || below < r.able.MaxSize {
				r.able.MaxSize = below
			}
		}
	}
	return nil
}
