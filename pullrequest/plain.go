package pullrequest

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
	"golang.org/x/net/html"

	"github.com/kprep/kprep/patchmail"
)

// width is how long the lines of prose become, as git wraps mail.
const width = 72

// Plain makes of a description what a cover letter can hold: Markdown becomes
// plain paragraphs of at most 72 columns, lists and literal text; images,
// comments and rules are left out; of a link the address stays. Lines "To:" and
// "Cc:" with addresses become to and cc; those who have no address, such as
// @somebody, are left out.
func Plain(description string) (prose string, to, cc []patchmail.Address) {
	description, to, cc = recipients(description)
	source := []byte(shallow(description))
	w := writer{source: source}
	w.blocks(goldmark.DefaultParser().Parse(text.NewReader(source)), "", "")
	return strings.Trim(strings.Join(w.out, "\n"), "\n"), to, cc
}

// shallow takes away the marks of quotations and lists beyond the 20th in front of
// a line: ten thousand of them would be a document as deep, and a prefix as long
// for each of its levels.
func shallow(description string) string {
	const mark = `(?:[ \t]*(?:>|[-+*][ \t]|[0-9]{1,9}[.)][ \t]))`
	return regexp.MustCompile(`(?m)^(`+mark+`{20})`+mark+`+`).ReplaceAllString(description, "$1")
}

// A writer writes the blocks of a document as plain text.
type writer struct {
	source []byte
	out    []string // lines
}

// line adds a line. None may cut the mail, end it, or be a comment of the cover
// letter: such a one is set off by a blank.
func (w *writer) line(line string) {
	line = strings.TrimRight(line, " ")
	for _, begin := range []string{"---", "#", "diff -", "Index: ", "From "} {
		if strings.HasPrefix(line, begin) {
			line = " " + line
		}
	}
	if line == "--" {
		line = " --"
	}
	w.out = append(w.out, line)
}

// apart sets off what comes next by an empty line.
func (w *writer) apart() { w.out = append(w.out, "") }

// together takes back the empty line at the end.
func (w *writer) together() {
	if last := len(w.out) - 1; last >= 0 && w.out[last] == "" {
		w.out = w.out[:last]
	}
}

// blocks writes what is in n: its first line begins with first, others with
// rest.
func (w *writer) blocks(n ast.Node, first, rest string) {
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		w.block(c, first, rest)
		first = rest
	}
}

func (w *writer) block(n ast.Node, first, rest string) {
	switch n := n.(type) {
	case *ast.ThematicBreak:
	case *ast.List:
		w.list(n, first, rest)
	case *ast.Blockquote:
		w.blocks(n, first+"> ", rest+"> ")
	case *ast.CodeBlock:
		w.literal(n.Lines(), first, rest)
	case *ast.FencedCodeBlock:
		w.literal(n.Lines(), first, rest)
	case *ast.HTMLBlock:
		lines := string(n.Lines().Value(w.source))
		if n.HasClosure() {
			lines += string(n.ClosureLine.Value(w.source))
		}
		w.paragraph(visible(lines), first, rest)
	case *ast.TextBlock: // of a list without empty lines
		w.paragraph(w.inline(n), first, rest)
		w.together()
	case *ast.Paragraph, *ast.Heading:
		if raw := string(n.Lines().Value(w.source)); isTable(raw) || areTrailers(raw) {
			w.lines(raw, first, rest)
			return
		}
		w.paragraph(w.inline(n), first, rest)
	default:
		w.blocks(n, first, rest)
	}
}

func (w *writer) list(n *ast.List, first, rest string) {
	number := n.Start
	for item := n.FirstChild(); item != nil; item = item.NextSibling() {
		mark := "- "
		if n.IsOrdered() {
			mark = fmt.Sprintf("%d. ", number)
			number++
		}
		w.blocks(item, first+mark, rest+strings.Repeat(" ", len(mark)))
		first = rest
		if n.IsTight {
			w.together()
		}
	}
	if n.IsTight {
		w.apart()
	}
}

// literal writes lines as they are, set off.
func (w *writer) literal(lines *text.Segments, first, rest string) {
	w.lines(string(lines.Value(w.source)), first+"    ", rest+"    ")
}

func (w *writer) lines(raw, first, rest string) {
	for _, line := range strings.Split(strings.TrimRight(raw, "\n"), "\n") {
		w.line(first + clean(line))
		first = rest
	}
	w.apart()
}

// paragraph wraps text, in which line breaks that count are "\n".
func (w *writer) paragraph(prose, first, rest string) {
	if strings.TrimSpace(prose) == "" {
		return
	}
	for _, part := range strings.Split(prose, "\n") {
		line := first
		empty := true
		for _, word := range strings.Fields(clean(part)) {
			if !empty && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > width {
				w.line(line)
				line, empty = rest, true
			}
			if !empty {
				line += " "
			}
			line, empty = line+word, false
		}
		if !empty {
			w.line(line)
			first = rest
		}
	}
	w.apart()
}

// inline is the text of a block: without marks, images and comments.
func (w *writer) inline(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Text:
			b.WriteString(html.UnescapeString(unescape(string(c.Segment.Value(w.source)))))
			switch {
			case c.HardLineBreak():
				b.WriteString("\n")
			case c.SoftLineBreak():
				b.WriteString(" ")
			}
		case *ast.String:
			b.Write(c.Value)
		case *ast.CodeSpan:
			b.WriteString("`" + w.raw(c) + "`")
		case *ast.Image:
		case *ast.Link:
			words, where := w.inline(c), strings.TrimPrefix(string(c.Destination), "mailto:")
			b.WriteString(words)
			if where != "" && !strings.HasPrefix(where, "#") && strings.TrimSpace(words) != where {
				b.WriteString(" <" + where + ">")
			}
		case *ast.AutoLink:
			b.Write(c.URL(w.source))
		case *ast.RawHTML:
			b.WriteString(visible(string(c.Segments.Value(w.source))))
		default:
			b.WriteString(w.inline(c))
		}
	}
	return b.String()
}

func (w *writer) raw(n ast.Node) string {
	var b strings.Builder
	for c := n.FirstChild(); c != nil; c = c.NextSibling() {
		if t, ok := c.(*ast.Text); ok {
			b.Write(t.Segment.Value(w.source))
		}
	}
	return strings.ReplaceAll(b.String(), "\n", " ")
}

// visible is what a reader sees of HTML.
func visible(markup string) string {
	var b strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(markup))
	skip := ""
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return b.String()
		case html.TextToken:
			if skip == "" {
				b.WriteString(strings.ReplaceAll(string(tokens.Text()), "\n", " "))
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, _ := tokens.TagName()
			switch tag := string(name); tag {
			case "script", "style":
				skip = tag
			case "br", "p", "li", "summary", "tr":
				b.WriteString("\n")
			}
		case html.EndTagToken:
			name, _ := tokens.TagName()
			if string(name) == skip {
				skip = ""
			}
		}
	}
}

// unescape takes the backslashes of Markdown away.
func unescape(s string) string {
	return regexp.MustCompile("\\\\([!-/:-@\\[-`{-~])").ReplaceAllString(s, "$1")
}

// isTable is true of lines that all begin with a bar: they are no prose.
func isTable(raw string) bool {
	for line := range strings.Lines(raw) {
		if !strings.HasPrefix(strings.TrimSpace(line), "|") {
			return false
		}
	}
	return raw != ""
}

// areTrailers is true of lines each of which names a person, such as
// "Reported-by: Ann <ann@example.org>": one joined to another names nobody.
func areTrailers(raw string) bool {
	line := regexp.MustCompile(`\A[A-Z][A-Za-z-]+-by: .*<[^<>\s]+@[^<>\s]+>\s*\z`)
	for l := range strings.Lines(raw) {
		if !line.MatchString(l) {
			return false
		}
	}
	return raw != ""
}

// clean takes control characters out of a line, and what steers the direction of
// text. White space of every kind becomes blanks.
func clean(line string) string {
	line = strings.ReplaceAll(line, "\t", "    ")
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, line)
}
