package feed

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/kprep/kprep/durable"
)

// An epoch is one of the feed's repositories.
type epoch struct {
	dir     string
	objects objects
	head    plumbing.Hash // zero: no commit yet
}

func openEpoch(dir string) (*epoch, error) {
	e := &epoch{dir: dir, objects: objects{dir: filepath.Join(dir, "objects")}}
	id, err := tip(dir)
	if err == nil && id != "" && !plumbing.IsHash(id) {
		err = fmt.Errorf("%s is at %q, which is no commit", filepath.Join(dir, branch), id)
	}
	e.head = plumbing.NewHash(id)
	return e, err
}

// tip reads where the branch is: in a file of its own, or in the one that git
// packs refs into. It is "" for nowhere.
func tip(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(branch)))
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	text, err = os.ReadFile(filepath.Join(dir, "packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	for line := range strings.Lines(string(text)) {
		if id, name, _ := strings.Cut(strings.TrimSpace(line), " "); name == branch {
			return id, nil
		}
	}
	return "", err
}

// walk visits the commits, the newest first, until visit has enough.
func (e *epoch) walk(visit func(commit, tree string) bool) error {
	for id := e.head; !id.IsZero(); {
		text, err := e.objects.read(id)
		if err != nil {
			return err
		}
		tree, parent := links(text)
		if !visit(id.String(), tree) {
			return nil
		}
		id = plumbing.NewHash(parent)
	}
	return nil
}

// move makes head the tip of the branch, on the disk too.
func (e *epoch) move(head plumbing.Hash) error {
	path := filepath.Join(e.dir, filepath.FromSlash(branch))
	if err := durable.Write(path, []byte(head.String()+"\n"), 0o644); err != nil {
		return err
	}
	e.head = head
	return durable.Sync(filepath.Dir(path))
}

// sizes are the bytes of epochs, by their tip: somebody else may have written.
type sizes map[string]sizeAt

type sizeAt struct {
	head  plumbing.Hash
	bytes int64
}

// atLeast says whether the objects of an epoch take so many bytes.
func (s sizes) atLeast(e *epoch, limit int64) (bool, error) {
	known, ok := s[e.dir]
	if !ok || known.head != e.head {
		bytes, err := sizeOf(filepath.Join(e.dir, "objects"))
		if err != nil {
			return false, err
		}
		known = sizeAt{e.head, bytes}
		s[e.dir] = known
	}
	return known.bytes >= limit, nil
}

// grew counts what was added.
func (s sizes) grew(e *epoch, bytes int64) {
	s[e.dir] = sizeAt{e.head, s[e.dir].bytes + bytes}
}

// sizeOf adds up the files below a folder. Those that vanish meanwhile were
// repacked.
func sizeOf(root string) (int64, error) {
	var bytes int64
	err := filepath.WalkDir(root, func(_ string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil {
			bytes += info.Size()
		}
		return err
	})
	return bytes, err
}
