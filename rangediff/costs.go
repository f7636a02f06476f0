package rangediff

// apart is the cost of a commit whose exact partner is another one. It is
// large, not infinite: patches may be larger.
const apart = 65536

// costs is the cost matrix of the assignment, with a column for every old
// commit, then one for every new commit to be alone in, and rows likewise
// with new and old exchanged. Only old by new entries are stored.
type costs struct {
	oldAlone, newAlone []int // cost of leaving a commit alone
	// entries holds the costs of pairs, a row after the other. A negative
	// entry e is not known yet, but at least ^e.
	entries []int32
	measure func(old, new int) int // counts the lines of a pair's diff
}

func (c *costs) old() int { return len(c.oldAlone) }
func (c *costs) new() int { return len(c.newAlone) }

// bound returns an entry when it is known, else a lower bound.
func (c *costs) bound(column, row int) (value int, exact bool) {
	switch olds, news := len(c.oldAlone), len(c.newAlone); {
	case column < olds && row < news:
		if e := c.entries[row*olds+column]; e < 0 {
			return int(^e), false
		} else {
			return int(e), true
		}
	case column < olds:
		return c.oldAlone[column], true
	case row < news:
		return c.newAlone[row], true
	}
	return 0, true
}

// exact returns an entry, which it measures if need be.
func (c *costs) exact(column, row int) int {
	value, known := c.bound(column, row)
	if known {
		return value
	}
	value = c.measure(column, row)
	c.entries[row*len(c.oldAlone)+column] = int32(value)
	return value
}

// newCosts makes the matrix for commits of which some have an exact partner.
// at gives the entry of a pair that has none on either side.
func newCosts(old, new []Commit, exact matching, factor int, at func(old, new int) int32) *costs {
	c := &costs{
		oldAlone: aloneCosts(old, exact.ofOld, factor),
		newAlone: aloneCosts(new, exact.ofNew, factor),
		entries:  make([]int32, len(old)*len(new)),
	}
	for j := range new {
		row := c.entries[j*len(old):][:len(old)]
		for i := range old {
			switch {
			case exact.ofOld[i] == unmatched && exact.ofNew[j] == unmatched:
				row[i] = at(i, j)
			case exact.ofOld[i] != j:
				row[i] = apart
			}
		}
	}
	return c
}

func aloneCosts(commits []Commit, partner []int, factor int) []int {
	alone := make([]int, len(commits))
	for i := range commits {
		if alone[i] = apart; partner[i] == unmatched {
			alone[i] = commits[i].DiffLines * factor / 100
		}
	}
	return alone
}
