package page

import (
	"bytes"
	"html/template"
	"strings"

	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/rangediff/words"
)

// hunkHTML is a hunk in the one form from which the style makes both views.
// Lines of both texts come twice, once for each side; a run of changed lines
// comes once, old before new, and stands side by side in a grid.
//
//	<p>heading</p>
//	<div class=x><div>context</div><div aria-hidden=true>context</div></div>
//	<div class=r><del>…</del><del>…</del><ins>…</ins></div>
func hunkHTML(h rangediff.Hunk) template.HTML {
	var b strings.Builder
	b.WriteString("<p>@@ ")
	writeText(&b, string(h.Heading))
	b.WriteString("</p>\n")
	marks := words.Mark(h.Lines)
	for at := 0; at < len(h.Lines); {
		end := at
		for end < len(h.Lines) && (h.Lines[end].Sign == ' ') == (h.Lines[at].Sign == ' ') {
			end++
		}
		if h.Lines[at].Sign == ' ' {
			writeContext(&b, h.Lines[at:end])
		} else {
			writeRun(&b, h.Lines[at:end], marks[at:end])
		}
		at = end
	}
	return template.HTML(b.String())
}

// wholeHTML is the text of a commit that has no counterpart.
func wholeHTML(text []byte) template.HTML {
	var b strings.Builder
	b.WriteString(`<div class="x one"><div>`)
	for line := range bytes.Lines(text) {
		writeContextLine(&b, bytes.TrimSuffix(line, []byte("\n")))
	}
	b.WriteString("</div></div>\n")
	return template.HTML(b.String())
}

func writeContext(b *strings.Builder, lines []rangediff.Line) {
	var once strings.Builder
	for _, l := range lines {
		writeContextLine(&once, l.Text)
	}
	b.WriteString("<div class=x><div>" + once.String() + "</div><div aria-hidden=true>" + once.String() + "</div></div>\n")
}

func writeContextLine(b *strings.Builder, text []byte) {
	class := classOf(text)
	if class != "" {
		b.WriteString("<span class=" + class + ">")
	}
	b.WriteByte(' ')
	writeText(b, string(text))
	if class != "" {
		b.WriteString("</span>")
	}
	b.WriteByte('\n')
}

func writeRun(b *strings.Builder, lines []rangediff.Line, marks [][]rangediff.Span) {
	b.WriteString("<div class=r>")
	for n, l := range lines {
		element := "ins"
		if l.Sign == '-' {
			element = "del"
		}
		b.WriteString("<" + element)
		if class := classOf(l.Text); class != "" {
			b.WriteString(" class=" + class)
		}
		b.WriteString("><b>" + string(l.Sign) + "</b>")
		writeMarked(b, string(l.Text), marks[n])
		b.WriteString("</" + element + ">")
	}
	b.WriteString("</div>\n")
}

func writeMarked(b *strings.Builder, text string, marks []rangediff.Span) {
	at := 0
	for _, m := range marks {
		writeText(b, text[at:m.Start])
		b.WriteString("<mark>")
		writeText(b, text[m.Start:m.End])
		b.WriteString("</mark>")
		at = m.End
	}
	writeText(b, text[at:])
}

// classOf says what a line of a patch does, as a class of the style: a for
// added, d for deleted, h for a heading. Empty for the rest.
func classOf(text []byte) string {
	switch {
	case bytes.HasPrefix(text, []byte("+")):
		return "a"
	case bytes.HasPrefix(text, []byte("-")):
		return "d"
	case bytes.HasPrefix(text, []byte("@@")), bytes.HasPrefix(text, []byte(" ## ")):
		return "h"
	}
	return ""
}
