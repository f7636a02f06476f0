package xdiff

// functions finds where the function around a change begins and ends, for hunks
// that show it whole.
type functions struct {
	old, new [][]byte
	rule     Funcname
}

// above returns the first old line of the function, or of the comment above it.
func (f *functions) above(c Change) int {
	at := c.Old
	if at >= len(f.old) {
		// Whole functions added to the end of the file speak for themselves.
		for _, line := range f.new[c.New:] {
			if f.named(line) {
				return at
			}
		}
		at = len(f.old) - 1
	}
	for at >= 0 && !f.named(f.old[at]) {
		at--
	}
	for at > 0 && !blank(f.old[at-1]) && !f.named(f.old[at-1]) {
		at--
	}
	return max(at, 0)
}

// below returns the old line that the function ends before, without the blank
// lines at its end.
func (f *functions) below(c Change) int {
	at := c.oldEnd()
	for at < len(f.old) && !f.named(f.old[at]) {
		at++
	}
	if at == len(f.old) {
		return at
	}
	for at > 0 && blank(f.old[at-1]) {
		at--
	}
	return at
}

// reach reports whether a hunk that ends before old line end has to take the
// next change in.
func (f *functions) reach(next Change, end, context int) bool {
	at := min(next.Old, len(f.old)-1)
	if at-context <= end {
		return true
	}
	for ; at > end; at-- {
		if f.named(f.old[at]) {
			return false
		}
	}
	return true
}

func (f *functions) named(line []byte) bool {
	_, ok := f.rule(line)
	return ok
}

func blank(line []byte) bool { return len(trimSpace(line)) == 0 }
