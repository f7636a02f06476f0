package gitrepo

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/htmlindex"
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
	if charset == "" || strings.EqualFold(charset, "utf-8") {
		return text
	}
	enc, err := htmlindex.Get(charset)
	if err != nil {
		return text
	}
	decoded, err := enc.NewDecoder().String(text)
	if err != nil || !utf8.ValidString(decoded) {
		return text
	}
	return decoded
}
