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
//
// QUIRK: the old era cuts the name as it would be printed, so that the quotes
// around ", Jim" make a word of nothing before the comma, and the comma stays.
func (f *emailFinder) name(text string) string {
	name := strings.TrimSpace(text)
	name = strings.TrimSuffix(strings.TrimPrefix(name, `"`), `"`)
	var words []string
	if f.era == New {
		for _, w := range f.word.Split(name, -1) {
			if f.letter.MatchString(w) {
				words = append(words, w)
			}
		}
		name = strings.Join(words, " ")
	} else {
		words = f.word.Split(quoteName(name), -1)
		for len(words) > 0 && words[len(words)-1] == "" {
			words = words[:len(words)-1]
		}
	}
	if n := len(words); n > 2 {
		if f.isLetter(words[n-3]) || isInitial(words[n-2]) {
			words = words[n-3:]
		} else {
			words = words[n-2:]
		}
		name = strings.Join(words, " ")
	}
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
	return isInitial(word) && (utf8.RuneCountInString(word) == 2 || f.letter.MatchString(word))
}

// isInitial is true for one character, or one with a dot.
func isInitial(word string) bool {
	n := utf8.RuneCountInString(word)
	return n == 1 || n == 2 && strings.HasSuffix(word, ".")
}
