package xdiff

// rare is how often a line may occur in the old side of a box to begin a run.
const rare = 64

// histogram marks the changed lines of a box: the longest run of equal lines
// among the rarest stays, and what is before and after it is a box of its own.
// The histogram diff of JGit.
func (d *Differ) histogram(b box, minimal bool) {
	for {
		if b.empty() {
			d.replace(b)
			return
		}
		run, found, common := d.bestRun(b)
		switch {
		case !found && common:
			d.myers(b, minimal)
			return
		case !found:
			d.replace(b)
			return
		}
		d.histogram(box{b.oldLo, run.oldLo, b.newLo, run.newLo}, minimal)
		b.oldLo, b.newLo = run.oldHi, run.newHi
	}
}

// bestRun finds the run to keep, and whether the sides have any line in common.
func (d *Differ) bestRun(b box) (run box, found, common bool) {
	d.index(b)
	fewest := int32(rare + 1) // occurrences of the rarest line of the run
	for j := b.newLo; j < b.newHi; {
		id, after := d.new.ids[j], j+1
		if n := d.inOld[id]; n > 0 {
			common = true
			if n > fewest {
				j = after
				continue
			}
			for i := int(d.place[id]); i >= 0; {
				at, occurs := d.runAround(b, i, j, n)
				after = max(after, at.newHi)
				if at.oldHi-at.oldLo > max(run.oldHi-run.oldLo, 1) || occurs < fewest {
					run, fewest = at, occurs
				}
				for i >= 0 && i < at.oldHi {
					i = int(d.next[i])
				}
			}
		}
		j = after
	}
	for _, id := range d.old.ids[b.oldLo:b.oldHi] {
		d.inOld[id] = 0
	}
	return run, fewest <= rare, common
}

// index counts the old lines of the box by id, and chains equal ones: place has
// the first by id, next the one after a line, or -1.
func (d *Differ) index(b box) {
	d.place = resize(d.place, len(d.inOld))
	d.next = resize(d.next, len(d.old.ids))
	for i := b.oldHi - 1; i >= b.oldLo; i-- {
		id := d.old.ids[i]
		d.next[i] = -1
		if d.inOld[id] > 0 {
			d.next[i] = d.place[id]
		}
		d.place[id] = int32(i)
		d.inOld[id]++
	}
}

// runAround extends a pair of equal lines both ways, and returns how often the
// rarest of them occurs on the old side.
func (d *Differ) runAround(b box, i, j int, occurs int32) (box, int32) {
	old, new := d.old.ids, d.new.ids
	run := box{i, i + 1, j, j + 1}
	for run.oldLo > b.oldLo && run.newLo > b.newLo && old[run.oldLo-1] == new[run.newLo-1] {
		run.oldLo--
		run.newLo--
		occurs = min(occurs, d.inOld[old[run.oldLo]])
	}
	for run.oldHi < b.oldHi && run.newHi < b.newHi && old[run.oldHi] == new[run.newHi] {
		occurs = min(occurs, d.inOld[old[run.oldHi]])
		run.oldHi++
		run.newHi++
	}
	return run, occurs
}
