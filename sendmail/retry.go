package sendmail

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/sendmail/smtp"
)

// A Policy says how patient [Policy.Run] is (spec/mail.md 4.2). The zero value
// is the standard.
//
// A server that cannot be reached, ends the session (421) or defers the sender
// (4xx to MAIL) is tried again up to three times, after the three pauses; one
// that breaks off before a final dot at once, before these. A message, or a
// recipient, that is deferred is tried again twice, after the last two pauses:
// the root of a thread at once, anything else when all others are through. A
// server that names a time of at most two minutes gets it; one that names more
// is not tried again, and neither is one that keeps silent.
type Policy struct {
	Pauses     [3]time.Duration // zero: 1, 5 and 30 seconds
	OutOfOrder bool             // recipients need not wait for an earlier message that is deferred

	sleep func(context.Context, time.Duration) error // nil: by the clock
}

// longestWait is how long a server may ask us to wait (spec/mail.md 4.4, F28).
const longestWait = 2 * time.Minute

// Policy is the one for these settings: a user who gives servers more or less
// time than usual has more or less patience.
func (s Settings) Policy() Policy {
	pauses := standardPauses()
	if s.ReplyLimit > 0 {
		for i := range pauses {
			pauses[i] = time.Duration(float64(pauses[i]) * float64(s.ReplyLimit) / float64(smtp.StandardLimits().Command))
		}
	}
	return Policy{Pauses: pauses}
}

func standardPauses() [3]time.Duration {
	return [3]time.Duration{time.Second, 5 * time.Second, 30 * time.Second}
}

// pauseAfter is the time to wait after so many pauses, and what a server said;
// false when it is not worth while.
func (p Policy) pauseAfter(taken int, said ...string) (time.Duration, bool) {
	pauses := p.Pauses
	if pauses == ([3]time.Duration{}) {
		pauses = standardPauses()
	}
	if taken >= len(pauses) {
		return 0, false
	}
	pause := pauses[taken]
	for _, text := range said {
		pause = max(pause, AskedFor(text))
	}
	return pause, pause <= max(longestWait, pauses[taken])
}

// pause waits d and a little, so that many clients do not come back at once.
func (r *run) pause(ctx context.Context, i int, d time.Duration, why string) error {
	e := r.event(i)
	e.Pause, e.Why = d, Discreet(r.j.blind(), why)
	r.progress(e)
	if r.policy.sleep != nil {
		return r.policy.sleep(ctx, d)
	}
	timer := time.NewTimer(d + time.Duration(rand.Int64N(int64(d)/8+1)))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// connect is Transport.Prepare, with patience.
func (r *run) connect(ctx context.Context, first int) error {
	r.current = first
	for pauses := 0; ; pauses++ {
		var err error
		if r.able, err = r.t.Prepare(ctx, r.j.outlines()); err == nil {
			return nil
		}
		if again, waitErr := r.afterError(ctx, first, pauses, err); !again {
			return waitErr
		}
	}
}

// afterError waits when err may pass. Without that, it returns the error to
// end with.
func (r *run) afterError(ctx context.Context, i, pauses int, err error) (bool, error) {
	d, worthwhile := r.policy.pauseAfter(pauses, err.Error())
	if !worthwhile || ctx.Err() != nil || !temporary(err) {
		return false, err
	}
	if err := r.pause(ctx, i, d, clean(err.Error())); err != nil {
		return false, err
	}
	return true, nil
}

// temporary says whether what kept us from the next hop may pass by itself.
func temporary(err error) bool {
	if web := (*endpoint.NotSentError)(nil); errors.As(err, &web) {
		return web.Temporary
	}
	if busy := (*endpoint.RefusedError)(nil); errors.As(err, &busy) {
		return busy.Answer.RetryAfter > 0
	}
	return smtp.Temporary(err)
}

// A delivery is the work on one message within one pass.
type delivery struct {
	*run
	message   int
	name      string
	off       map[string]bool // recipients put off until the next pass
	pauses    int             // for the server's sake
	retries   int             // of the root, for its recipients' sake
	reconnect bool            // the try at once has been had
}

// deliver sends message i to all its open recipients, in as many transactions
// as that takes, or gives the reason to stop.
func (r *run) deliver(ctx context.Context, i int) error {
	d := &delivery{run: r, message: i, name: r.j.plan.Messages[i].Name, off: map[string]bool{}}
	if err := d.refuseForeign(); err != nil {
		return err
	}
	for r.stopped == "" {
		recipients := r.next(i, d.off)
		if len(recipients) == 0 {
			break
		}
		got, err := r.attempt(ctx, i, recipients)
		switch {
		case err != nil && len(got) > 0:
			return err
		case err != nil:
			again, err := r.afterError(ctx, i, d.pauses, err)
			if !again {
				return err
			}
			d.pauses++
		default:
			if r.stopped = verdict(d.name, got); r.stopped == "" {
				err = d.consider(ctx, got)
			}
			if err != nil {
				return err
			}
		}
	}
	if i == 0 && len(r.j.plan.Messages) > 1 && r.stopped == "" {
		if r.stopped = r.j.ghost(); r.stopped == "" {
			r.stopped = r.nameless()
		}
	}
	return nil
}

// refuseForeign refuses here what the server cannot take (spec/mail.md 2.7).
func (d *delivery) refuseForeign() error {
	if d.able.UTF8 {
		return nil
	}
	var foreign []string
	for _, to := range d.j.open(d.message) {
		if !isASCII(to) {
			foreign = append(foreign, to)
		}
	}
	return d.j.Append(receipts(d.message, foreign, Refused, AtLocal, 0, "the server does not take addresses outside of ASCII")...)
}

// consider decides what follows an attempt after which some recipients are
// deferred: another one at once or after a pause, the next pass, or the end.
func (d *delivery) consider(ctx context.Context, got []Receipt) error {
	var deferred []Receipt
	taken := 0
	for _, r := range got {
		switch r.State {
		case Deferred:
			deferred = append(deferred, r)
		case Accepted:
			taken++
		}
	}
	if len(deferred) == 0 {
		return nil
	}
	worst := deferred[0]
	for _, r := range deferred {
		if r.AboutSession() {
			worst = r
		}
	}
	switch {
	case worst.AboutSession():
		return d.afterSession(ctx, worst)
	case worst.Step == AtLocal || worst.Step == AtCommand || ctx.Err() != nil:
		d.stopped = notNow(d.name, worst)
	case taken > 0 && TooMany(deferred):
		d.able.MaxRecipients = taken // the rest has its own transaction now
	case d.message == 0 && len(d.j.plan.Messages) > 1:
		return d.retryRoot(ctx, deferred)
	default:
		for _, r := range deferred {
			d.off[r.Recipient] = true
		}
	}
	return nil
}

func (d *delivery) afterSession(ctx context.Context, r Receipt) error {
	broken := r.Code == 0 || r.Code == 421
	if broken && !d.reconnect && ctx.Err() == nil && AskedFor(r.Reply) == 0 {
		d.reconnect = true
		return nil
	}
	pause, worthwhile := d.policy.pauseAfter(d.pauses, r.Reply)
	if !worthwhile || r.silent || ctx.Err() != nil || r.Code/100 == 5 {
		d.stopped = notNow(d.name, r)
		return nil
	}
	d.pauses++
	return d.pause(ctx, d.message, pause, notNow(d.name, r))
}

func (d *delivery) retryRoot(ctx context.Context, deferred []Receipt) error {
	pause, worthwhile := d.policy.pauseAfter(d.retries+1, replies(deferred)...)
	if !worthwhile {
		d.stopped = d.j.ghost()
		return nil
	}
	d.retries++
	return d.pause(ctx, d.message, pause, notNow(d.name, deferred[0]))
}

// wait pauses before the next pass, when something is deferred and that is
// worth while; else it says what is outstanding.
func (r *run) wait(ctx context.Context, pass int) (again bool, err error) {
	var deferred []Receipt
	for i := range r.j.plan.Messages {
		for _, d := range r.j.of(i) {
			if d.State == Deferred {
				deferred = append(deferred, d)
			}
		}
	}
	if len(deferred) == 0 {
		return false, nil
	}
	first := deferred[0]
	why := notNow(r.j.plan.Messages[first.Message].Name, first)
	pause, worthwhile := r.policy.pauseAfter(pass+1, replies(deferred)...)
	if !worthwhile {
		r.stopped = why
		return false, nil
	}
	return true, r.pause(ctx, first.Message, pause, why)
}

func replies(all []Receipt) []string {
	var texts []string
	for _, r := range all {
		texts = append(texts, r.Reply)
	}
	return texts
}
