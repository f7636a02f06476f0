package inbox

import (
	"io"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText is what a page says to those who look at it, in lines; quotations have
// ">" in front of them.
func htmlText(page io.Reader) string {
	p := pageText{tokens: html.NewTokenizer(page), marked: map[string]int{}}
	for len(p.open) <= maxOpen {
		switch p.tokens.Next() {
		case html.ErrorToken:
			p.endLine()
			return p.out.String()
		case html.TextToken:
			p.text(string(p.tokens.Text()))
		case html.StartTagToken, html.SelfClosingTagToken: // which closes nothing but what is empty
			p.start(p.element())
		case html.EndTagToken:
			name, _ := p.tokens.TagName()
			p.end(string(name))
		}
	}
	p.endLine() // what nobody nests so deep is not read
	return p.out.String()
}

const (
	maxQuotes = 10   // marks that a quotation has at most
	maxOpen   = 1000 // elements inside of each other
)

type pageText struct {
	tokens *html.Tokenizer
	out    strings.Builder
	line   strings.Builder
	open   []element
	marked map[string]int // how many of open have a mark, their name among these
	sheet  styleSheet
	quotes int // blockquotes that are open
	pre    int
	blank  bool // white space came behind what is in the line
}

// An element is one that is open.
type element struct {
	name  string
	tag   atom.Atom
	marks []string // see styleRule
	look  look
}

// element reads the tag at hand, and ends what ends before it.
func (p *pageText) element() element {
	name, more := p.tokens.TagName()
	e := element{name: string(name), tag: atom.Lookup(name), marks: []string{"*", string(name)}}
	attributes := map[string]string{}
	for more {
		var key, value []byte
		key, value, more = p.tokens.TagAttr()
		if _, twice := attributes[string(key)]; !twice { // the first counts
			attributes[string(key)] = string(value)
		}
	}
	for class := range strings.FieldsSeq(strings.ToLower(attributes["class"])) {
		if e.marks = append(e.marks, "."+class); len(e.marks) == maxMarks {
			break
		}
	}
	if id := attributes["id"]; id != "" {
		e.marks = append(e.marks, "#"+strings.ToLower(id))
	}
	p.closeFor(e.tag)
	e.look = p.sheet.styleOf(e.marks, p.marked).over(readStyle(attributes["style"])).look()
	if _, hidden := attributes["hidden"]; hidden || isUnseen(e.tag) {
		e.look.gone = yes
	}
	if len(p.open) > 0 {
		e.look = p.open[len(p.open)-1].look.inherited(e.look)
	}
	return e
}

// seen is false inside of what is not shown.
func (p *pageText) seen() bool { return len(p.open) == 0 || p.open[len(p.open)-1].look.seen() }

// text adds the text of an element.
func (p *pageText) text(text string) {
	if n := len(p.open); n > 0 && p.open[n-1].tag == atom.Style {
		p.sheet.read(text)
	} else if n > 0 && p.open[n-1].tag == atom.Head && strings.TrimSpace(text) != "" {
		p.end("head")
	}
	if !p.seen() {
		return
	}
	text = strings.ReplaceAll(text, "\u00a0", " ")
	if p.pre > 0 {
		for i, line := range strings.Split(text, "\n") {
			if i > 0 {
				p.breakLine()
			}
			p.line.WriteString(strings.TrimSuffix(line, "\r"))
		}
		return
	}
	for i, word := range strings.Fields(text) {
		if p.line.Len() > 0 && (i > 0 || p.blank || strings.IndexAny(text[:1], " \t\r\n") == 0) {
			p.line.WriteByte(' ')
		}
		p.line.WriteString(word)
		p.blank = false
	}
	if text != "" && strings.ContainsAny(text[len(text)-1:], " \t\r\n") {
		p.blank = true
	}
}

// endLine ends the line if there is anything in it.
func (p *pageText) endLine() {
	if p.line.Len() > 0 {
		p.breakLine()
	}
}

func (p *pageText) breakLine() {
	if n := min(p.quotes, maxQuotes); n > 0 {
		p.out.WriteString(strings.Repeat(">", n) + " ")
	}
	p.out.WriteString(p.line.String())
	p.out.WriteByte('\n')
	p.line.Reset()
	p.blank = false
}

func (p *pageText) start(e element) {
	if e.tag == atom.Br {
		if p.seen() {
			p.breakLine()
		}
		return
	}
	if e.look.seen() && isBlock(e.tag) {
		p.endLine()
	}
	if isEmpty(e.tag) {
		return
	}
	switch e.tag {
	case atom.Blockquote:
		p.quotes++
	case atom.Pre:
		p.pre++
	}
	p.open = append(p.open, e)
	for _, mark := range e.marks {
		p.marked[mark]++
	}
}

// closeFor ends elements that end where another one begins (HTML, section
// 13.1.2.4), so that what is not shown ends there as well.
func (p *pageText) closeFor(tag atom.Atom) {
	switch tag {
	case atom.Li:
		p.endWithin([]string{"li"}, "ul", "ol")
	case atom.Dt, atom.Dd:
		p.endWithin([]string{"dt", "dd"}, "dl")
	case atom.Td, atom.Th:
		p.endWithin([]string{"td", "th"}, "table")
	case atom.Tr, atom.Tbody, atom.Thead, atom.Tfoot:
		p.endWithin([]string{"tr"}, "table")
	case atom.Title, atom.Style, atom.Script, atom.Meta, atom.Link, atom.Base, atom.Noscript, atom.Template:
		return
	}
	p.endWithin([]string{"head"})
	if isBlock(tag) {
		p.endWithin([]string{"p"}, "table")
	}
}

// endWithin ends the innermost element of some names, unless one that keeps it open
// is nearer.
func (p *pageText) endWithin(names []string, keepers ...string) {
	if !slices.ContainsFunc(names, func(name string) bool { return p.marked[name] > 0 }) {
		return
	}
	for i, e := range slices.Backward(p.open) {
		if slices.Contains(keepers, e.name) {
			return
		}
		if slices.Contains(names, e.name) {
			p.closeTo(i)
			return
		}
	}
}

// end ends the innermost element of a name, and all in it.
func (p *pageText) end(name string) {
	if p.marked[name] == 0 {
		if p.seen() && isBlock(atom.Lookup([]byte(name))) {
			p.endLine()
		}
		return
	}
	for i, e := range slices.Backward(p.open) {
		if e.name == name {
			p.closeTo(i)
			return
		}
	}
}

// closeTo ends open elements down to one.
func (p *pageText) closeTo(at int) {
	for _, e := range slices.Backward(p.open[at:]) {
		if e.look.seen() && isBlock(e.tag) {
			p.endLine()
			if e.tag == atom.P {
				p.breakLine()
			}
		}
		switch e.tag {
		case atom.Blockquote:
			p.quotes--
		case atom.Pre:
			p.pre--
		}
		for _, mark := range e.marks {
			p.marked[mark]--
		}
	}
	p.open = p.open[:at]
}

// isBlock is true of elements that begin on a line of their own.
func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.Tr, atom.Table, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd, atom.Hr, atom.Blockquote, atom.Pre, atom.Body,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Html, atom.Section, atom.Article, atom.Header, atom.Footer:
		return true
	}
	return false
}

// isEmpty is true of elements that hold nothing, and are never closed.
func isEmpty(tag atom.Atom) bool {
	switch tag {
	case atom.Br, atom.Hr, atom.Img, atom.Input, atom.Meta, atom.Link, atom.Base, atom.Col, atom.Wbr, atom.Area, atom.Embed, atom.Source, atom.Track, atom.Param:
		return true
	}
	return false
}

// isUnseen is true of elements whose text is not for those who look, or is not meant
// any more.
func isUnseen(tag atom.Atom) bool {
	switch tag {
	case atom.Head, atom.Style, atom.Script, atom.Title, atom.Template, atom.Noscript, atom.Noframes, atom.Noembed, atom.Iframe, atom.Object,
		atom.Audio, atom.Video, atom.Canvas, atom.Select, atom.Datalist, atom.Dialog,
		atom.S, atom.Strike, atom.Del: // struck out
		return true
	}
	return false
}
