package rangediff

// apart is the cost of a commit whose exact partner is another one. It is
// large, not infinite: patches may be larger.
const apart = 65536

// costs is the cost matrix of the assignment, with a column for every old
// commit, then one for every new commit to be alone in, and rows likewise
// with new and old exchanged. Only old by new entries are stored.
type costs struct {
	oldAlone, newAlone []int // cost of leaving a commit alone
	entries            []entry
	measure            func(old, new int) int // counts the lines of a pair's diff
	// refine improves the lower bound of a pair; loose is as in bounded.
	refine func(old, new int, loose bool) int
}

// An entry is what is known of the cost of a pair: the cost itself, or, when
// negative, a lower bound of it.
type entry int32

const (
	entryRefined = 1 << iota // no better bound is to be had
	entryLoose               // see bounded
	entryFlags   = iota
)

// bounded is an entry of which a lower bound is known. loose says that the
// patches have lines in a row in common, so that less is known about them.
func bounded(least int, loose bool) entry {
	e := entry(least) << entryFlags
	if loose {
		e |= entryLoose
	}
	return ^e
}

func (e entry) bound() int    { return int(^e >> entryFlags) }
func (e entry) exact() bool   { return e >= 0 }
func (e entry) loose() bool   { return ^e&entryLoose != 0 }
func (e entry) refined() bool { return ^e&entryRefined != 0 }

func (c *costs) old() int { return len(c.oldAlone) }
func (c *costs) new() int { return len(c.newAlone) }

// bound returns a cost when it is known, else a lower bound.
func (c *costs) bound(column, row int) (value int, exact bool) {
	switch olds, news := len(c.oldAlone), len(c.newAlone); {
	case column < olds && row < news:
		e := c.entries[row*olds+column]
		if e.exact() {
			return int(e), true
		}
		return e.bound(), false
	case column < olds:
		return c.oldAlone[column], true
	case row < news:
		return c.newAlone[row], true
	}
	return 0, true
}

// atMost returns a cost, exact, when it is at most limit. Otherwise it returns
// anything above limit that is not above the cost.
func (c *costs) atMost(column, row, limit int) int {
	value, exact := c.bound(column, row)
	if exact || value > limit {
		return value
	}
	at := row*len(c.oldAlone) + column
	if e := c.entries[at]; !e.refined() {
		better := max(value, c.refine(column, row, e.loose()))
		c.entries[at] = ^(^bounded(better, e.loose()) | entryRefined)
		if better > limit {
			return better
		}
	}
	value = c.measure(column, row)
	c.entries[at] = entry(value)
	return value
}

// newCosts makes the matrix for commits of which some have an exact partner.
// fill sets the row of a new commit that has none, for old ones that have none.
func newCosts(old, new []Commit, exact matching, factor int, fill func(new int, row []entry)) *costs {
	c := &costs{
		oldAlone: aloneCosts(old, exact.ofOld, factor),
		newAlone: aloneCosts(new, exact.ofNew, factor),
		entries:  make([]entry, len(old)*len(new)),
	}
	for j := range new {
		row := c.entries[j*len(old):][:len(old)]
		if exact.ofNew[j] == unmatched {
			fill(j, row)
		}
		for i := range old {
			if exact.ofOld[i] != j && (exact.ofOld[i] != unmatched || exact.ofNew[j] != unmatched) {
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
