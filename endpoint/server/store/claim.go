package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kprep/kprep/sendmail"
)

// ErrLeaseLost means that a claim is no longer the caller's: its lease ran out,
// and somebody else took the submission over.
var ErrLeaseLost = errors.New("the lease of the submission was lost")

// HoldBack is how long what follows a message of unknown fate is held back, so
// that an operator can find out before it leaves out of order.
const HoldBack = 6 * time.Hour

// held is the condition that a claim is still the one that was made; the
// placeholders are the submission, the owner and the number of the claim.
const held = "id = $1 AND owner = $2 AND attempts = $3 AND state = 'claimed'"

// The elders e of a submission s are what its identity handed in before for the
// same thread and as the same kind. Those who wait for them are the recipients of
// what they have yet to deliver, or may not have delivered, since $2.
const (
	elder = "e.identity = s.identity AND e.thread = s.thread AND e.kind = s.kind AND e.id < s.id"

	elders = "submissions e JOIN messages n ON n.submission = e.id JOIN deliveries d ON d.message = n.id"
	waits  = elder + " AND (d.state IN ('pending', 'deferred', 'in-flight') OR d.state = 'unknown' AND d.at > $2)"

	outstanding = "SELECT 1 FROM messages m JOIN deliveries o ON o.message = m.id WHERE m.submission = s.id AND o.state IN ('pending', 'deferred')"
)

// Claim takes the submission that is due for the longest time, until now+lease,
// and returns nil when none is due. One claim holds a whole series, so that its
// order is kept. What an identity handed in for one thread, for the list or for
// itself, is claimed in the order in which it came: the next when all before it
// was tried and nobody works on it, and for those only whom all of that has
// reached. Waiting names the others, among them for HoldBack those of unknown
// fate. Where the lease of another owner ran out, what was in flight is unknown
// from then on.
func (s *Store) Claim(ctx context.Context, owner string, lease time.Duration, now time.Time) (*Submission, error) {
	var sub *Submission
	since := millis(now.Add(-HoldBack))
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		var id int64
		err := tx.QueryRowContext(ctx, `SELECT id FROM submissions s WHERE state <> 'done' AND due <= $1 AND lease <= $1 AND (thread = ''
			OR NOT EXISTS (SELECT 1 FROM submissions e WHERE `+elder+` AND (e.state = 'claimed' OR e.state = 'queued' AND e.attempts = 0))
				AND (NOT EXISTS (`+outstanding+`) OR EXISTS (`+outstanding+` AND o.recipient NOT IN (SELECT d.recipient FROM `+elders+` WHERE `+waits+`))))
			ORDER BY due, id LIMIT 1`+s.skipLocked, millis(now), since).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "UPDATE submissions SET state = 'claimed', owner = $2, lease = $3, attempts = attempts + 1 WHERE id = $1",
			id, owner, millis(now.Add(lease))); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = $2, reply = 'whoever sent it broke off'
			WHERE state = $3 AND message IN (SELECT id FROM messages WHERE submission = $1)`, id, sendmail.Unknown, sendmail.InFlight); err != nil {
			return err
		}
		if sub, err = load(ctx, tx, id); err != nil || sub.Thread == "" {
			return err
		}
		rows, err := tx.QueryContext(ctx, "SELECT DISTINCT d.recipient FROM submissions s CROSS JOIN "+elders+" WHERE s.id = $1 AND "+waits, id, since)
		sub.Waiting, err = collect(rows, err, func(r *sql.Rows, recipient *string) error { return r.Scan(recipient) })
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("claim a submission: %w", err)
	}
	return sub, nil
}

// load reads a submission with its messages.
func load(ctx context.Context, tx *sql.Tx, id int64) (*Submission, error) {
	sub := &Submission{ID: id}
	var received int64
	err := tx.QueryRowContext(ctx, "SELECT identity, selector, key, kind, client, thread, received, owner, attempts, due FROM submissions WHERE id = $1", id).
		Scan(&sub.Identity, &sub.Selector, &sub.Key, &sub.Kind, &sub.Client, &sub.Thread, &received, &sub.Owner, &sub.Attempts, &sub.due)
	if err != nil {
		return nil, err
	}
	sub.Received = timeOf(received)
	rows, err := tx.QueryContext(ctx, `SELECT id, message_id, subject, raw, relayed, envelope, body_hash, feed, fed_as
		FROM messages WHERE submission = $1 ORDER BY position`, id)
	sub.Messages, err = collect(rows, err, func(r *sql.Rows, m *Message) error {
		return r.Scan(&m.ID, &m.MessageID, &m.Subject, &m.Raw, &m.Relayed, &m.EnvelopeFrom, &m.BodyHash, &m.Feed, &m.FedAs)
	})
	if err != nil {
		return nil, err
	}
	for i := range sub.Messages {
		if sub.Messages[i].Deliveries, err = deliveriesOf(ctx, tx, sub.Messages[i].ID); err != nil {
			return nil, err
		}
	}
	return sub, nil
}

// A querier is a transaction, or the database.
type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func deliveriesOf(ctx context.Context, q querier, message int64) ([]Delivery, error) {
	rows, err := q.QueryContext(ctx, "SELECT recipient, state, step, code, reply, at FROM deliveries WHERE message = $1 ORDER BY position", message)
	return collect(rows, err, func(r *sql.Rows, d *Delivery) error {
		var at int64
		err := r.Scan(&d.Recipient, &d.State, &d.Step, &d.Code, &d.Reply, &at)
		d.Time = timeOf(at)
		return err
	})
}

// Renew lengthens the lease of a claim. It returns ErrLeaseLost when the claim
// is no longer the caller's.
func (s *Store) Renew(ctx context.Context, sub *Submission, until time.Time) error {
	result, err := s.db.ExecContext(ctx, "UPDATE submissions SET lease = $4 WHERE "+held, sub.ID, sub.Owner, sub.Attempts, millis(until))
	return exactlyOne(result, err, ErrLeaseLost)
}

// Depart commits that a message is about to leave for some of its recipients:
// call it before the final dot, and write the dot only when it succeeds. Only
// pairs that are pending or deferred can depart. It returns ErrLeaseLost when
// the claim is no longer the caller's, or a pair is in another state.
func (s *Store) Depart(ctx context.Context, sub *Submission, message int64, recipients []string, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error {
		// The row is written, so that nobody takes it over before the commit.
		result, err := tx.ExecContext(ctx, "UPDATE submissions SET attempts = attempts WHERE "+held, sub.ID, sub.Owner, sub.Attempts)
		if err := exactlyOne(result, err, ErrLeaseLost); err != nil {
			return err
		}
		for _, recipient := range recipients {
			result, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = $3, attempt = $4, at = $5
				WHERE message = $1 AND recipient = $2 AND state IN ('pending', 'deferred')`,
				message, recipient, sendmail.InFlight, sub.Attempts, millis(now))
			if err := exactlyOne(result, err, ErrLeaseLost); err != nil {
				return err
			}
		}
		return nil
	})
}

// Record keeps what became of a message, by recipient; the Message of a receipt
// does not count. Of a pair that departed under this very claim it takes
// whatever the caller knows, also after the lease was lost; any other pair
// changes only while the claim holds and the pair is pending or deferred. It
// returns ErrLeaseLost when some receipt came too late; the others are kept.
func (s *Store) Record(ctx context.Context, sub *Submission, message int64, receipts []sendmail.Receipt) error {
	late := false
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		late = false
		for _, r := range receipts {
			result, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = $4, step = $5, code = $6, reply = $7, at = $8
				WHERE message = $1 AND recipient = $2 AND (
					state IN ('in-flight', 'unknown') AND attempt = $3
					OR state IN ('pending', 'deferred') AND EXISTS (
						SELECT 1 FROM submissions s WHERE s.id = $9 AND s.owner = $10 AND s.attempts = $3 AND s.state = 'claimed'))`,
				message, r.Recipient, sub.Attempts, r.State, r.Step, r.Code, text(r.Reply), millis(r.Time), sub.ID, sub.Owner)
			if err = exactlyOne(result, err, ErrLeaseLost); errors.Is(err, ErrLeaseLost) {
				late = true
			} else if err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && late {
		err = ErrLeaseLost
	}
	return err
}

// MarkFed keeps that a message is in the feed, as which commit.
func (s *Store) MarkFed(ctx context.Context, message int64, commit string) error {
	_, err := s.db.ExecContext(ctx, "UPDATE messages SET feed = 'done', fed_as = $2 WHERE id = $1", message, commit)
	return err
}

// open finds out whether anything is left to do for a submission. The feed takes
// what the mail server has accepted for somebody.
const open = `EXISTS (SELECT 1 FROM messages m JOIN deliveries d ON d.message = m.id
	WHERE m.submission = $1 AND (d.state IN ('pending', 'deferred', 'in-flight') OR m.feed = 'due' AND d.state = 'accepted'))`

// Release gives a claim back. A submission with something left to do is due
// again at next, or at once where an operator has settled something meanwhile;
// else it is done, which the result says. What is of unknown fate is not left to
// do: it waits for an operator.
func (s *Store) Release(ctx context.Context, sub *Submission, next time.Time) (done bool, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		var left bool
		if err := tx.QueryRowContext(ctx, "SELECT "+open, sub.ID).Scan(&left); err != nil {
			return err
		}
		done = !left
		state := "queued"
		if done {
			state = "done"
		}
		result, err := tx.ExecContext(ctx, "UPDATE submissions SET state = $4, owner = '', lease = 0, due = CASE WHEN due = $6 THEN $5 ELSE due END WHERE "+held,
			sub.ID, sub.Owner, sub.Attempts, state, millis(next), sub.due)
		if err := exactlyOne(result, err, ErrLeaseLost); err != nil {
			return err
		}
		if done && sub.Kind == Notice { // it holds a challenge
			_, err = tx.ExecContext(ctx, "UPDATE messages SET raw = $2, relayed = $2 WHERE submission = $1", sub.ID, []byte{})
		}
		return err
	})
	return done, err
}
