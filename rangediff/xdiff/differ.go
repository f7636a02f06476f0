package xdiff

import (
	"bytes"
	"slices"
)

// Options choose among the ways to compare; the zero value is plain Myers as
// range-diff uses it for its costs (range-diff 4).
type Options struct {
	Algorithm       Algorithm
	Minimal         bool // search without cut-offs
	IndentHeuristic bool // slide changes to where the indentation suggests it

	// NoContext is what git does when it prints no context: most of a long end
	// that both files have in common does not exist for the comparison.
	NoContext bool
}

// An Algorithm chooses the pairs of equal lines that stay.
type Algorithm int

// The values of --diff-algorithm; "minimal" is Myers with Options.Minimal.
const (
	Myers     Algorithm = iota // few changes
	Patience                   // what is unique on both sides stays, if its order allows
	Histogram                  // long runs of what is rare stay
)

// A Change is one run of lines that differ: lines [Old, Old+OldCount) became
// [New, New+NewCount), counted from 0. Not both counts are 0.
type Change struct{ Old, OldCount, New, NewCount int }

// Diff returns the changes that turn a into b, in ascending order; between two
// of them lies at least one equal line. None when the files are equal.
func Diff(a, b *File, o Options) []Change {
	return new(Differ).Diff(a, b, o)
}

// Size is the number of lines of the unified diff of a and b with that many
// lines of context and without options, where a hunk header counts 1 and the
// note on a missing newline 0 (range-diff 4).
func Size(a, b *File, context int) int {
	return new(Differ).Size(a, b, context)
}

// A Differ compares files, and keeps its buffers from one comparison to the
// next. The zero value is ready for use, by one goroutine at a time.
type Differ struct {
	old, new         side
	inOld, inNew     []int32 // how many lines have an id; zero between comparisons
	forward, reverse []int32 // see search
	place            []int32 // by id, a line, for patience and histogram
	next             []int32 // by line, for histogram
	changes          []Change
}

// Diff is the function [Diff]. The result is the caller's.
func (d *Differ) Diff(a, b *File, o Options) []Change {
	d.compare(a, b, o)
	if len(d.changes) == 0 {
		return nil
	}
	return append([]Change(nil), d.changes...)
}

// Size is the function [Size].
func (d *Differ) Size(a, b *File, context int) int {
	d.compare(a, b, Options{NoContext: context == 0})
	return size(d.changes, len(a.IDs), context)
}

// compare leaves the changes in d.changes.
func (d *Differ) compare(a, b *File, o Options) {
	d.changes = d.changes[:0]
	end := 0
	if o.NoContext {
		end = commonEnd(a, b)
	}
	d.old.reset(a, len(a.IDs)-end)
	d.new.reset(b, len(b.IDs)-end)
	if slices.Equal(d.old.ids, d.new.ids) {
		return
	}
	d.inOld = zeros(d.inOld, max(a.bound, b.bound))
	d.inNew = zeros(d.inNew, max(a.bound, b.bound))
	all := box{0, len(d.old.ids), 0, len(d.new.ids)}
	switch o.Algorithm {
	case Patience:
		d.patience(all, o.Minimal)
	case Histogram:
		d.histogram(all, o.Minimal)
	default:
		d.myers(all, o.Minimal)
	}
	d.old.slide(&d.new, o.IndentHeuristic)
	d.new.slide(&d.old, o.IndentHeuristic)
	d.collect()
}

// zeros lengthens buf, which is all zero, to n elements.
func zeros(buf []int32, n int) []int32 {
	if len(buf) < n {
		return make([]int32, n+n/4)
	}
	return buf
}

// commonEnd counts the lines that begin in the equal end of both texts, taken in
// whole blocks, except the first of them.
func commonEnd(a, b *File) int {
	const block = 1024
	length := 0
	for n := min(len(a.text), len(b.text)); length+block <= n; length += block {
		i, j := len(a.text)-length, len(b.text)-length
		if !bytes.Equal(a.text[i-block:i], b.text[j-block:j]) {
			break
		}
	}
	end := a.text[len(a.text)-length:]
	if i := bytes.IndexByte(end, '\n'); i >= 0 {
		return countLines(end[i+1:])
	}
	return 0
}

// collect reads the changes off the marks of both sides.
func (d *Differ) collect() {
	old, new := d.old.changed, d.new.changed
	for i, j := 0, 0; i < len(old)-1 || j < len(new)-1; {
		if !old[i] && !new[j] {
			i, j = i+1, j+1
			continue
		}
		c := Change{Old: i, New: j}
		for old[i] {
			i++
		}
		for new[j] {
			j++
		}
		c.OldCount, c.NewCount = i-c.Old, j-c.New
		d.changes = append(d.changes, c)
	}
}

// A side is one of the two files during a comparison.
type side struct {
	ids     []int32
	lines   [][]byte
	changed []bool  // by line, and a last one that stays false
	class   []class // by line
	kept    []int32 // ids of the lines that the search looks at
	place   []int32 // where these lines are in the file
}

// reset begins a comparison of the first n lines.
func (s *side) reset(f *File, n int) {
	s.ids, s.lines = f.IDs[:n], f.Lines[:n]
	s.changed = resize(s.changed, n+1)
	clear(s.changed)
	s.class = resize(s.class, n)
}

// resize returns n elements of any content, in the space of buf if it suffices.
func resize[T any](buf []T, n int) []T {
	if cap(buf) < n {
		return make([]T, n+n/4)[:n]
	}
	return buf[:n]
}
