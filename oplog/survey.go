package oplog

import (
	"context"
	"fmt"
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
	case m.Ahead == 1:
		return m.What + " has 1 commit on top"
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
