package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"modernc.org/sqlite" // database/sql's "sqlite"
	sqlitelib "modernc.org/sqlite/lib"
)

// A Store is the database. Its methods may be used at once, and by several
// processes.
type Store struct {
	db *sql.DB
	dialect
}

// A dialect is what the two databases say differently.
type dialect struct {
	id, bytes  string // column types
	ascii      string // behind what lower gets, so that no language of the database has a say
	skipLocked string // behind a SELECT that claims
	lock       string // taken in a transaction, so that one migrates at a time
	lockName   string // the same, for what changes the keys of one identity
}

// SQLite's transactions are all IMMEDIATE, so that they exclude each other.
func sqliteDialect() dialect {
	return dialect{id: "INTEGER PRIMARY KEY AUTOINCREMENT", bytes: "BLOB"}
}

func postgresDialect() dialect {
	return dialect{
		id: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY", bytes: "BYTEA", ascii: ` COLLATE "C"`,
		skipLocked: " FOR UPDATE SKIP LOCKED",
		lock:       "SELECT pg_advisory_xact_lock(7237116)", // any number, always the same
		lockName:   "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
	}
}

// connections bounds those to PostgreSQL, whose default is 100 for everybody.
const connections = 20

// Open opens a database and brings its schema up to date. The location is the
// URL of a PostgreSQL database ("postgres://…"), or else a file for SQLite,
// which is made when it is missing. It returns a *NoFolderError when the folder of
// the file is missing.
func Open(ctx context.Context, location string) (*Store, error) {
	s, err := connect(location)
	if err != nil {
		return nil, err
	}
	if err = s.reach(ctx); err == nil {
		err = s.migrate(ctx, migrations())
	}
	if err != nil {
		s.db.Close()
		return nil, fmt.Errorf("open the database: %w", withoutSecret(err))
	}
	return s, nil
}

// reach makes the first connection. While another instance turns the same new
// file into one with a write-ahead log, SQLite says that it is busy and does not
// wait for as long as it was told to.
func (s *Store) reach(ctx context.Context) error {
	for tries := 0; ; tries++ {
		err := s.Ping(ctx)
		busy := (*sqlite.Error)(nil)
		if !errors.As(err, &busy) || busy.Code()&0xff != sqlitelib.SQLITE_BUSY || tries == 600 {
			return err
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// IsFile says whether a location is that of a file, and not a URL, however mistyped.
func IsFile(location string) bool {
	_, isURL := schemeOf(location)
	return !isURL
}

// schemeOf is the scheme of a URL. One letter is a drive of Windows; a file that is
// called like a URL is written "./x:y".
func schemeOf(location string) (scheme string, isURL bool) {
	scheme, _, isURL = strings.Cut(location, ":")
	return scheme, isURL && len(scheme) > 1 && strings.Trim(strings.ToLower(scheme), "abcdefghijklmnopqrstuvwxyz0123456789+") == ""
}

// connect opens a database as it is.
func connect(location string) (*Store, error) {
	s := &Store{}
	var err error
	scheme, isURL := schemeOf(location)
	switch {
	case isURL && strings.HasPrefix(location, scheme+"://") && (scheme == "postgres" || scheme == "postgresql"):
		s.dialect = postgresDialect()
		s.db, err = openPostgres(location)
	case isURL:
		err = fmt.Errorf("%q is no database that is known: a file or postgres://… is wanted", scheme+":")
	default:
		s.dialect = sqliteDialect()
		s.db, err = openFile(location)
	}
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", withoutSecret(err))
	}
	if s.skipLocked != "" {
		s.db.SetMaxOpenConns(connections)
		s.db.SetMaxIdleConns(connections)
		s.db.SetConnMaxIdleTime(time.Minute)
	} else {
		s.db.SetMaxOpenConns(1) // SQLite has one writer anyway; so nobody has to wait by polling
	}
	return s, nil
}

// A NoFolderError reports that the folder of a database file does not exist.
type NoFolderError struct{ Dir string }

func (e *NoFolderError) Error() string {
	return "there is no folder " + e.Dir
}

// openFile makes the file first, for the owner alone: it holds challenges while
// they wait to be mailed.
func openFile(file string) (*sql.DB, error) {
	if file == "" {
		return nil, errors.New("no file is named")
	}
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		if _, missing := os.Stat(filepath.Dir(file)); errors.Is(missing, fs.ErrNotExist) {
			return nil, &NoFolderError{filepath.Dir(file)}
		}
		return nil, err
	}
	if err := f.Close(); err != nil {
		return nil, err
	}
	// FULL syncs at each commit, which WAL alone does not.
	query := url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(30000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)"}}
	return sql.Open("sqlite", (&url.URL{Scheme: "file", Path: file, RawQuery: query.Encode()}).String())
}

// withoutSecret keeps a password in a URL out of the message of an error that
// quotes it.
func withoutSecret(err error) error {
	if parse := (*url.Error)(nil); errors.As(err, &parse) {
		return parse.Err
	}
	return err
}

// Close closes the database.
func (s *Store) Close() error { return s.db.Close() }

// Ping asks whether the database answers.
func (s *Store) Ping(ctx context.Context) error { return s.db.PingContext(ctx) }

// inTx runs what must happen as a whole.
func (s *Store) inTx(ctx context.Context, do func(*sql.Tx) error) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := do(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// collect reads all rows of a query.
func collect[T any](rows *sql.Rows, err error, scan func(*sql.Rows, *T) error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		var one T
		if err := scan(rows, &one); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, rows.Err()
}

// exactlyOne turns a change of no row into an error.
func exactlyOne(result sql.Result, err, none error) error {
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(none, err)
	}
	return nil
}

func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func timeOf(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

// text makes what PostgreSQL takes as text of what came from outside.
func text(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}
