package sendmail

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// An Event is a report of progress.
type Event struct {
	Message  int // index in the plan, from 0
	Total    int // messages in the plan
	Name     string
	Subject  string
	Done     bool      // false: the message is about to be tried
	Receipts []Receipt // of this attempt, when done
}

// Run sends what is pending or deferred in j, in the plan's order, and logs
// the receipts. Every message is sent with the bytes that the journal holds, so
// going on after a break is Run again. It never touches what is accepted,
// refused or unknown.
//
// It stops early, and says so in Summary.Stopped, when going on would do harm
// (spec/mail.md 2.8, 4.2, 4.4):
//
//   - the first message, the root of the thread, was not accepted by anybody,
//     or is deferred or unknown for somebody: the others would reply to a ghost;
//   - a message is of unknown fate: so may be the next;
//   - the server refused the sender (5xx to MAIL) or a message as such (5xx to
//     DATA or the dot): so it will the next;
//   - a message was deferred as a whole: order is kept.
//
// Recipients that are refused or deferred while others are accepted stop
// nothing but the root. An error says why nothing, or nothing more, could be
// tried: the transport could not connect or log in, a [TooLargeError], the
// journal could not be written, or ctx was cancelled. The summary holds in any
// case, and its Status is the exit status.
func Run(ctx context.Context, j *Journal, t Transport, progress func(Event)) (Summary, error) {
	if progress == nil {
		progress = func(Event) {}
	}
	r := &run{j: j, t: t, progress: progress}
	err := r.all(ctx)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("interrupted: %w", ctx.Err()) // what it broke is no news
	}
	if ctx.Err() != nil && r.stopped != "" {
		r.stopped = "interrupted"
	}
	s := j.Summary()
	s.Stopped = r.stopped
	return s, err
}

type run struct {
	j        *Journal
	t        Transport
	progress func(Event)
	able     Abilities
	stopped  string
}

// open are the recipients of a message that it may be sent to now.
func (j *Journal) open(message int) []string {
	var open []string
	for _, r := range j.of(message) {
		if r.State == Pending || r.State == Deferred {
			open = append(open, r.Recipient)
		}
	}
	return open
}

func (r *run) all(ctx context.Context) error {
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
	if err := r.prepare(ctx); err != nil {
		return err
	}
	for i := first; i < len(r.j.plan.Messages) && r.stopped == ""; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.one(ctx, i); err != nil {
			return err
		}
	}
	return nil
}

// prepare asks the next hop what it takes and compares every message with the
// answer before the first is sent.
func (r *run) prepare(ctx context.Context) error {
	messages, err := r.j.messages()
	if err != nil {
		return err
	}
	if r.able, err = r.t.Prepare(ctx, messages); err != nil {
		return err
	}
	if !r.able.UTF8 && !isASCII(r.j.plan.EnvelopeFrom) {
		return fmt.Errorf("the server does not take addresses outside of ASCII, such as the sender %s", clean(r.j.plan.EnvelopeFrom))
	}
	tooLarge := &TooLargeError{Limit: r.able.MaxSize}
	for i := range messages {
		if len(r.j.open(i)) == 0 {
			continue
		}
		m, err := r.message(i)
		if err != nil {
			return err
		}
		if size := int64(len(crlf(m.Raw))); r.able.MaxSize > 0 && size > r.able.MaxSize {
			tooLarge.Messages = append(tooLarge.Messages, fmt.Sprintf("%s (%d)", m.Name, size))
		}
	}
	if len(tooLarge.Messages) > 0 {
		return tooLarge
	}
	return nil
}

// message is the form of message i that the next hop takes.
func (r *run) message(i int) (Outgoing, error) {
	if r.able.EightBit {
		return r.j.Message(i)
	}
	return r.j.sevenBit(i)
}

// one sends one message to all its open recipients.
func (r *run) one(ctx context.Context, i int) error {
	recipients := r.j.open(i)
	if !r.able.UTF8 {
		var foreign []string
		recipients, foreign = split(recipients, isASCII)
		err := r.j.Append(receipts(i, foreign, Refused, AtLocal, 0, "the server does not take addresses outside of ASCII")...)
		if err != nil {
			return err
		}
	}
	if len(recipients) > 0 {
		m, err := r.message(i)
		if err != nil {
			return err
		}
		e := Event{Message: i, Total: len(r.j.plan.Messages), Name: m.Name, Subject: m.Subject}
		r.progress(e)
		got, err := r.t.Send(ctx, r.j.plan.EnvelopeFrom, i, m, recipients, func(to []string) error { return r.j.depart(i, to) })
		if err = errors.Join(err, r.j.Append(got...)); err != nil {
			return err
		}
		e.Done, e.Receipts = true, got
		r.progress(e)
		if r.stopped = verdict(m, got); r.stopped != "" {
			return nil
		}
	}
	if i == 0 && len(r.j.plan.Messages) > 1 {
		r.stopped = r.j.ghost()
	}
	return nil
}

// verdict says why nothing may follow the message of these receipts; "" when
// it may.
func verdict(m Outgoing, got []Receipt) string {
	deferred := 0
	for _, r := range got {
		switch {
		case r.State == Unknown:
			return fmt.Sprintf("it is not known what became of %s: %s", m.Name, r.Reply)
		case r.State == Refused && (r.Step == AtMail || r.Step == AtData || r.Step == AtDot || r.Step == AtCommand):
			return fmt.Sprintf("%s was refused: %s", m.Name, answer(r))
		case r.State == Deferred:
			deferred++
		}
	}
	if deferred == len(got) {
		return fmt.Sprintf("%s could not be sent now: %s", m.Name, answer(got[0]))
	}
	return ""
}

func answer(r Receipt) string {
	if r.Code == 0 || r.Step == AtCommand {
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

func split(all []string, first func(string) bool) (yes, no []string) {
	for _, s := range all {
		if first(s) {
			yes = append(yes, s)
		} else {
			no = append(no, s)
		}
	}
	return yes, no
}

// A Summary counts pairs of message and recipient.
type Summary struct {
	Accepted, Refused, Deferred, Unknown, Pending int

	Messages int   // in the plan
	Sent     int   // messages of which no pair is pending, deferred or unknown, and at least one accepted
	Doubtful []int // messages with a pair that is unknown

	// Complete says that the mail part is over: nothing is pending, deferred
	// or unknown, and each message was accepted for all of its To, or for
	// anyone where it has none (spec/mail.md 4.3). Then tag and reroll follow.
	Complete bool

	Stopped string // why Run stopped early; "" when it did not
}

// Summary counts what is in the journal.
func (j *Journal) Summary() Summary {
	s := Summary{Messages: len(j.plan.Messages), Complete: true}
	for i, m := range j.plan.Messages {
		count := map[State]int{}
		for _, r := range j.of(i) {
			count[r.State]++
		}
		unknown := count[Unknown] + count[InFlight]
		s.Accepted += count[Accepted]
		s.Refused += count[Refused]
		s.Deferred += count[Deferred]
		s.Pending += count[Pending]
		s.Unknown += unknown
		if unknown > 0 {
			s.Doubtful = append(s.Doubtful, i)
		}
		over := unknown+count[Deferred]+count[Pending] == 0
		if over && count[Accepted] > 0 {
			s.Sent++
		}
		s.Complete = s.Complete && over && count[Accepted] > 0
		for _, to := range m.To {
			s.Complete = s.Complete && j.pairs[i][to].State == Accepted
		}
	}
	return s
}

// Status is the exit status of the mail part (design section 7): 0 everything
// was accepted, 1 nothing was, 3 some was and the rest refused or outstanding,
// 4 something is of unknown fate.
func (s Summary) Status() int {
	switch {
	case s.Unknown > 0:
		return 4
	case s.Refused+s.Deferred+s.Pending == 0:
		return 0
	case s.Accepted == 0:
		return 1
	}
	return 3
}

// String is such as "sent 12 of 31, 1 unknown (0013), 18 not sent", counting
// messages.
func (s Summary) String() string {
	text := fmt.Sprintf("sent %d of %d", s.Sent, s.Messages)
	if n := len(s.Doubtful); n > 0 {
		var names []string
		for _, i := range s.Doubtful {
			names = append(names, fmt.Sprintf("%04d", i))
		}
		text += fmt.Sprintf(", %d unknown (%s)", n, strings.Join(names, ", "))
	}
	if rest := s.Messages - s.Sent - len(s.Doubtful); rest > 0 {
		text += fmt.Sprintf(", %d not sent", rest)
	}
	switch {
	case s.Refused == 1:
		text += ", 1 recipient refused"
	case s.Refused > 1:
		text += fmt.Sprintf(", %d recipients refused", s.Refused)
	}
	return text
}
