package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
)

// entries reads messages with what is known of their deliveries.
func entries(ctx context.Context, q querier, rest string, args ...any) ([]Entry, error) {
	rows, err := q.QueryContext(ctx, `SELECT s.id, m.id, s.kind, s.identity, s.received, s.due, s.attempts, s.owner, m.message_id, m.subject, m.feed
		FROM submissions s JOIN messages m ON m.submission = s.id `+rest, args...)
	list, err := collect(rows, err, func(r *sql.Rows, e *Entry) error {
		var received, due int64
		err := r.Scan(&e.Submission, &e.Message, &e.Kind, &e.Identity, &received, &due, &e.Attempts, &e.Owner, &e.MessageID, &e.Subject, &e.Feed)
		e.Received, e.Due = timeOf(received), timeOf(due)
		return err
	})
	for i := range list {
		if err == nil {
			list[i].Deliveries, err = deliveriesOf(ctx, q, list[i].Message)
		}
	}
	return list, err
}

// Fates tells what became of messages that an identity has sent, in the order
// that was asked for; nil for what was never accepted. Where a message was both
// reflected and received, it is what was received that counts.
func (s *Store) Fates(ctx context.Context, identity string, messageIDs []string) ([]*Entry, error) {
	fates := make([]*Entry, len(messageIDs))
	for i, id := range messageIDs {
		var message int64
		err := s.db.QueryRowContext(ctx, "SELECT message FROM seen WHERE identity = $1 AND message_id = $2 ORDER BY kind LIMIT 1", // receive, reflect
			identity, id).Scan(&message)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		var list []Entry
		if err == nil {
			list, err = entries(ctx, s.db, "WHERE m.id = $1", message)
		}
		if err != nil {
			return nil, fmt.Errorf("look up messages: %w", err)
		}
		if len(list) == 1 {
			fates[i] = &list[0]
		}
	}
	return fates, nil
}

// Recent lists the messages of the submissions that were received last, at most
// so many submissions, the newest submission first and its messages in order.
// What is reflected and the service's own mail is nobody else's business.
func (s *Store) Recent(ctx context.Context, submissions int) ([]Entry, error) {
	list, err := entries(ctx, s.db, `WHERE s.id IN (SELECT id FROM submissions WHERE kind = 'receive' ORDER BY received DESC, id DESC LIMIT $1)
		ORDER BY s.received DESC, s.id DESC, m.position`, submissions)
	if err != nil {
		return nil, fmt.Errorf("list submissions: %w", err)
	}
	return list, nil
}

// A Gauge is how much there is of something.
type Gauge struct {
	Name  string // submissions, deliveries, keys
	State string
	N     int64
}

// Gauges counts submissions that are not done, deliveries whose state is not
// final, and keys, by state.
func (s *Store) Gauges(ctx context.Context) ([]Gauge, error) {
	var all []Gauge
	for _, query := range []string{
		"SELECT 'submissions', state, count(*) FROM submissions WHERE state <> 'done' GROUP BY state",
		"SELECT 'deliveries', state, count(*) FROM deliveries WHERE state IN ('unknown', 'in-flight') GROUP BY state",
		"SELECT 'keys', state, count(*) FROM keys GROUP BY state",
	} {
		rows, err := s.db.QueryContext(ctx, query)
		list, err := collect(rows, err, func(r *sql.Rows, g *Gauge) error { return r.Scan(&g.Name, &g.State, &g.N) })
		if err != nil {
			return nil, fmt.Errorf("count what there is: %w", err)
		}
		all = slices.Concat(all, list)
	}
	return all, nil
}
