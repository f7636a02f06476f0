package gitrepo

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/ianaindex"
)

// Text is the message in UTF-8, decoded by the commit's encoding header. A
// message that does not fit its encoding, or names an unknown one, is
// returned as it is.
func (c *Commit) Text() string {
	return decodeText(c.Message, c.Encoding)
}

// AuthorText is the author with the name in UTF-8, as Text.
func (c *Commit) AuthorText() Ident {
	author := c.Author
	author.Name = decodeText(author.Name, c.Encoding)
	return author
}

func decodeText(text, charset string) string {
	decoded, _ := tryDecode(text, charset)
	return decoded
}

// tryDecode returns text as it is, and false, when it cannot be decoded.
func tryDecode(text, charset string) (string, bool) {
	if isUTF8(charset) {
		return text, true
	}
	enc := findEncoding(charset)
	if enc == nil {
		return text, false
	}
	decoded, err := enc.NewDecoder().String(text)
	// The decoder reports bytes that mean nothing by U+FFFD only.
	if err != nil || !utf8.ValidString(decoded) || strings.ContainsRune(decoded, utf8.RuneError) {
		return text, false
	}
	return decoded, true
}

// encodeText is the way back: text, which took the place of the message old,
// in the encoding of old, or as it is when it does not fit. Fits says whether
// the result is in that encoding. A message that could not be decoded was
// edited as the bytes that it is, and is stored so.
func encodeText(text, old, charset string) (encoded string, fits bool) {
	if isUTF8(charset) {
		return text, true
	}
	if _, ok := tryDecode(old, charset); !ok {
		return text, true
	}
	return tryEncode(text, charset)
}

// tryEncode returns text as it is, and false, when it has no place in the
// encoding.
func tryEncode(text, charset string) (string, bool) {
	if isUTF8(charset) {
		return text, true
	}
	enc := findEncoding(charset)
	if enc == nil {
		return text, false
	}
	encoded, err := enc.NewEncoder().String(text)
	if err != nil {
		return text, false
	}
	if back, err := enc.NewDecoder().String(encoded); err != nil || back != text {
		return text, false
	}
	return encoded, true
}

func isUTF8(charset string) bool {
	return charset == "" || strings.EqualFold(charset, "utf-8") || strings.EqualFold(charset, "utf8")
}

// findEncoding looks a name up as git's iconv would: for the web, which knows
// more names, latin-1 is windows-1252. It returns nil for an unknown name.
func findEncoding(charset string) encoding.Encoding {
	if enc, err := ianaindex.IANA.Encoding(charset); err == nil && enc != nil {
		return enc
	}
	if enc, err := htmlindex.Get(charset); err == nil {
		return enc
	}
	return nil
}
