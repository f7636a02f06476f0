package feed

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/google/renameio/v2"
)

// file is the name of the mail in a tree.
const file = "m"

// An epoch is one of the feed's repositories.
type epoch struct {
	dir  string
	git  *filesystem.Storage
	head plumbing.Hash // zero: no commit yet
}

func openEpoch(dir string) (*epoch, error) {
	e := &epoch{dir: dir, git: filesystem.NewStorage(osfs.New(dir, osfs.WithBoundOS()), cache.NewObjectLRU(cache.MiByte))}
	switch ref, err := e.git.Reference(branch); {
	case errors.Is(err, plumbing.ErrReferenceNotFound):
	case err != nil:
		return nil, err
	default:
		e.head = ref.Hash()
	}
	return e, nil
}

func (e *epoch) has(id plumbing.Hash) bool { return e.git.HasEncodedObject(id) == nil }

// walk visits the commits, the newest first, until visit has enough.
func (e *epoch) walk(visit func(commit, tree string) bool) error {
	for id := e.head; !id.IsZero(); {
		commit, err := object.GetCommit(e.git, id)
		if err != nil {
			return err
		}
		if !visit(id.String(), commit.TreeHash.String()) || len(commit.ParentHashes) == 0 {
			return nil
		}
		id = commit.ParentHashes[0]
	}
	return nil
}

// move makes head the tip of the branch, on the disk too. go-git would write
// the file in place, which a crash could cut short.
func (e *epoch) move(head plumbing.Hash) error {
	path := filepath.Join(e.dir, filepath.FromSlash(branch.String()))
	if err := renameio.WriteFile(path, []byte(head.String()+"\n"), 0o644, renameio.WithTempDir(e.dir)); err != nil {
		return err
	}
	e.head = head
	return syncFile(filepath.Dir(path))
}

// put stores an object. The path is that of its file, "" when a pack has it.
func (e *epoch) put(encode func(plumbing.EncodedObject) error) (id plumbing.Hash, path string, err error) {
	o := e.git.NewEncodedObject()
	if err := encode(o); err != nil {
		return plumbing.ZeroHash, "", err
	}
	if id, err = e.git.SetEncodedObject(o); err != nil {
		return id, "", err
	}
	name := id.String()
	path = filepath.Join(e.dir, "objects", name[:2], name[2:])
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return id, "", nil
	}
	// Others read the feed, whatever the mode that temporary files get.
	return id, path, os.Chmod(path, 0o444)
}

// blob and tree are encoders for put.
func blob(raw []byte) func(plumbing.EncodedObject) error {
	return func(o plumbing.EncodedObject) error {
		o.SetType(plumbing.BlobObject)
		w, err := o.Writer()
		if err != nil {
			return err
		}
		_, err = w.Write(raw)
		return errors.Join(err, w.Close())
	}
}

func tree(id plumbing.Hash) func(plumbing.EncodedObject) error {
	t := &object.Tree{Entries: []object.TreeEntry{{Name: file, Mode: filemode.Regular, Hash: id}}}
	return t.Encode
}

func blobOf(raw []byte) plumbing.Hash { return plumbing.ComputeHash(plumbing.BlobObject, raw) }

// treeOf is the id of the tree that holds a mail.
func treeOf(raw []byte) plumbing.Hash {
	o := &plumbing.MemoryObject{}
	if err := tree(blobOf(raw))(o); err != nil {
		return plumbing.ZeroHash // it writes to memory
	}
	return o.Hash()
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
