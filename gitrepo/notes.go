package gitrepo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// CarryNotes copies the notes of commits that were made again to the commits
// that took their place, in every notes ref. Moved leads from the old id to
// the new one. The old notes stay, and so does a note that a new commit has
// already. All objects are written; the updates it returns belong into the
// transaction that moves the branch. A notes ref that leads to no commit is
// left alone.
func (r *Repo) CarryNotes(ctx context.Context, moved map[ID]ID) ([]RefUpdate, error) {
	if len(moved) == 0 {
		return nil, nil
	}
	refs, err := r.notesRefs(ctx)
	if err != nil || len(refs) == 0 {
		return nil, err
	}
	var updates []RefUpdate
	var objects []Object
	for _, ref := range refs {
		made, err := r.carryNotes(ref, moved)
		if err != nil {
			return nil, fmt.Errorf("notes in %s: %w", ref.Name, err)
		}
		if len(made) == 0 {
			continue
		}
		objects = append(objects, made...)
		updates = append(updates, RefUpdate{Name: ref.Name, New: made[len(made)-1].ID, Old: ref.Object})
	}
	return updates, r.WriteObjects(ctx, objects...)
}

// notesRefs lists the notes refs that are not other names of such.
func (r *Repo) notesRefs(ctx context.Context) ([]Ref, error) {
	if none, sure := r.refsInFiles("refs/notes/"); sure && len(none) == 0 {
		return nil, nil
	}
	out, err := r.git.output(ctx, "for-each-ref", "--format=%(refname)%00%(objectname)%00%(objecttype)%00%(symref)", "refs/notes/")
	if err != nil {
		return nil, err
	}
	var refs []Ref
	for line := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\x00")
		if len(f) == 4 && f[2] == "commit" && f[3] == "" {
			refs = append(refs, Ref{Name: f[0], Object: ID(f[1])})
		}
	}
	return refs, nil
}

// carryNotes makes the objects of one notes ref, the commit last; none when
// nothing is to be carried.
func (r *Repo) carryNotes(ref Ref, moved map[ID]ID) ([]Object, error) {
	before, err := r.Commit(string(ref.Object))
	if err != nil {
		return nil, err
	}
	root, err := r.readNotes(before.Tree)
	if err != nil {
		return nil, err
	}
	for _, old := range slices.Sorted(maps.Keys(moved)) {
		note, err := root.find(string(old))
		if err != nil {
			return nil, err
		}
		if note == nil {
			continue
		}
		there, err := root.find(string(moved[old]))
		if err != nil {
			return nil, err
		}
		if there != nil {
			continue
		}
		if err := root.insert(string(moved[old]), *note); err != nil {
			return nil, err
		}
	}
	tree, objects := root.objects()
	if len(objects) == 0 {
		return nil, nil
	}
	commit, err := r.notesCommit(tree, []ID{before.ID})
	return append(objects, commit), err
}
