package gitrepo

import (
	"context"
	"slices"
	"strings"
)

// A Note is what one notes ref says about one commit.
type Note struct {
	Ref    string `json:"ref"` // full name, below refs/notes/
	Commit ID     `json:"commit"`
	Data   []byte `json:"data"`
}

// NotesOf returns the notes of commits in all notes refs, by ref and then in
// the order of the commits. A notes ref that leads to no commit is left out,
// and so is what is no blob.
func (r *Repo) NotesOf(ctx context.Context, commits []ID) ([]Note, error) {
	refs, err := r.notesRefs(ctx)
	if err != nil {
		return nil, err
	}
	var notes []Note
	for _, ref := range refs {
		top, err := r.Commit(string(ref.Object))
		if err != nil {
			return nil, err
		}
		root, err := r.readNotes(top.Tree)
		if err != nil {
			return nil, err
		}
		for _, commit := range commits {
			entry, err := root.find(string(commit))
			if err != nil {
				return nil, err
			}
			if entry == nil {
				continue
			}
			obj, err := r.Read(string(entry.id))
			if err != nil {
				return nil, err
			}
			if obj.Kind == "blob" {
				notes = append(notes, Note{Ref: ref.Name, Commit: commit, Data: obj.Data})
			}
		}
	}
	return notes, nil
}

// AddNotes makes the objects and the ref updates that add notes, one commit
// for each ref; none for what is there already. Notes whose commit has another
// note, or whose ref is no notes ref that can be added to, are conflicts and
// not in the updates. Nothing is written yet.
func (r *Repo) AddNotes(ctx context.Context, notes []Note) (updates []RefUpdate, objects []Object, conflicts []Note, err error) {
	var names []string
	byRef := map[string][]Note{}
	for _, n := range notes {
		if !slices.Contains(names, n.Ref) {
			names = append(names, n.Ref)
		}
		byRef[n.Ref] = append(byRef[n.Ref], n)
	}
	if len(names) == 0 {
		return nil, nil, nil, nil
	}
	values, err := r.RefValues(ctx, names...)
	if err != nil {
		return nil, nil, nil, err
	}
	usable, err := r.notesRefs(ctx)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, name := range names {
		now := values[name]
		if now != "" && !slices.ContainsFunc(usable, func(ref Ref) bool { return ref.Name == name }) || !strings.HasPrefix(name, "refs/notes/") {
			conflicts = append(conflicts, byRef[name]...)
			continue
		}
		made, other, err := r.addNotes(now, byRef[name])
		if err != nil {
			return nil, nil, nil, err
		}
		conflicts = append(conflicts, other...)
		if len(made) > 0 {
			updates = append(updates, RefUpdate{Name: name, New: made[len(made)-1].ID, Old: now})
			objects = append(objects, made...)
		}
	}
	return updates, objects, conflicts, nil
}

// addNotes makes the objects of one notes ref, the commit last; none when
// nothing is to be added. Now is "" for a ref that is not there yet.
func (r *Repo) addNotes(now ID, notes []Note) (objects []Object, conflicts []Note, err error) {
	root, parents := &notesTree{repo: r}, []ID(nil)
	if now != "" {
		top, err := r.Commit(string(now))
		if err != nil {
			return nil, nil, err
		}
		parents = []ID{top.ID}
		if root, err = r.readNotes(top.Tree); err != nil {
			return nil, nil, err
		}
	}
	for _, n := range notes {
		there, err := root.find(string(n.Commit))
		if err != nil {
			return nil, nil, err
		}
		blob := r.NewObject("blob", n.Data)
		switch {
		case there == nil:
			objects = append(objects, blob)
			if err := root.insert(string(n.Commit), treeEntry{mode: "100644", name: string(n.Commit), id: blob.ID}); err != nil {
				return nil, nil, err
			}
		case there.id != blob.ID:
			conflicts = append(conflicts, n)
		}
	}
	if len(objects) == 0 {
		return nil, conflicts, nil
	}
	tree, trees := root.objects()
	commit, err := r.notesCommit(tree, parents)
	return slices.Concat(objects, trees, []Object{commit}), conflicts, err
}

// notesCommit is a commit of a notes ref. Git does not sign these either.
func (r *Repo) notesCommit(tree ID, parents []ID) (Object, error) {
	author, err := r.Author()
	if err != nil {
		return Object{}, err
	}
	committer, err := r.Committer()
	if err != nil {
		return Object{}, err
	}
	return r.NewObject("commit", commitData(tree, parents, author, committer, "Notes added by 'kprep'\n")), nil
}
