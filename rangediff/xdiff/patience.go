package xdiff

import (
	"cmp"
	"slices"
)

// An anchor is a pair of equal lines that occur once on each side of a box.
type anchor struct {
	old, new int
	previous int // of the longest ascending chain that ends here; -1 for none
}

// patience marks the changed lines of a box: the longest ascending chain of
// anchors stays, with the equal lines around each, and what is between is a box
// of its own. Bram Cohen's patience diff.
func (d *Differ) patience(b box, minimal bool) {
	if b.empty() {
		d.replace(b)
		return
	}
	anchors, common := d.anchors(b)
	chain := longestChain(anchors)
	switch {
	case !common:
		d.replace(b)
		return
	case len(chain) == 0:
		d.myers(b, minimal)
		return
	}
	for len(chain) > 0 {
		gap := box{b.oldLo, chain[0].old, b.newLo, chain[0].new}
		d.patience(d.trimHead(d.trimTail(gap)), minimal)
		n := 1
		for n < len(chain) && chain[n].old == chain[n-1].old+1 && chain[n].new == chain[n-1].new+1 {
			n++
		}
		b.oldLo, b.newLo = chain[n-1].old+1, chain[n-1].new+1
		chain = chain[n:]
	}
	d.patience(d.trimHead(b), minimal)
}

// anchors returns those of the box in the order of the old file, and whether
// the sides have any line in common.
func (d *Differ) anchors(b box) (list []anchor, common bool) {
	d.place = resize(d.place, len(d.inOld))
	d.count(b)
	for j := b.newLo; j < b.newHi; j++ {
		d.place[d.new.ids[j]] = int32(j)
	}
	for i := b.oldLo; i < b.oldHi; i++ {
		id := d.old.ids[i]
		common = common || d.inNew[id] > 0
		if d.inOld[id] == 1 && d.inNew[id] == 1 {
			list = append(list, anchor{old: i, new: int(d.place[id])})
		}
	}
	d.uncount(b)
	return list, common
}

// longestChain returns the anchors of the longest chain that ascends on both
// sides.
func longestChain(anchors []anchor) []anchor {
	var ends []int // by length, the last anchor of the chain that ends first
	for n := range anchors {
		length, _ := slices.BinarySearchFunc(ends, anchors[n].new, func(end, new int) int {
			return cmp.Compare(anchors[end].new, new)
		})
		anchors[n].previous = -1
		if length > 0 {
			anchors[n].previous = ends[length-1]
		}
		if length == len(ends) {
			ends = append(ends, n)
		} else {
			ends[length] = n
		}
	}
	if len(ends) == 0 {
		return nil
	}
	var chain []anchor
	for at := ends[len(ends)-1]; at >= 0; at = anchors[at].previous {
		chain = append(chain, anchors[at])
	}
	slices.Reverse(chain)
	return chain
}

// replace marks a whole box changed.
func (d *Differ) replace(b box) {
	for i := b.oldLo; i < b.oldHi; i++ {
		d.old.changed[i] = true
	}
	for j := b.newLo; j < b.newHi; j++ {
		d.new.changed[j] = true
	}
}
