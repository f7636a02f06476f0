package patchmail

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Printable makes text from outside (commit titles, names, server replies) safe
// for a terminal: control characters, ESC, DEL, bidirectional and zero-width
// characters and bytes that are not UTF-8 are written as visible escapes such as
// \x1b or \u202e. Line feeds and tabs stay.
func Printable(s string) string {
	return escape(s, "\n\t")
}

// PrintableLine is Printable for text that must stay on one line: line feeds and
// tabs are escaped too.
func PrintableLine(s string) string {
	return escape(s, "")
}

// escape rewrites s only where it has to, which is rare.
func escape(s, keep string) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if invalid := r == utf8.RuneError && size == 1; invalid || unprintable(r) && !strings.ContainsRune(keep, r) {
			b.WriteString(s[done:i])
			b.WriteString(escapeRune(r, s[i], invalid))
			done = i + size
		}
		i += size
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

func escapeRune(r rune, first byte, invalid bool) string {
	switch {
	case invalid:
		return fmt.Sprintf(`\x%02x`, first)
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}
