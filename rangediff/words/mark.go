package words

import "github.com/kprep/kprep/rangediff"

// Mark gives for each line of a hunk the parts that changed, in order and apart
// from each other. Each run of removed lines is compared with the added lines
// that follow it. A line has no marks when it did not change, when it has no
// counterpart, and when so little of it stayed that marks would only distract.
//
// Time and memory are bounded: in lines too long or too many for a comparison
// only what is equal at both ends stays without mark, or nothing is marked.
func Mark(lines []rangediff.Line) [][]rangediff.Span {
	marks := make([][]rangediff.Span, len(lines))
	for at := 0; at < len(lines); {
		old := at + leading(lines[at:], '-')
		end := old + leading(lines[old:], '+')
		if at < old && old < end {
			markRun(lines[at:old], lines[old:end], marks[at:old], marks[old:end])
		}
		at = max(end, at+1)
	}
	return marks
}

// leading counts the lines with that sign at the start.
func leading(lines []rangediff.Line, sign byte) int {
	n := 0
	for n < len(lines) && lines[n].Sign == sign {
		n++
	}
	return n
}

// The limits of a run of lines. Comparing a thousand words with as many takes
// milliseconds. What is longer than mostBytes was not written by hand.
const (
	mostSteps = 1_000_000
	mostBytes = 200_000
)

func markRun(old, new []rangediff.Line, oldMarks, newMarks [][]rangediff.Span) {
	c := comparison{steps: mostSteps}
	if c.mark(old, new, oldMarks, newMarks) || len(old) != len(new) || len(old) == 1 {
		return
	}
	for n := range old {
		c.mark(old[n:n+1], new[n:n+1], oldMarks[n:n+1], newMarks[n:n+1])
	}
}

// mark compares lines as a whole. False is for too many lines.
func (c *comparison) mark(old, new []rangediff.Line, oldMarks, newMarks [][]rangediff.Span) bool {
	if size(old)+size(new) > mostBytes {
		return false
	}
	a, b := split(old), split(new)
	partner, ok := c.compare(a, b)
	if !ok && len(old)+len(new) > 2 {
		return false
	}
	oldChanged, newChanged := changes(a, b, partner)
	markLines(a, oldChanged, oldMarks)
	markLines(b, newChanged, newMarks)
	return true
}

// size is the length of lines in bytes.
func size(lines []rangediff.Line) int {
	n := 0
	for _, l := range lines {
		n += len(l.Text)
	}
	return n
}

// A change says what of a word changed: itself, and a part of the blanks before it.
type change struct {
	word   bool
	before rangediff.Span
}

// changes follows from who is whose partner. Blanks count between words that
// stayed neighbours, and before words that stayed the first of their lines.
func changes(a, b []word, partner []int) (old, new []change) {
	old, new = make([]change, len(a)), make([]change, len(b))
	for n := range new {
		new[n].word = true
	}
	last := -1 // the partner of the word before
	for n, p := range partner {
		if p < 0 {
			old[n].word, last = true, -1
			continue
		}
		new[p].word = false
		neighbours := last >= 0 && last == p-1 && !a[n].first && !b[p].first
		if (neighbours || a[n].first && b[p].first) && a[n].blanks != b[p].blanks {
			old[n].before, new[p].before = between(a[n], b[p]), between(b[p], a[n])
		}
		last = p
	}
	return old, new
}

// between is what of the blanks before a word is not the same at both ends of
// those before another.
func between(w, other word) rangediff.Span {
	start, left := 0, min(len(w.blanks), len(other.blanks))
	for left > 0 && w.blanks[start] == other.blanks[start] {
		start, left = start+1, left-1
	}
	end := len(w.blanks)
	for left > 0 && w.blanks[end-1] == other.blanks[len(other.blanks)-len(w.blanks)+end-1] {
		end, left = end-1, left-1
	}
	return rangediff.Span{Start: w.before.Start + start, End: w.before.Start + end}
}

// markLines turns changes into the marks of each line.
func markLines(words []word, changed []change, marks [][]rangediff.Span) {
	for len(words) > 0 {
		n, end := words[0].line, 1
		for end < len(words) && words[end].line == n {
			end++
		}
		fillGaps(words[:end], changed[:end])
		if worthMarking(words[:end], changed[:end]) {
			marks[n] = spans(words[:end], changed[:end])
		}
		words, changed = words[end:], changed[end:]
	}
}

// fillGaps marks what stands between two changed words of a line as changed
// when no identifier, number or word of prose is in it: equal punctuation says
// nothing about its surroundings.
func fillGaps(words []word, changed []change) {
	last := -1 // the last changed word, if only gaps followed
	for n, w := range words {
		switch {
		case changed[n].word:
			for gap := last + 1; last >= 0 && gap <= n; gap++ {
				changed[gap] = change{word: true, before: words[gap].before}
			}
			last = n
		case w.named:
			last = -1
		}
	}
}

// worthMarking reports whether enough of a line stayed: a third of it, blanks
// apart.
func worthMarking(words []word, changed []change) bool {
	stayed, all := 0, 0
	for n, w := range words {
		all += len(w.text)
		if !changed[n].word {
			stayed += len(w.text)
		}
	}
	return 3*stayed >= all
}

// spans joins what changed in one line.
func spans(words []word, changed []change) []rangediff.Span {
	var out []rangediff.Span
	add := func(s rangediff.Span) {
		switch last := len(out) - 1; {
		case s.Start == s.End:
		case last >= 0 && out[last].End == s.Start:
			out[last].End = s.End
		default:
			out = append(out, s)
		}
	}
	for n, w := range words {
		add(changed[n].before)
		if changed[n].word {
			add(w.span)
		}
	}
	return out
}
