package gitrepo

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strconv"
)

// An ID is a full object id in hexadecimal: 40 or 64 digits.
type ID string

// Short is the id cut for people.
func (id ID) Short() string {
	if len(id) > 12 {
		return string(id[:12])
	}
	return string(id)
}

// An Object is what git stores: a type and bytes, with the id these give.
type Object struct {
	ID   ID
	Kind string // commit, tree, blob, tag
	Data []byte
}

// NewObject names data as this repository's git would.
func (r *Repo) NewObject(kind string, data []byte) Object {
	return Object{ID: hashObject(r.newHash(), kind, data), Kind: kind, Data: data}
}

func hashObject(h hash.Hash, kind string, data []byte) ID {
	h.Write([]byte(kind + " " + strconv.Itoa(len(data)) + "\x00"))
	h.Write(data)
	return ID(hex.EncodeToString(h.Sum(nil)))
}

func (r *Repo) newHash() hash.Hash {
	if r.ObjectFormat == "sha256" {
		return sha256.New()
	}
	return sha1.New()
}

// A MissingError reports a name that leads to no object.
type MissingError struct{ Name string }

func (e *MissingError) Error() string {
	return fmt.Sprintf("%q names nothing in this repository", e.Name)
}

func isMissing(err error) bool {
	return errors.As(err, new(*MissingError))
}

// Read returns the object that name leads to: an id, a ref, "commit:path",
// any expression of gitrevisions(7) without line breaks. It returns a
// *MissingError when there is none.
func (r *Repo) Read(name string) (Object, error) { return r.object(name) }

// object asks the long-lived reader, starting another when the first died.
func (r *Repo) object(name string) (Object, error) {
	r.objectsMu.Lock()
	defer r.objectsMu.Unlock()
	if r.objects == nil {
		r.objects = startObjectReader(r.git)
	}
	obj, err := r.objects.read(name)
	if err != nil && !isMissing(err) {
		// The stream may be out of step; never read from it again.
		r.objects.close()
		r.objects = nil
	}
	return obj, err
}
