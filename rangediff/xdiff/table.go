package xdiff

import (
	"bytes"
	"hash/maphash"
)

// A File is a text cut into lines.
type File struct {
	Lines [][]byte // with their newline, which only the last may lack
	IDs   []int32  // of each line, by the table that made the file

	text  []byte
	bound int // all ids are below
}

// A Table gives equal lines equal ids, counted from 0 in the order in which
// the lines are first seen. Texts that are compared with each other share one
// table. A line without a newline at the end differs from the same line with
// one. The zero value is ready for use.
//
// Interning must not happen at the same time as anything else; files that are
// finished may be read by many goroutines.
type Table struct {
	// Space decides which lines are equal; it is set before the first file.
	Space Whitespace

	lines [][]byte // by id, in the form that decides equality
	slots []slot   // open addressing, a power of two
	seed  maphash.Seed
	form  []byte // scratch
}

// A slot is free while next is 0.
type slot struct {
	hash uint32
	next int32 // id+1
}

// Len is the number of different lines so far; ids are below it.
func (t *Table) Len() int { return len(t.lines) }

// File cuts text into lines and interns them. The file refers to text, which
// must not change any more.
func (t *Table) File(text []byte) *File {
	n := countLines(text)
	f := &File{Lines: make([][]byte, n), IDs: make([]int32, n), text: text}
	for i := range n {
		end := bytes.IndexByte(text, '\n') + 1
		if end == 0 {
			end = len(text)
		}
		f.Lines[i] = text[:end:end]
		f.IDs[i] = t.id(f.Lines[i])
		text = text[end:]
	}
	f.bound = len(t.lines)
	return f
}

func countLines(text []byte) int {
	n := bytes.Count(text, newline)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}

var newline = []byte{'\n'}

// id returns the id of a line, a new one if need be.
func (t *Table) id(line []byte) int32 {
	key := line
	if t.Space != Exact {
		t.form = t.Space.appendForm(t.form[:0], line)
		key = t.form
	}
	if 4*len(t.lines) >= 3*len(t.slots) {
		t.grow()
	}
	sum := maphash.Bytes(t.seed, key)
	hash, mask := uint32(sum>>32), uint64(len(t.slots)-1)
	for i := sum & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.next == 0 {
			if t.Space != Exact {
				key = bytes.Clone(key)
			}
			t.lines = append(t.lines, key)
			*s = slot{hash, int32(len(t.lines))}
			return s.next - 1
		}
		if s.hash == hash && bytes.Equal(t.lines[s.next-1], key) {
			return s.next - 1
		}
	}
}

func (t *Table) grow() {
	if t.slots == nil {
		t.seed = maphash.MakeSeed()
	}
	t.slots = make([]slot, max(1024, 2*len(t.slots)))
	mask := uint64(len(t.slots) - 1)
	for id, line := range t.lines {
		sum := maphash.Bytes(t.seed, line)
		i := sum & mask
		for t.slots[i].next != 0 {
			i = (i + 1) & mask
		}
		t.slots[i] = slot{uint32(sum >> 32), int32(id + 1)}
	}
}
