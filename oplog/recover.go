package oplog

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/kprep/kprep/gitrepo"
)

// An Outcome is what became of an operation that a crash had left open.
type Outcome string

const (
	RolledBack Outcome = "rolled back" // all is as before; it has no record
	Finished   Outcome = "finished"    // all is as planned, and recorded
	Adopted    Outcome = "kept as it was found"
	LeftBroken Outcome = "left as it is"
)

// A Recovery says what became of an interrupted operation.
type Recovery struct {
	Op      *Operation
	Outcome Outcome
	Moved   bool   // something was changed for it now
	Moves   []Move // for LeftBroken: what somebody else moved
	Notes   []string
}

// String is one sentence for the user.
func (r *Recovery) String() string {
	text := fmt.Sprintf("operation %d (%s) was interrupted and is %s", r.Op.ID, r.Op.Title(), r.Outcome)
	if r.Outcome == RolledBack && !r.Moved {
		text = fmt.Sprintf("operation %d (%s) was interrupted before it changed anything", r.Op.ID, r.Op.Title())
	}
	for _, m := range r.Moves {
		text += "; " + m.String()
	}
	for _, n := range r.Notes {
		text += "; " + n
	}
	return text
}

// Recover settles what a crash left: nil when there is nothing. A verb that
// changes something calls it before it reads any state. It costs one look
// into a folder.
func (l *Log) Recover(ctx context.Context) (*Recovery, error) {
	last, err := l.last()
	if err != nil || last == nil || last.Status != Open {
		return nil, err
	}
	lock, err := l.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if last, err = l.last(); err != nil || last == nil || last.Status != Open {
		return nil, err // its process has just come to the end
	}
	return l.settleDead(ctx, last)
}

// startTime is how long a git process may take from its start until it holds
// the lock of the index.
const startTime = 50 * time.Millisecond

// settleDead is settleCrash for an operation of another process. A git that it
// had started to move index and work tree may outlive it, and may not have
// begun: unlike refs, these are not compared with what they were when it does.
func (l *Log) settleDead(ctx context.Context, op *Operation) (*Recovery, error) {
	if (op.Files != FilesChange{}) {
		select {
		case <-time.After(startTime):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return l.settleCrash(ctx, op)
}

// settleCrash decides by looking at the refs. The lock is held.
func (l *Log) settleCrash(ctx context.Context, op *Operation) (*Recovery, error) {
	if op.WorkTree != l.workTree() {
		repo, err := l.repo.InWorkTree(ctx, filepath.Join(l.repo.CommonDir, filepath.FromSlash(op.WorkTree)))
		switch {
		case errors.Is(err, gitrepo.ErrNoWorkTree):
			// HEAD and files went with it; the rest can be settled here.
			copied := *op
			copied.Head, copied.Files, copied.WorkTree = HeadChange{}, FilesChange{}, l.workTree()
			op = &copied
		case err != nil:
			return nil, err
		default:
			defer repo.Close()
			there := *l
			there.repo = repo
			return there.settleCrash(ctx, op)
		}
	}
	if !op.Planned {
		return l.adopt(ctx, op)
	}
	const attempts = 3
	for range attempts - 1 {
		r, err := l.decide(ctx, op)
		if !errors.As(err, new(*gitrepo.RefChangedError)) {
			return r, err
		}
		// A git that outlived its kprep was quicker: look again.
	}
	return l.decide(ctx, op)
}

// adopt settles an operation without a plan: what it changed, if anything, is
// what it did.
func (l *Log) adopt(ctx context.Context, op *Operation) (*Recovery, error) {
	r := &Recovery{Op: op, Outcome: RolledBack}
	if err := l.lookAgain(ctx, op); err != nil {
		return nil, err
	}
	found := op.clone()
	found.Barrier = false
	if found.changed(); found.empty() {
		return r, l.remove(op)
	}
	r.Outcome = Adopted
	op.Note = "interrupted"
	return r, l.finish(ctx, op)
}

// decide brings a planned operation to one of its sides.
func (l *Log) decide(ctx context.Context, op *Operation) (*Recovery, error) {
	kept, err := l.keptNow(ctx)
	if err != nil {
		return nil, err
	}
	o, err := l.survey(ctx, side{op, true})
	if err != nil {
		return nil, err
	}
	// KeepRef moves in the same transaction, so refs that are neither here nor
	// there were moved by others: with none where it was to go, nothing happened.
	planned, arrived := 0, 0
	for _, c := range op.Refs {
		if c.Before != c.After {
			planned++
		}
	}
	foreign := slices.ContainsFunc(o.moves, op.isRef)
	for _, m := range o.moves {
		if op.isRef(m) {
			arrived--
		}
	}
	arrived += planned - len(o.updates)
	switch {
	case kept == op.Keeper, planned > 0 && arrived == planned:
		return l.goOn(ctx, op, o)
	case foreign && arrived > 0:
		return l.giveUp(op, o.moves)
	}
	return l.goBack(ctx, op, kept)
}

func (op *Operation) isRef(m Move) bool {
	return slices.ContainsFunc(op.Refs, func(c RefChange) bool { return c.Name == m.What })
}

// goOn finishes what comes after the refs. They have moved; where somebody
// moved them on since, that is later history and not this operation's matter.
func (l *Log) goOn(ctx context.Context, op *Operation, o *open) (*Recovery, error) {
	r := &Recovery{Op: op, Outcome: Finished, Notes: notes(o.moves)}
	r.Moved = len(o.updates) > 0 || o.head != nil || len(o.config) > 0 || len(o.blobs) > 0
	how := settlement{}
	if len(o.moves) > 0 {
		o.headNow = gitrepo.HeadState{} // index and work tree belong to what came since
	}
	err := l.settle(ctx, side{op, true}, o, how)
	if dirty := (*gitrepo.OverwriteError)(nil); errors.As(err, &dirty) {
		r.Notes = append(r.Notes, "the work tree was left as it is, "+dirty.Reason)
		o.headNow = gitrepo.HeadState{}
		err = l.settle(ctx, side{op, true}, o, how)
	}
	if err != nil {
		return nil, err
	}
	op.Note = "interrupted, then finished"
	return r, l.finish(ctx, op)
}

func notes(moves []Move) []string {
	var list []string
	for _, m := range moves {
		list = append(list, m.String()+" since")
	}
	return list
}

// goBack restores what was, and moves KeepRef: a git process that outlived
// its kprep and still wants to move the refs then fails as a whole.
func (l *Log) goBack(ctx context.Context, op *Operation, kept gitrepo.ID) (*Recovery, error) {
	r := &Recovery{Op: op, Outcome: RolledBack}
	back := side{op, false}
	o, err := l.survey(ctx, back)
	if err != nil {
		return nil, err
	}
	if len(o.moves) > 0 {
		if !slices.ContainsFunc(o.moves, op.isRef) {
			return l.giveUp(op, o.moves)
		}
		o.headNow = gitrepo.HeadState{} // index and work tree belong to what came since
		r.Notes = notes(o.moves)
	}
	r.Moved = len(o.updates) > 0 || o.head != nil || len(o.config) > 0 || len(o.blobs) > 0
	fence := &Operation{ID: op.ID, Verb: "rolled back", Time: l.now()}
	made, err := l.keep(fence, kept, nil)
	if err != nil {
		return nil, err
	}
	how := settlement{objects: slices.Concat(l.tagObjects(op), made), keep: gitrepo.RefUpdate{Name: KeepRef, New: fence.Keeper, Old: kept},
		reason: "kprep: roll back " + op.Title()}
	err = l.settle(ctx, back, o, how)
	if dirty := (*gitrepo.OverwriteError)(nil); errors.As(err, &dirty) {
		// Refs have not moved, so these are the user's own files: leave them.
		r.Notes = append(r.Notes, "the work tree was left as it is, "+dirty.Reason)
		o.headNow = gitrepo.HeadState{}
		err = l.settle(ctx, back, o, how)
	}
	if err != nil {
		return nil, err
	}
	return r, l.remove(op)
}

// giveUp marks an operation broken: what others moved is never overwritten.
func (l *Log) giveUp(op *Operation, moves []Move) (*Recovery, error) {
	r := &Recovery{Op: op, Outcome: LeftBroken, Moves: moves}
	op.Status, op.Note = Broken, r.String()
	op.changed()
	op.Scope = nil
	return r, l.save(op)
}
