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
	l := layout{changes: changes, oldLen: oldLen, newLen: newLen, context: context, most: 2*context + interHunk}
	return l.hunks()
}

// size counts the lines of the hunks without making them.
func size(changes []Change, oldLen, context int) int {
	lines := 0
	for i := 0; i < len(changes); i++ {
		lines += 1 - max(changes[i].Old-context, 0) + changes[i].NewCount
		for i+1 < len(changes) && changes[i].gap(changes[i+1]) <= 2*context {
			i++
			lines += changes[i].NewCount
		}
		lines += min(changes[i].oldEnd()+context, oldLen)
	}
	return lines
}

func (c Change) oldEnd() int         { return c.Old + c.OldCount }
func (c Change) newEnd() int         { return c.New + c.NewCount }
func (c Change) gap(next Change) int { return next.Old - c.oldEnd() }

// A layout turns changes into hunks.
type layout struct {
	changes        []Change
	ignored        []bool // by change; nil for none
	functions      *functions
	oldLen, newLen int
	context        int
	most           int // lines between changes of a hunk
}

func (l layout) hunks() []Hunk {
	var hunks []Hunk
	for at := 0; ; {
		first, last := l.group(at)
		if first == len(l.changes) {
			return hunks
		}
		first, old, new := l.start(at, first)
		last, oldEnd, newEnd := l.end(last)
		h := Hunk{Old: old + 1, OldCount: oldEnd - old, New: new + 1, NewCount: newEnd - new}
		if h.OldCount == 0 {
			h.Old--
		}
		if h.NewCount == 0 {
			h.New--
		}
		at = last + 1
		h.Changes = l.changes[first:at:at]
		hunks = append(hunks, h)
	}
}

// group finds the first and the last change of the hunk that begins at a change
// or, where that is ignored and far from others, later. The first is after all
// changes when there is no hunk.
func (l layout) group(at int) (first, last int) {
	first = at
	for i := at; i < len(l.changes) && l.ignores(i); i++ {
		if i+1 == len(l.changes) || l.changes[i].gap(l.changes[i+1]) >= l.context {
			first = i + 1
		}
	}
	last = first
	skipped := 0 // new lines of ignored changes since the last one
	for i := first; i+1 < len(l.changes); i++ {
		next := l.changes[i+1]
		gap := l.changes[i].gap(next)
		near := gap < l.context
		switch {
		case gap > l.most, !near && last != i && l.changes[last].gap(next)+skipped > l.most:
			return first, last
		case !l.ignores(i + 1), near && last == i:
			last, skipped = i+1, 0
		default:
			skipped += next.NewCount
		}
	}
	return first, last
}

func (l layout) ignores(i int) bool { return l.ignored != nil && l.ignored[i] }

// start returns the lines that the hunk of change first begins at, and the
// change itself: functions can reach up to one that was ignored, not before at.
func (l layout) start(at, first int) (change, old, new int) {
	for {
		c := l.changes[first]
		old, new = max(c.Old-l.context, 0), max(c.New-l.context, 0)
		if l.functions == nil {
			return first, old, new
		}
		top := l.functions.above(c)
		if top >= old {
			return first, old, new
		}
		old, new = top, max(new-(old-top), 0)
		for at < first && l.changes[at].oldEnd() <= old && l.changes[at].newEnd() <= new {
			at++
		}
		if at == first {
			return first, old, new
		}
		first = at
	}
}

// end returns the last change of the hunk that has the one given, and the lines
// that the hunk ends before.
func (l layout) end(last int) (change, old, new int) {
	for ; ; last++ {
		c := l.changes[last]
		context := min(l.context, l.oldLen-c.oldEnd(), l.newLen-c.newEnd())
		old, new = c.oldEnd()+context, c.newEnd()+context
		if l.functions == nil {
			return last, old, new
		}
		if bottom := l.functions.below(c); bottom > old {
			old, new = bottom, min(new+bottom-old, l.newLen)
		}
		if last+1 == len(l.changes) || !l.functions.reach(l.changes[last+1], old, l.context) {
			return last, old, new
		}
	}
}
