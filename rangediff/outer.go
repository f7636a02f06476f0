package rangediff

import (
	"bytes"
	"unicode/utf8"

	"github.com/kprep/kprep/rangediff/xdiff"
)

// DiffOptions say how the texts of a pair are compared. The zero value has no
// context and slides no changes.
type DiffOptions struct {
	Context, InterHunk int
	Algorithm          xdiff.Options
	Space              xdiff.Whitespace // which whitespace does not count
	IgnoreBlankLines   bool             // show changes of blank lines only next to others
	Functions          bool             // show whole parts of the texts, from heading to heading
	// UTF8 says that headings are looked for as in a UTF-8 locale, where a
	// line that is not UTF-8 is none. git takes LC_ALL, LC_CTYPE and LANG for
	// it, in this order.
	UTF8 bool
}

// A Hunk is a part of the diff of two texts, with its context.
type Hunk struct {
	// Heading says which part of the text it is: the file, the function, or
	// "Commit message". Empty when there is none above the hunk.
	Heading []byte
	Lines   []Line
}

// A Line is a line of a hunk.
type Line struct {
	Sign byte   // ' ', '-' or '+': of both texts, of the old or of the new one
	Text []byte // a line of a text, without newline
}

// A Differ compares texts, and keeps its buffers. The zero value is ready for
// use, by one goroutine at a time.
type Differ struct{ differ xdiff.Differ }

// Diff compares the texts of two commits. No hunks come from texts that are
// equal under the options.
func (d *Differ) Diff(old, new []byte, o DiffOptions) []Hunk {
	table := xdiff.Table{Space: o.Space}
	a, b := table.File(old), table.File(new)
	// Without context git compares in another way.
	o.Algorithm.NoContext = o.Context == 0 && !o.Functions
	unified := xdiff.Unified{Context: o.Context, InterHunk: o.InterHunk, FunctionContext: o.Functions,
		Funcname: func(line []byte) ([]byte, bool) { return section(line, o.UTF8) }}
	if o.IgnoreBlankLines {
		unified.Ignored = append(unified.Ignored, o.Space.Blank)
	}
	hunks := unified.Hunks(a, b, d.differ.Diff(a, b, o.Algorithm))
	headings := xdiff.Headings(a, hunks, unified.Funcname)
	out := make([]Hunk, len(hunks))
	for n, h := range hunks {
		out[n] = Hunk{Heading: headings[n], Lines: hunkLines(h, a, b)}
	}
	return out
}

func hunkLines(h xdiff.Hunk, a, b *xdiff.File) []Line {
	lines := make([]Line, 0, h.OldCount+h.NewCount)
	add := func(sign byte, texts [][]byte) {
		for _, text := range texts {
			lines = append(lines, Line{sign, bytes.TrimSuffix(text, []byte("\n"))})
		}
	}
	at := h.New - 1
	if h.NewCount == 0 {
		at++
	}
	end := at + h.NewCount
	for _, c := range h.Changes {
		add(' ', b.Lines[at:c.New])
		add('-', a.Lines[c.Old:c.Old+c.OldCount])
		add('+', b.Lines[c.New:c.New+c.NewCount])
		at = c.New + c.NewCount
	}
	add(' ', b.Lines[at:end])
	return lines
}

// section finds what a line of a text says about those below it: the name in
// " ## name ##", or what follows "@@ " after at most one character.
func section(line []byte, utf bool) ([]byte, bool) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if utf && !utf8.Valid(line) {
		return nil, false
	}
	if name, ok := bytes.CutPrefix(line, []byte(" ## ")); ok {
		if name, ok := bytes.CutSuffix(name, []byte(" ##")); ok {
			return name, true
		}
	}
	if text, ok := bytes.CutPrefix(line, []byte("@@ ")); ok {
		return text, true
	}
	if len(line) == 0 {
		return nil, false
	}
	size := 1
	if utf {
		_, size = utf8.DecodeRune(line)
	}
	return bytes.CutPrefix(line[size:], []byte("@@ "))
}

// LocaleDecides reports whether some line of a text is a heading in one locale
// and not, or another one, in the other: see DiffOptions.UTF8.
func LocaleDecides(text []byte) bool {
	for line := range bytes.Lines(text) {
		inUTF8, isInUTF8 := section(line, true)
		inC, isInC := section(line, false)
		if isInUTF8 != isInC || !bytes.Equal(inUTF8, inC) {
			return true
		}
	}
	return false
}
