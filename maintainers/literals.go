package maintainers

import (
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// requiredLiterals returns texts in lower case, one of which is in every text,
// put in lower case by lowerASCII, that the expression matches. None means that
// nothing is known.
func requiredLiterals(linear string) []string {
	re, err := syntax.Parse(linear, syntax.Perl)
	if err != nil {
		return nil
	}
	return literalsOf(re.Simplify())
}

func literalsOf(re *syntax.Regexp) []string {
	switch re.Op {
	case syntax.OpLiteral:
		return literal(re)
	case syntax.OpCapture, syntax.OpPlus:
		return literalsOf(re.Sub[0])
	case syntax.OpConcat:
		var best []string
		for _, sub := range re.Sub {
			if found := literalsOf(sub); shortest(found) > shortest(best) {
				best = found
			}
		}
		return best
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			found := literalsOf(sub)
			if found == nil {
				return nil
			}
			all = append(all, found...)
		}
		return all
	}
	return nil
}

func literal(re *syntax.Regexp) []string {
	text := string(re.Rune)
	if re.Flags&syntax.FoldCase != 0 && !isASCII(text) || !utf8.ValidString(text) {
		return nil
	}
	return []string{lowerASCII(text)}
}

// shortest is the length of the shortest literal: what decides how much they
// say together.
func shortest(literals []string) int {
	n := 0
	for i, l := range literals {
		if i == 0 || len(l) < n {
			n = len(l)
		}
	}
	return n
}

// A haystack is a text that many literals are looked for in. Most are ruled out
// by three of their bytes that do not stand together anywhere in the text.
type haystack struct {
	lower string // as lowerASCII makes it
	// open is true for texts in which a letter may stand for an ASCII one that
	// it is not: nothing can be ruled out.
	open  bool
	grams [1 << 10]uint64
}

func newHaystack(text string) *haystack {
	h := &haystack{lower: lowerASCII(text)}
	// The Kelvin sign is a k, the long s an s, when case is ignored.
	h.open = !isASCII(text) && (strings.Contains(text, "\u212a") || strings.Contains(text, "\u017f"))
	for i := 0; i+3 <= len(h.lower); i++ {
		n := gram(h.lower[i : i+3])
		h.grams[n>>6] |= 1 << (n & 63)
	}
	return h
}

func gram(s string) uint32 {
	return (uint32(s[0])*0x9e3b + uint32(s[1])*0x1f35 + uint32(s[2])*0x2b) & 0xffff
}

// mayHave tells whether one of the literals is in the text; without any it is
// true.
func (h *haystack) mayHave(literals []string) bool {
	if len(literals) == 0 || h.open {
		return true
	}
	for _, l := range literals {
		if h.mayHaveGrams(l) && strings.Contains(h.lower, l) {
			return true
		}
	}
	return false
}

func (h *haystack) mayHaveGrams(l string) bool {
	for i := 0; i+3 <= len(l); i++ {
		if n := gram(l[i : i+3]); h.grams[n>>6]&(1<<(n&63)) == 0 {
			return false
		}
	}
	return true
}

func containsAny(text string, literals []string) bool {
	for _, l := range literals {
		if strings.Contains(text, l) {
			return true
		}
	}
	return len(literals) == 0
}
