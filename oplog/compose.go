package oplog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// compose fills a record with what the steps change together. A state between
// two steps that neither knows is a gap: something was done there by others.
func (l *Log) compose(ctx context.Context, op *Operation, verb string, steps []side, o UndoOptions) error {
	var titles []string
	same := true
	for i, s := range steps {
		source := s.op
		if moves := op.append(s); len(moves) > 0 {
			for j, m := range moves {
				if strings.HasPrefix(m.What, "refs/") {
					moves[j] = l.refMove(ctx, m.What, gitrepo.ID(m.Want), gitrepo.ID(m.Now))
				}
			}
			return &MovedError{Op: source, Moves: moves, Steps: i}
		}
		for _, id := range slices.Backward(source.Undoes) {
			op.Redoes = append(op.Redoes, id)
		}
		switch {
		case verb == "undo":
			op.Undoes = append(op.Undoes, source.ID)
		case len(source.Undoes) == 0:
			op.Redoes = append(op.Redoes, source.ID)
		}
		titles = append(titles, strings.Join(source.titleWords(), " "))
		same = same && source.ChangeID == steps[0].op.ChangeID && source.Branch == steps[0].op.Branch
	}
	if same {
		op.ChangeID, op.Branch = steps[0].op.ChangeID, steps[0].op.Branch
	}
	op.Args = []string{strings.Join(titles, ", ")}
	for _, u := range o.Instead {
		i := slices.IndexFunc(op.Refs, func(c RefChange) bool { return c.Name == u.Name })
		if i < 0 {
			return fmt.Errorf("%s is not part of what %s changes", u.Name, verb)
		}
		op.Refs[i] = RefChange{Name: u.Name, Before: u.Old, After: u.New}
	}
	return nil
}

// titleWords is the verb without arguments; that of an undo is what it undid.
func (op *Operation) titleWords() []string {
	if len(op.Undoes) > 0 {
		return op.Args
	}
	return []string{op.Verb}
}

// append puts one more step behind what the record changes already.
func (op *Operation) append(s side) []Move {
	var moves []Move
	for _, c := range s.op.Refs {
		from, to := s.ref(c)
		i := slices.IndexFunc(op.Refs, func(d RefChange) bool { return d.Name == c.Name })
		switch {
		case i < 0:
			op.Refs = append(op.Refs, RefChange{Name: c.Name, Before: from, After: to})
		case op.Refs[i].After == from, op.Refs[i].After == to:
			op.Refs[i].After = to
		default:
			moves = append(moves, Move{What: c.Name, Want: string(from), Now: string(op.Refs[i].After), Ahead: -1})
		}
	}
	for _, c := range s.op.Config {
		from, to := s.config(c)
		i := slices.IndexFunc(op.Config, func(d ConfigChange) bool { return d.Branch == c.Branch })
		switch {
		case i < 0:
			op.Config = append(op.Config, ConfigChange{Branch: c.Branch, Before: from, After: to})
		case sameSections(op.Config[i].After, from), sameSections(op.Config[i].After, to):
			op.Config[i].After = to
		default:
			moves = append(moves, Move{What: "configuration of " + c.Branch, Ahead: -1})
		}
	}
	for _, c := range s.op.Blobs {
		from, to := s.blob(c)
		i := slices.IndexFunc(op.Blobs, func(d BlobChange) bool { return d.Path == c.Path })
		switch {
		case i < 0:
			op.Blobs = append(op.Blobs, BlobChange{Path: c.Path, Before: from, After: to})
		case sameBlob(op.Blobs[i].After, from), sameBlob(op.Blobs[i].After, to):
			op.Blobs[i].After = to
		default:
			moves = append(moves, Move{What: c.Path, Ahead: -1})
		}
	}
	if from, to := s.head(); from != to {
		if op.Head == (HeadChange{}) {
			op.Head.Before = from
		}
		op.Head.After = to
	}
	return moves
}

// startFromNow compares what is there with what the steps start from, and
// makes the record start from what is there. It returns what differs.
func (l *Log) startFromNow(ctx context.Context, op *Operation, o UndoOptions) ([]Move, error) {
	var moves []Move
	var names []string
	for _, c := range op.Refs {
		names = append(names, c.Name)
	}
	values, err := l.repo.RefValues(ctx, names...)
	if err != nil {
		return nil, err
	}
	for i, c := range op.Refs {
		now := values[c.Name]
		if now != c.Before && now != c.After {
			if slices.ContainsFunc(o.Instead, func(u gitrepo.RefUpdate) bool { return u.Name == c.Name }) {
				return nil, &gitrepo.RefChangedError{Name: c.Name, Want: c.Before, Got: now}
			}
			moves = append(moves, l.refMove(ctx, c.Name, c.Before, now))
		}
		op.Refs[i].Before = now
	}
	more, err := l.filesFromNow(op)
	if err != nil {
		return nil, err
	}
	head, err := l.repo.HeadNow(ctx)
	if op.Head != (HeadChange{}) && op.Head.Before != head {
		op.Head = HeadChange{Before: head, After: head} // what is checked out is the user's choice
	}
	return append(moves, more...), err
}

func (l *Log) filesFromNow(op *Operation) ([]Move, error) {
	var moves []Move
	if len(op.Config) > 0 {
		file, err := l.repo.ConfigFile()
		if err != nil {
			return nil, err
		}
		for i, c := range op.Config {
			now := file.Branch(c.Branch)
			if sameSections(now, c.Before) {
				continue
			}
			if !sameSections(now, c.After) {
				moves = append(moves, Move{What: "configuration of " + c.Branch, Ahead: -1})
			}
			op.Config[i].Before = now
		}
	}
	for i, c := range op.Blobs {
		now, err := l.readBlob(c.Path)
		if err != nil {
			return nil, err
		}
		if !sameBlob(now, c.Before) && !sameBlob(now, c.After) {
			moves = append(moves, Move{What: c.Path, Ahead: -1})
		}
		op.Blobs[i].Before = now
	}
	return moves, nil
}
