package ui

import (
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// sinceWords are "for 3 days".
func sinceWords(now, when time.Time) string {
	switch days := int(now.Sub(when) / (24 * time.Hour)); {
	case days <= 0:
		return "since today"
	case days == 1:
		return "since yesterday"
	default:
		return fmt.Sprintf("for %d days", days)
	}
}

// sentence begins with a capital.
func sentence(text string) string {
	first, size := utf8.DecodeRuneInString(text)
	if strings.HasPrefix(text, "kprep ") {
		return text
	}
	return string(unicode.ToUpper(first)) + text[size:]
}

func revisionName(n int) string { return fmt.Sprintf("v%d", n) }

// titled is a title that can be seen: a commit may have none.
func titled(title string) string {
	if strings.TrimSpace(title) == "" {
		return "(no title)"
	}
	return title
}
