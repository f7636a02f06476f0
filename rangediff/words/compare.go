package words

import (
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// A comparison has a number of steps to spend.
type comparison struct{ steps int }

// compare gives for each word of a the index of its equal in b, and -1 for those
// that changed. When there are too many words, all between the equal ones at
// both ends changed, and ok is false.
func (c *comparison) compare(a, b []word) (partner []int, ok bool) {
	partner = make([]int, len(a))
	for n := range partner {
		partner[n] = -1
	}
	start := 0
	for start < len(a) && start < len(b) && a[start].text == b[start].text {
		partner[start] = start
		start++
	}
	aEnd, bEnd := len(a), len(b)
	for aEnd > start && bEnd > start && a[aEnd-1].text == b[bEnd-1].text {
		aEnd, bEnd = aEnd-1, bEnd-1
		partner[aEnd] = bEnd
	}
	cost := (aEnd - start) * (bEnd - start)
	if cost == 0 || cost > c.steps {
		return partner, cost == 0
	}
	c.steps -= cost
	letters := alphabet{}
	// go-diff works on characters, and replaces what is none; so each word
	// becomes one. It looks at no clock, for there is no timeout.
	differ := diffmatchpatch.DiffMatchPatch{}
	old, new := start, start
	for _, d := range differ.DiffMainRunes(letters.spell(a[start:aEnd]), letters.spell(b[start:bEnd]), false) {
		n := utf8.RuneCountInString(d.Text)
		switch d.Type {
		case diffmatchpatch.DiffDelete:
			old += n
		case diffmatchpatch.DiffInsert:
			new += n
		default:
			for range n {
				partner[old] = new
				old, new = old+1, new+1
			}
		}
	}
	return partner, true
}

// An alphabet has a character for each different word.
type alphabet map[string]rune

// spell writes words in the alphabet, which grows as needed.
func (l alphabet) spell(words []word) []rune {
	out := make([]rune, len(words))
	for n, w := range words {
		letter, known := l[w.text]
		if !known {
			letter = letterOf(len(l))
			l[w.text] = letter
		}
		out[n] = letter
	}
	return out
}

// letterOf is the n-th character, from 0, that survives in a string.
func letterOf(n int) rune {
	const surrogates, after = 0xd800, 0xe000
	if r := rune(n) + 1; r < surrogates {
		return r
	}
	return rune(n) + 1 + after - surrogates
}
