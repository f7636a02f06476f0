package trailers

import (
	"strings"
	"unicode"
)

// Add puts trailers after the last line of the message's trailer block; a
// message without one gets it as a new last paragraph. It goes above the first
// "---" line. Every byte of msg stays, also when a trailer is there already;
// a missing newline before the new lines is added.
func Add(msg string, ts ...Trailer) string {
	if len(ts) == 0 {
		return msg
	}
	above, below := Cut(msg)
	_, block := Split(above)
	// The new lines go before the blank lines at the end.
	text := strings.TrimRightFunc(above, unicode.IsSpace)
	rest := above[len(text):]
	if i := strings.IndexByte(rest, '\n'); i >= 0 {
		text, rest = text+rest[:i+1], rest[i+1:]
	} else {
		text, rest = text+rest+"\n", ""
	}
	var b strings.Builder
	b.WriteString(text)
	if block == "" && strings.TrimSpace(text) != "" {
		b.WriteByte('\n')
	}
	for _, t := range ts {
		b.WriteString(t.String() + "\n")
	}
	b.WriteString(rest + below)
	return b.String()
}
