package xdiff

// A Hunk is a group of changes with their context. Starts are counted from 1,
// except that a side without lines gives the line before, as git prints it.
type Hunk struct {
	Old, OldCount, New, NewCount int
	Changes                      []Change // part of what Hunks was given
}

// Hunks puts the context around the changes and joins those that are no more
// than 2*context+interHunk lines apart. oldLen and newLen are the files' lengths
// in lines.
func Hunks(changes []Change, oldLen, newLen, context, interHunk int) []Hunk {
	var hunks []Hunk
	for len(changes) > 0 {
		n := joined(changes, context, interHunk)
		first, last := changes[0], changes[n-1]
		old, new := max(first.Old-context, 0), max(first.New-context, 0)
		oldEnd := min(last.Old+last.OldCount+context, oldLen)
		newEnd := min(last.New+last.NewCount+context, newLen)
		hunks = append(hunks, makeHunk(old, oldEnd, new, newEnd, changes[:n:n]))
		changes = changes[n:]
	}
	return hunks
}

// makeHunk takes ends that are exclusive, of lines counted from 0.
func makeHunk(old, oldEnd, new, newEnd int, changes []Change) Hunk {
	h := Hunk{Old: old + 1, OldCount: oldEnd - old, New: new + 1, NewCount: newEnd - new, Changes: changes}
	if h.OldCount == 0 {
		h.Old--
	}
	if h.NewCount == 0 {
		h.New--
	}
	return h
}

// joined is how many of the changes, at least one, make the first hunk.
func joined(changes []Change, context, interHunk int) int {
	n := 1
	for n < len(changes) && changes[n].Old-(changes[n-1].Old+changes[n-1].OldCount) <= 2*context+interHunk {
		n++
	}
	return n
}

// size counts the lines of the hunks without making them.
func size(changes []Change, oldLen, context int) int {
	lines := 0
	for len(changes) > 0 {
		n := joined(changes, context, 0)
		last := changes[n-1]
		lines += 1 + min(last.Old+last.OldCount+context, oldLen) - max(changes[0].Old-context, 0)
		for _, c := range changes[:n] {
			lines += c.NewCount
		}
		changes = changes[n:]
	}
	return lines
}
