package coverletter

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const maxChangeID = 200

// CheckChangeID reports why id cannot serve as a file and ref name: it must
// pass git check-ref-format as one component, so without "/", "..", control
// characters and blanks, and be valid UTF-8 of at most 200 bytes
// (b4-interop 1.6).
func CheckChangeID(id string) error {
	fail := func(why string) error { return fmt.Errorf("change-id %.220q %s", id, why) }
	switch {
	case id == "":
		return fmt.Errorf("the change-id is missing")
	case len(id) > maxChangeID:
		return fail("is longer than 200 bytes")
	case !utf8.ValidString(id):
		return fail("is not UTF-8")
	case strings.ContainsFunc(id, unicode.IsControl):
		return fail("holds a control character")
	case strings.ContainsAny(id, ` ~^:?*[\/`):
		return fail(`holds a blank or one of ~^:?*[\/`)
	case strings.Contains(id, "..") || strings.Contains(id, "@{") || id == "@":
		return fail(`holds ".." or "@{" or is "@"`)
	case strings.HasPrefix(id, ".") || strings.HasSuffix(id, "."):
		return fail("starts or ends with a dot")
	case strings.HasSuffix(id, ".lock"):
		return fail(`ends with ".lock"`)
	}
	return nil
}

// Slug makes the part of a branch name and change-id that comes from the name
// of a series: runs of anything but letters, digits and "_" become "-", those
// at the ends go, and letters become lower case. It is "" when nothing is left.
func Slug(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsNumber(r) && r != '_'
	})
	return strings.ToLower(strings.Join(words, "-"))
}

// NewChangeID returns YYYYMMDD-slug-random, with the local date of day and 12
// random hex digits. A long slug is cut so that [CheckChangeID] passes.
func NewChangeID(day time.Time, slug, random12 string) string {
	date := day.Format("20060102")
	room := maxChangeID - len(date) - len(random12) - len("--")
	for len(slug) > room {
		_, size := utf8.DecodeLastRuneInString(slug)
		slug = slug[:len(slug)-size]
	}
	return date + "-" + strings.TrimRight(slug, "-") + "-" + random12
}

// SlugOf returns the start of the message-ids of a series: its change-id
// without the random part and with the date of today in place of the day it
// began (b4-interop 6.5). A change-id of another form is used as far as it fits.
func SlugOf(changeID string, today time.Time) string {
	stem := changeID
	if i := strings.LastIndexByte(stem, '-'); i >= 0 {
		stem = stem[:i]
	}
	if date, slug, ok := strings.Cut(stem, "-"); ok && utf8.RuneCountInString(date) == 8 {
		return today.Format("20060102") + "-" + slug
	}
	return stem
}
