package rangediff

import (
	"bytes"
	"runtime"
	"sync"
	"sync/atomic"
)

// DefaultCreationFactor is git's default of --creation-factor.
const DefaultCreationFactor = 60

// A Status says how the two commits of a pair relate.
type Status byte

const (
	Same    Status = '=' // equal texts
	Changed Status = '!' // different ones; perhaps in the message alone
	Removed Status = '<' // the old commit has no partner
	Added   Status = '>' // the new commit has no partner
)

// A Pair is an old commit and the new one that it became, or a commit alone.
type Pair struct {
	Old, New *Commit // one of them may be nil
	// OldNumber and NewNumber count the commits of a range from 1; 0 for nil.
	OldNumber, NewNumber int
}

// Status says how the commits of the pair relate.
func (p Pair) Status() Status {
	switch {
	case p.New == nil:
		return Removed
	case p.Old == nil:
		return Added
	case bytes.Equal(p.Old.Text, p.New.Text):
		return Same
	}
	return Changed
}

// Subject is the subject that the heading shows: the old one, if there is one.
func (p Pair) Subject() string {
	if p.Old != nil {
		return p.Old.Subject
	}
	return p.New.Subject
}

// Compare pairs the commits of two ranges as git range-diff does. Every commit
// is in exactly one pair. The pairs follow the order of the new range; an old
// commit without partner comes as soon as all before it were shown. The
// commits are referred to, not copied.
//
// creationFactor is the share, in percent, of a patch's lines that being alone
// costs; a pair is made when it is cheaper than both its commits alone.
func Compare(old, new []Commit, creationFactor int) []Pair {
	m := matchExact(old, new)
	if c := measuredCosts(old, new, m, creationFactor); c != nil {
		for i, j := range assign(c) {
			if j >= 0 && j < len(new) {
				m.pair(i, j)
			}
		}
	}
	return m.order(old, new)
}

// order lists the pairs as they are shown.
func (m matching) order(old, new []Commit) []Pair {
	pairs := make([]Pair, 0, max(len(old), len(new)))
	shown := make([]bool, len(old))
	for i, j := 0, 0; i < len(old) || j < len(new); {
		switch {
		case i < len(old) && shown[i]:
			i++
		case i < len(old) && m.ofOld[i] == unmatched:
			pairs = append(pairs, Pair{Old: &old[i], OldNumber: i + 1})
			i++
		default:
			for j < len(new) && m.ofNew[j] == unmatched {
				pairs = append(pairs, Pair{New: &new[j], NewNumber: j + 1})
				j++
			}
			if j < len(new) {
				partner := m.ofNew[j]
				pairs = append(pairs, Pair{&old[partner], &new[j], partner + 1, j + 1})
				shown[partner] = true
				j++
			}
		}
	}
	return pairs
}

// measuredCosts returns the cost matrix for the commits, with those costs
// known that are likely to be asked for; nil when nothing is left to be paired.
func measuredCosts(old, new []Commit, exact matching, factor int) *costs {
	if len(old) == 0 || len(new) == 0 {
		return nil
	}
	p := internPatches(old, new, exact)
	c := newCosts(old, new, exact, factor, p.index().bounds)
	c.refine = p.refiner()
	c.measure = p.measurer()
	list := c.candidates(func(k candidate) int { return len(p.old[k.old].IDs) + len(p.new[k.new].IDs) })
	inParallel(len(list), func() func(int) {
		measure := p.measurer()
		return func(k int) {
			i, j := list[k].old, list[k].new
			c.entries[j*len(old)+i] = entry(measure(i, j))
		}
	})
	return c
}

// inParallel calls a worker with every number below n, in any order. begin
// makes a worker for each of the goroutines.
func inParallel(n int, begin func() func(int)) {
	var next atomic.Int64
	var group sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		group.Go(func() {
			worker := begin()
			for {
				k := int(next.Add(1)) - 1
				if k >= n {
					return
				}
				worker(k)
			}
		})
	}
	group.Wait()
}
