package store

import (
	"context"
	"database/sql"
	"strings"
	"time"
)

// Begin notes that messages of an identity are being received, so that nobody
// is told meanwhile that they never came. end forgets it; expires is for a
// process that dies before.
func (s *Store) Begin(ctx context.Context, identity string, messageIDs []string, expires time.Time) (end func(context.Context) error, err error) {
	var id int64
	if err := s.db.QueryRowContext(ctx, "INSERT INTO underway (identity, message_ids, expires) VALUES ($1, $2, $3) RETURNING id",
		identity, strings.Join(messageIDs, "\n"), millis(expires)).Scan(&id); err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		_, err := s.db.ExecContext(ctx, "DELETE FROM underway WHERE id = $1", id)
		return err
	}, nil
}

// Underway lists the messages of an identity that are being received.
func (s *Store) Underway(ctx context.Context, identity string, now time.Time) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, "SELECT message_ids FROM underway WHERE identity = $1 AND expires > $2", identity, millis(now))
	requests, err := collect(rows, err, func(r *sql.Rows, ids *string) error { return r.Scan(ids) })
	var all []string
	for _, ids := range requests {
		all = append(all, strings.Split(ids, "\n")...)
	}
	return all, err
}

// Secret returns the secret of a name, the same to all instances for good: it
// is fresh for whoever asks first.
func (s *Store) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	if _, err := s.db.ExecContext(ctx, "INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING", name, fresh); err != nil {
		return nil, err
	}
	var value []byte
	err := s.db.QueryRowContext(ctx, "SELECT value FROM secrets WHERE name = $1", name).Scan(&value)
	return value, err
}
