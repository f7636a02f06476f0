package manual

import (
	"fmt"
	"strings"
)

// A Head is what a page says of itself.
type Head struct {
	Name    string // in lower case: "kprep-send"
	Section int    // 1 for programs, 7 for what is told about a topic
	Date    string // of the last change, YYYY-MM-DD
	Source  string // program and version
}

// A Linker returns what a page of the manual is called that a link leads to,
// such as kprep-sending(7), or "" when the text of the link has to do.
type Linker func(target string) string

// Roff returns the page whose text is markdown. Its headings begin with "##",
// for a section of the page; a heading of "#" would be the page's own.
func Roff(h Head, markdown string, link Linker) string {
	w := writer{link: link}
	w.line(`'\" t`)
	w.line(fmt.Sprintf(`.TH "%s" "%d" "%s" "%s" "kprep"`, escape(strings.ToUpper(h.Name)), h.Section, escape(h.Date), escape(h.Source)))
	// Neither hyphens that are not there, nor holes between words.
	w.line(".nh")
	w.line(".ad l")
	for _, b := range parse(markdown) {
		w.block(b)
	}
	return w.String()
}

type writer struct {
	strings.Builder
	link Linker
}

func (w *writer) line(s string) { w.WriteString(s + "\n") }

func (w *writer) block(b block) {
	switch b.kind {
	case heading:
		w.heading(b)
	case paragraph:
		w.line(".PP")
		w.text(b.text)
	case item:
		mark, width := `\(bu`, 2
		if b.mark != "" {
			mark, width = escape(b.mark), 4
		}
		w.line(fmt.Sprintf(".IP \"%s\" %d", mark, width))
		w.text(b.text)
	case literal:
		w.literal(b.text)
	case table:
		w.table(b.rows)
	}
}

func (w *writer) heading(b block) {
	switch b.level {
	case 1, 2:
		w.line(`.SH "` + w.inline(b.text) + `"`)
	case 3:
		w.line(`.SS "` + w.inline(b.text) + `"`)
	default:
		w.line(".PP")
		w.text("**" + b.text + "**")
	}
}

func (w *writer) literal(text string) {
	w.line(".PP")
	w.line(".RS 4")
	w.line(".nf")
	for line := range strings.Lines(text) {
		w.line(guard(escape(strings.ReplaceAll(strings.TrimSuffix(line, "\n"), "\t", "        "))))
	}
	w.line(".fi")
	w.line(".RE")
}

// table writes rows, the first of which names the columns. Two columns need no
// names; of more, each says whose it is.
func (w *writer) table(rows [][]string) {
	for _, row := range rows[1:] {
		w.line(".TP 7") // whatever width the list before had
		w.text(row[0])
		if len(row) == 2 {
			w.text(row[1])
			continue
		}
		written := false
		for i, cell := range row[1:] {
			if cell == "" {
				continue
			}
			if written {
				w.line(".br")
			}
			written = true
			if name := rows[0][i+1]; name != "" {
				cell = name + ": " + cell
			}
			w.text(cell)
		}
		if !written {
			w.line(`\&`)
		}
	}
}

// text writes what may have several lines, and must be a line at least.
func (w *writer) text(markdown string) {
	for _, line := range strings.Split(w.inline(markdown), "\n") {
		w.line(guard(line))
	}
}

// guard keeps a line from being a request, and from being none.
func guard(line string) string {
	if line == "" || line[0] == '.' {
		return `\&` + line
	}
	return line
}

// escape writes plain text so that it is shown as it is: a dash is one that can
// be typed again, and not a hyphen.
func escape(plain string) string {
	var b strings.Builder
	for _, r := range plain {
		switch {
		case r == '\\':
			b.WriteString(`\e`)
		case r == '-':
			b.WriteString(`\-`)
		case r == '"':
			b.WriteString(`\(dq`)
		case r == '\'':
			b.WriteString(`\(aq`)
		case r == '`':
			b.WriteString(`\(ga`)
		case r == '^':
			b.WriteString(`\(ha`)
		case r == '~':
			b.WriteString(`\(ti`)
		case r > '~':
			fmt.Fprintf(&b, `\[u%04X]`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
