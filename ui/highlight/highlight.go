package highlight

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/alecthomas/chroma/v2"
)

// A Kind is what a piece of code is, in a letter: a class of a style.
type Kind string

// The kinds. What is none of them has none.
const (
	Keyword   Kind = "k"
	Type      Kind = "t"
	Function  Kind = "f" // its name, where it is defined or called
	String    Kind = "s"
	Number    Kind = "n"
	Comment   Kind = "c"
	Directive Kind = "p" // of a preprocessor
)

// A Span is a piece of a line, in bytes.
type Span struct {
	Start, End int
	Kind       Kind
}

// What is longer is left as it is, in bytes: nobody reads it, and rules are slow on it.
const (
	mostText = 128 << 10
	mostLine = 1 << 10
)

// A Highlighter knows the languages that it was asked for. The zero value knows none
// yet. It may be used by several at once.
type Highlighter struct {
	mu       sync.Mutex
	registry *chroma.LexerRegistry
	known    map[string]chroma.Lexer // by file of rules
}

//go:embed chroma/*.xml own/*.xml
var rules embed.FS

// Lines finds the spans in each of some lines that follow each other in a file. Of a
// file in an unknown language, of what is too long, and of what is not UTF-8 there are
// none, and when ctx ends the rest has none. The result has as many lines as were given.
func (h *Highlighter) Lines(ctx context.Context, file string, lines []string) [][]Span {
	spans := make([][]Span, len(lines))
	language := languageOf(file)
	if language == "" {
		return spans
	}
	total := 0
	for _, line := range lines {
		total += len(line) + 1
		if len(line) > mostLine || total > mostText || strings.ContainsAny(line, "\n\r") || !utf8.ValidString(line) {
			return spans
		}
	}
	lexer, err := h.lexer(language)
	if err != nil {
		return spans
	}
	// Line ends stay as they are: places are counted in bytes.
	tokens, err := lexer.Tokenise(&chroma.TokeniseOptions{State: "root"}, strings.Join(lines, "\n")+"\n")
	if err != nil {
		return spans
	}
	at, column := 0, 0
	for token := tokens(); token != chroma.EOF && ctx.Err() == nil; token = tokens() {
		kind := kindOf(token.Type)
		for piece := range strings.Lines(token.Value) {
			text, ends := strings.CutSuffix(piece, "\n")
			if at >= len(lines) || !strings.HasPrefix(lines[at][column:], text) {
				return spans // a lexer that changes the text
			}
			if kind != "" && text != "" {
				spans[at] = add(spans[at], Span{column, column + len(text), kind})
			}
			column += len(text)
			if ends {
				at, column = at+1, 0
			}
		}
	}
	return spans
}

// add makes one span of two that touch.
func add(spans []Span, s Span) []Span {
	if n := len(spans); n > 0 && spans[n-1].End == s.Start && spans[n-1].Kind == s.Kind {
		spans[n-1].End = s.End
		return spans
	}
	return append(spans, s)
}

// lexer returns that of a file of rules.
func (h *Highlighter) lexer(file string) (chroma.Lexer, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if l, known := h.known[file]; known {
		return l, nil
	}
	if h.registry == nil {
		h.registry, h.known = chroma.NewLexerRegistry(), map[string]chroma.Lexer{}
	}
	files := []string{file}
	if file == "chroma/makefile.xml" {
		files = append(files, "chroma/bash.xml") // which it uses by name
	}
	for _, name := range files {
		if h.known[name] != nil {
			continue
		}
		l, err := chroma.NewXMLLexer(fs.FS(rules), name)
		if err != nil {
			return nil, fmt.Errorf("rules %s: %w", name, err)
		}
		h.registry.Register(l)
		h.known[name] = l
	}
	return h.known[file], nil
}

func kindOf(t chroma.TokenType) Kind {
	switch {
	case t == chroma.CommentPreproc, t == chroma.CommentPreprocFile, t == chroma.CommentHashbang:
		return Directive
	case t.InCategory(chroma.Comment):
		return Comment
	case t == chroma.KeywordType, t == chroma.NameClass:
		return Type
	case t == chroma.KeywordConstant, t == chroma.NameConstant, t == chroma.NameBuiltinPseudo:
		return Number
	case t.InCategory(chroma.Keyword), t == chroma.OperatorWord, t == chroma.NameTag, t == chroma.NameLabel:
		return Keyword
	case t.InSubCategory(chroma.NameFunction), t == chroma.NameBuiltin, t == chroma.NameDecorator, t == chroma.NameAttribute:
		return Function
	case t.InSubCategory(chroma.LiteralString):
		return String
	case t.InSubCategory(chroma.LiteralNumber):
		return Number
	}
	return ""
}
