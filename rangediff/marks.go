package rangediff

// A Span is a part of the text of a line: its bytes from Start up to End.
type Span struct{ Start, End int }

// Marks are set off by reverse video, which every colour of a line leaves free.
const (
	markBegin = "\x1b[7m"
	markEnd   = "\x1b[27m"
)

// appendMarked appends text with its marks, between a colour and its reset.
func appendMarked(dst []byte, colour string, text []byte, marks []Span) []byte {
	if len(marks) == 0 {
		return appendColoured(dst, colour, "", text)
	}
	dst = append(dst, colour...)
	at := 0
	for _, m := range marks {
		m.End = min(m.End, len(text)) // a carriage return stays outside
		if m.Start >= m.End {
			continue
		}
		dst = append(append(dst, text[at:m.Start]...), markBegin...)
		dst = append(append(dst, text[m.Start:m.End]...), markEnd...)
		at = m.End
	}
	return append(append(dst, text[at:]...), colourReset...)
}
