package oplog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// Whose limits operations to those of one series, on one branch; "" is any.
type Whose struct {
	ChangeID string
	Branch   string // full ref name
}

func (w Whose) has(op *Operation) bool {
	return (w.ChangeID == "" || op.ChangeID == w.ChangeID) && (w.Branch == "" || op.Branch == w.Branch)
}

// UndoOptions say what an undo or redo is about.
type UndoOptions struct {
	Of Whose // limits it to some operations
	// Committer is the user's address, for the record.
	Committer string
	// Instead gives refs another value than the recorded one, from the value
	// that they have now: the recorded state with commits replayed on top; the
	// value of now to leave a ref alone; or the recorded one, to force it.
	Instead []gitrepo.RefUpdate
	// Objects are those that Instead needs and that are not written yet.
	Objects []gitrepo.Object
	// Force exchanges also what is no longer as the operation left it. The log
	// has it then, so that redo brings it back.
	Force bool
}

// A BarrierError means that something had left for the world: what came
// before it cannot be undone. A caller that may restore content all the same
// finds it in the records (see Stack) and writes it as a new operation.
type BarrierError struct {
	Op       *Operation // the barrier
	Undoable int        // operations above it
}

func (e *BarrierError) Error() string {
	return fmt.Sprintf("operation %d (%s) cannot be undone: what was sent stays sent", e.Op.ID, e.Op.Title())
}

// A NothingError means that there are fewer operations than asked for.
type NothingError struct {
	Verb         string // "undo" or "redo"
	Wanted, Have int
}

func (e *NothingError) Error() string {
	if e.Have == 0 {
		return "there is nothing to " + e.Verb
	}
	return fmt.Sprintf("there are %d operations to %s, not %d", e.Have, e.Verb, e.Wanted)
}

// A WorkTreeError means that an operation checked something out in another
// work tree, or that a branch to be moved is checked out there.
type WorkTreeError struct {
	Op     *Operation
	Branch string // full ref name; "" when HEAD itself is meant
	Path   string // of the work tree, or its name when it is gone
}

func (e *WorkTreeError) Error() string {
	if e.Branch == "" {
		return fmt.Sprintf("operation %d (%s) checked out a branch in the work tree %s", e.Op.ID, e.Op.Title(), e.Path)
	}
	return fmt.Sprintf("branch %q is checked out in the work tree %s", strings.TrimPrefix(e.Branch, "refs/heads/"), e.Path)
}

// A GoneError means that a state cannot be brought back because its objects
// are not in the repository any more: KeepRef, which keeps them from git gc,
// was deleted or moved by something else.
type GoneError struct {
	Op     *Operation // the first of those that were to be undone or redone
	Ref    string     // full name
	Object gitrepo.ID // what it would point at
}

func (e *GoneError) Error() string {
	return fmt.Sprintf("operation %d (%s): the commit %s that %s was at is not in the repository any more", e.Op.ID, e.Op.Title(), e.Object.Short(), e.Ref)
}

// Undo takes back the last n operations, newest first, and records that as an
// operation. It is all or nothing.
//
// Errors that change nothing: *NothingError, *BarrierError, *MovedError (the
// facts a caller needs to replay what came since, see UndoOptions.Instead),
// *GoneError, *WorkTreeError, *gitrepo.BusyError, *gitrepo.OverwriteError, and those of
// Begin.
func (l *Log) Undo(ctx context.Context, n int, o UndoOptions) (*Operation, error) {
	return l.travel(ctx, "undo", o, func(ops []*Operation) ([]side, error) {
		stack, _ := stacks(ops, o.Of)
		var steps []side
		for i := range n {
			if i == len(stack) {
				return nil, &NothingError{Verb: "undo", Wanted: n, Have: i}
			}
			op := stack[len(stack)-1-i]
			if op.Barrier {
				return nil, &BarrierError{Op: op, Undoable: i}
			}
			steps = append(steps, side{op, false})
		}
		return steps, nil
	})
}

// Redo brings back the last n operations that were undone, as Undo does.
func (l *Log) Redo(ctx context.Context, n int, o UndoOptions) (*Operation, error) {
	return l.travel(ctx, "redo", o, func(ops []*Operation) ([]side, error) {
		_, gone := stacks(ops, o.Of)
		if len(gone) < n {
			return nil, &NothingError{Verb: "redo", Wanted: n, Have: len(gone)}
		}
		slices.Reverse(gone)
		var steps []side
		for next := gone[:n]; len(next) > 0; {
			u := next[0]
			whole := len(u.by.Undoes)
			if whole <= len(next) && !slices.ContainsFunc(next[:whole], func(v undone) bool { return v.by != u.by }) {
				steps = append(steps, side{u.by, false}) // a forced or replayed undo is taken back as it was
				next = next[whole:]
			} else {
				steps = append(steps, side{u.op, true})
				next = next[1:]
			}
		}
		return steps, nil
	})
}

// Stack returns the operations that Undo would take back, in its order, up to
// and with the first barrier.
func (l *Log) Stack(of Whose) ([]*Operation, error) {
	ops, err := l.all()
	if err != nil {
		return nil, err
	}
	stack, _ := stacks(ops, of)
	slices.Reverse(stack)
	if i := slices.IndexFunc(stack, func(op *Operation) bool { return op.Barrier }); i >= 0 {
		stack = stack[:i+1]
	}
	return stack, nil
}

// Undone returns the operations that Redo would bring back, in its order. Here
// says that the last of all operations was to undo the first of them, in this
// work tree.
func (l *Log) Undone(of Whose) (list []*Operation, here bool, err error) {
	ops, err := l.all()
	if err != nil {
		return nil, false, err
	}
	_, redo := stacks(ops, of)
	for _, u := range slices.Backward(redo) {
		list = append(list, u.op)
	}
	here = len(redo) > 0 && redo[len(redo)-1].by == ops[len(ops)-1] && ops[len(ops)-1].WorkTree == l.workTree()
	return list, here, nil
}

// An undone operation, and the undo that did it.
type undone struct{ op, by *Operation }

// stacks replays the log: what can be undone and what can be redone, the next
// one last.
func stacks(ops []*Operation, of Whose) (undo []*Operation, redo []undone) {
	for _, op := range ops {
		switch {
		case op.Status != Done:
		case len(op.Undoes) > 0:
			for _, id := range op.Undoes {
				if i := slices.IndexFunc(undo, func(o *Operation) bool { return o.ID == id }); i >= 0 {
					redo = append(redo, undone{undo[i], op})
					undo = slices.Delete(undo, i, i+1)
				}
			}
		case len(op.Redoes) > 0:
			for _, id := range op.Redoes {
				if i := slices.IndexFunc(redo, func(u undone) bool { return u.op.ID == id }); i >= 0 {
					undo = append(undo, redo[i].op)
					redo = slices.Delete(redo, i, i+1)
				}
			}
		case of.has(op):
			undo, redo = append(undo, op), nil
		}
	}
	return undo, redo
}

// travel makes one operation of steps and applies it. What to do is decided
// under the lock.
func (l *Log) travel(ctx context.Context, verb string, o UndoOptions, choose func([]*Operation) ([]side, error)) (*Operation, error) {
	var steps []side
	var moves []Move
	op, err := l.begin(ctx, Intent{Verb: verb, Committer: o.Committer}, func(record *Operation) error {
		ops, err := l.all()
		if err != nil {
			return err
		}
		if steps, err = choose(ops); err != nil {
			return err
		}
		if err := l.compose(ctx, record, verb, steps, o); err != nil {
			return err
		}
		moves, err = l.startFromNow(ctx, record, o)
		if err == nil && len(moves) > 0 && !o.Force {
			return &MovedError{Op: steps[0].op, Moves: moves}
		}
		if err != nil {
			return err
		}
		if err := l.checkThere(record, steps, o.Objects); err != nil {
			return err
		}
		return l.checkPlace(ctx, record, steps)
	})
	if err != nil {
		return nil, err
	}
	defer op.Close()
	var sources []*Operation
	for _, s := range steps {
		sources = append(sources, s.op)
	}
	head := op.record.Head.After
	plan := Plan{Objects: slices.Concat(l.tagObjects(sources...), o.Objects)}
	if head != (gitrepo.HeadState{}) {
		plan.Head = &head
	}
	if err := op.Apply(ctx, plan); err != nil {
		if !op.record.Planned {
			return nil, err // nothing was begun
		}
		if r, aborted := op.Abort(ctx); aborted != nil || r.Outcome != RolledBack {
			return nil, fmt.Errorf("%w (%v)", err, describe(r, aborted))
		}
		return nil, err
	}
	return op.record, op.Done(ctx)
}

func describe(r *Recovery, err error) any {
	if err != nil {
		return err
	}
	return r
}

// checkThere refuses what would lead to objects that are gone. Annotated tags
// are in the records, and objects are those that are still to be written.
func (l *Log) checkThere(op *Operation, steps []side, objects []gitrepo.Object) error {
	var sources []*Operation
	for _, s := range steps {
		sources = append(sources, s.op)
	}
	find := keeping{repo: l.repo, unwritten: slices.Concat(l.tagObjects(sources...), objects)}.find
	for _, c := range op.Refs {
		for id := c.After; id != "" && c.After != c.Before; {
			obj, err := find(id)
			if errors.As(err, new(*gitrepo.MissingError)) {
				return &GoneError{Op: steps[0].op, Ref: c.Name, Object: id}
			}
			if err != nil {
				return err
			}
			id = obj.TagTarget()
		}
	}
	return nil
}

// checkPlace refuses what has to be done from another work tree.
func (l *Log) checkPlace(ctx context.Context, op *Operation, steps []side) error {
	for _, s := range steps {
		if s.op.Head.Before == s.op.Head.After || s.op.WorkTree == l.workTree() {
			continue
		}
		gitDir := filepath.Join(l.repo.CommonDir, filepath.FromSlash(s.op.WorkTree))
		if _, err := os.Stat(gitDir); err == nil {
			path, err := l.repo.WorkTreeAt(ctx, gitDir)
			if err != nil {
				return err
			}
			return &WorkTreeError{Op: s.op, Path: cmp.Or(path, s.op.WorkTree)}
		}
		op.Head = HeadChange{} // it was removed, and its HEAD with it
	}
	head, err := l.repo.HeadNow(ctx)
	if err != nil {
		return err
	}
	if op.Head.Before != op.Head.After {
		if err := l.repo.CheckIdleHere(); err != nil {
			return err
		}
	}
	for _, c := range op.Refs {
		if c.Before == c.After || !strings.HasPrefix(c.Name, "refs/heads/") {
			continue
		}
		if err := l.repo.CheckIdle(ctx, c.Name); err != nil {
			return err
		}
		path, err := l.repo.WorkTreeWith(ctx, c.Name)
		if err != nil {
			return err
		}
		if path != "" && l.sameTree(c) {
			path = "" // index and files there stay right
		}
		stays := head.Branch == c.Name && (op.Head == HeadChange{} || op.Head.After == head)
		if path == "" && c.After == "" && stays {
			path = l.repo.TopLevel // to be deleted below the user's feet
		}
		if path != "" {
			return &WorkTreeError{Op: steps[0].op, Branch: c.Name, Path: path}
		}
	}
	return nil
}

// sameTree says whether a ref leads to the same files before and after.
func (l *Log) sameTree(c RefChange) bool {
	before, err := l.repo.Commit(string(c.Before))
	if err != nil {
		return false
	}
	after, err := l.repo.Commit(string(c.After))
	return err == nil && before.Tree == after.Tree
}
