package patchmail

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxFileName is the longest file name in bytes; most file systems end at 255.
const maxFileName = 120

// FileName names the file of one message, as in "0001-fix-the-leak.eml": the
// counter, then the title in lower case with everything but letters, digits and
// underscores made a hyphen. ext has no dot. Titles are cut so that the name
// fits into 120 bytes.
func FileName(counter int, title, ext string) string {
	number := fmt.Sprintf("%04d", counter)
	ext = "." + strings.TrimPrefix(ext, ".")
	slug := slugify(title, isWord)
	if room := maxFileName - len(number) - len("-") - len(ext); len(slug) > room {
		for !utf8.RuneStart(slug[room]) {
			room--
		}
		slug = strings.TrimRight(slug[:room], "-")
	}
	if slug == "" {
		return number + ext
	}
	return number + "-" + slug + ext
}

// isWord keeps combining marks, which belong to the letter in front of them.
func isWord(r rune) bool {
	return r == '_' || unicode.In(r, unicode.L, unicode.N, unicode.M)
}

// slugify is s in lower case with each run of runes that are not kept made one
// hyphen, and none at the ends.
func slugify(s string, keep func(rune) bool) string {
	words := strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return r == utf8.RuneError || !keep(r) })
	return strings.Join(words, "-")
}
