package feed

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/objfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// objects are those of one repository: loose files, which is how they are
// written, and the packs that git makes of them. go-git's own storage is not
// used: it would bring the configuration and signatures of git along.
type objects struct {
	dir    string // of the objects
	packs  []pack
	looked bool // for packs
}

// A pack is a file of many objects, and where each of them is in it.
type pack struct {
	file  string // below the objects
	index *idxfile.MemoryIndex
}

// put stores an object. The path is that of its file, "" when a pack has it.
func (o *objects) put(kind plumbing.ObjectType, data []byte) (id plumbing.Hash, path string, err error) {
	id = plumbing.ComputeHash(kind, data)
	if in, err := o.packed(id); err != nil || in != nil {
		return id, "", err
	}
	path = o.loose(id)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return id, "", err
	}
	// Where git itself puts unfinished objects, and removes those that stay.
	file, err := os.CreateTemp(filepath.Join(o.dir, "pack"), "tmp_obj_")
	if err != nil {
		return id, "", err
	}
	err = encode(file, kind, data)
	// Others read the feed, whatever the mode that temporary files get.
	if err = errors.Join(err, file.Chmod(0o444), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		os.Remove(file.Name())
	}
	return id, path, err
}

func encode(to io.Writer, kind plumbing.ObjectType, data []byte) error {
	w := objfile.NewWriter(to)
	err := w.WriteHeader(kind, int64(len(data)))
	if err == nil {
		_, err = w.Write(data)
	}
	return errors.Join(err, w.Close())
}

func (o *objects) has(id plumbing.Hash) (bool, error) {
	if _, err := os.Stat(o.loose(id)); err == nil {
		return true, nil
	}
	in, err := o.packed(id)
	return in != nil, err
}

// read returns the bytes of an object.
func (o *objects) read(id plumbing.Hash) ([]byte, error) {
	data, err := o.readLoose(id)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, err
	}
	in, err := o.packed(id)
	if err != nil {
		return nil, err
	}
	if in == nil {
		return nil, fmt.Errorf("object %s is missing", id)
	}
	return in.read(o.dir, id)
}

func (o *objects) readLoose(id plumbing.Hash) ([]byte, error) {
	file, err := os.Open(o.loose(id))
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r, err := objfile.NewReader(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if _, _, err := r.Header(); err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func (p *pack) read(dir string, id plumbing.Hash) ([]byte, error) {
	file, err := osfs.New(dir, osfs.WithBoundOS()).Open(p.file)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	object, err := packfile.NewPackfile(p.index, nil, file, 0).Get(id)
	if err != nil {
		return nil, err
	}
	r, err := object.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}

// packed returns the pack that has an object, nil for none.
func (o *objects) packed(id plumbing.Hash) (*pack, error) {
	if err := o.lookForPacks(); err != nil {
		return nil, err
	}
	for i := range o.packs {
		if has, err := o.packs[i].index.Contains(id); err != nil || has {
			return &o.packs[i], err
		}
	}
	return nil, nil
}

// lookForPacks reads the indexes of all packs, once.
func (o *objects) lookForPacks() error {
	if o.looked {
		return nil
	}
	entries, err := os.ReadDir(filepath.Join(o.dir, "pack"))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name, isIndex := strings.CutSuffix(entry.Name(), ".idx")
		if !isIndex {
			continue
		}
		index, err := readIndex(filepath.Join(o.dir, "pack", entry.Name()))
		if err != nil {
			return fmt.Errorf("%s: %w", entry.Name(), err)
		}
		o.packs = append(o.packs, pack{filepath.Join("pack", name+".pack"), index})
	}
	o.looked = true
	return nil
}

func readIndex(path string) (*idxfile.MemoryIndex, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	index := idxfile.NewMemoryIndex()
	return index, idxfile.NewDecoder(file).Decode(index)
}

func (o *objects) loose(id plumbing.Hash) string {
	name := id.String()
	return filepath.Join(o.dir, name[:2], name[2:])
}
