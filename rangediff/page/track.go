package page

import (
	"cmp"
	"slices"
)

// A track is one patch through all revisions of a page.
type track struct {
	Subject string // the last one
	Cells   []cell // one for each revision
}

// A cell is a patch in a revision. The zero cell is for a revision without it.
type cell struct {
	Number int    // its place; 0 when it is not there
	Kind   string // what became of it since the revision before; "" in its first
	What   string
	ID     string // of the fold that shows it; may be empty
}

// tracks follows patches from comparison to comparison. Nothing comes from
// comparisons that do not go on where the one before ended. The patches of the
// last revision come first, in their order; then those dropped last.
func tracks(comparisons []Comparison, views []comparisonView) ([]Revision, []track) {
	revisions := []Revision{comparisons[0].Old}
	for n, c := range comparisons {
		if c.Old.Name != revisions[n].Name {
			return nil, nil
		}
		revisions = append(revisions, c.New)
	}
	var list []track
	at := map[int]int{} // from the place in the revision before to the track
	for column, c := range comparisons {
		next := map[int]int{}
		for i, change := range c.Changes {
			view := views[column].Pairs[i]
			n, known := at[change.OldNumber]
			if change.Old == nil || !known {
				n = len(list)
				list = append(list, track{Cells: make([]cell, len(revisions))})
				list[n].Cells[column].Number = change.OldNumber
			}
			list[n].Subject = view.Subject
			list[n].Cells[column+1] = cell{Number: change.NewNumber, Kind: view.Kind, What: view.What, ID: view.ID}
			if change.New != nil {
				next[change.NewNumber] = n
			}
		}
		at = next
	}
	slices.SortStableFunc(list, func(a, b track) int {
		last, other := a.last(), b.last()
		if last != other {
			return cmp.Compare(other, last)
		}
		return cmp.Compare(a.Cells[last].Number, b.Cells[last].Number)
	})
	return revisions, list
}

// last is the last revision that the patch is in.
func (t track) last() int {
	n := len(t.Cells) - 1
	for n > 0 && t.Cells[n].Number == 0 {
		n--
	}
	return n
}
