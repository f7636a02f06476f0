package rangecache

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"

	"github.com/kprep/kprep/rangediff"
)

// An entry is what is kept of a range.
type entry struct {
	files      []string // in the patches, sorted, each once
	attributes [sha256.Size]byte
	commits    []rangediff.Commit // without names for headings
}

var errDamaged = errors.New("a damaged entry")

// encode writes an entry after a digest of it: numbers are varints, and texts
// come after their lengths.
func (e *entry) encode() []byte {
	b := make([]byte, sha256.Size)
	b = binary.AppendUvarint(b, uint64(len(e.files)))
	for _, file := range e.files {
		b = appendText(b, file)
	}
	b = append(b, e.attributes[:]...)
	b = binary.AppendUvarint(b, uint64(len(e.commits)))
	for _, c := range e.commits {
		b = appendText(b, c.ID)
		b = binary.AppendUvarint(b, uint64(c.DiffAt))
		b = binary.AppendUvarint(b, uint64(c.DiffLines))
		b = appendText(b, c.Text)
	}
	digest := sha256.Sum256(b[sha256.Size:])
	copy(b, digest[:])
	return b
}

func appendText[T string | []byte](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// decode reads an entry. The texts refer to data.
func decode(data []byte) (*entry, error) {
	if len(data) < sha256.Size {
		return nil, errDamaged
	}
	digest := sha256.Sum256(data[sha256.Size:])
	if !bytes.Equal(digest[:], data[:sha256.Size]) {
		return nil, errDamaged
	}
	return decodeBody(data[sha256.Size:])
}

// decodeBody reads an entry without its digest.
func decodeBody(data []byte) (*entry, error) {
	d := decoder{rest: data}
	e := &entry{}
	for range d.number() {
		e.files = append(e.files, string(d.text()))
	}
	copy(e.attributes[:], d.take(sha256.Size))
	for range d.number() {
		e.commits = append(e.commits, rangediff.Commit{ID: string(d.text()), DiffAt: d.number(), DiffLines: d.number(), Text: d.text()})
	}
	if d.damaged || len(d.rest) > 0 {
		return nil, errDamaged
	}
	return e, nil
}

// A decoder takes values off the front; damaged when one was not there.
type decoder struct {
	rest    []byte
	damaged bool
}

// number is never more than there are bytes left, so that a loop ends.
func (d *decoder) number() int {
	n, size := binary.Uvarint(d.rest)
	if size <= 0 || n > uint64(len(d.rest)) {
		d.damaged, d.rest = true, nil
		return 0
	}
	d.rest = d.rest[size:]
	return int(n)
}

func (d *decoder) take(n int) []byte {
	if n > len(d.rest) {
		d.damaged, d.rest = true, nil
		return nil
	}
	taken := d.rest[:n:n]
	d.rest = d.rest[n:]
	return taken
}

func (d *decoder) text() []byte { return d.take(d.number()) }
