package ui

import (
	"context"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/ui/highlight"
)

// A fileView is a file of a patch as the template wants it.
type fileView struct {
	Name    string
	Notes   []string
	Added   int
	Removed int
	Lines   template.HTML
	Left    bool         // not all lines are shown
	Remarks []remarkView // of which no line of the file is
}

// spot is a line of a patch: of which file, hunk and line in it.
type spot struct{ file, hunk, line int }

// A drawer draws patches.
type drawer struct {
	highlighter *highlight.Highlighter // nil for plain text
	remark      func(remarkView) (template.HTML, error)
	room        int // in bytes, for all lines; 0 for no limit
}

// files draws the files of a patch, with remarks below the lines that they are about.
func (d drawer) files(ctx context.Context, files []fileDiff, remarks placed) ([]fileView, error) {
	var views []fileView
	used := 0
	for n, f := range files {
		v := fileView{Name: f.Name, Notes: f.Notes, Added: f.Added, Removed: f.Removed, Remarks: remarks.files[n]}
		var b strings.Builder
	hunks:
		for k, h := range f.Hunks {
			b.WriteString("<p>" + h.Range)
			if h.Heading != "" {
				b.WriteString(" " + string(page.Shown(h.Heading)))
			}
			b.WriteString("</p>\n")
			spans := d.spans(ctx, f.Name, h)
			for i, l := range h.Lines {
				if d.room > 0 && used+b.Len()+min(len(l.Text), mostLine) > d.room {
					v.Left = true
					break hunks
				}
				writeLine(&b, l, spans[i])
				for _, r := range remarks.lines[spot{n, k, i}] {
					text, err := d.remark(r)
					if err != nil {
						return nil, err
					}
					b.WriteString(string(text))
				}
			}
		}
		used += b.Len()
		v.Lines = template.HTML(b.String())
		views = append(views, v)
	}
	return views, nil
}

// spans highlights the lines of a hunk. The old file and the new one are read each for
// itself, as far as the hunk shows them; lines that both have count in the new one.
func (d drawer) spans(ctx context.Context, file string, h hunk) [][]highlight.Span {
	spans := make([][]highlight.Span, len(h.Lines))
	if d.highlighter == nil {
		return spans
	}
	for _, side := range []byte{'-', '+'} {
		var at []int
		var lines []string
		for i, l := range h.Lines {
			if l.Sign == ' ' || l.Sign == side {
				at, lines = append(at, i), append(lines, l.Text)
			}
		}
		for k, found := range d.highlighter.Lines(ctx, file, lines) {
			spans[at[k]] = found
		}
	}
	return spans
}

// mostLine is how much of a line is shown, in bytes: what is longer was made by a
// program, and would fill screens.
const mostLine = 4 << 10

// writeLine writes a line as ins, del or span. The numbers are attributes, which the
// style shows: they are no part of the text that a reader copies.
func writeLine(b *strings.Builder, l diffLine, spans []highlight.Span) {
	element := map[byte]string{'+': "ins", '-': "del", ' ': "span"}[l.Sign]
	b.WriteString("<" + element)
	if l.Old > 0 {
		b.WriteString(" data-o=" + strconv.Itoa(l.Old))
	}
	if l.New > 0 {
		b.WriteString(" data-n=" + strconv.Itoa(l.New))
	}
	b.WriteByte('>')
	b.WriteByte(l.Sign)
	more := 0
	if len(l.Text) > mostLine {
		cut := mostLine
		for cut > mostLine-utf8.UTFMax && !utf8.RuneStart(l.Text[cut]) {
			cut--
		}
		l.Text, more, spans = l.Text[:cut], len(l.Text)-cut, nil
	}
	at := 0
	for _, s := range spans {
		b.WriteString(string(page.Shown(l.Text[at:s.Start])))
		fmt.Fprintf(b, "<b class=%s>%s</b>", s.Kind, page.Shown(l.Text[s.Start:s.End]))
		at = s.End
	}
	b.WriteString(string(page.Shown(l.Text[at:])))
	if more > 0 {
		fmt.Fprintf(b, "<small>… %s more</small>", plural(more, "byte", "bytes"))
	}
	if l.NoEnd {
		b.WriteString(`<small> no line feed at the end</small>`)
	}
	b.WriteString("</" + element + ">\n")
}
