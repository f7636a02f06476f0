package rangediff

import "bytes"

// Colours are the escape sequences of dual colour, in which a line shows both
// whether it differs between the texts and what the patch does in it. The
// empty sequence leaves the terminal's own colour.
type Colours struct {
	Context, Old, New                   string // of the outer diff, and of headings
	Fragment, Function                  string // hunk headings
	Commit                              string
	ContextDimmed, OldDimmed, NewDimmed string // lines of the old text alone
	ContextBold, OldBold, NewBold       string // lines of the new text alone
}

// DefaultColours are those of git without configuration.
func DefaultColours() *Colours {
	return &Colours{
		Old: "\x1b[31m", New: "\x1b[32m", Fragment: "\x1b[36m", Commit: "\x1b[33m",
		ContextDimmed: "\x1b[2m", OldDimmed: "\x1b[2;31m", NewDimmed: "\x1b[2;32m",
		ContextBold: "\x1b[1m", OldBold: "\x1b[1;31m", NewBold: "\x1b[1;32m",
	}
}

const (
	colourReset   = "\x1b[m"
	colourReverse = "\x1b[7m"
)

// of is the sequence that begins a line of a text, given the slots for what a
// patch adds, removes and leaves.
func (c *Colours) of(text []byte, added, removed, context string) string {
	if len(text) > 0 {
		switch text[0] {
		case '+':
			return added
		case '-':
			return removed
		case '@':
			return c.Fragment
		}
	}
	return context
}

// appendLine appends a line of a hunk in dual colour, without indentation.
func (c *Colours) appendLine(dst []byte, l Line, marks []Span) []byte {
	text, ret := l.Text, ""
	if bytes.HasSuffix(text, []byte("\r")) { // stays outside of the colour
		text, ret = text[:len(text)-1], "\r"
	}
	switch l.Sign {
	case '+':
		dst = appendAll(dst, colourReverse, c.New, "+", colourReset)
		dst = appendMarked(dst, c.of(text, c.NewBold, c.OldBold, c.ContextBold), text, marks)
	case '-':
		dst = appendAll(dst, colourReverse, c.Old, "-", colourReset)
		dst = appendMarked(dst, c.of(text, c.NewDimmed, c.OldDimmed, c.ContextDimmed), text, marks)
	default:
		dst = appendColoured(dst, c.of(text, c.New, c.Old, c.Context), " ", text)
	}
	return append(append(dst, ret...), '\n')
}

// appendColoured appends what there is of a sign and a text between a colour
// and its reset.
func appendColoured(dst []byte, colour, sign string, text []byte) []byte {
	if sign == "" && len(text) == 0 {
		return dst
	}
	return appendAll(append(appendAll(dst, colour, sign), text...), colourReset)
}

func appendAll(dst []byte, parts ...string) []byte {
	for _, s := range parts {
		dst = append(dst, s...)
	}
	return dst
}
