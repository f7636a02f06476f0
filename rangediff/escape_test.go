package rangediff

import (
	"strings"
	"testing"
)

// What commits say is rewritten wherever it is printed, colours are not, and
// marks stay on their words.
func TestPrinterEscapes(t *testing.T) {
	t.Parallel()
	const evil = "\x1b[31mred"
	old := []Commit{commitOf("aaa1", "about "+evil, " ## "+evil+" ##\n@@\n+"+evil+"\n+x\n+y\n+old\r\n")}
	new := []Commit{commitOf("bbb1", evil, " ## "+evil+" ##\n@@\n+"+evil+"\n+x\n+y\n+"+evil+" new\r\n"), commitOf("bbb2", evil, "+z\n")}
	p := &Printer{Diff: DefaultDiffOptions(), Colours: DefaultColours(),
		Escape: func(text string) string { return strings.NewReplacer("\x1b", "<ESC>", "\r", "<CR>").Replace(text) },
		Mark: func(lines []Line) [][]Span {
			marks := make([][]Span, len(lines))
			for n, l := range lines {
				if at := strings.Index(string(l.Text), "new"); at > 0 {
					marks[n] = []Span{{1, 2}, {at, at + 3}}
				}
			}
			return marks
		}}
	pairs := Compare(old, new, 999)
	var b strings.Builder
	if err := p.Print(&b, pairs); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if strings.Contains(got, evil) || strings.Contains(got, "\r") || strings.Count(got, "<ESC>[31mred") < 4 {
		t.Errorf("with colours:\n%q", got)
	}
	if want := "\x1b[1;32m+\x1b[7m<ESC>\x1b[27m[31mred \x1b[7mnew\x1b[27m<CR>\x1b[m\n"; !strings.Contains(got, want) {
		t.Errorf("marks are not where they were:\n%q\nwant\n%q", got, want)
	}
	b.Reset()
	p.Colours = nil
	if err := p.Print(&b, pairs); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); strings.Contains(got, "\x1b") || !strings.Contains(got, "! 1:  bbb1 about <ESC>[31mred\n") || !strings.Contains(got, "@@ <ESC>[31mred\n") {
		t.Errorf("without colours:\n%q", got)
	}
}
