package xdiff

// A score says how badly a group that begins or ends at some places suits the
// indentation (range-diff 8.1, point 7); lower is better.
type score struct{ indent, penalty int }

func (s score) less(t score) bool {
	const weight = 60
	order := 0
	switch {
	case s.indent < t.indent:
		order = -1
	case s.indent > t.indent:
		order = 1
	}
	return weight*order+s.penalty-t.penalty < 0
}

// none is the indentation of a blank line and of no line.
const none = -1

// maxBlanks is how many blank lines are looked at.
const maxBlanks = 20

// add judges the place before line at, which may be the end of the file.
func (s *score) add(f *side, at int) {
	indent := f.indent(at)
	above, blankAbove := f.next(at, -1)
	below, blankBelow := f.next(at, 1)

	if above == none && blankAbove == 0 {
		s.penalty++ // start of the file
	}
	if at >= len(f.lines) {
		s.penalty += 21
	}
	if indent == none {
		blankBelow++
		indent = below
	} else {
		blankBelow = 0
	}
	blanks := blankAbove + blankBelow
	s.penalty += -30*blanks + 6*blankBelow
	s.indent += indent
	s.penalty += step(indent, above, below, blanks > 0)
}

// step is the penalty for how the line after a place is indented, compared with
// the lines around.
func step(indent, above, below int, blanks bool) int {
	penalty := func(without, with int) int {
		if blanks {
			return with
		}
		return without
	}
	switch {
	case indent == none || above == none || indent == above:
		return 0
	case indent > above:
		return penalty(-4, 10)
	case below != none && below > indent:
		return penalty(24, 17)
	default:
		return penalty(23, 17)
	}
}

// next returns the indentation of the next line from at, exclusive, that is not
// blank, and how many blank ones come before it. It is none when there is no
// such line, and 0 when it is too far away.
func (f *side) next(at, step int) (indent, blanks int) {
	for i := at + step; i >= 0 && i < len(f.lines); i += step {
		if indent := f.indent(i); indent != none {
			return indent, blanks
		}
		if blanks++; blanks == maxBlanks {
			return 0, blanks
		}
	}
	return none, blanks
}

// indent returns the column at which a line begins, at most 200.
func (f *side) indent(line int) int {
	const tab, far = 8, 200
	if line >= len(f.lines) {
		return none
	}
	column := 0
	for _, c := range f.lines[line] {
		switch {
		case c == ' ':
			column++
		case c == '\t':
			column += tab - column%tab
		case !isSpace(c):
			return column
		}
		if column >= far {
			return far
		}
	}
	return none
}
