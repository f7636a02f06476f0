package rangediff

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// plainAssign is assign on a full matrix, in which every cost is known and
// every scan is written out: the reference for the lazy one.
func plainAssign(n int, cost func(column, row int) int) (rowOf []int) {
	rowOf = make([]int, n)
	columnOf := make([]int, n)
	if n < 2 {
		return rowOf
	}
	v := make([]int, n)
	for k := range n {
		rowOf[k], columnOf[k] = -1, -1
	}
	for j := n - 1; j >= 0; j-- {
		least := 0
		for i := 1; i < n; i++ {
			if cost(j, i) < cost(j, least) {
				least = i
			}
		}
		v[j] = cost(j, least)
		if columnOf[least] == -1 {
			columnOf[least], rowOf[j] = j, least
		} else if columnOf[least] >= 0 {
			columnOf[least] = -2 - columnOf[least]
		}
	}
	var free []int
	for i := range n {
		switch j1 := columnOf[i]; {
		case j1 == -1:
			free = append(free, i)
		case j1 < -1:
			columnOf[i] = -2 - j1
		default:
			least := math.MaxInt
			for j := range n {
				if j != j1 {
					least = min(least, cost(j, i)-v[j])
				}
			}
			v[j1] -= least
		}
	}
	if len(free) == 0 {
		return rowOf
	}
	for range 2 {
		rows := free
		free = nil
		for k := 0; k < len(rows); {
			i := rows[k]
			k++
			j1, j2 := 0, -1
			u1, u2 := cost(0, i)-v[0], math.MaxInt
			for j := 1; j < n; j++ {
				if c := cost(j, i) - v[j]; u2 > c {
					if u1 < c {
						u2, j2 = c, j
					} else {
						u2, j2, u1, j1 = u1, j1, c, j
					}
				}
			}
			i0 := rowOf[j1]
			if u1 < u2 {
				v[j1] -= u2 - u1
			} else if i0 >= 0 {
				j1 = j2
				i0 = rowOf[j1]
			}
			if i0 >= 0 {
				if u1 < u2 {
					k--
					rows[k] = i0
				} else {
					free = append(free, i0)
				}
			}
			columnOf[i], rowOf[j1] = j1, i
		}
	}
	d, pred, col := make([]int, n), make([]int, n), make([]int, n)
	for _, start := range free {
		for j := range n {
			d[j], pred[j], col[j] = cost(j, start)-v[j], start, j
		}
		j, last, least := plainSearch(n, cost, v, rowOf, d, pred, col)
		for _, c := range col[:last] {
			v[c] += d[c] - least
		}
		for j >= 0 {
			i := pred[j]
			rowOf[j] = i
			j, columnOf[i] = columnOf[i], j
			if i == start {
				break
			}
		}
	}
	return rowOf
}

func plainSearch(n int, cost func(column, row int) int, v, rowOf, d, pred, col []int) (j, last, least int) {
	low, up := 0, 0
	j = -1
	for {
		last = low
		least = d[col[up]]
		up++
		for k := up; k < n; k++ {
			j = col[k]
			if d[j] <= least {
				if d[j] < least {
					up, least = low, d[j]
				}
				col[k], col[up] = col[up], j
				up++
			}
		}
		for _, c := range col[low:up] {
			if rowOf[c] < 0 {
				return j, last, least
			}
		}
		for low != up {
			j1 := col[low]
			low++
			i := rowOf[j1]
			u1 := cost(j1, i) - v[j1] - least
			for k := up; k < n; k++ {
				j = col[k]
				if c := cost(j, i) - v[j] - u1; c < d[j] {
					d[j], pred[j] = c, i
					if c == least {
						if rowOf[j] < 0 {
							return j, last, least
						}
						col[k], col[up] = col[up], j
						up++
					}
				}
			}
		}
	}
}

// An instance is a cost matrix in full, with bounds for some of its entries.
type instance struct {
	costs
	truth    []int
	measured int
}

// newInstance makes up costs. Small spreads give many ties.
func newInstance(r *rand.Rand, olds, news, spread int) *instance {
	in := &instance{truth: make([]int, olds*news)}
	in.oldAlone, in.newAlone, in.entries = make([]int, olds), make([]int, news), make([]entry, olds*news)
	partner := newMatching(olds, news)
	for range r.IntN(min(olds, news) + 1) {
		if i, j := r.IntN(olds), r.IntN(news); partner.ofOld[i] == unmatched && partner.ofNew[j] == unmatched {
			partner.pair(i, j)
		}
	}
	alone := func(costs, partner []int) {
		for k := range costs {
			if costs[k] = apart; partner[k] == unmatched {
				costs[k] = r.IntN(spread + 1)
			}
		}
	}
	alone(in.oldAlone, partner.ofOld)
	alone(in.newAlone, partner.ofNew)
	for j := range news {
		for i := range olds {
			at := j*olds + i
			switch {
			case partner.ofOld[i] == j:
			case partner.ofOld[i] != unmatched || partner.ofNew[j] != unmatched:
				in.truth[at] = apart
				in.entries[at] = apart
			default:
				in.truth[at] = 1 + r.IntN(2*spread)
				if in.entries[at] = entry(in.truth[at]); r.IntN(4) > 0 {
					in.entries[at] = bounded(r.IntN(in.truth[at]+1), r.IntN(2) == 0)
				}
			}
		}
	}
	in.refine = func(i, j int, loose bool) int {
		truth := in.truth[j*olds+i]
		return truth - r.IntN(truth+1)/2
	}
	in.measure = func(i, j int) int {
		in.measured++
		return in.truth[j*olds+i]
	}
	return in
}

func (in *instance) full(column, row int) int {
	if column < in.old() && row < in.new() {
		return in.truth[row*in.old()+column]
	}
	value, _ := in.bound(column, row)
	return value
}

// Which costs are known, and how well the others are bounded, must not show.
func TestAssignAsOnAFullMatrix(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(1, 2))
	measured, pairs := 0, 0
	for round := range 20000 {
		most := 5
		if round%10 == 0 {
			most = 25
		}
		olds, news := 1+r.IntN(most), 1+r.IntN(most)
		in := newInstance(r, olds, news, []int{2, 6, 30, 1000}[r.IntN(4)])
		before := slices.Clone(in.entries)
		want := plainAssign(olds+news, in.full)[:olds]
		if got := assign(&in.costs); !slices.Equal(got, want) {
			t.Fatalf("round %d, %d by %d commits: assign = %v, want %v\nalone %v and %v\ncosts %v\nknown %v",
				round, olds, news, got, want, in.oldAlone, in.newAlone, in.truth, before)
		}
		measured += in.measured
		pairs += olds * news
	}
	if measured > pairs/2 {
		t.Errorf("%d of %d costs were measured, which is not lazy", measured, pairs)
	}
}

func FuzzAssign(f *testing.F) {
	f.Add(uint64(1), uint8(3), uint8(3), uint8(4))
	f.Add(uint64(7), uint8(1), uint8(9), uint8(1))
	f.Fuzz(func(t *testing.T, seed uint64, olds, news, spread uint8) {
		a, b := 1+int(olds%12), 1+int(news%12)
		in := newInstance(rand.New(rand.NewPCG(seed, 0)), a, b, 1+int(spread))
		want := plainAssign(a+b, in.full)[:a]
		if got := assign(&in.costs); !slices.Equal(got, want) {
			t.Errorf("assign = %v, want %v", got, want)
		}
	})
}
