package main

import (
	"os"
	"strconv"
	"strings"
	"unicode"

	"golang.org/x/term"
	"golang.org/x/text/width"
)

// lineWidth is how wide lines are where nothing says how wide they may be.
const lineWidth = 80

// A canvas is what tables and pictures are drawn on.
type canvas struct {
	columns int
	ascii   bool // nothing else can be drawn
}

// canvas is that of stdout.
func (e *env) canvas() canvas {
	var terminal *os.File
	if e.terminal.stdout {
		terminal, _ = e.stdout.w.(*os.File)
	}
	const narrowest = 20 // below it there is nothing to be drawn
	return canvas{max(columnsOf(e.getenv("COLUMNS"), terminal), narrowest), e.asciiOnly()}
}

// columnsOf is how many columns there are, as COLUMNS or the terminal says, which may
// be nil.
func columnsOf(columns string, terminal *os.File) int {
	if n, err := strconv.Atoi(columns); err == nil && n > 0 {
		return n
	}
	if terminal != nil {
		if n, _, err := term.GetSize(int(terminal.Fd())); err == nil && n > 0 {
			return n
		}
	}
	return lineWidth
}

// asciiOnly says whether the locale has nothing else. Names and text of others are
// shown in UTF-8 all the same, as git shows them. Who names no locale has UTF-8.
func (e *env) asciiOnly() bool {
	utf8, _ := e.utf8Locale()
	return !utf8 && e.locale() != ""
}

// inLocale is a text of our own as the locale can have it.
func (e *env) inLocale(text string) string {
	if !e.asciiOnly() {
		return text
	}
	return strings.NewReplacer("…", "...", "·", "*", "²", "2", "³", "3",
		"●", "*", "○", "o", "─", "-", "✓", "+", "✗", "x").Replace(text)
}

// fit cuts a text to the width.
func (c canvas) fit(text string) string {
	more := "…"
	if c.ascii {
		more = "..."
	}
	return cut(text, c.columns, more)
}

// wrap breaks a text at blanks, into lines of the width. What has no blanks is cut.
func (c canvas) wrap(text string) []string {
	lines := strings.Split(foldLine(strings.Join(strings.Fields(text), " "), c.columns, 0), "\n")
	for i, line := range lines {
		lines[i] = c.fit(line)
	}
	return lines
}

// narrowed is c with so many columns less.
func (c canvas) narrowed(columns int) canvas {
	c.columns = max(c.columns-columns, 1)
	return c
}

// cells is how many columns of a terminal a printable text takes.
func cells(text string) int {
	n := 0
	for _, r := range text {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	const softHyphen, jamoVowel, jamoLast = 0xad, 0x1160, 0x11ff
	switch {
	case r == softHyphen:
		return 1
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf), r >= jamoVowel && r <= jamoLast: // part of what stands before
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut cuts a text to so many columns; more tells of it, where there is room.
func cut(text string, columns int, more string) string {
	if cells(text) <= columns {
		return text
	}
	if columns < cells(more) {
		more = ""
	}
	room, end := columns-cells(more), 0
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
