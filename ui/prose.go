package ui

import (
	"strings"
	"unicode/utf8"
)

// A paragraph is a piece of a text: either prose, whose lines may be broken
// elsewhere, or lines that stay as they are.
type paragraph struct {
	Text  string
	Lines bool
}

// shortLine is what a line of prose in columns of 72 is at least as long as, unless it is
// the last one of its paragraph.
const shortLine = 48

// paragraphs divides a text at its blank lines. What is a list, is indented or quoted,
// or has short lines, is no prose.
func paragraphs(text string) []paragraph {
	var all []paragraph
	for piece := range strings.SplitSeq(text, "\n\n") {
		if piece = strings.Trim(piece, "\n"); piece == "" {
			continue
		}
		lines := strings.Split(piece, "\n")
		p := paragraph{Text: piece}
		for i, line := range lines {
			marked := strings.ContainsRune(" \t-*+>#|[", rune(line[0])) || line[0] >= '0' && line[0] <= '9'
			if len(lines) > 1 && (marked || i < len(lines)-1 && utf8.RuneCountInString(line) < shortLine) {
				p.Lines = true
			}
		}
		if !p.Lines {
			p.Text = strings.Join(lines, " ")
		}
		all = append(all, p)
	}
	return all
}
