package trailers

// A Line is one line of a reply.
type Line struct {
	Text string // without its end
	// Own means that the author of the reply wrote it. A quotation, a diff, and a
	// patch that the reply carries are not.
	Own bool
}

// Lines takes the text of a reply apart, up to its signature.
func Lines(body string) []Line {
	own := ownLines(body)
	lines := make([]Line, len(own))
	for i, l := range own {
		lines[i] = Line{l.text, l.own}
	}
	return lines
}
