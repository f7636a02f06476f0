package gitrepo

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// A notesTree is a tree of notes, or one below it, read as far as it was
// needed. A note is an entry that is called like the commit, in hexadecimal;
// when there are many, git spreads them over directories that are called by
// the first two digits, and does so again inside these. Entries of other
// names are not notes, and stay.
type notesTree struct {
	repo    *Repo
	id      ID
	entries []treeEntry
	changed bool
}

type treeEntry struct {
	mode, name string
	id         ID
	sub        *notesTree // nil until it is read
}

func (e treeEntry) isTree() bool { return e.mode == "40000" }

// sortName orders entries as git does: a directory as if it ended in a slash.
func (e treeEntry) sortName() string {
	if e.isTree() {
		return e.name + "/"
	}
	return e.name
}

func (r *Repo) readNotes(id ID) (*notesTree, error) {
	obj, err := r.object(string(id))
	if err != nil {
		return nil, err
	}
	t := &notesTree{repo: r, id: id}
	rest := obj.Data
	for len(rest) > 0 { // "mode name NUL id", the id in binary
		head, tail, ok := bytes.Cut(rest, []byte{0})
		mode, name, blank := strings.Cut(string(head), " ")
		if !ok || !blank || len(tail) < r.Hex()/2 || obj.Kind != "tree" {
			return nil, fmt.Errorf("object %s is not a well-formed tree", id.Short())
		}
		t.entries = append(t.entries, treeEntry{mode: mode, name: name, id: ID(hex.EncodeToString(tail[:r.Hex()/2]))})
		rest = tail[r.Hex()/2:]
	}
	return t, nil
}

// find returns the note of a commit, nil when there is none. Rest is what the
// directories above left of its id.
func (t *notesTree) find(rest string) (*treeEntry, error) {
	for i := range t.entries {
		if e := &t.entries[i]; e.name == rest && !e.isTree() {
			return e, nil
		}
	}
	sub, err := t.directory(rest)
	if err != nil || sub == nil {
		return nil, err
	}
	return sub.find(rest[2:])
}

// directory returns the directory that notes of this name would be in, nil
// when there is none.
func (t *notesTree) directory(rest string) (*notesTree, error) {
	for i := range t.entries {
		e := &t.entries[i]
		if len(rest) <= 2 || e.name != rest[:2] || !e.isTree() {
			continue
		}
		if e.sub == nil {
			var err error
			if e.sub, err = t.repo.readNotes(e.id); err != nil {
				return nil, err
			}
		}
		return e.sub, nil
	}
	return nil, nil
}

// insert adds a note at the depth that its neighbours have.
func (t *notesTree) insert(rest string, note treeEntry) error {
	t.changed = true
	sub, err := t.directory(rest)
	switch {
	case err != nil:
		return err
	case sub != nil:
		return sub.insert(rest[2:], note)
	case t.spreads(len(rest)):
		sub = &notesTree{repo: t.repo, changed: true}
		sub.add(treeEntry{mode: note.mode, name: rest[2:], id: note.id})
		t.add(treeEntry{mode: "40000", name: rest[:2], sub: sub})
	default:
		t.add(treeEntry{mode: note.mode, name: rest, id: note.id})
	}
	return nil
}

// spreads says whether notes with so many digits left lie in directories here.
func (t *notesTree) spreads(digits int) bool {
	directories := false
	for _, e := range t.entries {
		if !isHex(e.name) {
			continue
		}
		if len(e.name) == digits && !e.isTree() {
			return false
		}
		directories = directories || len(e.name) == 2 && e.isTree()
	}
	return directories && digits > 2
}

func isHex(name string) bool { return strings.Trim(name, "0123456789abcdef") == "" }

func (t *notesTree) add(e treeEntry) {
	at, _ := slices.BinarySearchFunc(t.entries, e, func(a, b treeEntry) int { return strings.Compare(a.sortName(), b.sortName()) })
	t.entries = slices.Insert(t.entries, at, e)
}

// objects returns the id of the tree as it is now, and the trees to write.
func (t *notesTree) objects() (ID, []Object) {
	if !t.changed {
		return t.id, nil
	}
	var objects []Object
	var data bytes.Buffer
	for _, e := range t.entries {
		if e.sub != nil {
			var below []Object
			e.id, below = e.sub.objects()
			objects = append(objects, below...)
		}
		raw, _ := hex.DecodeString(string(e.id)) // it came from here
		fmt.Fprintf(&data, "%s %s\x00%s", e.mode, e.name, raw)
	}
	tree := t.repo.NewObject("tree", data.Bytes())
	return tree.ID, append(objects, tree)
}
