package xdiff

// search marks the fewest kept lines changed that must be, or nearly so: Eugene
// Myers, "An O(ND) Difference Algorithm and Its Variations", 1986, in its linear
// space form, with the cut-offs of range-diff 8.1, points 4 and 5.
func (d *Differ) search(minimal bool) {
	n, m := len(d.old.kept), len(d.new.kept)
	diagonals := n + m + 3
	d.forward = resize(d.forward, diagonals)
	d.reverse = resize(d.reverse, diagonals)
	s := search{
		old: d.old.kept, new: d.new.kept,
		forward: front{at: d.forward, zero: m + 1},
		reverse: front{at: d.reverse, zero: m + 1},
		limit:   max(endurance, bogusSqrt(diagonals)),
	}
	s.solve(box{0, n, 0, m}, minimal, d)
}

const (
	endurance = 256 // the cost from which on cut-offs are allowed
	streak    = 20  // equal lines in a row that make a path worth taking
)

// A box is a part of both files, by lines or, in a search, by kept lines; ends
// are exclusive. In it a diagonal is the old line's number minus the new one's.
type box struct{ oldLo, oldHi, newLo, newHi int }

func (b box) empty() bool { return b.oldLo == b.oldHi || b.newLo == b.newHi }

// A search holds, for the box at hand, how far the paths of the present cost
// have come on each diagonal.
type search struct {
	old, new         []int32
	forward, reverse front
	limit            int // cost at which a box that need not be minimal is given up
}

// A front is the old line that the best path reached, by diagonal.
type front struct {
	at     []int32
	zero   int // index of diagonal 0
	lo, hi int // the diagonals in use
}

func (f *front) get(diagonal int) int    { return int(f.at[f.zero+diagonal]) }
func (f *front) set(diagonal, line int)  { f.at[f.zero+diagonal] = int32(line) }
func (f *front) spans(diagonal int) bool { return f.lo <= diagonal && diagonal <= f.hi }

// start puts the front on one diagonal.
func (f *front) start(diagonal, line int) {
	f.lo, f.hi = diagonal, diagonal
	f.set(diagonal, line)
}

// widen moves both ends by one, outwards up to the diagonals lo and hi of the
// box and inwards from there. never stands outside for a line that no path
// continues from.
func (f *front) widen(lo, hi, never int) {
	if f.lo > lo {
		f.lo--
		f.set(f.lo-1, never)
	} else {
		f.lo++
	}
	if f.hi < hi {
		f.hi++
		f.set(f.hi+1, never)
	} else {
		f.hi--
	}
}

// A meeting is a point that a box is cut at, and which of the halves have to be
// solved without cut-offs.
type meeting struct {
	old, new             int
	minimalLo, minimalHi bool
}

// solve marks the changed lines of the box.
func (s *search) solve(b box, minimal bool, d *Differ) {
	for {
		for b.oldLo < b.oldHi && b.newLo < b.newHi && s.old[b.oldLo] == s.new[b.newLo] {
			b.oldLo++
			b.newLo++
		}
		for b.oldLo < b.oldHi && b.newLo < b.newHi && s.old[b.oldHi-1] == s.new[b.newHi-1] {
			b.oldHi--
			b.newHi--
		}
		if b.empty() {
			d.old.mark(b.oldLo, b.oldHi)
			d.new.mark(b.newLo, b.newHi)
			return
		}
		m := s.meet(b, minimal)
		s.solve(box{b.oldLo, m.old, b.newLo, m.new}, m.minimalLo, d)
		b.oldLo, b.newLo, minimal = m.old, m.new, m.minimalHi
	}
}

// mark marks a range of kept lines changed.
func (s *side) mark(lo, hi int) {
	for _, i := range s.place[lo:hi] {
		s.changed[i] = true
	}
}

// meet runs paths from both ends of the box until two of them meet, or a
// cut-off decides.
func (s *search) meet(b box, minimal bool) meeting {
	first, last := b.oldLo-b.newLo, b.oldHi-b.newHi
	lo, hi := b.oldLo-b.newHi, b.oldHi-b.newLo
	odd := (first-last)&1 != 0
	s.forward.start(first, b.oldLo)
	s.reverse.start(last, b.oldHi)
	for cost := 1; ; cost++ {
		s.forward.widen(lo, hi, -1)
		line, on, streakF := s.advance(b, odd)
		if line >= 0 {
			return meeting{line, line - on, true, true}
		}
		s.reverse.widen(lo, hi, len(s.old)+1)
		line, on, streakR := s.retreat(b, !odd)
		if line >= 0 {
			return meeting{line, line - on, true, true}
		}
		if minimal {
			continue
		}
		if cost > endurance && (streakF || streakR) {
			if m, ok := s.promising(b, cost); ok {
				return m
			}
		}
		if cost >= s.limit {
			return s.farthest(b)
		}
	}
}

// advance adds one change to each forward path. With check set, it returns the
// first line and diagonal where one meets a reverse path, else line -1; streaky
// when some path has just followed a long streak.
func (s *search) advance(b box, check bool) (line, diagonal int, streaky bool) {
	f, old, new := &s.forward, s.old[:b.oldHi], s.new[:b.newHi]
	higher := f.get(f.hi + 1)
	for k := f.hi; k >= f.lo; k -= 2 {
		lower := f.get(k - 1)
		from := max(lower+1, higher) // a line removed, or one added
		higher = lower
		i, j := from, from-k
		for i < len(old) && j < len(new) && old[i] == new[j] {
			i++
			j++
		}
		streaky = streaky || i-from > streak
		f.set(k, i)
		if check && s.reverse.spans(k) && s.reverse.get(k) <= i {
			return i, k, streaky
		}
	}
	return -1, 0, streaky
}

// retreat is advance for the reverse paths.
func (s *search) retreat(b box, check bool) (line, diagonal int, streaky bool) {
	f, old, new := &s.reverse, s.old, s.new
	higher := f.get(f.hi + 1)
	for k := f.hi; k >= f.lo; k -= 2 {
		lower := f.get(k - 1)
		from := min(lower, higher-1) // a line added, or one removed
		higher = lower
		i, j := from, from-k
		for i > b.oldLo && j > b.newLo && old[i-1] == new[j-1] {
			i--
			j--
		}
		streaky = streaky || from-i > streak
		f.set(k, i)
		if check && s.forward.spans(k) && i <= s.forward.get(k) {
			return i, k, streaky
		}
	}
	return -1, 0, streaky
}
