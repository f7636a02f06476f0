package sendmail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// A Lock is held by one process at a time. The kernel releases it when the
// process dies, however it dies.
type Lock struct{ file *flock.Flock }

// A BusyError reports a lock that somebody else holds.
type BusyError struct {
	Path  string
	PID   int       // 0 when not known
	Since time.Time // zero when not known
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another kprep is at work in %s", filepath.Dir(e.Path))
	}
	return fmt.Sprintf("kprep with process id %d is at work in %s since %s", e.PID, filepath.Dir(e.Path), e.Since.Format(time.DateTime))
}

// An UnwritableError reports files of a journal, or its lock, that are not to be
// written to. Nothing was sent or changed.
type UnwritableError struct{ Err error }

func (e *UnwritableError) Error() string {
	return fmt.Sprintf("the journals of sends cannot be written: %v", e.Err)
}

func (e *UnwritableError) Unwrap() error { return e.Err }

// holder is what stands in the file, for the message only.
type holder struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// patience is how long a lock is waited for. A process that dies while it
// starts another leaves its lock to the child until that has become git.
const (
	patience = 2 * time.Second
	interval = 20 * time.Millisecond
)

// TakeLock locks the file path, which is made when it is not there (its folder
// too), or returns a [BusyError] within a few seconds, or an [UnwritableError].
func TakeLock(path string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, &UnwritableError{err}
	}
	f := flock.New(path, flock.SetPermissions(0o600))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	switch ok, err := f.TryLockContext(ctx, interval); {
	case !ok && ctx.Err() != nil:
		f.Close()
		return nil, busyError(path)
	case errors.As(err, new(*os.PathError)):
		return nil, &UnwritableError{err}
	case err != nil:
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	text, err := json.Marshal(holder{PID: os.Getpid(), Since: time.Now().Truncate(time.Second)})
	if err == nil {
		// Not a rename: the lock belongs to this very file.
		err = os.WriteFile(path, text, 0o600)
	}
	if err != nil {
		f.Close()
		return nil, &UnwritableError{err}
	}
	return &Lock{file: f}, nil
}

// Release gives the lock back. The file stays, so that nobody locks one that
// has just been removed.
func (l *Lock) Release() error { return l.file.Close() }

// Holder says who holds the lock of a file; nil when nobody does, or when that
// cannot be found out. It changes nothing.
func Holder(path string) *BusyError {
	f := flock.New(path, flock.SetFlag(os.O_RDONLY))
	defer f.Close()
	if free, err := f.TryRLock(); free || err != nil {
		return nil
	}
	return busyError(path)
}

func busyError(path string) *BusyError {
	busy := &BusyError{Path: path}
	var h holder
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &h) == nil {
		busy.PID, busy.Since = h.PID, h.Since
	}
	return busy
}
