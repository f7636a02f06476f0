package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kprep/kprep/sendmail"
)

// A Kind says what a submission is.
type Kind string

// The kinds of submissions.
const (
	Receive Kind = "receive" // a series for the list
	Reflect Kind = "reflect" // a series for its author alone
	Notice  Kind = "notice"  // a mail of the service itself; its text is wiped once it is done
)

// A Submission is what was handed in by one request, in the order in which it
// leaves.
type Submission struct {
	ID                 int64
	Identity, Selector string
	Key                string // fingerprint
	Kind               Kind
	Client             string // hash of the address it came from
	Thread             string // message-id of its root, without angle brackets; "" for mail that waits for nothing
	Received           time.Time
	Attempts           int      // claims so far, this one included
	Owner              string   // who claimed it
	Waiting            []string // recipients to whom it must not go yet, when it was claimed: something before it in the thread is still to reach them
	Messages           []Message

	due int64 // when it was claimed
}

// A Message is one mail of a submission. Raw and Relayed have LF line ends.
type Message struct {
	ID           int64
	MessageID    string // without angle brackets
	Subject      string // decoded, for people
	Raw          []byte // as accepted
	Relayed      []byte // as it leaves
	EnvelopeFrom string
	BodyHash     string
	Feed         FeedState
	FedAs        string // commit of the feed, once Feed is FeedDone
	Deliveries   []Delivery
}

// A FeedState says whether a message belongs into the feed.
type FeedState string

// The states of a message with regard to the feed.
const (
	FeedNone FeedState = "none"
	FeedDue  FeedState = "due"
	FeedDone FeedState = "done"
)

// A Delivery is what is known of one message and one recipient.
type Delivery struct {
	Recipient string
	State     sendmail.State
	Step      sendmail.Step
	Code      int
	Reply     string
	Time      time.Time // zero while it is pending
}

// A ConflictError reports a message-id that the identity has used for another
// message.
type ConflictError struct {
	Index     int // in the submission, from 0
	MessageID string
}

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the message-id <%s> was used for another message", e.MessageID)
}

// Accept takes a submission over for good: when it returns, all of it is on
// disk, and ID is filled in. Messages that were accepted before are left out:
// their indexes are returned, and nothing of them is mailed again. What was
// received counts as reflected too, but not the other way round.
//
// It returns a *ConflictError when a message-id was used before with another
// BodyHash, and a *LimitError when the messages that are new are too many for
// one of the limits, whose By does not count; nothing is accepted then.
func (s *Store) Accept(ctx context.Context, sub *Submission, limits ...Limit) (known []int, err error) {
	err = s.inTx(ctx, func(tx *sql.Tx) error {
		known = nil
		if sub.Kind != Notice {
			if known, err = remember(ctx, tx, sub); err != nil {
				return err
			}
		}
		if len(known) == len(sub.Messages) {
			return nil
		}
		limits := slices.Clone(limits)
		for i := range limits {
			limits[i].By = int64(len(sub.Messages) - len(known))
		}
		if err := count(ctx, tx, limits, sub.Received); err != nil {
			return err
		}
		return insertSubmission(ctx, tx, sub, known)
	})
	if err != nil && !errors.As(err, new(*ConflictError)) && !errors.As(err, new(*LimitError)) {
		err = fmt.Errorf("accept a submission: %w", err)
	}
	return known, err
}

// remember puts the messages among those that were seen, and returns the
// indexes of those that were among them.
func remember(ctx context.Context, tx *sql.Tx, sub *Submission) ([]int, error) {
	order := make([]int, len(sub.Messages))
	for i := range order {
		order[i] = i
	}
	// The same order for everybody, so that two requests cannot wait for each
	// other.
	slices.SortFunc(order, func(a, b int) int {
		if sub.Messages[a].MessageID < sub.Messages[b].MessageID {
			return -1
		}
		return 1
	})
	var known []int
	for _, i := range order {
		m := sub.Messages[i]
		if sub.Kind == Reflect {
			hash, err := seenHash(ctx, tx, sub.Identity, m.MessageID, Receive)
			if err != nil {
				return nil, err
			}
			if hash != "" {
				if hash != m.BodyHash {
					return nil, &ConflictError{i, m.MessageID}
				}
				known = append(known, i)
				continue
			}
		}
		result, err := tx.ExecContext(ctx, `INSERT INTO seen (identity, message_id, kind, body_hash, message) VALUES ($1, $2, $3, $4, 0)
			ON CONFLICT DO NOTHING`, sub.Identity, m.MessageID, sub.Kind, m.BodyHash)
		if err != nil {
			return nil, err
		}
		if n, err := result.RowsAffected(); err != nil || n == 1 {
			if err != nil {
				return nil, err
			}
			continue
		}
		hash, err := seenHash(ctx, tx, sub.Identity, m.MessageID, sub.Kind)
		if err != nil {
			return nil, err
		}
		if hash != m.BodyHash {
			return nil, &ConflictError{i, m.MessageID}
		}
		known = append(known, i)
	}
	slices.Sort(known)
	return known, nil
}

// seenHash returns "" for what was not seen.
func seenHash(ctx context.Context, tx *sql.Tx, identity, messageID string, kind Kind) (string, error) {
	var hash string
	err := tx.QueryRowContext(ctx, "SELECT body_hash FROM seen WHERE identity = $1 AND message_id = $2 AND kind = $3",
		identity, messageID, kind).Scan(&hash)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return hash, err
}

func insertSubmission(ctx context.Context, tx *sql.Tx, sub *Submission, known []int) error {
	at := millis(sub.Received)
	err := tx.QueryRowContext(ctx, `INSERT INTO submissions (identity, selector, key, kind, client, thread, received, state, due)
		VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $7) RETURNING id`,
		sub.Identity, sub.Selector, sub.Key, sub.Kind, sub.Client, sub.Thread, at).Scan(&sub.ID)
	if err != nil {
		return err
	}
	for i := range sub.Messages {
		if slices.Contains(known, i) {
			continue
		}
		m := &sub.Messages[i]
		err := tx.QueryRowContext(ctx, `INSERT INTO messages (submission, position, message_id, subject, raw, relayed, envelope, body_hash, feed)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`,
			sub.ID, i, m.MessageID, text(m.Subject), m.Raw, m.Relayed, m.EnvelopeFrom, m.BodyHash, m.Feed).Scan(&m.ID)
		if err != nil {
			return err
		}
		for position, d := range m.Deliveries {
			if _, err := tx.ExecContext(ctx, "INSERT INTO deliveries (message, recipient, position, state) VALUES ($1, $2, $3, $4)",
				m.ID, d.Recipient, position, sendmail.Pending); err != nil {
				return err
			}
		}
		if sub.Kind == Notice {
			continue
		}
		if _, err := tx.ExecContext(ctx, "UPDATE seen SET message = $1 WHERE identity = $2 AND message_id = $3 AND kind = $4",
			m.ID, sub.Identity, m.MessageID, sub.Kind); err != nil {
			return err
		}
	}
	return nil
}
