package main

import (
	"io"
	"strings"
)

// A folding writer folds what is written to it, whole lines at a time.
type folding struct {
	w       io.Writer
	columns func() int
}

func (f folding) Write(p []byte) (int, error) {
	if _, err := io.WriteString(f.w, fold(string(p), f.columns())); err != nil {
		return 0, err
	}
	return len(p), nil
}

// reader is stdout for what people read: folded on a terminal, and as it is elsewhere.
func (e *env) reader() io.Writer {
	if !e.terminal.stdout {
		return e.stdout
	}
	return folding{e.stdout, func() int { return e.canvas().columns }}
}

// fold breaks the lines that are wider than so many columns, between words. What
// follows stands below the text of the line, behind its label, mark or first column.
// A word that is too long stays whole, for it may be a command or an address.
func fold(text string, columns int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if wider(line, columns) {
			lines[i] = foldLine(line, columns, min(hanging(line, columns/2), columns/2))
		}
	}
	return strings.Join(lines, "\n")
}

// foldLine breaks a line; the parts but the first are indented by hang columns.
func foldLine(line string, columns, hang int) string {
	var b strings.Builder
	room, indent := columns, ""
	for wider(line, room) {
		end := breakOf(line, room)
		if end < 0 {
			break
		}
		b.WriteString(indent + strings.TrimRight(line[:end], " ") + "\n")
		line = strings.TrimLeft(line[end:], " ")
		room, indent = columns-hang, strings.Repeat(" ", hang)
	}
	return b.String() + indent + line
}

func wider(line string, columns int) bool {
	for _, r := range line {
		if columns -= cellsOf(r); columns < 0 {
			return true
		}
	}
	return false
}

// breakOf finds the last blank between words in so many columns, or the first one
// behind them; -1 for none. A command in quotes counts as a word: pasted in two
// halves, the first one would be run alone.
func breakOf(line string, columns int) int {
	end, width, words := -1, 0, false
	quoted := quotedUntil(line, 0)
	for i, r := range line {
		if end >= 0 && width > columns {
			break
		}
		if i >= quoted && r == ' ' && words && (width <= columns || end < 0) {
			end = i
		}
		if r == ' ' || r == '(' {
			quoted = max(quoted, quotedUntil(line, i+1))
		}
		words = words || r != ' '
		width += cellsOf(r)
	}
	if end < 0 || strings.Trim(line[end:], " ") == "" {
		return -1
	}
	return end
}

// quotedUntil is where what is quoted at start ends; start where nothing is.
func quotedUntil(line string, start int) int {
	if !strings.HasPrefix(line[start:], "'") {
		return start
	}
	for i := start + 1; i < len(line); i++ {
		if line[i] == '\'' && (i+1 == len(line) || strings.IndexByte(" ,;:.)", line[i+1]) >= 0) {
			return i
		}
	}
	return start
}

// hanging is where the text of a line begins, in columns: behind the last gap of
// several blanks up to limit, the mark of an item, or the blanks at its beginning.
// What follows a label, as in "hint: ", is indented by 2.
func hanging(line string, limit int) int {
	const step = 2
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	gap, far := 0, false
	for at := indent; ; {
		blanks := strings.Index(line[at:], "  ")
		if blanks < 0 {
			break
		}
		rest := strings.TrimLeft(line[at+blanks:], " ")
		at = len(line) - len(rest)
		if column := cells(line[:at]); rest != "" && column <= limit {
			gap = column
		} else if rest != "" {
			far = true
		}
	}
	first, rest, more := strings.Cut(text, " ")
	switch {
	case gap > 0:
		return gap
	case more && isMark(first):
		return indent + cells(first) + 1 + len(rest) - len(strings.TrimLeft(rest, " "))
	case far, more && strings.HasSuffix(first, ":"):
		return indent + step
	}
	return indent
}

// isMark tells the first word of an item, of a heading and of a row: "-", "12.", "##".
func isMark(word string) bool {
	return strings.Trim(word, "-*+!|#") == "" || strings.Trim(strings.TrimSuffix(word, "."), "0123456789") == ""
}

// refill is fold for prose of ours: the lines of a paragraph that has a line too wide
// are filled anew. Code between fences stays as it is.
func refill(text string, columns int) string {
	const fence = "```"
	var out []string
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); {
		end := i + 1
		if strings.HasPrefix(strings.TrimSpace(lines[i]), fence) {
			for end < len(lines) && !strings.HasPrefix(strings.TrimSpace(lines[end]), fence) {
				end++
			}
			end = min(end+1, len(lines))
			out = append(out, lines[i:end]...)
			i = end
			continue
		}
		for end < len(lines) && continues(lines[i], lines[end]) {
			end++
		}
		out = append(out, refillParagraph(lines[i:end], columns)...)
		i = end
	}
	return strings.Join(out, "\n")
}

func refillParagraph(lines []string, columns int) []string {
	for _, line := range lines {
		if cells(line) > columns {
			joined := lines[0]
			for _, more := range lines[1:] {
				joined += " " + strings.TrimSpace(more)
			}
			return []string{fold(joined, columns)}
		}
	}
	return lines
}

// continues says whether line goes on with the paragraph or item that first begins.
// Indented lines without a mark or columns are examples, each on its own.
func continues(first, line string) bool {
	text := strings.TrimLeft(line, " ")
	indent, begun := len(line)-len(text), strings.TrimLeft(first, " ")
	hang := hanging(first, lineWidth/2)
	word, _, _ := strings.Cut(text, " ")
	switch {
	case text == "", begun == "", strings.HasPrefix(begun, "#"), strings.HasPrefix(begun, "|"), isMark(word), strings.HasPrefix(text, "```"):
		return false
	case indent == 0:
		return hang == 0 && !strings.Contains(text, "  ")
	}
	return indent == hang && hang > len(first)-len(begun)
}
