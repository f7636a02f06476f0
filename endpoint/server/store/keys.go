package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A KeyState says how far the enrolment of a key has come.
type KeyState string

// The states of a key.
const (
	Pending KeyState = "pending" // nobody has answered its challenge
	Waiting KeyState = "waiting" // answered; counts from ActiveFrom on, unless it is stopped
	Active  KeyState = "active"  // series signed by it are taken
	Revoked KeyState = "revoked" // for good
)

// A Key is a public key that was sent for an identity and a selector. Of the
// pending ones any number may stand beside each other, of the others one.
type Key struct {
	ID                 int64
	Identity, Selector string
	Fingerprint        string
	Algorithm          string
	Public             []byte // as keyrings have it
	State              KeyState
	Created            time.Time
	ActiveFrom         time.Time // of waiting and active ones
	Revoked            time.Time
}

// Counts says whether series signed by the key are taken.
func (k Key) Counts(now time.Time) bool {
	return k.State == Active || k.State == Waiting && !now.Before(k.ActiveFrom)
}

var (
	// ErrEnrolled means that the identity has this very key with that selector.
	ErrEnrolled = errors.New("the key is enrolled already")
	// ErrTaken means that the identity has another key with that selector.
	ErrTaken = errors.New("another key has the selector")
	// ErrRevoked means that this very key was revoked for the identity.
	ErrRevoked = errors.New("the key was revoked")
	// ErrNoKey means that the key, or what there was to do with it, is not
	// there any more.
	ErrNoKey = errors.New("there is no such key")
)

const keyColumns = "id, identity, selector, fingerprint, algorithm, public, state, created, active_from, revoked"

func scanKey(r *sql.Rows, k *Key) error {
	var created, from, revoked int64
	err := r.Scan(&k.ID, &k.Identity, &k.Selector, &k.Fingerprint, &k.Algorithm, &k.Public, &k.State, &created, &from, &revoked)
	k.Created, k.ActiveFrom, k.Revoked = timeOf(created), timeOf(from), timeOf(revoked)
	return err
}

// Keys lists all keys of an identity, the oldest first.
func (s *Store) Keys(ctx context.Context, identity string) ([]Key, error) {
	list, err := keysOf(ctx, s.db, "identity = $1", identity)
	if err != nil {
		return nil, fmt.Errorf("look up keys: %w", err)
	}
	return list, nil
}

func keysOf(ctx context.Context, q querier, where string, args ...any) ([]Key, error) {
	rows, err := q.QueryContext(ctx, "SELECT "+keyColumns+" FROM keys WHERE "+where+" ORDER BY id", args...)
	return collect(rows, err, scanKey)
}

// keyOf returns ErrNoKey when there is none.
func keyOf(ctx context.Context, tx *sql.Tx, where string, args ...any) (Key, error) {
	list, err := keysOf(ctx, tx, where, args...)
	if err != nil || len(list) == 0 {
		return Key{}, errors.Join(err, ErrNoKey)
	}
	return list[0], nil
}

// A Mail makes the mail that tells the identity what happened to a key, to be
// queued with the change; it may return nil for none.
type Mail func(Key) *Submission

// changeKeys runs a change to the keys of an identity, while nobody else
// changes them, and queues the mail about it.
func (s *Store) changeKeys(ctx context.Context, identity string, mail Mail, do func(*sql.Tx) (Key, error)) (Key, error) {
	var key Key
	err := s.inTx(ctx, func(tx *sql.Tx) error {
		if s.lockName != "" {
			if _, err := tx.ExecContext(ctx, s.lockName, identity); err != nil {
				return err
			}
		}
		var err error
		if key, err = do(tx); err != nil {
			return err
		}
		if sub := mail(key); sub != nil {
			return insertSubmission(ctx, tx, sub, nil)
		}
		return nil
	})
	return key, err
}

// Enrol adds a pending key, unless it is there, and a challenge for it, of
// which only a hash is kept. Wrong answers before are forgotten. It returns
// ErrEnrolled or ErrTaken when this key or another of the identity has the
// selector, and ErrRevoked when this one was revoked.
func (s *Store) Enrol(ctx context.Context, k Key, hash string, expires time.Time, mail Mail) (Key, error) {
	return s.changeKeys(ctx, k.Identity, mail, func(tx *sql.Tx) (Key, error) {
		key, err := s.addKey(ctx, tx, k)
		if err != nil {
			return key, err
		}
		_, err = tx.ExecContext(ctx, "INSERT INTO challenges (key, hash, expires) VALUES ($1, $2, $3)", key.ID, hash, millis(expires))
		return key, err
	})
}

// addKey finds or makes a pending key.
func (s *Store) addKey(ctx context.Context, tx *sql.Tx, k Key) (Key, error) {
	same, err := keysOf(ctx, tx, "identity = $1 AND (selector = $2 AND state IN ('waiting', 'active') OR fingerprint = $3 AND state = 'revoked')",
		k.Identity, k.Selector, k.Fingerprint)
	if err != nil {
		return Key{}, err
	}
	switch {
	case slices.ContainsFunc(same, func(other Key) bool { return other.State == Revoked }):
		return Key{}, ErrRevoked
	case slices.ContainsFunc(same, func(other Key) bool { return other.Fingerprint != k.Fingerprint }):
		return Key{}, ErrTaken
	case len(same) > 0:
		return Key{}, ErrEnrolled
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO keys (identity, selector, fingerprint, algorithm, public, state, created)
		VALUES ($1, $2, $3, $4, $5, 'pending', $6) ON CONFLICT (identity, selector, fingerprint) DO UPDATE SET attempts = 0`,
		k.Identity, k.Selector, k.Fingerprint, k.Algorithm, k.Public, millis(k.Created))
	if err != nil {
		return Key{}, err
	}
	return keyOf(ctx, tx, "identity = $1 AND selector = $2 AND fingerprint = $3", k.Identity, k.Selector, k.Fingerprint)
}

// What is wrong with the answer to a challenge.
var (
	ErrWrongAnswer    = errors.New("this is not the challenge that was mailed")
	ErrTooManyAnswers = errors.New("the challenge is void after too many wrong answers")
	ErrNoChallenge    = errors.New("no challenge is open: it was answered, or has expired")
)

// Rules are those for the answer to a challenge.
type Rules struct {
	Attempts int           // wrong answers after which the challenges of a key are void
	Wait     time.Duration // before a key counts whose identity has one that does
	StopHash string        // of what stops the key
}

// Answer answers a challenge of a pending key. The first key of an identity is
// active at once, a further one waits. It returns ErrTaken when another key
// has got the selector meanwhile, and the errors above.
func (s *Store) Answer(ctx context.Context, k Key, hash string, rules Rules, now time.Time, mail Mail) (Key, error) {
	var wrong error
	key, err := s.changeKeys(ctx, k.Identity, func(k Key) *Submission {
		if wrong != nil {
			return nil
		}
		return mail(k)
	}, func(tx *sql.Tx) (Key, error) {
		if wrong = answer(ctx, tx, k, hash, rules.Attempts, now); wrong != nil {
			return k, nil // what answer has counted is to stay
		}
		others, err := keysOf(ctx, tx, "identity = $1 AND state IN ('waiting', 'active')", k.Identity)
		if err != nil {
			return k, err
		}
		state, from := Active, now
		for _, other := range others {
			if other.Selector == k.Selector {
				return k, ErrTaken
			}
			state, from = Waiting, now.Add(rules.Wait)
		}
		_, err = tx.ExecContext(ctx, "UPDATE keys SET state = $2, active_from = $3, stop_hash = $4 WHERE id = $1", k.ID, state, millis(from), rules.StopHash)
		if err != nil {
			return k, err
		}
		return keyOf(ctx, tx, "id = $1", k.ID)
	})
	if err == nil {
		err = wrong
	}
	return key, err
}

// answer takes the challenges of a key away when the answer is right, and
// counts it when it is wrong.
func answer(ctx context.Context, tx *sql.Tx, k Key, hash string, most int, now time.Time) error {
	var attempts, open, right int
	err := tx.QueryRowContext(ctx, `SELECT k.attempts, count(c.key), count(CASE WHEN c.hash = $2 THEN 1 END)
		FROM keys k LEFT JOIN challenges c ON c.key = k.id AND c.expires > $3
		WHERE k.id = $1 AND k.state = 'pending' GROUP BY k.id, k.attempts`, k.ID, hash, millis(now)).Scan(&attempts, &open, &right)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return ErrNoKey
	case err != nil:
		return err
	case open == 0:
		return ErrNoChallenge
	case attempts >= most:
		return ErrTooManyAnswers
	case right == 0:
		if _, err := tx.ExecContext(ctx, "UPDATE keys SET attempts = attempts + 1 WHERE id = $1", k.ID); err != nil {
			return err
		}
		return ErrWrongAnswer
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM challenges WHERE key = $1", k.ID)
	return err
}

// Rotate enrols a key in the place of one that counts, which is revoked; the new
// one waits no more if it did. It returns ErrNoKey when the old one does not
// count any more, ErrEnrolled when the new one counts already, ErrTaken when a
// third key has the new selector, and ErrRevoked when the new one was revoked.
func (s *Store) Rotate(ctx context.Context, old int64, k Key, stopHash string, now time.Time, mail Mail) (Key, error) {
	return s.changeKeys(ctx, k.Identity, mail, func(tx *sql.Tx) (Key, error) {
		if err := revoke(ctx, tx, old, k.Identity, now); err != nil {
			return Key{}, err
		}
		key, err := keyOf(ctx, tx, "identity = $1 AND selector = $2 AND fingerprint = $3 AND state = 'waiting'", k.Identity, k.Selector, k.Fingerprint)
		if errors.Is(err, ErrNoKey) {
			key, err = s.addKey(ctx, tx, k)
		}
		if err != nil {
			return Key{}, err
		}
		_, err = tx.ExecContext(ctx, "UPDATE keys SET state = 'active', active_from = $2, stop_hash = $3 WHERE id = $1", key.ID, millis(now), stopHash)
		if err != nil {
			return Key{}, err
		}
		if _, err = tx.ExecContext(ctx, "DELETE FROM challenges WHERE key = $1", key.ID); err != nil {
			return Key{}, err
		}
		return keyOf(ctx, tx, "id = $1", key.ID)
	})
}

// Revoke revokes a key that is waiting or active, for good. It returns ErrNoKey
// when there is none.
func (s *Store) Revoke(ctx context.Context, k Key, now time.Time, mail Mail) (Key, error) {
	return s.changeKeys(ctx, k.Identity, mail, func(tx *sql.Tx) (Key, error) {
		if err := revoke(ctx, tx, k.ID, k.Identity, now); err != nil {
			return Key{}, err
		}
		return keyOf(ctx, tx, "id = $1", k.ID)
	})
}

func revoke(ctx context.Context, tx *sql.Tx, id int64, identity string, now time.Time) error {
	result, err := tx.ExecContext(ctx, "UPDATE keys SET state = 'revoked', revoked = $3 WHERE id = $1 AND identity = $2 AND state IN ('waiting', 'active')",
		id, identity, millis(now))
	return exactlyOne(result, err, ErrNoKey)
}

// Stoppable finds the key that a stopHash belongs to, waiting or active. It
// returns ErrNoKey when there is none.
func (s *Store) Stoppable(ctx context.Context, stopHash string) (Key, error) {
	list, err := keysOf(ctx, s.db, "stop_hash = $1 AND stop_hash <> '' AND state IN ('waiting', 'active')", stopHash)
	if err != nil || len(list) == 0 {
		return Key{}, errors.Join(err, ErrNoKey)
	}
	return list[0], nil
}
