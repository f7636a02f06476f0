package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// lineWidth is how wide lines are that are cut to fit.
const lineWidth = 80

// cells is how many columns of a terminal a printable text takes.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// fit cuts a text to so many columns.
func fit(text string, columns int) string {
	if cells(text) <= columns {
		return text
	}
	const more = "…"
	room, end := columns-1, 0
	for i, r := range text {
		if room -= cellsOf(r); room < 0 {
			break
		}
		end = i + len(string(r))
	}
	return strings.TrimRight(text[:end], " ") + more
}

// padTo adds blanks up to so many columns.
func padTo(text string, columns int) string {
	return text + strings.Repeat(" ", max(0, columns-cells(text)))
}
