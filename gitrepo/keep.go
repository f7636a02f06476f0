package gitrepo

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"sort"
	"time"
)

// NewKeeper makes the objects of a commit that keeps others from being
// collected: commits as its parents, blobs and trees as entries of its tree,
// under their ids. An annotated tag can be neither: its bytes must be kept
// elsewhere. The commit is the last of the objects returned.
func (r *Repo) NewKeeper(commits []ID, others []Object, message string, when time.Time) ([]Object, error) {
	sort.Slice(others, func(i, j int) bool { return others[i].ID < others[j].ID })
	var tree bytes.Buffer
	for i, o := range others {
		if i > 0 && others[i-1].ID == o.ID {
			continue
		}
		raw, err := hex.DecodeString(string(o.ID))
		if err != nil {
			return nil, fmt.Errorf("object id %q: %w", o.ID, err)
		}
		switch o.Kind {
		case "blob":
			fmt.Fprintf(&tree, "100644 %s\x00%s", o.ID, raw)
		case "tree":
			fmt.Fprintf(&tree, "40000 %s\x00%s", o.ID, raw)
		default:
			return nil, fmt.Errorf("a tree cannot keep the %s %s", o.Kind, o.ID.Short())
		}
	}
	folder := r.NewObject("tree", tree.Bytes())
	var commit bytes.Buffer
	fmt.Fprintf(&commit, "tree %s\n", folder.ID)
	writeParents(&commit, commits)
	who := fmt.Sprintf("kprep <kprep> %d +0000", when.Unix())
	fmt.Fprintf(&commit, "author %s\ncommitter %s\n\n%s\n", who, who, message)
	return []Object{folder, r.NewObject("commit", commit.Bytes())}, nil
}

// TagTarget is the object that an annotated tag points at; "" for other
// objects.
func (o Object) TagTarget() ID {
	line, _, _ := bytes.Cut(o.Data, []byte("\n"))
	id, ok := bytes.CutPrefix(line, []byte("object "))
	if o.Kind != "tag" || !ok {
		return ""
	}
	return ID(id)
}

// CommitTree is the tree of a commit; "" for other objects.
func (o Object) CommitTree() ID {
	line, _, _ := bytes.Cut(o.Data, []byte("\n"))
	id, ok := bytes.CutPrefix(line, []byte("tree "))
	if o.Kind != "commit" || !ok {
		return ""
	}
	return ID(id)
}
