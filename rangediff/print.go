package rangediff

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A Printer writes pairs as git range-diff does.
type Printer struct {
	Diff      DiffOptions
	NoPatch   bool // headings alone
	Stat      bool // below headings how many lines differ, not which
	LeftOnly  bool // leave out commits that are only in the new range
	RightOnly bool // leave out commits that are only in the old range
	// SuppressBlankEmpty writes an empty line of context without its sign.
	SuppressBlankEmpty bool
	Colours            *Colours // nil for none
	// Mark, unless nil, gives for each line of a hunk what is to be set off in
	// it, in order; that is not git's any more. It is not asked without Colours.
	Mark func([]Line) [][]Span
	// Escape, unless nil, rewrites what comes from commits, a part of a line at
	// a time, so that a terminal can be given it together with colours.
	Escape func(string) string
}

// Print writes the pairs in their order. All commits have their short ids.
func (p *Printer) Print(w io.Writer, pairs []Pair) error {
	shown := make([]Pair, 0, len(pairs))
	olds, news := 0, 0
	for _, pair := range pairs {
		olds, news = max(olds, pair.OldNumber), max(news, pair.NewNumber)
		if status := pair.Status(); status == Added && p.LeftOnly || status == Removed && p.RightOnly {
			continue
		}
		shown = append(shown, pair)
	}
	head := heading{width: len(strconv.Itoa(1 + max(olds, news)))}
	if len(shown) > 0 {
		head.dashes = shown[0].dashes()
	}
	return p.print(w, shown, head)
}

// dashes stand for an id that is not there: as many as the first one has digits.
func (p Pair) dashes() string {
	if p.Old != nil {
		return strings.Repeat("-", len(p.Old.Short))
	}
	return strings.Repeat("-", len(p.New.Short))
}

// heading is how the first line of a pair is laid out.
type heading struct {
	width  int
	dashes string
}

// side is the number and the id of a commit, which may be nil.
func (h heading) side(number int, c *Commit) string {
	if c == nil {
		return fmt.Sprintf("%*s:  %s", h.width, "-", h.dashes)
	}
	return fmt.Sprintf("%*d:  %s", h.width, number, c.Short)
}

// print writes headings, and below them diffs, which are made in parallel but
// only as far ahead as there are processors.
func (p *Printer) print(w io.Writer, pairs []Pair, head heading) error {
	made := make([]chan []byte, len(pairs))
	for n := range made {
		made[n] = make(chan []byte, 1)
	}
	go inParallel(len(pairs), func() func(int) {
		var differ Differ
		return func(n int) {
			made[n] <- p.appendPair(nil, pairs[n], head, &differ)
		}
	})
	for n := range pairs {
		if _, err := w.Write(<-made[n]); err != nil {
			return err
		}
	}
	return nil
}

func (p *Printer) appendPair(dst []byte, pair Pair, head heading, differ *Differ) []byte {
	dst = p.appendHeading(dst, pair, head)
	if status := pair.Status(); status != Changed || p.NoPatch {
		return dst
	}
	hunks := differ.Diff(pair.Old.Text, pair.New.Text, p.Diff)
	if p.Stat {
		return p.appendStat(dst, hunks)
	}
	for _, h := range hunks {
		dst = p.appendHunk(dst, h)
	}
	return dst
}

// appendHeading appends the line that names a pair.
func (p *Printer) appendHeading(dst []byte, pair Pair, head heading) []byte {
	left, right := head.side(pair.OldNumber, pair.Old), head.side(pair.NewNumber, pair.New)
	subject := string(p.escaped([]byte(strings.TrimRight(" "+pair.Subject(), " \t\r\n"))))
	status := pair.Status()
	if p.Colours == nil {
		return appendAll(dst, left, " ", string(status), " ", right, subject, "\n")
	}
	c := p.Colours
	switch status {
	case Changed:
		dst = appendAll(dst, c.Old, left, " ", colourReset, c.Commit, "!", colourReset,
			c.New, " ", right, colourReset, c.Commit)
	case Removed:
		dst = appendAll(dst, c.Old, left, " < ", right)
	case Added:
		dst = appendAll(dst, c.New, left, " > ", right)
	default:
		dst = appendAll(dst, c.Commit, left, " = ", right)
	}
	return appendAll(dst, subject, colourReset, "\n")
}

const indent = "    "

// appendHunk appends a hunk with its heading, indented.
func (p *Printer) appendHunk(dst []byte, h Hunk) []byte {
	heading := p.escaped(h.Heading)
	dst = append(dst, indent...)
	if c := p.Colours; c == nil {
		dst = append(dst, "@@"...)
		if len(heading) > 0 {
			dst = append(append(dst, ' '), heading...)
		}
	} else {
		dst = appendAll(dst, colourReverse, c.Fragment, "@@", colourReset)
		if len(heading) > 0 {
			dst = appendAll(dst, c.Context, " ", colourReset)
			dst = appendColoured(dst, c.Function, "", heading)
		}
	}
	dst = append(dst, '\n')
	marks := make([][]Span, len(h.Lines))
	if p.Mark != nil && p.Colours != nil {
		marks = p.Mark(h.Lines)
	}
	for n, l := range h.Lines {
		l, marks[n] = p.escapedLine(l, marks[n])
		dst = append(dst, indent...)
		switch {
		case p.SuppressBlankEmpty && l.Sign == ' ' && len(l.Text) == 0:
			dst = append(dst, '\n')
		case p.Colours != nil:
			dst = p.Colours.appendLine(dst, l, marks[n])
		default:
			dst = append(append(append(dst, l.Sign), l.Text...), '\n')
		}
	}
	return dst
}
