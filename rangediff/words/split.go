package words

import (
	"unicode"
	"unicode/utf8"

	"github.com/kprep/kprep/rangediff"
)

// A word is a part of a line, with the blanks before it, among which is the sign
// that the line has in a patch.
type word struct {
	line   int  // in the run of lines
	first  bool // of its line
	before rangediff.Span
	blanks string // the bytes of before
	span   rangediff.Span
	text   string // the bytes of span
	named  bool   // an identifier, a number, or a word of prose
}

// split cuts lines into words. The blanks at the end of a line are one too.
func split(lines []rangediff.Line) []word {
	var words []word
	for n, l := range lines {
		for at := 0; at < len(l.Text); {
			w := word{line: n, first: at == 0}
			start, size := at, 0
			if w.first && (l.Text[0] == '+' || l.Text[0] == '-') {
				start++
			}
			start += blanksAt(l.Text[start:])
			if start == len(l.Text) {
				start, size = at, start-at
			} else {
				size, w.named = next(l.Text[start:])
			}
			w.before, w.blanks = rangediff.Span{Start: at, End: start}, string(l.Text[at:start])
			w.span, w.text = rangediff.Span{Start: start, End: start + size}, string(l.Text[start:start+size])
			words = append(words, w)
			at = start + size
		}
	}
	return words
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' }

// blanksAt counts the blanks at the start of text.
func blanksAt(text []byte) int {
	n := 0
	for n < len(text) && isBlank(text[n]) {
		n++
	}
	return n
}

// next returns the length of the first word of text, which is not empty, and
// whether it is made of letters and digits.
func next(text []byte) (size int, named bool) {
	r, size := utf8.DecodeRune(text)
	if r == utf8.RuneError && size == 1 {
		return size, false
	}
	named = isLetter(r)
	size += marksAfter(text[size:])
	for named && !unspaced(r) && size < len(text) {
		following, n := utf8.DecodeRune(text[size:])
		if !isLetter(following) || unspaced(following) {
			break
		}
		size += n + marksAfter(text[size+n:])
	}
	return size, named
}

func isLetter(r rune) bool {
	return r == '_' || unicode.IsLetter(r) || unicode.IsNumber(r)
}

// unspaced reports letters of scripts that put no blanks between words.
func unspaced(r rune) bool {
	return r > 0xdff && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana,
		unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar)
}

// marksAfter is the length of the combining marks at the start of text, which
// belong to the character before them.
func marksAfter(text []byte) int {
	size := 0
	for size < len(text) {
		r, n := utf8.DecodeRune(text[size:])
		if !unicode.Is(unicode.M, r) {
			break
		}
		size += n
	}
	return size
}
