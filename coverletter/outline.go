package coverletter

import (
	"slices"
	"strings"
	"unicode"

	"github.com/kprep/kprep/trailers"
)

// An outline tells where the parts of a cover text are, as line indexes.
type outline struct {
	title int // -1 when there is none (b4-interop 3.3)
	body  int // the first line after the title, or 0
	// The trailer block is [block, blockEnd); both are the end of the text
	// above the cut when there is none.
	block, blockEnd int
	trailers        []trailers.Trailer
	cut             int // the first "---" line, or the number of lines
	sections        []span
}

// A span is the lines [start, end) between two "---" lines.
type span struct{ start, end int }

// outlineOf reads lines as [view] returns them; it gives the same parts for a
// text before and after [Clean].
func outlineOf(lines []string) outline {
	o := outline{title: -1, cut: len(lines)}
	for i, line := range lines {
		if strings.TrimRight(line, " \t\r") != "---" {
			continue
		}
		if len(o.sections) == 0 {
			o.cut = i
		} else {
			o.sections[len(o.sections)-1].end = i
		}
		o.sections = append(o.sections, span{i + 1, len(lines)})
	}
	first := firstLine(lines)
	if first < len(lines) {
		// Clean strips the white space in front of the text.
		lines = slices.Clone(lines)
		lines[first] = strings.TrimLeftFunc(lines[first], unicode.IsSpace)
	}
	if first+1 < o.cut && blank(lines[first+1]) && first+1+firstLine(lines[first+1:]) < len(lines) {
		o.title, o.body = first, first+1
	}
	o.block, o.blockEnd, o.trailers = blockOf(lines, span{o.body, o.cut})
	return o
}

// blockOf finds the trailer block of one section; both ends are s.end without.
func blockOf(lines []string, s span) (start, end int, ts []trailers.Trailer) {
	// The blank line in front says that the first paragraph is no title.
	body, block := trailers.Split("\n" + strings.Join(lines[s.start:s.end], "\n"))
	if block == "" {
		return s.end, s.end, nil
	}
	start = s.start + strings.Count(body, "\n") - 1
	end = start
	ts = trailers.Parse(block)
	for _, t := range ts {
		end += 1 + strings.Count(t.Value, "\n")
	}
	return start, end, ts
}

// firstLine returns the index of the first line that is not blank, or
// len(lines).
func firstLine(lines []string) int {
	i := slices.IndexFunc(lines, func(line string) bool { return !blank(line) })
	if i < 0 {
		return len(lines)
	}
	return i
}
