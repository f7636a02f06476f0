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
	intern := func(commits []Commit, partner []int) []*xdiff.File {
		files := make([]*xdiff.File, len(commits))
		for i := range commits {
			if partner[i] == unmatched {
				files[i] = table.File(commits[i].Diff())
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

// shared counts, for each new commit, the lines that its patch has in common
// with each old one, as multisets. The result has a row for each new commit.
func (p patches) shared() []int32 {
	where := map[int32][]occurrence{}
	for i, f := range p.old {
		for _, l := range countLines(f) {
			where[l.line] = append(where[l.line], occurrence{int32(i), l.count})
		}
	}
	counts := make([]int32, len(p.old)*len(p.new))
	for j, f := range p.new {
		row := counts[j*len(p.old):][:len(p.old)]
		for _, l := range countLines(f) {
			for _, o := range where[l.line] {
				row[o.patch] += min(o.count, l.count)
			}
		}
	}
	return counts
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

// entry is the cost of a pair with that many lines in common: known when there
// is none, else the lower bound that every line without a partner is printed,
// and a hunk header.
func (p patches) entry(old, new int, shared int32) int32 {
	cost := int32(len(p.old[old].IDs)+len(p.new[new].IDs)) - 2*shared + 1
	if shared > 0 {
		return ^cost
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
