package spool

import (
	"io"
	"os"
	"slices"
	"sync"
)

// inMemory is how many bytes of a spool stay in memory.
const inMemory = 1 << 19

// A Spool holds texts. It may be used by several goroutines.
type Spool struct {
	dir string

	mu     sync.Mutex
	held   int      // bytes in memory
	file   *os.File // nil: there was no need of one yet
	size   int64    // of the file
	noFile bool     // none can be made, or it takes no more
}

// In is an empty spool whose file, when it needs one, is in the folder dir. The
// folder is made when it is not there. What no file can be made for, as in a
// repository that is only for reading, or what finds the disk full, stays in
// memory.
func In(dir string) *Spool { return &Spool{dir: dir} }

// A Text is one text of a spool. The zero Text is empty.
type Text struct {
	held  []byte // in memory; else in the file
	file  *os.File
	start int64
	size  int
}

// Len is the number of bytes.
func (t Text) Len() int { return t.size }

// Bytes reads the text, which the caller must not change.
func (t Text) Bytes() ([]byte, error) {
	if t.file == nil {
		return t.held, nil
	}
	return t.AppendTo(nil)
}

// AppendTo reads the text behind what out has.
func (t Text) AppendTo(out []byte) ([]byte, error) {
	if t.file == nil {
		return append(out, t.held...), nil
	}
	start := len(out)
	out = slices.Grow(out, t.size)[:start+t.size]
	_, err := t.file.ReadAt(out[start:], t.start)
	return out, err
}

// WriteTo writes the text.
func (t Text) WriteTo(w io.Writer) (int64, error) {
	if t.file == nil {
		n, err := w.Write(t.held)
		return int64(n), err
	}
	return io.Copy(w, io.NewSectionReader(t.file, t.start, int64(t.size)))
}

// Keep takes a copy of a text, which may come in several pieces.
func (s *Spool) Keep(pieces ...[]byte) Text {
	size := 0
	for _, p := range pieces {
		size += len(p)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.held+size > inMemory && !s.noFile {
		if s.file == nil {
			s.file = unnamed(s.dir)
		}
		s.noFile = s.file == nil
	}
	if s.file != nil && !s.noFile {
		t := Text{file: s.file, start: s.size, size: size}
		if s.write(pieces) == nil {
			s.size += int64(size)
			return t
		}
		s.noFile = true
	}
	s.held += size
	return Text{held: slices.Concat(pieces...), size: size}
}

func (s *Spool) write(pieces [][]byte) error {
	at := s.size
	for _, p := range pieces {
		if _, err := s.file.WriteAt(p, at); err != nil {
			return err
		}
		at += int64(len(p))
	}
	return nil
}

// unnamed makes a file without a name; nil where it cannot.
func unnamed(dir string) *os.File {
	if os.MkdirAll(dir, 0o700) != nil {
		return nil
	}
	f, err := os.CreateTemp(dir, "spool-")
	if err != nil {
		return nil
	}
	if os.Remove(f.Name()) != nil { // Windows keeps the names of open files
		f.Close()
		os.Remove(f.Name())
		return nil
	}
	return f
}
