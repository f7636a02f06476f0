package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/kprep/kprep/sendmail"
)

// An Entry is one message of the queue, for an operator.
type Entry struct {
	Submission int64
	Message    int64
	Kind       Kind
	Identity   string
	Received   time.Time
	Due        time.Time // of the submission
	Attempts   int       // claims of the submission
	Owner      string    // whose claim is running, "" for none
	MessageID  string
	Subject    string
	Feed       FeedState
	Deliveries []Delivery
}

// Queue lists the messages that are not done with: of submissions that are
// under way, and those of unknown fate. The oldest come first, at most limit.
func (s *Store) Queue(ctx context.Context, limit int) ([]Entry, error) {
	list, err := entries(ctx, s.db, `WHERE s.state <> 'done' OR m.id IN (SELECT message FROM deliveries WHERE state IN ('unknown', 'in-flight'))
		ORDER BY s.id, m.position LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("list the queue: %w", err)
	}
	return list, nil
}

// A Decision is what an operator says of a pair of unknown fate.
type Decision string

// The decisions.
const (
	Resend  Decision = "resend"  // it is to leave once more, the same bytes
	Arrived Decision = "arrived" // it has left
	Drop    Decision = "drop"    // it is not to leave
)

// ErrNotUnknown means that there is no pair of unknown fate to decide on.
var ErrNotUnknown = errors.New("no delivery of the message is of unknown fate")

// Settle decides on a message's deliveries of unknown fate, for one recipient
// or, with "", for all. It returns ErrNotUnknown when there are none.
func (s *Store) Settle(ctx context.Context, message int64, recipient string, decision Decision, now time.Time) error {
	state, reply := sendmail.Refused, "dropped by the operator"
	switch decision {
	case Resend:
		state, reply = sendmail.Pending, "to be sent again, by the operator"
	case Arrived:
		state, reply = sendmail.Accepted, "arrived, by the operator"
	}
	return s.inTx(ctx, func(tx *sql.Tx) error {
		result, err := tx.ExecContext(ctx, `UPDATE deliveries SET state = $3, step = $4, code = 0, reply = $5, at = $6, attempt = 0
			WHERE message = $1 AND ($2 = '' OR recipient = $2) AND state = 'unknown'`,
			message, recipient, state, sendmail.AtUser, reply, millis(now))
		if err := exactlyOne(result, err, ErrNotUnknown); err != nil {
			return err
		}
		// There may be more to do now: for the feed, or for what waited. Who has
		// claimed the submission may have passed by it already.
		_, err = tx.ExecContext(ctx, `UPDATE submissions SET state = CASE state WHEN 'done' THEN 'queued' ELSE state END, due = $2
			WHERE id = (SELECT submission FROM messages WHERE id = $1)`, message, millis(now))
		return err
	})
}
