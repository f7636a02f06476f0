package rangediff

import "github.com/kprep/kprep/rangediff/xdiff"

// Cost is what the pair costs in the assignment: the lines of the diff of its
// patches, or for a commit alone the share of its lines that creationFactor
// says. Equal patches cost nothing.
func (p Pair) Cost(creationFactor int) int {
	switch p.Status() {
	case Removed:
		return p.Old.DiffLines * creationFactor / 100
	case Added:
		return p.New.DiffLines * creationFactor / 100
	case Same:
		return 0
	}
	var table xdiff.Table
	return xdiff.Size(table.File(p.Old.Diff()), table.File(p.New.Diff()), costContext)
}
