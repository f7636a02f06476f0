package maintainers

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// An emailFinder finds addresses in the text of a file, with up to three words
// before them as the name.
type emailFinder struct {
	era     Era
	pattern *regexp.Regexp
	word    *regexp.Regexp // what separates words
	letter  *regexp.Regexp
}

type email struct{ name, address string }

func newEmailFinder(era Era) *emailFinder {
	letters := `\p{L}`
	if era == Old { // what is left of a range of letters when it is read as bytes
		letters = `A-Za-z\x{80}-\x{C3}`
	}
	return &emailFinder{
		era:     era,
		pattern: regexp.MustCompile(`[` + letters + `"' ,.+-]*\s*,*\s*[(<{]?[A-Za-z0-9_.+-]+@[A-Za-z0-9.-]+\.[A-Za-z0-9]+[)>}]?`),
		word:    regexp.MustCompile(`[^` + letters + `',.+-]`),
		letter:  regexp.MustCompile(`[` + letters + `]`),
	}
}

// find returns the addresses in the order of the text.
func (f *emailFinder) find(text string) []email {
	var list []email
	for _, match := range f.pattern.FindAllString(f.era.characters(text), -1) {
		at := strings.IndexByte(match, '@')
		start := at
		for start > 0 && (isWord(match[start-1]) || strings.IndexByte(".+-", match[start-1]) >= 0) {
			start--
		}
		name := strings.TrimRight(match[:start], "(<{")
		address := strings.TrimRight(match[start:], ")>}")
		list = append(list, email{f.era.bytes(f.name(name)), address})
	}
	return list
}

// name cleans what stands before an address: it is cut into words, of which the
// last two are kept, or the last three when there is an initial among the first
// two of them.
func (f *emailFinder) name(text string) string {
	if f.era == New {
		text = strings.Trim(strings.TrimSpace(text), `"`)
	}
	words := f.word.Split(text, -1)
	for len(words) > 0 && words[len(words)-1] == "" {
		words = words[:len(words)-1]
	}
	if f.era == New {
		kept := words[:0]
		for _, w := range words {
			if f.letter.MatchString(w) {
				kept = append(kept, w)
			}
		}
		words = kept
	}
	if n := len(words); n > 2 {
		first, middle := words[n-3], words[n-2]
		if f.isLetter(first) || isInitial(middle) {
			words = words[n-3:]
		} else {
			words = words[n-2:]
		}
	}
	name := strings.TrimSpace(strings.Join(words, " "))
	if name != "" && strings.IndexByte(",.", name[0]) >= 0 {
		name = name[1:]
	}
	if n := len(name); n > 0 && strings.IndexByte(",.", name[n-1]) >= 0 {
		name = name[:n-1]
	}
	return strings.TrimSpace(name)
}

// isLetter is true for one letter, and for any character with a dot: less than
// isInitial, so that the hyphen of a YAML list is no first name.
func (f *emailFinder) isLetter(word string) bool {
	return isInitial(word) && (strings.HasSuffix(word, ".") || f.letter.MatchString(word))
}

// isInitial is true for one character, or one with a dot.
func isInitial(word string) bool {
	word = strings.TrimSuffix(word, ".")
	return utf8.RuneCountInString(word) == 1
}
