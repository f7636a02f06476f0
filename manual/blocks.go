package manual

import "strings"

type kind int

const (
	paragraph kind = iota
	heading
	item
	literal
	table
)

// A block is one piece of a page.
type block struct {
	kind  kind
	text  string     // Markdown, or plain when literal
	level int        // of a heading
	mark  string     // of an item: its number with the point, "" in a list without
	rows  [][]string // of a table, the first names the columns; all are as long
}

// parse splits a page into its blocks.
func parse(markdown string) []block {
	var blocks []block
	lines := strings.Split(strings.TrimRight(markdown, "\n"), "\n")
	for len(lines) > 0 {
		n, b := next(lines)
		if b != nil {
			blocks = append(blocks, *b)
		}
		lines = lines[n:]
	}
	return blocks
}

// next returns how many lines the first block has, and it; nil for blank ones.
func next(lines []string) (int, *block) {
	line := lines[0]
	switch {
	case strings.TrimSpace(line) == "":
		return 1, nil
	case strings.HasPrefix(line, "```"):
		return fenced(lines)
	case strings.HasPrefix(line, "    "), strings.HasPrefix(line, "\t"):
		return indented(lines)
	case strings.HasPrefix(line, "#"):
		text := strings.TrimLeft(line, "#")
		return 1, &block{kind: heading, level: len(line) - len(text), text: strings.TrimSpace(text)}
	case strings.HasPrefix(line, "|"):
		return rows(lines)
	}
	b := &block{}
	text := []string{line}
	if mark, first, ok := itemStart(line); ok {
		*b = block{kind: item, mark: mark}
		text[0] = first
	}
	n := 1
	for n < len(lines) && !begins(lines[n]) {
		text = append(text, strings.TrimSpace(lines[n]))
		n++
	}
	b.text = strings.Join(text, "\n")
	return n, b
}

// begins says whether a line ends the paragraph or item before it.
func begins(line string) bool {
	return strings.TrimSpace(line) == "" || strings.HasPrefix(line, "```") || strings.HasPrefix(line, "#") ||
		strings.HasPrefix(line, "|") || isItem(line)
}

// itemStart takes the mark off the first line of an item.
func itemStart(line string) (mark, text string, ok bool) {
	mark, text, ok = strings.Cut(line, " ")
	text = strings.TrimLeft(text, " ")
	if mark == "-" || mark == "*" {
		return "", text, ok
	}
	digits, point := strings.CutSuffix(mark, ".")
	return mark, text, ok && point && digits != "" && strings.Trim(digits, "0123456789") == ""
}

func isItem(line string) bool {
	_, _, ok := itemStart(line)
	return ok
}

func fenced(lines []string) (int, *block) {
	for n := 1; n < len(lines); n++ {
		if strings.HasPrefix(lines[n], "```") {
			return n + 1, &block{kind: literal, text: strings.Join(lines[1:n], "\n")}
		}
	}
	return len(lines), &block{kind: literal, text: strings.Join(lines[1:], "\n")}
}

func indented(lines []string) (int, *block) {
	var text []string
	n := 0
	for ; n < len(lines); n++ {
		line, ok := strings.CutPrefix(lines[n], "    ")
		if !ok {
			line, ok = strings.CutPrefix(lines[n], "\t")
		}
		if !ok && strings.TrimSpace(line) != "" {
			break
		}
		text = append(text, line)
	}
	return n, &block{kind: literal, text: strings.TrimRight(strings.Join(text, "\n"), "\n")}
}

// rows reads a table. Its second line, of dashes, is not among the rows.
func rows(lines []string) (int, *block) {
	b := &block{kind: table}
	n := 0
	for ; n < len(lines) && strings.HasPrefix(lines[n], "|"); n++ {
		if n == 1 {
			continue
		}
		row := cells(lines[n])
		for n > 0 && len(row) < len(b.rows[0]) {
			row = append(row, "")
		}
		if n > 0 {
			row = row[:len(b.rows[0])]
		}
		b.rows = append(b.rows, row)
	}
	return n, b
}

// cells splits a row at its bars; one after a backslash is text.
func cells(line string) []string {
	line = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(line), "|"), "|")
	var row []string
	start := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case '|':
			row = append(row, strings.TrimSpace(line[start:i]))
			start = i + 1
		}
	}
	return append(row, strings.TrimSpace(line[start:]))
}
