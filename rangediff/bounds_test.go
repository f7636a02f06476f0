package rangediff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// randomCommits makes commits with patches of few different lines, some of
// which share runs of lines.
func randomCommits(r *rand.Rand, n, vocabulary int) []Commit {
	shared := make([]byte, 0, 200)
	for range 20 {
		shared = fmt.Appendf(shared, "+line %d\n", r.IntN(vocabulary))
	}
	commits := make([]Commit, n)
	for i := range commits {
		lines := 1 + r.IntN(90)
		text := fmt.Appendf(nil, " ## file%d ##\n", r.IntN(9))
		for k := range lines {
			if k%30 == 10 && r.IntN(3) == 0 {
				text = append(text, shared...)
			}
			text = fmt.Appendf(text, "%cline %d\n", " +-"[r.IntN(3)], r.IntN(vocabulary))
		}
		commits[i] = Commit{Text: text, DiffLines: lines + 1}
	}
	return commits
}

// A bound above the cost would change decisions.
func TestBoundsAreNotAboveCosts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	known, close, pairs := 0, 0, 0
	for range 60 {
		vocabulary := []int{3, 20, 200, 5000}[r.IntN(4)]
		old, new := randomCommits(r, 1+r.IntN(12), vocabulary), randomCommits(r, 1+r.IntN(12), vocabulary)
		exact := newMatching(len(old), len(new))
		p := internPatches(old, new, exact)
		index, refine, measure := p.index(), p.refiner(), p.measurer()
		for j := range new {
			row := make([]entry, len(old))
			index.bounds(j, row)
			for i, e := range row {
				cost, better := measure(i, j), 0
				if !e.exact() {
					better = refine(i, j, e.loose())
				}
				if e.exact() && int(e) != cost || !e.exact() && (e.bound() > cost || better > cost) {
					t.Fatalf("cost %d, entry %d (%v), refined %d\n%s\n%s", cost, e.bound(), e.exact(), better, old[i].Text, new[j].Text)
				}
				pairs++
				if e.exact() || better == cost {
					close++
				}
				if e.exact() {
					known++
				}
			}
		}
	}
	t.Logf("%d pairs, %d known at once, %d bounded by their cost", pairs, known, close)
	if known == 0 || close < pairs/4 {
		t.Error("the bounds are of no use")
	}
}

// The order in which costs become known must not show in the pairs.
func TestAssignWithBoundsAsWithCosts(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 6))
	for round := range 150 {
		vocabulary := []int{3, 20, 200, 5000}[r.IntN(4)]
		old, new := randomCommits(r, 1+r.IntN(15), vocabulary), randomCommits(r, 1+r.IntN(15), vocabulary)
		for k := range new { // revised
			if r.IntN(2) == 0 {
				new[k].Text = slices.Concat(old[r.IntN(len(old))].Text, []byte("+more\n"))
			}
			if r.IntN(4) == 0 {
				new[k] = old[r.IntN(len(old))]
			}
		}
		factor := []int{20, 60, 100}[r.IntN(3)]
		exact := matchExact(old, new)
		p := internPatches(old, new, exact)
		plain := newCosts(old, new, exact, factor, func(j int, row []entry) {
			for i := range row {
				if exact.ofOld[i] == unmatched {
					row[i] = entry(p.measurer()(i, j))
				}
			}
		})
		want := plainAssign(len(old)+len(new), func(column, row int) int {
			value, _ := plain.bound(column, row)
			return value
		})[:len(old)]
		if got := assign(measuredCosts(old, new, exact, factor)); !slices.Equal(got, want) {
			t.Fatalf("round %d: assign = %v, want %v", round, got, want)
		}
	}
}
