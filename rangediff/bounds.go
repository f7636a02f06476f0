package rangediff

import (
	"cmp"
	"slices"

	"github.com/kprep/kprep/rangediff/xdiff"
)

// costContext is the context of the diffs whose lines are counted as costs.
const costContext = 3

// patches are the patches of both ranges as lists of line ids.
type patches struct {
	old, new []*xdiff.File // nil for a commit with an exact partner
}

func internPatches(old, new []Commit, exact matching) patches {
	var table xdiff.Table
	var noLines [][]byte
	intern := func(commits []Commit, partner []int) []*xdiff.File {
		files := make([]*xdiff.File, len(commits))
		for i := range commits {
			if partner[i] == unmatched {
				f := table.File(commits[i].Diff())
				for len(noLines) < len(f.IDs) {
					noLines = append(noLines, nil)
				}
				f.Lines = noLines[:len(f.IDs)] // counting looks at the ids alone
				files[i] = f
			}
		}
		return files
	}
	return patches{old: intern(old, exact.ofOld), new: intern(new, exact.ofNew)}
}

// An occurrence says how often a line is in one patch.
type occurrence struct{ patch, count int32 }

// lineCount says how often a line of some id is in a patch.
type lineCount struct{ line, count int32 }

// measurer returns a function that counts the lines of a pair's diff, for one
// goroutine.
func (p patches) measurer() func(old, new int) int {
	var differ xdiff.Differ
	return func(i, j int) int { return differ.Size(p.old[i], p.new[j], costContext) }
}

// runLength is the least number of equal lines in a row of which a diff does
// not show all: at either end costContext of them are shown, between changes
// twice as many.
const runLength = costContext + 1

// An index says which old patches have a line, or a run of lines.
type index struct {
	patches
	lines map[int32][]occurrence
	runs  []runAt // in order of the hash
}

type runAt struct {
	hash  uint64
	patch int32
}

func (p patches) index() index {
	x := index{patches: p, lines: map[int32][]occurrence{}}
	for i, f := range p.old {
		for _, l := range countLines(f) {
			x.lines[l.line] = append(x.lines[l.line], occurrence{int32(i), l.count})
		}
		for _, run := range runs(f) {
			x.runs = append(x.runs, runAt{run, int32(i)})
		}
	}
	slices.SortFunc(x.runs, func(a, b runAt) int { return cmp.Compare(a.hash, b.hash) })
	return x
}

// bounds sets the entries of a new commit and each old one, where neither has
// an exact partner, to what the lines in common tell, as multisets.
func (x index) bounds(new int, row []entry) {
	shared, loose := make([]int, len(row)), make([]bool, len(row))
	for _, l := range countLines(x.new[new]) {
		for _, o := range x.lines[l.line] {
			shared[o.patch] += int(min(o.count, l.count))
		}
	}
	for _, run := range runs(x.new[new]) {
		at, _ := slices.BinarySearchFunc(x.runs, run, func(r runAt, hash uint64) int { return cmp.Compare(r.hash, hash) })
		for ; at < len(x.runs) && x.runs[at].hash == run; at++ {
			loose[x.runs[at].patch] = true
		}
	}
	for i, f := range x.old {
		switch {
		case f == nil:
		case shared[i] == 0:
			row[i] = entry(x.leastCost(i, new, 0, false))
		default:
			row[i] = bounded(x.leastCost(i, new, shared[i], loose[i]), loose[i])
		}
	}
}

// runs returns a hash of every run of runLength lines, each hash once. Two
// runs with one hash do no harm, for bounds are then lower than they could be.
func runs(f *xdiff.File) []uint64 {
	if f == nil || len(f.IDs) < runLength {
		return nil
	}
	hashes := make([]uint64, 0, len(f.IDs)-runLength+1)
	for at := range cap(hashes) {
		hash := uint64(0)
		for _, id := range f.IDs[at : at+runLength] {
			hash = (hash ^ uint64(id)) * 0x9e3779b97f4a7c15
			hash ^= hash >> 29
		}
		hashes = append(hashes, hash)
	}
	slices.Sort(hashes)
	return slices.Compact(hashes)
}

// countLines counts the different lines of a patch; none for nil.
func countLines(f *xdiff.File) []lineCount {
	if f == nil {
		return nil
	}
	ids := slices.Clone(f.IDs)
	slices.Sort(ids)
	var counts []lineCount
	for _, id := range ids {
		if n := len(counts); n > 0 && counts[n-1].line == id {
			counts[n-1].count++
		} else {
			counts = append(counts, lineCount{id, 1})
		}
	}
	return counts
}

// leastCost is a lower bound of the cost of a pair of which at most so many
// lines are matched. Every other line is printed, and a hunk header. So is every
// matched line, once, as context, unless there are long runs of them.
func (p patches) leastCost(old, new, matched int, loose bool) int {
	cost := len(p.old[old].IDs) + len(p.new[new].IDs) + 1 - matched
	if loose {
		cost -= matched
	}
	return cost
}

// A candidate is a pair whose cost is likely to be asked for.
type candidate struct{ old, new int }

// candidates lists the pairs whose lower bound leaves them a chance to be
// cheaper than both commits alone, the largest patches first.
func (c *costs) candidates(size func(candidate) int) []candidate {
	var list []candidate
	for row := range c.newAlone {
		for column := range c.oldAlone {
			bound, exact := c.bound(column, row)
			if !exact && bound <= c.oldAlone[column]+c.newAlone[row] {
				list = append(list, candidate{column, row})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(size(b), size(a)) })
	return list
}
