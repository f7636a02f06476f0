package xdiff

// promising looks for the path that went furthest for its cost and has just
// followed a streak of equal lines, among the forward ones and then among the
// reverse ones.
func (s *search) promising(b box, cost int) (meeting, bool) {
	best, m := 4*cost, meeting{}
	first, last := b.oldLo-b.newLo, b.oldHi-b.newHi
	for k := s.forward.hi; k >= s.forward.lo; k -= 2 {
		i := s.forward.get(k)
		j := i - k
		gain := i - b.oldLo + j - b.newLo - abs(k-first)
		if gain > best && i-streak >= b.oldLo && i < b.oldHi && j-streak >= b.newLo && j < b.newHi && s.equal(i-streak, j-streak) {
			best, m = gain, meeting{i, j, true, false}
		}
	}
	if best > 4*cost {
		return m, true
	}
	for k := s.reverse.hi; k >= s.reverse.lo; k -= 2 {
		i := s.reverse.get(k)
		j := i - k
		gain := b.oldHi - i + b.newHi - j - abs(k-last)
		if gain > best && i > b.oldLo && i+streak <= b.oldHi && j > b.newLo && j+streak <= b.newHi && s.equal(i, j) {
			best, m = gain, meeting{i, j, false, true}
		}
	}
	return m, best > 4*cost
}

// equal reports whether a streak begins at these lines.
func (s *search) equal(i, j int) bool {
	for n := range streak {
		if s.old[i+n] != s.new[j+n] {
			return false
		}
	}
	return true
}

// farthest gives up: it takes the path that came closest to its goal, a forward
// one only when it is better.
func (s *search) farthest(b box) meeting {
	forward, fi, fj := -1, 0, 0
	for k := s.forward.hi; k >= s.forward.lo; k -= 2 {
		i := min(s.forward.get(k), b.oldHi)
		j := i - k
		if j > b.newHi {
			i, j = b.newHi+k, b.newHi
		}
		if i+j > forward {
			forward, fi, fj = i+j, i, j
		}
	}
	reverse, ri, rj := int(^uint(0)>>1), 0, 0
	for k := s.reverse.hi; k >= s.reverse.lo; k -= 2 {
		i := max(s.reverse.get(k), b.oldLo)
		j := i - k
		if j < b.newLo {
			i, j = b.newLo+k, b.newLo
		}
		if i+j < reverse {
			reverse, ri, rj = i+j, i, j
		}
	}
	if forward-b.oldLo-b.newLo > b.oldHi+b.newHi-reverse {
		return meeting{fi, fj, true, false}
	}
	return meeting{ri, rj, false, true}
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}
