package xdiff

import "unicode/utf8"

// A Funcname tells what a line, with its newline, shows after the second @@ of
// the hunks below it; ok is false when it shows nothing. What it returns is
// shortened by the caller.
type Funcname func(line []byte) (text []byte, ok bool)

// DefaultFuncname takes a line that begins with a letter, an underscore or a
// dollar sign.
func DefaultFuncname(line []byte) ([]byte, bool) {
	if len(line) == 0 {
		return nil, false
	}
	c := line[0]
	letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
	return line, letter || c == '_' || c == '$'
}

// Headings returns, for each hunk, the text after the second @@ without the
// space before it, empty when there is none. The search runs upwards from the
// line above the hunk; where it would reach lines that were searched for the
// hunk before, that hunk's text is taken. At most 80 bytes, and nothing from the
// first byte on that is not UTF-8 (range-diff 2.2, 6).
func Headings(old *File, hunks []Hunk, rule Funcname) [][]byte {
	texts := make([][]byte, len(hunks))
	var text []byte
	stop := -1
	for n, h := range hunks {
		from := h.Old - 2
		if h.OldCount == 0 {
			from++
		}
		for i := from; i > stop; i-- {
			if found, ok := rule(old.Lines[i]); ok {
				text = shorten(found)
				break
			}
		}
		stop = from
		texts[n] = text
	}
	return texts
}

func shorten(text []byte) []byte {
	const most = 80
	text = trimSpace(text[:min(len(text), most)])
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRune(text[i:])
		// git takes the two last code points of the first plane for broken.
		if r == utf8.RuneError && n == 1 || r == 0xfffe || r == 0xffff {
			return text[:i]
		}
		i += n
	}
	return text
}
