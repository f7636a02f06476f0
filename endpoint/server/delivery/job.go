package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/kprep/kprep/endpoint/server/feed"
	"github.com/kprep/kprep/endpoint/server/relay"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// A job is the work on one submission while it is claimed.
type job struct {
	*Worker
	sub       *store.Submission
	transport sendmail.Transport
	able      sendmail.Abilities

	waiting map[string]bool // recipients whom an earlier message has not reached, of this submission or of one before it in the thread
	put     []string        // what the mail server said to those whom it put off
}

// An outage is a mail server that cannot be used now.
type outage struct{ err error }

func (o *outage) Error() string { return o.err.Error() }
func (o *outage) Unwrap() error { return o.err }

// errLost means that the claim is somebody else's.
var errLost = errors.New("the claim was lost")

// work sends what can be sent now, feeds the feed, and says when to go on. The
// error is about what others need too.
func (j *job) work(ctx context.Context) (due time.Time, err error) {
	j.waiting = map[string]bool{}
	for _, to := range j.sub.Waiting {
		j.waiting[to] = true
	}
	err = j.giveUp(ctx)
	if err == nil {
		err = j.sendAll(ctx)
	}
	outage := (*outage)(nil)
	session := errors.As(err, &outage)
	due = j.Now().Add(pause(j.sub.Attempts, session, j.put...))
	if errors.Is(err, errLost) || ctx.Err() != nil {
		err = nil
	}
	if feedErr := j.feed(ctx); feedErr != nil {
		j.Log.Error("the feed lacks messages", slog.Int64("submission", j.sub.ID), slog.String("cause", feedErr.Error()))
	}
	return due, err
}

// sendAll sends the messages in order.
func (j *job) sendAll(ctx context.Context) error {
	prepared := false
	for i := range j.sub.Messages {
		m := &j.sub.Messages[i]
		if len(open(m)) == 0 {
			j.hold(m)
			continue
		}
		root, err := j.root(ctx, m)
		if err != nil {
			return err
		}
		switch {
		case root.refused:
			err = j.refuse(ctx, m, open(m), fmt.Sprintf("the message <%s>, to which it replies, was refused", root.id))
		case root.waiting:
		default:
			if !prepared {
				if j.able, err = j.transport.Prepare(ctx, nil); err != nil {
					return &outage{err}
				}
				prepared = true
			}
			err = j.send(ctx, m, root.off)
		}
		if err != nil {
			return err
		}
		j.hold(m)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

// hold keeps later messages from those whom this one has not reached, or not for
// certain: for some time an operator may still have it sent again.
func (j *job) hold(m *store.Message) {
	for _, d := range m.Deliveries {
		recently := j.Now().Sub(d.Time) < store.HoldBack
		if d.State == sendmail.Pending || d.State == sendmail.Deferred || d.State == sendmail.Unknown && recently {
			j.waiting[d.Recipient] = true
		}
	}
}

// open are the recipients of a message to whom it has yet to go.
func open(m *store.Message) []string {
	var list []string
	for _, d := range m.Deliveries {
		if d.State == sendmail.Pending || d.State == sendmail.Deferred {
			list = append(list, d.Recipient)
		}
	}
	return list
}

// A root is what is known of the message of its own series that a message
// replies to; the zero value where there is none.
type root struct {
	id      string
	refused bool            // by everybody
	waiting bool            // nobody has it yet
	off     map[string]bool // who has yet to get it
}

// root looks at the message that m replies to, in this submission or an earlier
// one. Replies to others' mail, and to earlier revisions, depend on nothing.
func (j *job) root(ctx context.Context, m *store.Message) (root, error) {
	_, parent := relay.Thread(m.Relayed)
	if parent == "" || j.sub.Kind == store.Notice {
		return root{}, nil
	}
	subject, deliveries := "", []store.Delivery(nil)
	if i := slices.IndexFunc(j.sub.Messages, func(other store.Message) bool { return other.MessageID == parent }); i >= 0 {
		subject, deliveries = j.sub.Messages[i].Subject, j.sub.Messages[i].Deliveries
	} else {
		fates, err := j.Store.Fates(ctx, j.sub.Identity, []string{parent})
		if err != nil {
			return root{}, err
		}
		if fates[0] != nil && fates[0].Kind == j.sub.Kind {
			subject, deliveries = fates[0].Subject, fates[0].Deliveries
		}
	}
	if len(deliveries) == 0 || !leads(subject, m.Subject) {
		return root{}, nil
	}
	r := root{id: parent, refused: true, waiting: true, off: map[string]bool{}}
	for _, d := range deliveries {
		switch d.State {
		case sendmail.Accepted:
			r.refused, r.waiting = false, false
		case sendmail.Refused:
		default: // of unknown fate too: an operator has to find out
			r.refused, r.off[d.Recipient] = false, true
		}
	}
	return r, nil
}

// leads says that two subjects are of one series, and the first one's message
// stands in front.
func leads(first, second string) bool {
	a, b := patchmail.ParseSubject(first), patchmail.ParseSubject(second)
	return a.Revision == b.Revision && a.Total == b.Total && a.Counter < b.Counter
}

// giveUp refuses what has been put off for too long.
func (j *job) giveUp(ctx context.Context) error {
	if j.Now().Sub(j.sub.Received) < j.GiveUp {
		return nil
	}
	for i := range j.sub.Messages {
		m := &j.sub.Messages[i]
		for _, d := range slices.Clone(m.Deliveries) {
			if d.State != sendmail.Deferred {
				continue
			}
			if err := j.refuse(ctx, m, []string{d.Recipient}, fmt.Sprintf("given up after %d hours: %s", int(j.GiveUp.Hours()), d.Reply)); err != nil {
				return err
			}
		}
	}
	return nil
}

// feed adds to the feed what it lacks of what was accepted, in order.
func (j *job) feed(ctx context.Context) error {
	if j.Feed == nil {
		return nil
	}
	var mails [][]byte
	var messages []int64
	for _, m := range j.sub.Messages {
		accepted := slices.ContainsFunc(m.Deliveries, func(d store.Delivery) bool { return d.State == sendmail.Accepted })
		if m.Feed != store.FeedDue || !accepted {
			continue
		}
		mail, err := j.Service.Archive(m.Raw, relay.Key{Identity: j.sub.Identity, Selector: j.sub.Selector})
		if err != nil {
			return err
		}
		mails, messages = append(mails, mail), append(messages, m.ID)
	}
	if len(mails) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	commits, err := j.Feed.Append(ctx, mails, j.Now())
	if hook := (*feed.HookError)(nil); errors.As(err, &hook) {
		j.Log.Error("a hook of the feed failed", slog.String("cause", hook.Error()))
	} else if err != nil {
		return err
	}
	for i, commit := range commits {
		if err := j.Store.MarkFed(ctx, messages[i], commit); err != nil {
			return err
		}
	}
	return nil
}
