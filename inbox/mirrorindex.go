package inbox

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"
	"modernc.org/sqlite" // and database/sql's "sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
)

// An index knows the mails of a mirror by what ties them to others. Of a tie it
// keeps a hash: what is found is read, and judged by what is in it.
type index struct {
	db   *sql.DB
	file string
}

// schemaVersion changes when an index of before is of no more use.
const schemaVersion = 1

const schema = `
CREATE TABLE epoch (
	name TEXT PRIMARY KEY,
	tip  TEXT NOT NULL, -- the commit up to which it is indexed
	mark TEXT NOT NULL  -- how its branches looked when all of it was; '' before that
);
CREATE TABLE mail (
	n     INTEGER PRIMARY KEY AUTOINCREMENT,
	epoch TEXT NOT NULL,
	blob  BLOB NOT NULL
);
CREATE TABLE tie (
	key  INTEGER NOT NULL, -- see keyOf
	mail INTEGER NOT NULL, -- may be one that is gone
	PRIMARY KEY (key, mail)
) WITHOUT ROWID;
`

// openIndex opens the index for a mirror. One of another version, or that is
// damaged, is made anew.
func openIndex(ctx context.Context, cacheDir, mirror string) (*index, error) {
	if err := os.MkdirAll(cacheDir, 0o700); err != nil {
		return nil, fmt.Errorf("open the index of %s: %w", mirror, err)
	}
	if abs, err := filepath.Abs(mirror); err == nil {
		mirror = abs
	}
	sum := sha256.Sum256([]byte(mirror))
	x := &index{file: filepath.Join(cacheDir, hex.EncodeToString(sum[:16])+".sqlite")}
	err := x.open(ctx)
	if err != nil && ctx.Err() == nil {
		x.remove()
		err = x.open(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("open the index of %s: %w", mirror, err)
	}
	return x, nil
}

func (x *index) open(ctx context.Context) error {
	created, err := os.OpenFile(x.file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	created.Close()
	query := url.Values{"_pragma": {"busy_timeout(5000)", "journal_mode(WAL)", "synchronous(NORMAL)", "cache_size(-24000)"}, "_txlock": {"immediate"}}
	x.db, err = sql.Open("sqlite", (&url.URL{Scheme: "file", Path: x.file, RawQuery: query.Encode()}).String())
	if err != nil {
		return err
	}
	x.db.SetMaxOpenConns(1)
	var version int
	if err = x.db.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err == nil && version == 0 {
		err = x.inTransaction(ctx, func(tx *sql.Tx) error {
			if err := tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil || version != 0 {
				return err // another process was faster
			}
			version = schemaVersion
			_, err := tx.ExecContext(ctx, schema+fmt.Sprintf("PRAGMA user_version = %d", version))
			return err
		})
	}
	if err == nil && version != schemaVersion {
		err = fmt.Errorf("it has version %d", version)
	}
	if err != nil {
		x.db.Close()
	}
	return err
}

// isDamage is true of the errors of a database that somebody else has written into.
func isDamage(err error) bool {
	said := (*sqlite.Error)(nil)
	if !errors.As(err, &said) {
		return false
	}
	code := said.Code() & 0xff
	return code == sqlite3.SQLITE_CORRUPT || code == sqlite3.SQLITE_NOTADB
}

func (x *index) remove() {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		os.Remove(x.file + suffix)
	}
}

func (x *index) close() error { return x.db.Close() }

// exclusively runs what changes the index. When another process is at it for
// long, that is ErrIndexing.
func (x *index) exclusively(ctx context.Context, change func() error) error {
	lock := flock.New(x.file + ".lock")
	wait, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	locked, err := lock.TryLockContext(wait, 50*time.Millisecond)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return ErrIndexing
	}
	if err != nil || !locked {
		return fmt.Errorf("lock the index: %w", err)
	}
	defer lock.Unlock()
	return change()
}

// isWhole says whether it had all that was there at some time: no epoch is there in
// part.
func (x *index) isWhole(ctx context.Context) bool {
	var epochs, parts int
	err := x.db.QueryRowContext(ctx, "SELECT count(*), count(CASE mark WHEN '' THEN 1 END) FROM epoch").Scan(&epochs, &parts)
	return err == nil && epochs > 0 && parts == 0
}

// isEmpty says whether there are commits, and no mail in any of them.
func (x *index) isEmpty(ctx context.Context) bool {
	var empty bool
	err := x.db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM epoch WHERE tip != '') AND NOT EXISTS (SELECT 1 FROM mail)").Scan(&empty)
	return err == nil && empty
}

// upToDate says whether all epochs look as when they were indexed.
func (x *index) upToDate(ctx context.Context, marks map[string]string) bool {
	rows, err := x.db.QueryContext(ctx, "SELECT name, mark FROM epoch")
	if err != nil {
		return false
	}
	defer rows.Close()
	indexed := map[string]string{}
	for rows.Next() {
		var name, mark string
		if rows.Scan(&name, &mark) != nil {
			return false
		}
		indexed[name] = mark
	}
	return rows.Err() == nil && maps.Equal(indexed, marks)
}

// tip is the commit up to which an epoch is indexed, "" for none.
func (x *index) tip(ctx context.Context, name string) (gitrepo.ID, error) {
	var tip string
	err := x.db.QueryRowContext(ctx, "SELECT tip FROM epoch WHERE name = ?", name).Scan(&tip)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return gitrepo.ID(tip), err
}

// forgetOthers drops the epochs that are not there any more.
func (x *index) forgetOthers(ctx context.Context, epochs map[string]string) error {
	rows, err := x.db.QueryContext(ctx, "SELECT name FROM epoch")
	if err != nil {
		return err
	}
	var gone []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			rows.Close()
			return err
		}
		if _, there := epochs[name]; !there {
			gone = append(gone, name)
		}
	}
	rows.Close()
	for _, name := range gone {
		if err := x.forget(ctx, name); err != nil {
			return err
		}
	}
	return rows.Err()
}

// forget drops what is known of an epoch.
func (x *index) forget(ctx context.Context, name string) error {
	return x.inTransaction(ctx, func(tx *sql.Tx) error {
		for _, statement := range []string{
			"DELETE FROM tie WHERE mail IN (SELECT n FROM mail WHERE epoch = ?)",
			"DELETE FROM mail WHERE epoch = ?",
			"DELETE FROM epoch WHERE name = ?",
		} {
			if _, err := tx.ExecContext(ctx, statement, name); err != nil {
				return err
			}
		}
		return nil
	})
}

func (x *index) inTransaction(ctx context.Context, change func(*sql.Tx) error) error {
	tx, err := x.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := change(tx); err != nil {
		tx.Rollback()
		return err
	}
	return tx.Commit()
}

// The kinds of ties.
const (
	tieID      = "id"      // the message-id
	tieParent  = "parent"  // a message-id that it answers
	tieChange  = "change"  // a change-id
	tiePatch   = "patch"   // a patch-id
	tieSubject = "subject" // the subject of a message that is no reply
	tieReply   = "reply"   // the subject of what a reply answers
	tieBlob    = "blob"
)

// keyOf is what the index knows of a tie.
func keyOf(kind, value string) int64 {
	h := fnv.New64a()
	h.Write([]byte(kind))
	h.Write([]byte{0})
	h.Write([]byte(value))
	return int64(h.Sum64())
}

// maxTies bounds how many of the messages that a mail answers lead back to it.
const maxTies = 64

// ties are those of a message.
func ties(m *Message) []int64 {
	keys := []int64{keyOf(tieID, m.ID)}
	for _, id := range m.Parents[:min(len(m.Parents), maxTies)] {
		keys = append(keys, keyOf(tieParent, id))
	}
	if m.ChangeID != "" {
		keys = append(keys, keyOf(tieChange, m.ChangeID))
	}
	if m.PatchID != "" {
		keys = append(keys, keyOf(tiePatch, m.PatchID))
	}
	return append(keys, subjectKey(m))
}

func subjectKey(m *Message) int64 {
	base, reply := patchmail.BaseSubject(m.Line)
	if reply {
		return keyOf(tieReply, base)
	}
	return keyOf(tieSubject, base)
}

// A place is where a mail of a mirror is.
type place struct {
	n     int64
	epoch string
	blob  gitrepo.ID
}

// maxKeys is how many keys one question to the index has.
const maxKeys = 400

// lookUp lists the mails that have one of the keys, in the order in which they
// came.
func (x *index) lookUp(ctx context.Context, keys []int64) ([]place, error) {
	var all []place
	for len(keys) > 0 {
		some := keys[:min(len(keys), maxKeys)]
		keys = keys[len(some):]
		args := make([]any, len(some))
		for i, k := range some {
			args[i] = k
		}
		rows, err := x.db.QueryContext(ctx, "SELECT DISTINCT n, epoch, blob FROM tie JOIN mail ON mail.n = tie.mail WHERE tie.key IN (?"+
			strings.Repeat(", ?", len(some)-1)+") ORDER BY n", args...)
		if err != nil {
			return nil, err
		}
		for rows.Next() {
			var p place
			var blob []byte
			if err := rows.Scan(&p.n, &p.epoch, &blob); err != nil {
				rows.Close()
				return nil, err
			}
			p.blob = gitrepo.ID(hex.EncodeToString(blob))
			all = append(all, p)
		}
		if err := rows.Err(); err != nil {
			return nil, err
		}
	}
	return all, nil
}
