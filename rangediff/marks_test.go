package rangediff

import (
	"strings"
	"testing"
)

// Marks add reverse video inside changed lines and nothing else; without
// colours they are not asked for.
func TestPrinterMarks(t *testing.T) {
	t.Parallel()
	h := Hunk{Lines: []Line{{' ', []byte(" a")}, {'-', []byte("+old x\r")}, {'+', []byte("+new x")}, {'+', nil}}}
	p := &Printer{Mark: func(lines []Line) [][]Span {
		return [][]Span{{{0, 1}}, {{1, 4}, {6, 7}}, {{0, 1}, {1, 4}}, nil}
	}}
	const plain = "    @@\n      a\n    -+old x\r\n    ++new x\n    +\n"
	if got := string(p.appendHunk(nil, h)); got != plain {
		t.Errorf("without colours:\n%q\nwant\n%q", got, plain)
	}
	p.Colours = DefaultColours()
	marked := string(p.appendHunk(nil, h))
	p.Mark = nil
	coloured := string(p.appendHunk(nil, h))
	if got := strings.ReplaceAll(strings.ReplaceAll(marked, markEnd, ""), "+"+markBegin, "+"); !strings.Contains(marked, "\x1b[2;32m+\x1b[7mold\x1b[27m x\x1b[m\r\n") ||
		!strings.Contains(marked, "\x1b[1;32m\x1b[7m+\x1b[27m\x1b[7mnew\x1b[27m x\x1b[m\n") || len(got) < len(coloured) {
		t.Errorf("marked:\n%q\ncoloured:\n%q", marked, coloured)
	}
}
