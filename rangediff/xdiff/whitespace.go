package xdiff

import "bytes"

// Whitespace says what whitespace counts when lines are compared: space, tab,
// carriage return and newline. Anything but Exact also ignores whether the last
// line ends in a newline.
type Whitespace int

// The options of git diff, each of which includes those above it.
const (
	Exact            Whitespace = iota // lines are equal byte by byte
	IgnoreCRAtEOL                      // --ignore-cr-at-eol
	IgnoreSpaceAtEOL                   // --ignore-space-at-eol
	IgnoreChange                       // -b, --ignore-space-change
	IgnoreAll                          // -w, --ignore-all-space
)

// appendForm appends to dst the form of line that is the same for all lines
// that count as equal.
func (w Whitespace) appendForm(dst, line []byte) []byte {
	switch w {
	case IgnoreCRAtEOL:
		line, whole := bytes.CutSuffix(line, newline)
		if whole { // the return of a last line without newline counts
			line = bytes.TrimSuffix(line, []byte{'\r'})
		}
		return append(dst, line...)
	case IgnoreSpaceAtEOL:
		return append(dst, trimSpace(line)...)
	case IgnoreChange:
		line = trimSpace(line)
		for i, c := range line {
			switch {
			case !isSpace(c):
				dst = append(dst, c)
			case i == 0 || !isSpace(line[i-1]):
				dst = append(dst, ' ')
			}
		}
	case IgnoreAll:
		for _, c := range line {
			if !isSpace(c) {
				dst = append(dst, c)
			}
		}
	default:
		return append(dst, line...)
	}
	return dst
}

// Blank is the rule of --ignore-blank-lines, to which a single byte is blank
// unless some whitespace does not count. See Unified.Ignored.
func (w Whitespace) Blank(line []byte) bool {
	if w == Exact {
		return len(line) <= 1
	}
	return blank(line)
}

// isSpace is git's notion of whitespace in content, without VT and FF.
func isSpace(c byte) bool {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n'
}

// trimSpace cuts the whitespace at the end off.
func trimSpace(line []byte) []byte {
	for len(line) > 0 && isSpace(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	return line
}
