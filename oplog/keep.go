package oplog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/kprep/kprep/gitrepo"
)

// KeepRef leads to a chain of commits that keeps alive what operations need:
// commits are parents, blobs and trees lie in their trees. Annotated tags can
// be neither, and are in the records as bytes.
const KeepRef = "refs/kprep/ops"

// keep makes the commit of one operation, on top of previous ("" for none),
// and puts the tags it needs into the record. Objects are those that are not
// written yet. It returns what must be written, the commit last.
func (l *Log) keep(op *Operation, previous gitrepo.ID, objects []gitrepo.Object) ([]gitrepo.Object, error) {
	k := keeping{repo: l.repo, unwritten: objects, seen: map[gitrepo.ID]bool{}}
	if previous != "" {
		k.commits, k.seen[previous] = []gitrepo.ID{previous}, true
	}
	ids := []gitrepo.ID{op.Head.Before.Detached, op.Head.After.Detached}
	for _, c := range op.Refs {
		if c.Before != c.After {
			ids = append(ids, c.Before, c.After)
		}
	}
	for _, id := range ids {
		if err := k.add(id); err != nil {
			return nil, err
		}
	}
	op.Tags = k.tags
	made, err := l.repo.NewKeeper(k.commits, k.others, fmt.Sprintf("kprep operation %d: %s", op.ID, op.Title()), op.Time)
	if err != nil {
		return nil, err
	}
	op.Keeper = made[len(made)-1].ID
	return made, nil
}

type keeping struct {
	repo      *gitrepo.Repo
	unwritten []gitrepo.Object
	seen      map[gitrepo.ID]bool
	commits   []gitrepo.ID
	others    []gitrepo.Object
	tags      []TagObject
}

func (k *keeping) add(id gitrepo.ID) error {
	if id == "" || k.seen[id] {
		return nil
	}
	k.seen[id] = true
	obj, err := k.find(id)
	if errors.As(err, new(*gitrepo.MissingError)) {
		return nil // what is not there cannot be kept
	}
	if err != nil {
		return err
	}
	switch obj.Kind {
	case "commit":
		k.commits = append(k.commits, id)
	case "tag":
		k.tags = append(k.tags, TagObject{ID: id, Data: obj.Data})
		return k.add(obj.TagTarget())
	default:
		k.others = append(k.others, gitrepo.Object{ID: id, Kind: obj.Kind})
	}
	return nil
}

func (k keeping) find(id gitrepo.ID) (gitrepo.Object, error) {
	for _, o := range k.unwritten {
		if o.ID == id {
			return o, nil
		}
	}
	return k.repo.Read(string(id))
}

// tagObjects are the annotated tags of operations, to be written again.
func (l *Log) tagObjects(ops ...*Operation) []gitrepo.Object {
	var objects []gitrepo.Object
	seen := map[gitrepo.ID]bool{}
	for _, op := range ops {
		for _, t := range op.Tags {
			if obj := l.repo.NewObject("tag", t.Data); obj.ID == t.ID && !seen[t.ID] {
				seen[t.ID] = true
				objects = append(objects, obj)
			}
		}
	}
	return objects
}

// rebuildKeeper replaces the chain by one that holds the given operations
// alone, and lets go of what the old one held.
func (l *Log) rebuildKeeper(ctx context.Context, ops []*Operation) error {
	now, err := l.keptNow(ctx)
	if err != nil {
		return err
	}
	var objects []gitrepo.Object
	var tip gitrepo.ID
	for _, op := range ops {
		copied := *op
		made, err := l.keep(&copied, tip, slices.Concat(l.tagObjects(op), objects))
		if err != nil {
			return err
		}
		objects = append(objects, made...)
		tip = copied.Keeper
	}
	if tip == now {
		return nil
	}
	if err := l.repo.WriteObjects(ctx, objects...); err != nil {
		return err
	}
	if err := l.repo.UpdateRefs(ctx, "kprep: expire operations", gitrepo.RefUpdate{Name: KeepRef, New: tip, Old: now}); err != nil || tip == "" {
		return err
	}
	return l.repo.ForgetReflog(ctx, KeepRef)
}

func (l *Log) keptNow(ctx context.Context) (gitrepo.ID, error) {
	values, err := l.repo.RefValues(ctx, KeepRef)
	return values[KeepRef], err
}
