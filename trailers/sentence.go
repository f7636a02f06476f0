package trailers

import (
	"iter"
	"slices"
	"strings"
	"unicode"
)

// lastSentence is the one that what stands below a text belongs to.
func lastSentence(text string) string {
	text = strings.TrimSpace(text)
	last := 0
	for at := sentenceEnd(text); at > 0; at = sentenceEnd(text[last:]) {
		last += at
	}
	return strings.TrimSpace(text[last:])
}

// firstSentence is the one that what stands above a text belongs to.
func firstSentence(text string) string {
	text = strings.TrimSpace(text)
	if at := sentenceEnd(text); at > 0 {
		text = text[:at]
	}
	return strings.TrimSpace(text)
}

// sentences are those of a text, in order.
func sentences(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for text != "" {
			end := sentenceEnd(text)
			if end == 0 {
				end = len(text)
			}
			if !yield(strings.TrimSpace(text[:end])) {
				return
			}
			text = text[end:]
		}
	}
}

// sentenceEnd is where the first sentence of a text ends and another one begins,
// unlike in "i.e. so"; 0 where there is one alone.
func sentenceEnd(text string) int {
	for i := 0; i < len(text); i++ {
		if strings.IndexByte(".!?", text[i]) < 0 {
			continue
		}
		rest := strings.TrimLeft(text[i+1:], `)"'`)
		next := strings.TrimLeftFunc(rest, unicode.IsSpace)
		for _, r := range next {
			if len(next) < len(rest) && unicode.IsUpper(r) {
				return len(text) - len(next)
			}
			break
		}
	}
	return 0
}

// words are those of a text, in lower case and without what sets them apart.
type words []string

func wordsOf(text string) words {
	text = strings.ReplaceAll(strings.ToLower(text), "’", "'")
	split := func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("'-/#_+.", r)
	}
	var all words
	for _, w := range strings.FieldsFunc(text, split) {
		if w = strings.Trim(w, "'-_."); w != "" {
			all = append(all, w)
		}
	}
	return all
}

// say looks for phrases, words with blanks between.
func (w words) say(phrases ...string) bool {
	return slices.ContainsFunc(phrases, func(p string) bool {
		first, _, _ := strings.Cut(p, " ")
		at := slices.Index(w, first)
		return at >= 0 && strings.Contains(" "+strings.Join(w[at:], " ")+" ", " "+p+" ")
	})
}

func (w words) has(is func(string) bool) bool { return slices.ContainsFunc(w, is) }

// follows says whether behind a word of one kind, with so many between at most, one
// of another kind stands, and nothing speaks against it.
func (w words) follows(first func(string) bool, most int, then func(string) bool, but func(first string, between words) bool) bool {
	for i, word := range w {
		if !first(word) {
			continue
		}
		for n := i + 1; n < len(w) && n <= i+1+most; n++ {
			if then(w[n]) && !but(word, w[i+1:n]) {
				return true
			}
		}
	}
	return false
}

// anyway is for what nothing speaks against.
func anyway(string, words) bool { return false }
