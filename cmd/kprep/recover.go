package main

import (
	"context"
	"errors"
	"time"

	"github.com/kprep/kprep/oplog"
)

// recoverLog settles what a kprep that died left behind, and says what became
// of it. A kprep that is still at work is left alone.
func (e *env) recoverLog(ctx context.Context) error {
	settled, err := oplog.New(e.repo, oplog.Options{Now: e.now, Wait: 50 * time.Millisecond}).Recover(ctx)
	if errors.As(err, new(*oplog.BusyError)) {
		return nil
	}
	switch {
	case settled == nil:
	case settled.Outcome == oplog.RolledBack && !settled.Moved:
		e.debugf("%s", settled) // it had failed before it did anything
	default:
		e.notef("%s", settled)
		e.repo.ForgetConfig()
	}
	return err
}
