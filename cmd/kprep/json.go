package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// printJSON prints a result in full. HTML characters stay as they are; what
// changes the direction of text, or is invisible, is escaped.
func (e *env) printJSON(v any) error {
	enc := json.NewEncoder(unseenEscaper{e.stdout})
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// An unseenEscaper passes JSON on, each Write being whole characters of it.
// There may be hundreds of megabytes, of which it makes no copy.
type unseenEscaper struct{ w io.Writer }

func (u unseenEscaper) Write(text []byte) (int, error) {
	out := bufio.NewWriter(u.w)
	done := 0
	for at := 0; at < len(text); {
		if text[at] < 0x7f {
			at++
			continue
		}
		r, size := utf8.DecodeRune(text[at:])
		if unicode.Is(unicode.Cf, r) || r == 0x7f || r >= 0x80 && r < 0xa0 {
			out.Write(text[done:at])
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(out, `\u%04x`, unit)
			}
			done = at + size
		}
		at += size
	}
	out.Write(text[done:])
	return len(text), out.Flush()
}
