package oplog

import (
	"context"
	"errors"
	"fmt"
)

// Perform carries out a plan as one operation, from Begin to Done. After an
// error nothing has changed, or the error says what has. The repository's
// configuration is read again afterwards.
func (l *Log) Perform(ctx context.Context, in Intent, plan Plan) error {
	op, err := l.Begin(ctx, in)
	if err != nil {
		return err
	}
	defer op.Close()
	if len(plan.Config) > 0 {
		defer l.repo.ForgetConfig()
		// Known before anything moves; whoever takes the lock later is met when
		// the operation is finished or rolled back.
		err = l.repo.CheckConfigIdle()
	}
	if err == nil {
		err = op.Apply(ctx, plan)
	}
	if err == nil {
		return op.Done(ctx)
	}
	left, abortErr := op.Abort(context.WithoutCancel(ctx))
	if left != nil && left.Outcome != RolledBack {
		err = fmt.Errorf("%w; %s", err, left)
	}
	if abortErr != nil && abortErr.Error() != err.Error() {
		err = errors.Join(err, abortErr)
	}
	return err
}
