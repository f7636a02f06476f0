package rangediff

import (
	"math"
	"slices"
)

// assign solves the assignment problem of a cost matrix as git does, and
// returns for every column of an old commit the row it was given: below
// c.new() the partner, else (negative ones included) none.
//
// It is the method of Jonker and Volgenant for dense matrices (Computing 38,
// 1987) in its published phases, with ties decided by the order of the scans.
// Only the decisions count: a cost that is known by a lower bound alone is
// made exact when a comparison cannot be settled by the bound.
//
// QUIRK: git departs from the paper in the augmentation, see minimum. Its
// total is therefore not always the least one, and the map from columns to
// rows need not be a permutation.
func assign(c *costs) []int {
	if c.old() == 0 || c.new() == 0 {
		return slices.Repeat([]int{unmatched}, c.old())
	}
	s := newSolver(c)
	s.reduceColumns()
	s.transferReduction()
	if len(s.free) > 0 {
		s.augmentRows()
		s.augmentRows()
		t := newTree(s)
		for _, row := range s.free {
			t.augment(row)
		}
	}
	return s.rowOf[:c.old()]
}

// A solver is the state of an assignment. Rows are new commits, columns old
// ones; behind both come as many that stand for being alone, so that the
// matrix is square.
type solver struct {
	c        *costs
	n        int
	price    []int // of each column
	rowOf    []int // of each column; negative: none
	columnOf []int // of each row; -1 for none
	free     []int // rows without a column
}

func newSolver(c *costs) *solver {
	n := c.old() + c.new()
	none := slices.Repeat([]int{unmatched}, n)
	return &solver{c: c, n: n, price: make([]int, n), rowOf: none, columnOf: slices.Clone(none)}
}

// reduced is the cost of a column in a row less the column's price, or, when
// that is not known exactly, a lower bound of it.
func (s *solver) reduced(column, row int) (value int, exact bool) {
	value, exact = s.c.bound(column, row)
	return value - s.price[column], exact
}

// reducedAtMost is the reduced cost when it is at most limit, else anything
// above limit that is not above it.
func (s *solver) reducedAtMost(column, row, limit int) int {
	price := s.price[column]
	if limit < math.MaxInt/2 {
		limit += price
	}
	return s.c.atMost(column, row, limit) - price
}

// reduceColumns gives each column, from the last to the first, its cheapest
// row if that is not taken; of equal rows the first.
func (s *solver) reduceColumns() {
	first := s.cheapestRows()
	for column := s.n - 1; column >= 0; column-- {
		row := first[column]
		switch taken := s.columnOf[row]; {
		case taken == -1:
			s.columnOf[row], s.rowOf[column] = column, row
		case taken >= 0:
			// Chosen by several columns: marked, so that the transfer
			// leaves the row alone.
			s.columnOf[row] = -2 - taken
		}
	}
}

// cheapestRows sets the prices, the minimum of each column, and returns the
// first row of each that has it.
func (s *solver) cheapestRows() []int {
	first := make([]int, s.n)
	olds, news := s.c.old(), s.c.new()
	for column := range olds {
		s.price[column] = math.MaxInt
	}
	for row := range news {
		for column := range olds {
			limit := min(s.price[column]-1, s.c.oldAlone[column])
			if value := s.c.atMost(column, row, limit); value <= limit {
				s.price[column], first[column] = value, row
			}
		}
	}
	for column := range olds {
		if s.c.oldAlone[column] < s.price[column] {
			s.price[column], first[column] = s.c.oldAlone[column], news
		}
	}
	least, at := 0, news
	for row := news - 1; row >= 0; row-- {
		if s.c.newAlone[row] <= least {
			least, at = s.c.newAlone[row], row
		}
	}
	for column := olds; column < s.n; column++ {
		s.price[column], first[column] = least, at
	}
	return first
}

// transferReduction lowers the price of the column of each row that only one
// column chose, and collects the rows that none did.
func (s *solver) transferReduction() {
	for row := range s.n {
		switch column := s.columnOf[row]; {
		case column == -1:
			s.free = append(s.free, row)
		case column < -1:
			s.columnOf[row] = -2 - column
		default:
			s.price[column] -= s.cheapestOther(column, row)
		}
	}
}

// cheapestOther is the least reduced cost in a row but for one column.
func (s *solver) cheapestOther(not, row int) int {
	least := math.MaxInt
	for column := range s.n {
		if value, exact := s.reduced(column, row); exact && column != not {
			least = min(least, value)
		}
	}
	for column := range s.c.old() {
		if column != not {
			least = min(least, s.reducedAtMost(column, row, least-1))
		}
	}
	return least
}

// augmentRows is one pass of augmenting row reduction.
func (s *solver) augmentRows() {
	rows := s.free
	s.free = nil
	for k := 0; k < len(rows); {
		row := rows[k]
		k++
		column, second, gap := s.cheapestTwo(row)
		displaced := s.rowOf[column]
		if gap > 0 {
			s.price[column] -= gap
		} else if displaced >= 0 {
			column = second
			displaced = s.rowOf[column]
		}
		if displaced >= 0 {
			if gap > 0 {
				k--
				rows[k] = displaced
			} else {
				s.free = append(s.free, displaced)
			}
		}
		s.columnOf[row], s.rowOf[column] = column, row
	}
}

// cheapestTwo finds the columns with the least and the second-least reduced
// cost in a row, and how far these are apart. A later column equal to the
// first becomes the first while the second is dearer.
func (s *solver) cheapestTwo(row int) (first, second, gap int) {
	limit := s.secondKnown(row)
	least, next := math.MaxInt, math.MaxInt
	first, second = 0, -1
	for column := range s.n {
		// What is above the final second has no say in who becomes it.
		highest := min(limit, next-1)
		value := s.reducedAtMost(column, row, highest)
		if value > highest {
			continue
		}
		if value > least {
			next, second = value, column
		} else {
			if least != math.MaxInt {
				next, second = least, first
			}
			least, first = value, column
		}
	}
	return first, second, next - least
}

// secondKnown is an upper limit of the second-least reduced cost in a row.
func (s *solver) secondKnown(row int) int {
	least, next := math.MaxInt, math.MaxInt
	for column := range s.n {
		if value, exact := s.reduced(column, row); exact && value < next {
			next = max(least, value)
			least = min(least, value)
		}
	}
	return next
}
