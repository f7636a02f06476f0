package oplog

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

// A BusyError means that another kprep changes this repository.
type BusyError struct {
	PID   int       // 0 when not known
	Since time.Time // zero when not known
}

func (e *BusyError) Error() string {
	if e.PID == 0 {
		return "another kprep is changing this repository"
	}
	return fmt.Sprintf("kprep with process id %d is changing this repository since %s", e.PID, e.Since.Format(time.DateTime))
}

// A StorageError means that kprep's own files cannot be read or written.
type StorageError struct {
	Doing string // "read" or "written"
	Err   error
}

func (e *StorageError) Error() string {
	return fmt.Sprintf("the operation log cannot be %s: %v", e.Doing, e.Err)
}

func (e *StorageError) Unwrap() error { return e.Err }

const retryLock = 15 * time.Millisecond

type holder struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// lock takes the one lock of the log; the kernel gives it back when the
// process dies. It returns a *BusyError when it is not free in time.
func (l *Log) lock(ctx context.Context) (*flock.Flock, error) {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return nil, &StorageError{Doing: "written", Err: err}
	}
	path := filepath.Join(l.dir, "lock")
	f := flock.New(path, flock.SetPermissions(0o600))
	waiting, cancel := context.WithTimeout(ctx, l.wait)
	defer cancel()
	ok, err := f.TryLock()
	for err == nil && !ok && waiting.Err() == nil {
		select {
		case <-waiting.Done():
		case <-time.After(retryLock):
			ok, err = f.TryLock()
		}
	}
	if err == nil && !ok {
		if err = ctx.Err(); err == nil {
			err = busy(path)
		}
	} else if err == nil {
		var text []byte
		if text, err = json.Marshal(holder{PID: os.Getpid(), Since: l.now().Truncate(time.Second)}); err == nil {
			err = os.WriteFile(path, text, 0o600) // not a rename: the lock belongs to this very file
		}
	}
	if err != nil {
		f.Close()
		if !errors.As(err, new(*BusyError)) && ctx.Err() == nil {
			err = &StorageError{Doing: "written", Err: err}
		}
		return nil, err
	}
	return f, nil
}

func busy(path string) error {
	e := &BusyError{}
	var h holder
	if text, err := os.ReadFile(path); err == nil && json.Unmarshal(text, &h) == nil {
		e.PID, e.Since = h.PID, h.Since
	}
	return e
}
