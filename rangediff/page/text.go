package page

import (
	"html/template"
	"strings"
	"unicode/utf8"

	"github.com/kprep/kprep/patchmail"
)

// Shown is text for between tags. What a reader could not see, or what would
// change the order of what he sees, is written as an escape that stands out, in
// an element i.
func Shown(text string) template.HTML {
	var b strings.Builder
	writeText(&b, text)
	return template.HTML(b.String())
}

func writeText(b *strings.Builder, text string) {
	if patchmail.Printable(text) == text {
		writeEscaped(b, text)
		return
	}
	for len(text) > 0 {
		_, size := utf8.DecodeRuneInString(text)
		one := text[:size]
		if escape := patchmail.Printable(one); escape != one {
			b.WriteString("<i>" + escape + "</i>")
		} else {
			writeEscaped(b, one)
		}
		text = text[size:]
	}
}

// writeEscaped leaves quotation marks, which mean nothing between tags: there
// are many of them in code.
func writeEscaped(b *strings.Builder, text string) {
	for {
		at := strings.IndexAny(text, "<>&")
		if at < 0 {
			b.WriteString(text)
			return
		}
		b.WriteString(text[:at])
		switch text[at] {
		case '<':
			b.WriteString("&lt;")
		case '>':
			b.WriteString("&gt;")
		default:
			b.WriteString("&amp;")
		}
		text = text[at+1:]
	}
}
