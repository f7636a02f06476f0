package oplog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/gitrepo"
)

// A settlement says how to bring the repository to one side of an operation.
type settlement struct {
	objects []gitrepo.Object  // to write first
	keep    gitrepo.RefUpdate // of KeepRef, in the same transaction
	reason  string            // for reflogs; "" for the operation's own
}

// carryOut does what an operation plans: nothing at all when something is not
// as it was (*MovedError, *gitrepo.RefChangedError), or when the work tree has
// changes in the way (*gitrepo.OverwriteError). Refs move in one transaction,
// with KeepRef; a crash before it is settled by going back, one after it by
// going on.
func (l *Log) carryOut(ctx context.Context, op *Operation, how settlement) error {
	s, o := side{op, true}, &open{}
	op.still = true
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
	// An interrupt comes before the first move or after the last: a git that is
	// killed at it leaves its locks.
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx)
	s.op.still = false
	moved, err := l.moveFiles(ctx, s, o)
	if err != nil {
		s.op.astray = !errors.As(err, new(*gitrepo.OverwriteError))
		return err
	}
	s.op.astray = false
	if committed, err := l.moveRefs(ctx, o, how, reason); err != nil {
		// Nothing else has happened yet. Without refs to move, files are where the
		// refs are.
		if moved && !committed && (len(o.updates) > 0 || o.head != nil) {
			from, to := s.files()
			back := l.repo.Transition(ctx, to, from)
			s.op.astray = back != nil
			err = errors.Join(err, back)
		}
		return err
	}
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
// already, so that it never names one that is not. Committed says that the
// refs have moved.
func (l *Log) moveRefs(ctx context.Context, o *open, how settlement, reason string) (committed bool, err error) {
	headFirst := o.head != nil && !slices.ContainsFunc(o.updates, func(u gitrepo.RefUpdate) bool { return u.Name == o.head.Branch && u.Old == "" })
	if headFirst {
		l.step("move HEAD")
		if err := l.repo.SetHead(ctx, *o.head, reason); err != nil {
			return false, err
		}
	}
	updates := o.updates
	if how.keep.New != how.keep.Old {
		updates = append(updates, how.keep)
	}
	l.step("move refs")
	if err := l.updateRefs(ctx, reason, updates); err != nil {
		if headFirst {
			err = errors.Join(err, l.repo.SetHead(ctx, o.headNow, reason))
		}
		return false, err
	}
	if o.head != nil && !headFirst {
		l.step("move HEAD")
		return true, l.repo.SetHead(ctx, *o.head, reason)
	}
	return true, nil
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
	return l.repo.WriteConfigFile(ctx, file, file.WithBranches(edits...), filepath.Join(l.dir, "config.new"))
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
		return durable.Sync(filepath.Dir(path))
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return l.writeFile(path, b.After)
}
