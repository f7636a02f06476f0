package xdiff

// A class says what a line is worth to the search.
type class uint8

const (
	plain    class = iota // has some partners, equal lines of the other file
	alone                 // has none, so that it is changed in any case
	frequent              // has so many that pairing them means little
)

// keep chooses the lines between the common head and tail that the search looks
// at, and marks the others changed (range-diff 8.1, point 3).
func (d *Differ) keep(head, tail int) {
	d.inOld = count(d.inOld, d.old.ids)
	d.inNew = count(d.inNew, d.new.ids)
	d.old.keep(head, tail, d.inNew)
	d.new.keep(head, tail, d.inOld)
	uncount(d.inOld, d.old.ids)
	uncount(d.inNew, d.new.ids)
}

// count adds the lines to the numbers by id, which grow as needed.
func count(by, ids []int32) []int32 {
	for _, id := range ids {
		if int(id) >= len(by) {
			more := make([]int32, 2*int(id)+64)
			copy(more, by)
			by = more
		}
		by[id]++
	}
	return by
}

// uncount sets what count touched to 0.
func uncount(by, ids []int32) {
	for _, id := range ids {
		by[id] = 0
	}
}

func (s *side) keep(head, tail int, partners []int32) {
	end := len(s.ids) - tail
	many := int32(min(bogusSqrt(len(s.ids)), 1024))
	for i := head; i < end; i++ {
		n := int32(0)
		if id := s.ids[i]; int(id) < len(partners) {
			n = partners[id]
		}
		switch {
		case n == 0:
			s.class[i] = alone
		case n >= many:
			s.class[i] = frequent
		default:
			s.class[i] = plain
		}
	}
	for i := head; i < end; i++ {
		if s.class[i] == alone || s.class[i] == frequent && s.lost(i, head, end) {
			s.changed[i] = true
			continue
		}
		s.kept = append(s.kept, s.ids[i])
		s.place = append(s.place, int32(i))
	}
}

// lost reports whether the common line i, with head <= i < end, stands in a run
// of lines without partners, above and below, so that pairing it would only cut
// the change in two.
func (s *side) lost(i, head, end int) bool {
	const reach = 100
	above := s.run(i, max(head-1, i-reach-1), -1)
	if above[alone] == 0 {
		return false
	}
	below := s.run(i, min(end, i+reach+1), 1)
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
