package oplog

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Plan is what an operation will leave. With it a crash is settled by what
// was meant; without, by what is found.
type Plan struct {
	Objects []gitrepo.Object    // those that are not in the repository yet
	Refs    []gitrepo.RefUpdate // from the values that were read
	Head    *gitrepo.HeadState  // nil: stays as it is
	Config  []ConfigValue
	Blobs   []Blob
}

// A ConfigValue gives a key of a branch exactly these values; none takes the
// key out. The key is "branch.<name>.<variable>".
type ConfigValue struct {
	Key    string
	Values []string
}

// A Blob gives a file below "<common git dir>/kprep" its content; nil removes
// it.
type Blob struct {
	Path string
	Data []byte
	// Edit, unless it is nil, makes Data from what is there under the log's
	// lock: of two that change a file at the same time each sees what the
	// other wrote.
	Edit func(now []byte) ([]byte, error)
}

// ErrPlanned means that an operation has a plan already.
var ErrPlanned = errors.New("the operation has a plan already")

// Plan records what will be, and waits until it is on the disk. It returns
// the objects to write beside the caller's own, and the update of KeepRef to
// make in the same transaction as the caller's: then operation and refs move
// together, or not at all. Refs, branches and files outside the scope are
// added to it. A ref that is not at its Old is a *gitrepo.RefChangedError.
func (op *Op) Plan(ctx context.Context, p Plan) ([]gitrepo.Object, gitrepo.RefUpdate, error) {
	made, err := op.plan(ctx, p)
	if err != nil {
		return nil, gitrepo.RefUpdate{}, err
	}
	return made, op.record.keepUpdate(), nil
}

func (op *Operation) keepUpdate() gitrepo.RefUpdate {
	return gitrepo.RefUpdate{Name: KeepRef, New: op.Keeper, Old: op.Kept}
}

func (op *Op) plan(ctx context.Context, p Plan) ([]gitrepo.Object, error) {
	if op.record.Planned {
		return nil, ErrPlanned
	}
	record := op.record.clone()
	if err := record.planRefs(p.Refs); err != nil {
		return nil, err
	}
	if err := op.log.planConfig(ctx, record, p.Config); err != nil {
		return nil, err
	}
	for _, b := range p.Blobs {
		if err := op.log.planBlob(record, b); err != nil {
			return nil, err
		}
	}
	if err := op.log.planHead(ctx, record, p.Head, p.Objects); err != nil {
		return nil, err
	}
	if err := op.log.checkUnlocked(record); err != nil {
		return nil, err
	}
	record.Planned = true
	made, err := op.log.keep(record, record.Kept, p.Objects)
	if err != nil {
		return nil, err
	}
	if err := op.log.save(record); err != nil {
		return nil, err
	}
	op.record = record
	return made, nil
}

// checkUnlocked finds out before anything moves what would only come to light
// behind the refs.
func (l *Log) checkUnlocked(op *Operation) error {
	switch {
	case op.Head.Before != op.Head.After:
		return l.repo.CheckUnlocked()
	case op.Files != FilesChange{}:
		return l.repo.CheckIndexUnlocked()
	}
	return nil
}

func (op *Operation) clone() *Operation {
	c := *op
	c.Refs, c.Config, c.Blobs = slices.Clone(op.Refs), slices.Clone(op.Config), slices.Clone(op.Blobs)
	return &c
}

func (op *Operation) planRefs(updates []gitrepo.RefUpdate) error {
	for _, u := range updates {
		i := slices.IndexFunc(op.Refs, func(c RefChange) bool { return c.Name == u.Name })
		switch {
		case i < 0:
			op.Refs = append(op.Refs, RefChange{Name: u.Name, Before: u.Old, After: u.New})
		case op.Refs[i].Before != u.Old:
			return &gitrepo.RefChangedError{Name: u.Name, Want: u.Old, Got: op.Refs[i].Before}
		default:
			op.Refs[i].After = u.New
		}
	}
	return nil
}

func (l *Log) planConfig(ctx context.Context, op *Operation, values []ConfigValue) error {
	if len(values) == 0 {
		return nil
	}
	file, err := l.repo.ConfigFile()
	if err != nil {
		return err
	}
	planned := file
	for _, v := range values {
		branch, err := branchOfKey(v.Key)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(op.Config, func(c ConfigChange) bool { return c.Branch == branch }) {
			sections := file.Branch(branch)
			op.Config = append(op.Config, ConfigChange{Branch: branch, Before: sections, After: sections})
		}
		if planned, err = l.repo.Set(ctx, planned, l.dir, v.Key, v.Values...); err != nil {
			return err
		}
	}
	for i := range op.Config {
		op.Config[i].After = planned.Branch(op.Config[i].Branch)
	}
	return nil
}

func branchOfKey(key string) (string, error) {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	if first == last || !strings.EqualFold(key[:first], "branch") {
		return "", fmt.Errorf("the key %q is none of a branch", key)
	}
	return key[first+1 : last], nil
}

func (l *Log) planBlob(op *Operation, b Blob) error {
	i := slices.IndexFunc(op.Blobs, func(c BlobChange) bool { return c.Path == b.Path })
	if i < 0 {
		data, err := l.readBlob(b.Path)
		if err != nil {
			return err
		}
		op.Blobs = append(op.Blobs, BlobChange{Path: b.Path, Before: data})
		i = len(op.Blobs) - 1
	}
	op.Blobs[i].After = b.Data
	if b.Edit != nil {
		var err error
		op.Blobs[i].After, err = b.Edit(op.Blobs[i].Before)
		return err
	}
	return nil
}

// planHead records what HEAD will say, and the trees that it leads to when
// these differ: index and work tree follow them.
func (l *Log) planHead(ctx context.Context, op *Operation, to *gitrepo.HeadState, unwritten []gitrepo.Object) error {
	now := op.Head.Before
	if now == (gitrepo.HeadState{}) {
		var err error
		if now, err = l.repo.HeadNow(ctx); err != nil {
			return err
		}
	}
	after := now
	if to != nil {
		after = *to
	}
	touched := slices.ContainsFunc(op.Refs, func(c RefChange) bool { return c.Name == now.Branch && c.Before != c.After })
	if after == now && !touched {
		return nil
	}
	op.Head = HeadChange{Before: now, After: after}
	if l.repo.TopLevel == "" {
		return nil
	}
	before, err := l.treeAt(ctx, op, now, unwritten, func(c RefChange) gitrepo.ID { return c.Before })
	if err != nil {
		return err
	}
	later, err := l.treeAt(ctx, op, after, unwritten, func(c RefChange) gitrepo.ID { return c.After })
	if err != nil {
		return err
	}
	if before != "" && later != "" && before != later {
		op.Files = FilesChange{Before: before, After: later}
	}
	return nil
}

// treeAt is the tree that a HEAD stands for, "" when there is none.
func (l *Log) treeAt(ctx context.Context, op *Operation, h gitrepo.HeadState, unwritten []gitrepo.Object, value func(RefChange) gitrepo.ID) (gitrepo.ID, error) {
	id := h.Detached
	if h.Branch != "" {
		i := slices.IndexFunc(op.Refs, func(c RefChange) bool { return c.Name == h.Branch })
		if i >= 0 {
			id = value(op.Refs[i])
		} else {
			values, err := l.repo.RefValues(ctx, h.Branch)
			if err != nil {
				return "", err
			}
			id = values[h.Branch]
		}
	}
	if id == "" {
		return "", nil
	}
	commit, err := keeping{repo: l.repo, unwritten: unwritten}.find(id)
	return commit.CommitTree(), err
}

// Apply plans and does it: objects, work tree, refs in one transaction with
// KeepRef, HEAD, configuration and files, in this order. On an error call
// Abort, which says what became of it.
func (op *Op) Apply(ctx context.Context, p Plan) error {
	made, err := op.plan(ctx, p)
	if err != nil {
		return err
	}
	return op.log.carryOut(ctx, op.record, settlement{objects: slices.Concat(p.Objects, made), keep: op.record.keepUpdate()})
}

// Done records the after state and gives the lock back. An operation that
// changed nothing leaves no record, unless it is a barrier.
func (op *Op) Done(ctx context.Context) error {
	// What was done is recorded, also after an interrupt.
	err := op.log.finish(context.WithoutCancel(ctx), op.record)
	return errors.Join(err, op.Close())
}

// finish closes a record with what is there now.
func (l *Log) finish(ctx context.Context, record *Operation) error {
	if err := l.lookAgain(ctx, record); err != nil {
		return err
	}
	record.changed()
	if record.empty() {
		return l.remove(record)
	}
	if !record.settled {
		if err := l.moveKeeper(ctx, record); err != nil {
			return err
		}
	}
	record.Status, record.Scope = Done, nil
	return l.save(record)
}

// moveKeeper has KeepRef hold what the operation needs, where the caller's
// transaction did not do so.
func (l *Log) moveKeeper(ctx context.Context, record *Operation) error {
	now, err := l.keptNow(ctx)
	if err != nil || record.Keeper != "" && now == record.Keeper {
		return err
	}
	record.Kept = now
	made, err := l.keep(record, now, nil)
	if err != nil {
		return err
	}
	l.step("write keeper")
	if err := l.repo.WriteObjects(ctx, made...); err != nil {
		return err
	}
	l.step("move keeper")
	return l.repo.UpdateRefs(ctx, record.reason(), record.keepUpdate())
}

// Abort takes back what an operation has done so far, as far as that is known
// and nobody else moved it, and gives the lock back. What became of it is in
// words.
func (op *Op) Abort(ctx context.Context) (*Recovery, error) {
	if op.record.still { // to go back takes room for objects, which may be what is missing
		return &Recovery{Op: op.record, Outcome: RolledBack}, errors.Join(op.log.remove(op.record), op.Close())
	}
	// Also after an interrupt: this is what the interrupt asks for.
	ctx = context.WithoutCancel(ctx)
	r, err := op.log.settleCrash(ctx, op.record)
	if err != nil && !op.record.astray && op.log.untouched(ctx, op.record) {
		// A hook or a lock keeps KeepRef from moving too. It only fences off a git
		// that outlived its kprep, and ours has ended.
		r, err = &Recovery{Op: op.record, Outcome: RolledBack}, op.log.remove(op.record)
	}
	return r, errors.Join(err, op.Close())
}

// untouched says whether all is as it was before the operation.
func (l *Log) untouched(ctx context.Context, op *Operation) bool {
	o, err := l.survey(ctx, side{op, false})
	return err == nil && len(o.updates)+len(o.config)+len(o.blobs)+len(o.moves) == 0 && o.head == nil
}
