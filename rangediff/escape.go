package rangediff

func (p *Printer) escaped(text []byte) []byte {
	if p.Escape == nil {
		return text
	}
	return []byte(p.Escape(string(text)))
}

// escapedLine is a line with its marks at the places where what they mark is now.
func (p *Printer) escapedLine(l Line, marks []Span) (Line, []Span) {
	if p.Escape == nil {
		return l, marks
	}
	var text []byte
	done := 0
	upTo := func(end int) int {
		text = append(text, p.escaped(l.Text[done:end])...)
		done = end
		return len(text)
	}
	moved := make([]Span, len(marks))
	for n, m := range marks {
		moved[n].Start = upTo(m.Start)
		moved[n].End = upTo(m.End)
	}
	upTo(len(l.Text))
	return Line{l.Sign, text}, moved
}
