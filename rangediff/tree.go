package rangediff

import (
	"math"
	"slices"
)

// A tree is the search for a shortest augmenting path from a free row.
//
// Columns stand in a permutation: scanned ones, then those that are ready (at
// the least distance), then the others. The distance of one of the others is
// evaluated when a comparison needs it: until then it lags behind the scans.
type tree struct {
	*solver
	columns    []int // the permutation
	low, up    int   // columns[low:up] are ready
	distance   []int // as of the scans that were taken into account
	before     []int // the row from which a column is reached at that distance
	pending    []int // lower bound of what the other scans offer
	counted    []int // how many scans were taken into account; closed: all
	scans      []scan
	minimum    int
	seen       int // the column that was looked at last; -1 for none
	unscanned  int // columns from here on missed the last scan, which ended early
	lastFilled int // columns[:lastFilled] were scanned before the minimum was found
}

// closed marks a column that no further scan changes.
const closed = math.MaxInt

// A scan offers each column the reduced cost of a row less shift.
type scan struct{ row, shift int }

func newTree(s *solver) *tree {
	ints := func() []int { return make([]int, s.n) }
	return &tree{solver: s, columns: ints(), distance: ints(), before: ints(), pending: ints(), counted: ints()}
}

// augment gives a free row a column, and other rows other columns.
func (t *tree) augment(row int) {
	t.start(row)
	end := t.search()
	for _, column := range t.columns[:t.lastFilled] {
		t.price[column] += t.distance[column] - t.minimum
	}
	for column := end; column >= 0; {
		t.settle(column)
		from := t.before[column]
		t.rowOf[column] = from
		column, t.columnOf[from] = t.columnOf[from], column
		if from == row {
			break
		}
	}
}

func (t *tree) start(row int) {
	t.low, t.up, t.seen, t.unscanned = 0, 0, -1, t.n
	t.scans = append(t.scans[:0], scan{row, 0})
	for column := range t.n {
		t.columns[column], t.before[column] = column, row
		value, exact := t.reduced(column, row)
		if exact {
			t.distance[column], t.pending[column], t.counted[column] = value, math.MaxInt, 1
		} else {
			t.distance[column], t.pending[column], t.counted[column] = math.MaxInt, value, 0
		}
	}
}

// search returns the column at which the path ends.
func (t *tree) search() int {
	for {
		t.lastFilled = t.low
		t.findReady()
		// QUIRK: the published method ends at the column without a row that
		// is found here. git ends at the one that the scan looked at last.
		for _, column := range t.columns[t.low:t.up] {
			if t.rowOf[column] < 0 {
				return t.seen
			}
		}
		for t.low < t.up {
			if end, found := t.scanRow(); found {
				return end
			}
		}
	}
}

// findReady makes the columns at the least distance ready.
func (t *tree) findReady() {
	t.settle(t.columns[t.up])
	t.minimum = t.distance[t.columns[t.up]]
	t.up++
	for k := t.up; k < t.n; k++ {
		column := t.columns[k]
		t.seen = column
		if !t.within(column, t.minimum) {
			continue
		}
		t.settle(column)
		if t.distance[column] > t.minimum {
			continue
		}
		if t.distance[column] < t.minimum {
			t.up, t.minimum = t.low, t.distance[column]
		}
		t.makeReady(k)
	}
	for _, column := range t.columns[t.low:t.up] {
		t.counted[column] = closed
	}
}

// makeReady moves the column at k behind those that are ready.
func (t *tree) makeReady(k int) {
	t.columns[k], t.columns[t.up] = t.columns[t.up], t.columns[k]
	t.up++
}

// scanRow looks for shorter ways by the row of the first ready column. It
// ends early at a column without a row that is as near as the ready ones.
func (t *tree) scanRow() (end int, found bool) {
	first := t.columns[t.low]
	t.low++
	row := t.rowOf[first]
	shift := t.reducedAtMost(first, row, math.MaxInt) - t.minimum
	t.scans = append(t.scans, scan{row, shift})
	for k := t.up; k < t.n; k++ {
		column := t.columns[k]
		t.seen = column
		value := t.reducedAtMost(column, row, t.minimum+shift) - shift
		if value > t.minimum {
			t.pending[column] = min(t.pending[column], value)
			continue
		}
		t.take(column, len(t.scans)-1)
		shortest := t.distance[column]
		t.take(column, len(t.scans))
		if t.distance[column] < shortest && t.distance[column] == t.minimum {
			if t.rowOf[column] < 0 {
				t.unscanned = k + 1
				return column, true
			}
			t.makeReady(k)
			t.counted[column] = closed
		}
	}
	return 0, false
}

// within reports whether the distance of a column may be at most limit. If it
// is not, nothing was measured in vain.
func (t *tree) within(column, limit int) bool {
	if t.distance[column] <= limit || t.counted[column] == closed {
		return t.distance[column] <= limit
	}
	if t.pending[column] > limit {
		return false
	}
	nearest := math.MaxInt
	for _, from := range t.scans[t.counted[column]:] {
		value := t.reducedAtMost(column, from.row, limit+from.shift) - from.shift
		nearest = min(nearest, value)
	}
	t.pending[column] = nearest
	return nearest <= limit
}

// settle takes all scans into account that reached a column.
func (t *tree) settle(column int) {
	scans := len(t.scans)
	if t.unscanned < t.n && slices.Contains(t.columns[t.unscanned:], column) {
		scans--
	}
	t.take(column, scans)
}

// take takes the first scans into account. Of equal ones the first is kept.
func (t *tree) take(column, scans int) {
	if t.counted[column] == closed {
		return
	}
	for ; t.counted[column] < scans; t.counted[column]++ {
		from := t.scans[t.counted[column]]
		limit := t.distance[column]
		if limit < math.MaxInt/2 {
			limit += from.shift - 1
		}
		value := t.reducedAtMost(column, from.row, limit) - from.shift
		if value < t.distance[column] {
			t.distance[column], t.before[column] = value, from.row
		}
	}
	if t.counted[column] == len(t.scans) {
		t.pending[column] = math.MaxInt
	}
}
