package trailers

import (
	"cmp"
	"strings"
)

// FromReply returns the trailers that the text of a reply gives, in order: lines
// of its own of the form "Name: value", indented or not (b4-interop 9.3). Those
// in quotations, below a signature's "-- ", in a diff and in a patch that the
// reply carries are not given, and neither is what only looks like a trailer.
//
// One in a sentence, below words that lead on to it and are not known to be plain,
// or above words that go on with it, has a condition; one that holds what nobody
// sees, or names two, is refused.
//
// What a reply says against what its sender gave before is a sentence by which it
// refuses or takes back something, or a trailer that does, "" for none.
//
// Of a body beyond all measure the beginning counts.
func FromReply(body string) (given []Given, against string) {
	const maxBody = 1 << 20
	if len(body) > maxBody {
		body = body[:strings.LastIndexByte(body[:maxBody], '\n')+1]
	}
	var r reply
	lines := ownLines(body)
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if !line.own {
			r.endStretch(true)
			continue
		}
		text := line.text
		if i+1 < len(lines) && lines[i+1].own {
			if whole, ok := joinBroken(text, lines[i+1].text); ok {
				text = whole
				i++
			}
		}
		r.read(text)
	}
	r.endStretch(false)
	prose := strings.Join(r.prose, " ")
	refusal := shortened(takenBack(prose))
	r.settle(limitedScope(prose), refusal)
	return r.given, cmp.Or(refusing(r.given), refusal)
}

// A passage is a paragraph of prose, a block of trailers, or a line drawn between.
type passage struct {
	prose    []string
	given    []Given
	near     bool // there is no blank line above it
	indented bool // all lines are
}

// A reply collects the trailers of a reply line by line.
type reply struct {
	given   []Given
	stretch []passage // since the last quotation
	gap     bool      // the line before was blank
	prose   []string  // all of it
}

func (r *reply) read(line string) {
	text := trimBlanks(line)
	if text == "" {
		r.gap = true
		return
	}
	var last *passage
	if n := len(r.stretch); n > 0 && !r.gap {
		last = &r.stretch[n-1]
		last.indented = last.indented && isIndented(line)
	}
	g, isGiven := readGiven(text)
	if !isGiven {
		g, isGiven = givenInSentence(text)
	}
	switch {
	case isRule(text):
		r.begin(passage{}, line)
	case isGiven && last != nil && last.given != nil:
		last.given = append(last.given, g)
	case isGiven:
		r.begin(passage{given: []Given{g}}, line)
	case last != nil && last.given != nil && strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]"):
		last.given[len(last.given)-1].note(text)
	case last != nil && last.prose != nil:
		last.prose = append(last.prose, text)
	default:
		r.begin(passage{prose: []string{text}}, line)
	}
	r.gap = false
}

func (r *reply) begin(p passage, line string) {
	p.near, p.indented = len(r.stretch) > 0 && !r.gap, isIndented(line)
	r.stretch = append(r.stretch, p)
}

// What is looked at above and below a trailer.
const (
	maxLines = 8
	maxProse = 1000 // bytes
)

// endStretch looks at what stands around the trailers since the last quotation.
func (r *reply) endStretch(quotation bool) {
	var s surroundings
	var lead passage
	unread := false
	for i, p := range r.stretch {
		if p.given == nil {
			lead, unread = p, true
			r.prose = append(r.prose, p.prose...)
			continue
		}
		if unread {
			s.readLead(lead, p.indented)
			unread = false
		}
		var below passage
		if i+1 < len(r.stretch) {
			below = r.stretch[i+1]
		}
		s.readBelow(below, quotation && i+2 == len(r.stretch))
		for _, g := range p.given {
			r.given = append(r.given, s.settle(g))
		}
	}
	r.stretch, r.gap = nil, false
}

// isRule is true of a line that is drawn between what has nothing to do with each
// other, such as what a list adds to each mail.
func isRule(line string) bool { return len(line) > 1 && strings.Trim(line, "-_=*+#<>8% ") == "" }

func isIndented(line string) bool {
	return strings.HasPrefix(line, "  ") || strings.HasPrefix(line, "\t")
}

// surroundings are what the prose around a block of trailers says.
type surroundings struct {
	above, below struct {
		condition string
		open      string // that leads on to the trailers, or goes on with them
		scope     string
	}
}

// readLead reads what stands above, indented as the trailers are or not.
func (s *surroundings) readLead(p passage, indented bool) {
	lead := lastBytes(strings.Join(p.prose[max(0, len(p.prose)-maxLines):], " "), maxProse)
	last := lastSentence(lead)
	s.above.condition, s.above.open, s.above.scope = condition(last), introduction(last), scope(last)
	if indented && p.indented { // as of a commit that the reply shows
		s.above.open = last
	}
	// The rest of the paragraph counts unless its end is about all of the series.
	if s.above.scope == "" && !wordsOf(last).say("series", "patchset", "set", "all patches", "all of them") {
		s.above.scope = scope(lead)
	}
}

// readBelow reads what stands below, right above a quotation or not.
func (s *surroundings) readBelow(p passage, quotation bool) {
	below := strings.Join(p.prose[:min(maxLines, len(p.prose))], " ")
	if quotation && strings.HasSuffix(below, ":") {
		below = "" // "Jane Doe wrote:", above what she wrote
	}
	first := firstSentence(below[:min(len(below), maxProse)])
	s.below.condition, s.below.open, s.below.scope = condition(first), continuation(first, p.near), scope(first)
}

// settle notes under which condition, and for which patches, a trailer is given.
func (s *surroundings) settle(g Given) Given {
	if g.Refused != "" {
		return g
	}
	notes := strings.Join(g.Notes, " ")
	_, remark := splitAddress(g.Value)
	g.Condition = cmp.Or(g.Condition, s.above.condition, condition(notes), s.below.condition)
	if g.Vouches() {
		g.Condition = cmp.Or(g.Condition, s.above.open, s.below.open)
	}
	g.Condition = shortened(g.Condition)
	g.Scope = cmp.Or(s.above.scope, s.below.scope, scope(remark), scope(notes))
	return g
}

// lastBytes is the end of a long text.
func lastBytes(text string, most int) string { return text[max(0, len(text)-most):] }

// settle notes what the whole reply says of all that it gives.
func (r *reply) settle(limit, refusal string) {
	for i := range r.given {
		g := &r.given[i]
		if g.Refused != "" {
			continue
		}
		g.Scope = shortened(cmp.Or(g.Scope, limit))
		if g.Vouches() {
			g.Condition = cmp.Or(g.Condition, refusal)
		}
	}
}

// shortened is the end of a long text.
func shortened(words string) string {
	const most = 200
	runes := []rune(words)
	if len(runes) <= most {
		return words
	}
	return "..." + string(runes[len(runes)-most:])
}
