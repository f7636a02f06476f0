package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"
)

// UseNonce says whether an identity uses a nonce for the first time; it is
// remembered until expires.
func (s *Store) UseNonce(ctx context.Context, identity, nonce string, expires time.Time) (bool, error) {
	result, err := s.db.ExecContext(ctx, "INSERT INTO nonces (identity, nonce, expires) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
		identity, nonce, millis(expires))
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	return n == 1, err
}

// A Limit says how often something may happen in each period, which all begin
// at multiples of its length.
type Limit struct {
	Scope  string // what is counted, and for whom
	Period time.Duration
	Most   int64
	By     int64 // how many there are at once; 0 means 1
}

// A LimitError reports something that has happened too often.
type LimitError struct {
	Limit Limit
	Until time.Time // when the period ends
}

func (e *LimitError) Error() string { return "too often: " + e.Limit.Scope }

// Count counts more of each, or, when that would be too many of one, none,
// and returns a *LimitError.
func (s *Store) Count(ctx context.Context, limits []Limit, now time.Time) error {
	return s.inTx(ctx, func(tx *sql.Tx) error { return count(ctx, tx, limits, now) })
}

// count leaves it to a failed transaction to count none.
func count(ctx context.Context, tx *sql.Tx, limits []Limit, now time.Time) error {
	limits = slices.Clone(limits)
	slices.SortFunc(limits, func(a, b Limit) int { return cmp.Or(cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Period, b.Period)) }) // so that two cannot wait for each other
	for _, l := range limits {
		end := now.Truncate(l.Period).Add(l.Period)
		var n int64
		err := tx.QueryRowContext(ctx, `INSERT INTO counters (scope, expires, n) VALUES ($1, $2, $3)
			ON CONFLICT (scope, expires) DO UPDATE SET n = counters.n + $3 RETURNING n`, l.name(), millis(end), max(l.By, 1)).Scan(&n)
		if err != nil {
			return err
		}
		if n > l.Most {
			return &LimitError{Limit: l, Until: end}
		}
	}
	return nil
}

// Counted is what was counted under a scope in the period that now is in.
func (s *Store) Counted(ctx context.Context, l Limit, now time.Time) (int64, error) {
	var n int64
	err := s.db.QueryRowContext(ctx, "SELECT coalesce(max(n), 0) FROM counters WHERE scope = $1 AND expires = $2",
		l.name(), millis(now.Truncate(l.Period).Add(l.Period))).Scan(&n)
	return n, err
}

// name is that of the counter.
func (l Limit) name() string { return l.Scope + " per " + l.Period.String() }

// Tidy forgets what has expired: counters, nonces, challenges, and pending keys
// without a challenge.
func (s *Store) Tidy(ctx context.Context, now time.Time) error {
	var errs []error
	for _, statement := range []string{
		"DELETE FROM counters WHERE expires <= $1",
		"DELETE FROM nonces WHERE expires <= $1",
		"DELETE FROM underway WHERE expires <= $1",
		"DELETE FROM challenges WHERE expires <= $1",
		"DELETE FROM keys WHERE state = 'pending' AND created < $1 AND NOT EXISTS (SELECT 1 FROM challenges c WHERE c.key = keys.id)",
	} {
		_, err := s.db.ExecContext(ctx, statement, millis(now))
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
