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
	default:
		e.notef("%s", settled)
		e.repo.ForgetConfig()
	}
	return err
}
