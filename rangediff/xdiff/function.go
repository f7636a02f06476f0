package xdiff

// functionHunks makes hunks that show the whole function around each change,
// from the comment above it to the blank lines before the next one, and at least
// the context.
func (u Unified) functionHunks(a, b *File, changes []Change) []Hunk {
	f := functions{u, a, b}
	var hunks []Hunk
	for len(changes) > 0 {
		first := changes[0]
		old := f.above(first)
		new := max(first.New-(first.Old-old), 0)
		n, end := f.below(changes, joined(changes, u.Context, u.InterHunk))
		last := changes[n-1]
		newEnd := min(end+last.New+last.NewCount-last.Old-last.OldCount, len(b.Lines))
		hunks = append(hunks, makeHunk(old, end, new, newEnd, changes[:n:n]))
		changes = changes[n:]
	}
	return hunks
}

// functions finds the ends of functions in the old file.
type functions struct {
	u    Unified
	a, b *File
}

// above returns the first line to show of a hunk.
func (f functions) above(first Change) int {
	start := max(first.Old-f.u.Context, 0)
	at := first.Old
	if at >= len(f.a.Lines) {
		// Whole functions added to the end of the file speak for themselves.
		for i := first.New; i < len(f.b.Lines); i++ {
			if f.is(f.b.Lines[i]) {
				return start
			}
		}
		at = len(f.a.Lines) - 1
	}
	for at >= 0 && !f.is(f.a.Lines[at]) {
		at--
	}
	for at > 0 && !blank(f.a.Lines[at-1]) && !f.is(f.a.Lines[at-1]) {
		at--
	}
	return min(start, max(at, 0))
}

// below returns how many changes belong to the hunk that has the first n, and
// the line that it ends before.
func (f functions) below(changes []Change, n int) (count, end int) {
	lines := f.a.Lines
	for {
		at := changes[n-1].Old + changes[n-1].OldCount
		end = min(at+f.u.Context, len(lines))
		for at < len(lines) && !f.is(lines[at]) {
			at++
		}
		if at < len(lines) {
			for at > 0 && blank(lines[at-1]) {
				at--
			}
		}
		end = max(end, at)
		if n == len(changes) || !f.reaches(end, changes[n]) {
			return n, end
		}
		n++
	}
}

// reaches reports whether a hunk that ends before line end has to take the
// next change in.
func (f functions) reaches(end int, next Change) bool {
	at := min(next.Old, len(f.a.Lines)-1)
	if at-f.u.Context <= end {
		return true
	}
	for ; at > end; at-- {
		if f.is(f.a.Lines[at]) {
			return false
		}
	}
	return true
}

func (f functions) is(line []byte) bool {
	_, ok := f.u.Funcname(line)
	return ok
}

func blank(line []byte) bool { return len(trimSpace(line)) == 0 }
