package oplog

import (
	"context"
	"time"
)

// Expire drops the operations begun before a time, from the oldest to the
// first that is younger, with the objects that only they kept alive. It
// returns how many. They cannot be undone any more.
func (l *Log) Expire(ctx context.Context, before time.Time) (int, error) {
	older := true
	return l.drop(ctx, func(op *Operation) bool {
		older = older && op.Time.Before(before)
		return older
	})
}

// Forget drops all operations of a series, those undone too.
func (l *Log) Forget(ctx context.Context, changeID string) (int, error) {
	return l.drop(ctx, func(op *Operation) bool { return changeID != "" && op.ChangeID == changeID })
}

// drop removes the records that match. An open one stays: it is to be settled.
// Records go first: a crash then keeps objects for too long, never a record
// without its objects.
func (l *Log) drop(ctx context.Context, match func(*Operation) bool) (int, error) {
	if ids, err := l.ids(); err != nil || len(ids) == 0 {
		return 0, err
	}
	lock, err := l.lock(ctx)
	if err != nil {
		return 0, err
	}
	defer lock.Close()
	ops, err := l.all()
	if err != nil {
		return 0, err
	}
	var keep []*Operation
	dropped := 0
	for _, op := range ops {
		if !match(op) || op.Status == Open {
			keep = append(keep, op)
			continue
		}
		if err := l.remove(op); err != nil {
			return dropped, err
		}
		dropped++
	}
	if dropped == 0 {
		return 0, nil
	}
	return dropped, l.rebuildKeeper(ctx, keep)
}
