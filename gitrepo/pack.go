package gitrepo

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
)

// WriteObjects stores objects in the repository, all in one pack through
// unpack-objects, so that git applies its own permissions, durability and
// collision checks. Objects that exist already are no error.
func (r *Repo) WriteObjects(ctx context.Context, objects ...Object) error {
	if len(objects) == 0 {
		return nil
	}
	pack, err := r.pack(objects)
	if err != nil {
		return err
	}
	if _, err := r.git.filter(ctx, bytes.NewReader(pack), "unpack-objects", "-q"); err != nil {
		return &StoreError{Objects: len(objects), Err: err}
	}
	return nil
}

// A StoreError means that objects could not be written: there is no room, or
// the repository is not the user's to write to.
type StoreError struct {
	Objects int
	Err     error
}

func (e *StoreError) Error() string { return fmt.Sprintf("store %d objects: %v", e.Objects, e.Err) }

func (e *StoreError) Unwrap() error { return e.Err }

// pack writes a version 2 pack without deltas (gitformat-pack(5)).
func (r *Repo) pack(objects []Object) ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("PACK")
	binary.Write(&out, binary.BigEndian, [2]uint32{2, uint32(len(objects))})
	z, err := zlib.NewWriterLevel(&out, zlib.NoCompression) // git compresses what it stores, once more anyway
	if err != nil {
		return nil, err
	}
	for _, obj := range objects {
		kind := packKind(obj.Kind)
		if kind == 0 {
			return nil, fmt.Errorf("object %s has the unknown type %q", obj.ID, obj.Kind)
		}
		writePackHeader(&out, kind, len(obj.Data))
		z.Reset(&out)
		if _, err := z.Write(obj.Data); err != nil {
			return nil, err
		}
		if err := z.Close(); err != nil {
			return nil, err
		}
	}
	h := r.newHash()
	h.Write(out.Bytes())
	out.Write(h.Sum(nil))
	return out.Bytes(), nil
}

func packKind(name string) byte {
	switch name {
	case "commit":
		return 1
	case "tree":
		return 2
	case "blob":
		return 3
	case "tag":
		return 4
	}
	return 0
}

// writePackHeader writes type and size: four size bits beside the type, then
// seven a byte, least significant first.
func writePackHeader(out *bytes.Buffer, kind byte, size int) {
	b := kind<<4 | byte(size&15)
	for size >>= 4; size > 0; size >>= 7 {
		out.WriteByte(b | 0x80)
		b = byte(size & 0x7f)
	}
	out.WriteByte(b)
}
