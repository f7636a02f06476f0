package xdiff

// A class says what a line is worth to the search.
type class uint8

const (
	plain    class = iota // has some partners, equal lines of the other file
	alone                 // has none, so that it is changed in any case
	frequent              // has so many that pairing them means little
)

// myers marks the lines that differ in the box, as if it were all there is.
func (d *Differ) myers(b box, minimal bool) {
	middle := d.trimTail(d.trimHead(b))
	d.count(b)
	d.old.keep(middle.oldLo, middle.oldHi, d.inNew, frequency(b.oldHi-b.oldLo))
	d.new.keep(middle.newLo, middle.newHi, d.inOld, frequency(b.newHi-b.newLo))
	d.uncount(b)
	d.search(minimal)
}

// trimHead cuts the equal lines at the start of a box off.
func (d *Differ) trimHead(b box) box {
	for !b.empty() && d.old.ids[b.oldLo] == d.new.ids[b.newLo] {
		b.oldLo++
		b.newLo++
	}
	return b
}

// trimTail cuts the equal lines at the end of a box off.
func (d *Differ) trimTail(b box) box {
	for !b.empty() && d.old.ids[b.oldHi-1] == d.new.ids[b.newHi-1] {
		b.oldHi--
		b.newHi--
	}
	return b
}

// count sets how many lines of the box have each id.
func (d *Differ) count(b box) {
	for _, id := range d.old.ids[b.oldLo:b.oldHi] {
		d.inOld[id]++
	}
	for _, id := range d.new.ids[b.newLo:b.newHi] {
		d.inNew[id]++
	}
}

// uncount sets what count touched to 0.
func (d *Differ) uncount(b box) {
	for _, id := range d.old.ids[b.oldLo:b.oldHi] {
		d.inOld[id] = 0
	}
	for _, id := range d.new.ids[b.newLo:b.newHi] {
		d.inNew[id] = 0
	}
}

// frequency is the number of partners from which on a line of a file with that
// many lines is frequent.
func frequency(lines int) int32 { return int32(min(bogusSqrt(lines), 1024)) }

// keep chooses the lines from lo to hi that the search looks at, and marks the
// others changed (range-diff 8.1, point 3).
func (s *side) keep(lo, hi int, partners []int32, many int32) {
	for i := lo; i < hi; i++ {
		switch n := partners[s.ids[i]]; {
		case n == 0:
			s.class[i] = alone
		case n >= many:
			s.class[i] = frequent
		default:
			s.class[i] = plain
		}
	}
	s.kept, s.place = s.kept[:0], s.place[:0]
	for i := lo; i < hi; i++ {
		if s.class[i] == alone || s.class[i] == frequent && s.lost(i, lo, hi) {
			s.changed[i] = true
			continue
		}
		s.kept = append(s.kept, s.ids[i])
		s.place = append(s.place, int32(i))
	}
}

// lost reports whether the frequent line i of those from lo to hi, stands in a run
// of lines without partners, above and below, so that pairing it would only cut
// the change in two.
func (s *side) lost(i, lo, hi int) bool {
	const reach = 100
	above := s.run(i, max(lo-1, i-reach-1), -1)
	if above[alone] == 0 {
		return false
	}
	below := s.run(i, min(hi, i+reach+1), 1)
	if below[alone] == 0 {
		return false
	}
	a, c := above[alone]+below[alone], above[frequent]+below[frequent]
	return 4*(c+2) < c+2+a
}

// run counts the lines by class from line i, exclusive, to the line before
// stop or before the first plain one.
func (s *side) run(i, stop, step int) (n [3]int) {
	for i += step; i != stop && s.class[i] != plain; i += step {
		n[s.class[i]]++
	}
	return n
}

// bogusSqrt is roughly a square root: 1 doubled for every two bits of n.
func bogusSqrt(n int) int {
	root := 1
	for ; n > 0; n >>= 2 {
		root <<= 1
	}
	return root
}
