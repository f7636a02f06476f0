package trailers

import "strings"

// Drop takes the trailers that match says out of a commit message, with their
// continuation lines, and returns them. All other lines keep their bytes; notes
// in brackets stay. Like [Split] it does not look for a "---" line.
func Drop(msg string, match func(key string) bool) (rest string, dropped []Trailer) {
	body, block := Split(msg)
	var kept strings.Builder
	dropping := false
	for _, line := range splitLines(block) {
		text := strings.TrimRight(line, "\r\n")
		switch key, value, ok := parseLine(text); {
		case indented(text) && !blank(text):
			if dropping {
				last := &dropped[len(dropped)-1]
				last.Value += "\n" + strings.TrimSpace(text)
			}
		case ok && !isNote(text):
			if dropping = match(key); dropping {
				dropped = append(dropped, Trailer{Key: key, Value: value})
			}
		default:
			dropping = false
		}
		if !dropping {
			kept.WriteString(line)
		}
	}
	switch {
	case len(dropped) == 0:
		return msg, nil
	case blank(kept.String()): // the block is gone, and what set it apart
		return strings.TrimRight(body, " \t\r\n") + "\n", dropped
	}
	return body + kept.String(), dropped
}
