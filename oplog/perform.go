package oplog

import (
	"context"
	"errors"
	"fmt"

	"github.com/kprep/kprep/gitrepo"
)

// Perform carries out a plan as one operation, from Begin to Done. After an
// error nothing has changed, or the error says what has. The repository's
// configuration is read again afterwards.
func (l *Log) Perform(ctx context.Context, in Intent, plan Plan) error {
	// Nothing moves before there is a plan, so that the record need not be on the
	// disk without it.
	op, err := l.begin(ctx, in, func(op *Operation) error { op.still = true; return nil })
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

// Record logs as one operation, from Intent.Before to what is there, what has
// been done by others such as a git rebase, with what the plan adds to it: no
// refs, as they have moved. The record is on the disk with its plan at once, so
// that whoever settles a crash finishes it.
func (l *Log) Record(ctx context.Context, in Intent, plan Plan) error {
	op, err := l.begin(ctx, in, func(*Operation) error { return nil })
	if err != nil {
		return err
	}
	defer op.Close()
	if len(plan.Config) > 0 {
		defer l.repo.ForgetConfig()
		if err := l.repo.CheckConfigIdle(); err != nil {
			return err
		}
	}
	made, err := op.plan(ctx, plan)
	if err != nil {
		return err
	}
	s := side{op.record, true}
	o, err := l.survey(ctx, s)
	if err != nil {
		return err
	}
	o.headNow = gitrepo.HeadState{} // index and work tree went with the refs
	if err := l.settle(ctx, s, o, settlement{objects: append(made, plan.Objects...), keep: op.record.keepUpdate()}); err != nil {
		return err
	}
	return op.Done(ctx)
}
