package intake

import (
	"errors"
	"io"
	"os"
)

// inMemory is how much of a body is kept there while it arrives.
const inMemory = 64 << 10

// ErrTooLarge reports a body that is larger than it may be.
var ErrTooLarge = errors.New("it is too large")

// A DiskError reports that a body could not be kept, which its sender has no
// part in.
type DiskError struct{ Err error }

func (e *DiskError) Error() string { return "keep what arrives: " + e.Err.Error() }
func (e *DiskError) Unwrap() error { return e.Err }

// A Body has arrived as a whole.
type Body struct {
	Size int64

	head []byte
	rest *os.File // nil when head is all; it has no name any more
}

// Receive takes a body in, at most max bytes of it. What does not fit into
// memory lies in a file without a name in the folder scratch, "" being the
// system's. Errors are ErrTooLarge, a *DiskError, or those of from. The body
// has to be closed.
func Receive(from io.Reader, max int64, scratch string) (*Body, error) {
	b := &Body{}
	err := b.fill(io.LimitReader(from, max+1), scratch)
	if err == nil && b.Size > max {
		err = ErrTooLarge
	}
	if err != nil {
		b.Close()
		return nil, err
	}
	return b, nil
}

func (b *Body) fill(from io.Reader, scratch string) error {
	var err error
	if b.head, err = io.ReadAll(io.LimitReader(from, inMemory)); err != nil {
		return err
	}
	b.Size = int64(len(b.head))
	if b.Size < inMemory {
		return nil
	}
	return b.spill(from, scratch)
}

// spill takes the rest.
func (b *Body) spill(from io.Reader, scratch string) error {
	var err error
	if b.rest, err = os.CreateTemp(scratch, "kprep-request-"); err != nil {
		return &DiskError{err}
	}
	if err := os.Remove(b.rest.Name()); err != nil {
		return &DiskError{err}
	}
	n, err := io.Copy(b.rest, from)
	b.Size += n
	if disk := (*os.PathError)(nil); errors.As(err, &disk) {
		return &DiskError{err}
	}
	return err
}

// Close forgets the body.
func (b *Body) Close() {
	if b.rest != nil {
		b.rest.Close()
	}
}

// Bytes reads all of it into memory.
func (b *Body) Bytes() ([]byte, error) {
	if b.rest == nil {
		return b.head, nil
	}
	all := make([]byte, b.Size)
	n := copy(all, b.head)
	if _, err := b.rest.ReadAt(all[n:], 0); err != nil {
		return nil, &DiskError{err}
	}
	return all, nil
}
