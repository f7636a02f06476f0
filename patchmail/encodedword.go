package patchmail

import (
	"encoding/base64"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxEncodedWord is the longest encoded word, RFC 2047, section 2.
const maxEncodedWord = 75

// encodedWords returns text as encoded words, to be written with a blank or a
// fold between them, which vanishes on reading. No rune is split between two
// words; the first word takes at most room bytes, if one rune fits, the others
// maxEncodedWord. Text must not be empty.
func encodedWords(text string, room int) []string {
	codec := wordCodec{open: "=?utf-8?q?", size: qSize, encode: qEncode}
	if !mostlyLatin(text) {
		codec = wordCodec{open: "=?utf-8?b?", size: bSize, encode: bEncode}
	}
	var words []string
	for text != "" {
		n := codec.fit(text, min(room, maxEncodedWord))
		words = append(words, codec.open+codec.encode(text[:n])+"?=")
		text, room = text[n:], maxEncodedWord
	}
	return words
}

// A wordCodec is one of the two encodings of RFC 2047.
type wordCodec struct {
	open   string // such as "=?utf-8?q?"
	size   func(text string) int
	encode func(text string) string
}

// fit returns how many bytes of text, whole runes and at least one, fit into an
// encoded word of room bytes.
func (c wordCodec) fit(text string, room int) int {
	room -= len(c.open) + len("?=")
	end := 0
	for end < len(text) {
		_, n := utf8.DecodeRuneInString(text[end:])
		if end > 0 && c.size(text[:end+n]) > room {
			break
		}
		end += n
	}
	return end
}

// mostlyLatin chooses Q, which people can still read, for Latin text.
func mostlyLatin(s string) bool {
	latin, other := 0, 0
	for _, r := range s {
		if r < utf8.RuneSelf || unicode.Is(unicode.Latin, r) {
			latin++
		} else {
			other++
		}
	}
	return latin >= other
}

func bSize(text string) int      { return base64.StdEncoding.EncodedLen(len(text)) }
func bEncode(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }

func qSize(text string) int {
	size := len(text)
	for i := range len(text) {
		if !qPlain(text[i]) {
			size += 2
		}
	}
	return size
}

func qEncode(text string) string {
	var b strings.Builder
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ':
			b.WriteByte('_')
		case qPlain(c):
			b.WriteByte(c)
		default:
			writeHex(&b, c)
		}
	}
	return b.String()
}

// qPlain is what takes one byte in Q, in names too: RFC 2047, section 5, rule 3.
// The underscore stands for the blank, so it is not plain itself.
func qPlain(c byte) bool {
	return c == ' ' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		strings.IndexByte("!*+-/", c) >= 0
}

func writeHex(b *strings.Builder, c byte) {
	const digits = "0123456789ABCDEF"
	b.WriteByte('=')
	b.WriteByte(digits[c>>4])
	b.WriteByte(digits[c&15])
}
