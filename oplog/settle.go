package oplog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Move is one thing that is not as an operation left it.
type Move struct {
	What      string // a full ref name, "HEAD", "configuration of <branch>", or a path below kprep's folder
	Want, Now string // ids for refs, words for HEAD; "" is "does not exist", or cannot be said in one line
	// Ahead counts the commits on top of Want, for a ref that contains it
	// still; -1 for one that does not, and for all else.
	Ahead int
}

func (m Move) String() string {
	switch {
	case m.Ahead > 0:
		return fmt.Sprintf("%s has %d commits on top", m.What, m.Ahead)
	case m.Now == "" && m.Want != "":
		return m.What + " was deleted"
	case m.Want == "" && m.Now != "":
		return m.What + " was made"
	}
	return m.What + " was changed"
}

// A MovedError means that something is no longer as an operation left it, so
// that its state cannot be exchanged for another without losing what was done
// since. Nothing was changed.
type MovedError struct {
	Op    *Operation
	Moves []Move
	Steps int // for an undo or redo of several: how many could be made before
}

func (e *MovedError) Error() string {
	words := make([]string, len(e.Moves))
	for i, m := range e.Moves {
		words[i] = m.String()
	}
	return fmt.Sprintf("since operation %d (%s): %s", e.Op.ID, e.Op.Title(), strings.Join(words, ", "))
}

// A settlement says how to bring the repository to one side of an operation.
type settlement struct {
	objects []gitrepo.Object  // to write first
	keep    gitrepo.RefUpdate // of KeepRef, in the same transaction
	reason  string            // for reflogs; "" for the operation's own
}

// A side is an operation seen in one direction.
type side struct {
	op      *Operation
	forward bool
}

func (s side) ref(c RefChange) (from, to gitrepo.ID) {
	if s.forward {
		return c.Before, c.After
	}
	return c.After, c.Before
}

func (s side) head() (from, to gitrepo.HeadState) {
	if s.forward {
		return s.op.Head.Before, s.op.Head.After
	}
	return s.op.Head.After, s.op.Head.Before
}

func (s side) files() (from, to gitrepo.ID) {
	if s.forward {
		return s.op.Files.Before, s.op.Files.After
	}
	return s.op.Files.After, s.op.Files.Before
}

func (s side) config(c ConfigChange) (from, to []gitrepo.ConfigSection) {
	if s.forward {
		return c.Before, c.After
	}
	return c.After, c.Before
}

func (s side) blob(c BlobChange) (from, to []byte) {
	if s.forward {
		return c.Before, c.After
	}
	return c.After, c.Before
}

// open is what of an operation is not on one side yet. It is found by
// looking, so that any part may have been done before.
type open struct {
	updates []gitrepo.RefUpdate
	head    *gitrepo.HeadState
	headNow gitrepo.HeadState
	config  []ConfigChange // to write: After
	blobs   []BlobChange   // to write: After
	moves   []Move
}

// survey compares what is there with both sides of an operation.
func (l *Log) survey(ctx context.Context, s side) (*open, error) {
	o := &open{}
	if err := l.surveyRefs(ctx, s, o); err != nil {
		return nil, err
	}
	return o, l.surveyRest(ctx, s, o)
}

// surveyRest is survey without the refs.
func (l *Log) surveyRest(ctx context.Context, s side, o *open) error {
	if err := l.surveyHead(ctx, s, o); err != nil {
		return err
	}
	if len(s.op.Config) > 0 {
		file, err := l.repo.ConfigFile()
		if err != nil {
			return err
		}
		for _, c := range s.op.Config {
			from, to := s.config(c)
			change := ConfigChange{Branch: c.Branch, Before: from, After: to}
			switch now := file.Branch(c.Branch); {
			case sameSections(now, to) && (slices.Equal(now, to) || !change.moves()):
			case sameSections(now, from):
				o.config = append(o.config, change)
			case sameSections(now, to):
			default:
				o.moves = append(o.moves, Move{What: "configuration of " + c.Branch, Ahead: -1})
			}
		}
	}
	for _, c := range s.op.Blobs {
		now, err := l.readBlob(c.Path)
		if err != nil {
			return err
		}
		from, to := s.blob(c)
		switch {
		case sameBlob(now, to):
		case sameBlob(now, from):
			o.blobs = append(o.blobs, BlobChange{Path: c.Path, Before: now, After: to})
		default:
			o.moves = append(o.moves, Move{What: c.Path, Ahead: -1})
		}
	}
	return nil
}

func (l *Log) surveyRefs(ctx context.Context, s side, o *open) error {
	var names []string
	for _, c := range s.op.Refs {
		if c.Before != c.After {
			names = append(names, c.Name)
		}
	}
	values, err := l.repo.RefValues(ctx, names...)
	if err != nil {
		return err
	}
	for _, c := range s.op.Refs {
		from, to := s.ref(c)
		switch now := values[c.Name]; {
		case from == to, now == to:
		case now == from:
			o.updates = append(o.updates, gitrepo.RefUpdate{Name: c.Name, New: to, Old: from})
		default:
			o.moves = append(o.moves, l.refMove(ctx, c.Name, from, now))
		}
	}
	return nil
}

func (l *Log) refMove(ctx context.Context, name string, want, now gitrepo.ID) Move {
	m := Move{What: name, Want: string(want), Now: string(now), Ahead: -1}
	if want == "" || now == "" {
		return m
	}
	// Objects may be gone; then it is just another value.
	if inside, err := l.repo.Ancestor(ctx, want, now); err == nil && inside {
		if n, err := l.repo.CommitsBetween(ctx, want, now); err == nil {
			m.Ahead = n
		}
	}
	return m
}

// surveyHead leaves HEAD alone where the user went elsewhere: what is checked
// out is the user's choice, not the operation's.
func (l *Log) surveyHead(ctx context.Context, s side, o *open) error {
	if s.op.Head == (HeadChange{}) {
		return nil
	}
	now, err := l.repo.HeadNow(ctx)
	if err != nil {
		return err
	}
	o.headNow = now
	if from, to := s.head(); now == from && from != to {
		o.head = &to
	}
	return nil
}

// carryOut does what an operation plans: nothing at all when something is not
// as it was (*MovedError, *gitrepo.RefChangedError), or when the work tree has
// changes in the way (*gitrepo.OverwriteError). Refs move in one transaction,
// with KeepRef; a crash before it is settled by going back, one after it by
// going on.
func (l *Log) carryOut(ctx context.Context, op *Operation, how settlement) error {
	s, o := side{op, true}, &open{}
	for _, c := range op.Refs { // read just now, for the plan: the transaction compares
		if c.Before != c.After {
			o.updates = append(o.updates, gitrepo.RefUpdate{Name: c.Name, New: c.After, Old: c.Before})
		}
	}
	if err := l.surveyRest(ctx, s, o); err != nil {
		return err
	}
	if len(o.moves) > 0 {
		return &MovedError{Op: op, Moves: o.moves}
	}
	if err := l.settle(ctx, s, o, how); err != nil {
		return err
	}
	op.settled = true
	return nil
}

// settle does what is open on one side of an operation.
func (l *Log) settle(ctx context.Context, s side, o *open, how settlement) error {
	reason := how.reason
	if reason == "" {
		reason = s.op.reason()
	}
	l.step("write objects")
	if err := l.repo.WriteObjects(ctx, how.objects...); err != nil {
		return err
	}
	moved, err := l.moveFiles(ctx, s, o)
	if err != nil {
		return err
	}
	if err := l.moveRefs(ctx, o, how, reason); err != nil {
		if moved { // nothing else has happened yet
			from, to := s.files()
			err = errors.Join(err, l.repo.Transition(context.WithoutCancel(ctx), to, from))
		}
		return err
	}
	// From here on there is only forward.
	ctx = context.WithoutCancel(ctx)
	if err := l.writeConfig(ctx, o.config); err != nil {
		return err
	}
	for _, b := range o.blobs {
		if err := l.writeBlob(b); err != nil {
			return err
		}
	}
	return nil
}

// moveFiles takes index and work tree along, when HEAD is where the operation
// has it: on another branch they have nothing to do with it.
func (l *Log) moveFiles(ctx context.Context, s side, o *open) (bool, error) {
	from, to := s.files()
	fromHead, toHead := s.head()
	if from == to || o.headNow != fromHead && o.headNow != toHead {
		return false, nil
	}
	l.step("move files")
	return true, l.repo.Transition(ctx, from, to)
}

// moveRefs moves refs and HEAD. HEAD goes first where its branch is there
// already, so that it never names one that is not.
func (l *Log) moveRefs(ctx context.Context, o *open, how settlement, reason string) error {
	headFirst := o.head != nil && !slices.ContainsFunc(o.updates, func(u gitrepo.RefUpdate) bool { return u.Name == o.head.Branch && u.Old == "" })
	if headFirst {
		l.step("move HEAD")
		if err := l.repo.SetHead(ctx, *o.head, reason); err != nil {
			return err
		}
	}
	updates := o.updates
	if how.keep.New != how.keep.Old {
		updates = append(updates, how.keep)
	}
	l.step("move refs")
	if err := l.updateRefs(ctx, reason, updates); err != nil {
		if headFirst {
			err = errors.Join(err, l.repo.SetHead(context.WithoutCancel(ctx), o.headNow, reason))
		}
		return err
	}
	if o.head != nil && !headFirst {
		l.step("move HEAD")
		return l.repo.SetHead(context.WithoutCancel(ctx), *o.head, reason)
	}
	return nil
}

// updateRefs is one transaction; two only where a name that goes is a folder
// of a name that comes, or the other way round, which git does not do in one.
func (l *Log) updateRefs(ctx context.Context, reason string, updates []gitrepo.RefUpdate) error {
	var gone, rest []gitrepo.RefUpdate
	for _, u := range updates {
		inTheWay := u.New == "" && slices.ContainsFunc(updates, func(o gitrepo.RefUpdate) bool {
			return o.New != "" && (strings.HasPrefix(o.Name, u.Name+"/") || strings.HasPrefix(u.Name, o.Name+"/"))
		})
		if inTheWay {
			gone = append(gone, u)
		} else {
			rest = append(rest, u)
		}
	}
	if len(gone) > 0 {
		if err := l.repo.UpdateRefs(ctx, reason, gone...); err != nil {
			return err
		}
	}
	if len(rest) == 0 {
		return nil
	}
	return l.repo.UpdateRefs(ctx, reason, rest...)
}

// writeConfig exchanges the sections of branches, all others stay.
func (l *Log) writeConfig(ctx context.Context, changes []ConfigChange) error {
	if len(changes) == 0 {
		return nil
	}
	file, err := l.repo.ConfigFile()
	if err != nil {
		return err
	}
	var edits []gitrepo.BranchEdit
	for _, c := range changes {
		edits = append(edits, gitrepo.BranchEdit{Name: c.Branch, From: c.Before, To: c.After})
	}
	l.step("write configuration")
	return l.repo.WriteConfigFile(ctx, file, file.WithBranches(edits...))
}

func (l *Log) writeBlob(b BlobChange) error {
	path, err := l.blobFile(b.Path)
	if err != nil {
		return err
	}
	l.step("write " + b.Path)
	if b.After == nil {
		if err := os.Remove(path); err != nil {
			return err
		}
		return syncDir(filepath.Dir(path))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return l.writeFile(path, b.After)
}
