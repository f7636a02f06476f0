package inbox

import (
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// htmlText is what a page says, in lines; quotations have ">" in front of them.
func htmlText(page io.Reader) string {
	p := pageText{tokens: html.NewTokenizer(page)}
	for {
		switch p.tokens.Next() {
		case html.ErrorToken:
			p.endLine()
			return p.out.String()
		case html.TextToken:
			if p.hidden == 0 {
				p.text(string(p.tokens.Text()))
			}
		case html.StartTagToken:
			p.start(p.tag())
		case html.SelfClosingTagToken:
			if p.tag() == atom.Br {
				p.breakLine()
			}
		case html.EndTagToken:
			p.end(p.tag())
		}
	}
}

// maxQuotes is how many marks a quotation has at most.
const maxQuotes = 10

type pageText struct {
	tokens *html.Tokenizer
	out    strings.Builder
	line   strings.Builder
	quotes int // blockquotes that are open
	hidden int // elements that are open and not shown
	pre    int
	blank  bool // white space came behind what is in the line
}

func (p *pageText) tag() atom.Atom {
	name, _ := p.tokens.TagName()
	return atom.Lookup(name)
}

// text adds the text of an element.
func (p *pageText) text(text string) {
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

func (p *pageText) start(tag atom.Atom) {
	switch tag {
	case atom.Br:
		p.breakLine()
	case atom.Blockquote:
		p.endLine()
		p.quotes++
	case atom.Pre:
		p.endLine()
		p.pre++
	case atom.Head, atom.Style, atom.Script, atom.Title:
		p.hidden++
	case atom.Body:
		p.hidden = 0 // whatever was left open in the head
		p.endLine()
	default:
		if isBlock(tag) {
			p.endLine()
		}
	}
}

func (p *pageText) end(tag atom.Atom) {
	switch tag {
	case atom.Blockquote:
		p.endLine()
		p.quotes = max(0, p.quotes-1)
	case atom.Pre:
		p.endLine()
		p.pre = max(0, p.pre-1)
	case atom.Head, atom.Style, atom.Script, atom.Title:
		p.hidden = max(0, p.hidden-1)
	case atom.P:
		p.endLine()
		p.breakLine()
	default:
		if isBlock(tag) {
			p.endLine()
		}
	}
}

// isBlock is true of elements that begin on a line of their own.
func isBlock(tag atom.Atom) bool {
	switch tag {
	case atom.P, atom.Div, atom.Tr, atom.Table, atom.Li, atom.Ul, atom.Ol, atom.Dl, atom.Dt, atom.Dd, atom.Hr,
		atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6, atom.Html, atom.Section, atom.Article, atom.Header, atom.Footer:
		return true
	}
	return false
}
