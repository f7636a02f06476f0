package sendmail

import (
	"errors"
	"path/filepath"
	"testing"
	"time"
)

// The child of a kprep that was killed may have the lock for a moment yet.
func TestTakeLockWaitsAMoment(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	first, err := TakeLock(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := TakeLock(path); !errors.As(err, new(*BusyError)) {
		t.Errorf("a lock that is held: %v, want a *BusyError", err)
	}
	time.AfterFunc(5*interval, func() { first.Release() })
	second, err := TakeLock(path)
	if err != nil {
		t.Fatalf("a lock that is given back: %v", err)
	}
	second.Release()
}
