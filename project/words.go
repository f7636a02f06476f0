package project

import (
	"errors"
	"strings"
)

var (
	errOpenQuote  = errors.New("a quotation is not closed")
	errLastEscape = errors.New("nothing stands behind the last backslash")
)

// splitWords takes a command line apart as b4 does, by the POSIX rules of
// Python's shlex: words end at blanks; '…' is literal; in "…" a backslash
// escapes only itself and the quote; elsewhere it escapes any character; a
// word that begins with "#" starts a comment to the end of the line. Nothing
// is expanded. QUIRK: b4 also cuts a word at a "#" inside; here it belongs to
// the word, as in a shell.
func splitWords(line string) ([]string, error) {
	var words []string
	var word strings.Builder
	inWord := false // also true for an empty quotation
	for i := 0; i < len(line); i++ {
		switch c := line[i]; c {
		case ' ', '\t', '\r', '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
		case '#':
			if inWord {
				word.WriteByte(c)
				continue
			}
			end := strings.IndexByte(line[i:], '\n')
			if end < 0 {
				return words, nil
			}
			i += end
		case '\\':
			i++
			if i == len(line) {
				return nil, errLastEscape
			}
			word.WriteByte(line[i])
			inWord = true
		case '\'', '"':
			text, length, err := quotation(line[i:])
			if err != nil {
				return nil, err
			}
			word.WriteString(text)
			i += length - 1
			inWord = true
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// quotation reads the quotation that s begins with, and its length in s.
func quotation(s string) (text string, length int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return b.String(), i + 1, nil
		case s[0] == '"' && s[i] == '\\':
			i++
			if i == len(s) {
				return "", 0, errLastEscape
			}
			if s[i] != '"' && s[i] != '\\' {
				b.WriteByte('\\')
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", 0, errOpenQuote
}
