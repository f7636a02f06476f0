package trailers

import (
	"strings"
	"unicode"
)

// A Trailer is one entry of a trailer block.
//
// Value has no blanks around it; continuation lines are joined to it by "\n"
// as they were written, with their indentation. A note between trailers, such
// as "[jane: fixed the typo]" or "(cherry picked from commit …)", has an empty
// Key and the note as its Value.
type Trailer struct{ Key, Value string }

// Parse returns the trailers of a block as [Split] returns it, notes included,
// in order. Lines that fit no grammar are skipped.
func Parse(block string) []Trailer {
	items, _ := scan(splitLines(block))
	return items
}

// String returns the trailer as it stands in a message, without the final
// newline. Blank lines inside the value are dropped, its further lines are
// indented where they are not, and a CR becomes a blank, so that one trailer
// stays one trailer.
func (t Trailer) String() string {
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(t.Value, "\r", " "), "\n") {
		switch {
		case blank(line):
		case len(lines) == 0:
			lines = append(lines, strings.TrimSpace(line))
		case indented(line) || t.Key == "":
			lines = append(lines, line)
		default:
			lines = append(lines, " "+line)
		}
	}
	value := strings.Join(lines, "\n")
	if t.Key == "" {
		return value
	}
	return strings.TrimRight(t.Key+": "+value, " ")
}

// Same reports whether t and o say the same: name and value are compared
// without regard to case, and runs of white space count as one blank
// (b4-interop 9.4).
func (t Trailer) Same(o Trailer) bool {
	return strings.EqualFold(t.Key, o.Key) &&
		strings.EqualFold(strings.Join(strings.Fields(t.Value), " "), strings.Join(strings.Fields(o.Value), " "))
}

// Is reports whether the trailer has this name, in any case.
func (t Trailer) Is(key string) bool { return strings.EqualFold(t.Key, key) }

// scan reads the trailers of lines; ok is false when a line is neither a
// trailer nor a continuation nor a note. Blank lines are passed over.
func scan(lines []string) (items []Trailer, ok bool) {
	ok = true
	open := false // the note in the last item has no closing bracket yet
	for _, line := range lines {
		line = strings.TrimRightFunc(line, unicode.IsSpace)
		last := len(items) - 1
		switch key, value, isTrailer := parseLine(line); {
		case line == "":
		case last >= 0 && (open || indented(line)):
			items[last].Value += "\n" + line
			open = open && !strings.Contains(line, "]")
		case isTrailer:
			items = append(items, Trailer{key, value})
		case isNote(line):
			items = append(items, Trailer{Value: strings.TrimSpace(line)})
			open = strings.Contains(line, "[") && !strings.Contains(line, "]")
		default:
			ok = false
		}
	}
	return items, ok && !open
}

// parseLine reads `Key: value`. As in git, a key is made of ASCII letters,
// digits and "-", and blanks may stand before the colon.
func parseLine(line string) (key, value string, ok bool) {
	key, value, ok = strings.Cut(line, ":")
	key = strings.TrimRight(key, " \t")
	if !ok || key == "" || strings.Trim(key, keyBytes) != "" {
		return "", "", false
	}
	// QUIRK: "Cc:jane@example.org" is a trailer, "https://example.org" and
	// "std::move" are not.
	if strings.HasPrefix(value, "/") || strings.HasPrefix(value, ":") {
		return "", "", false
	}
	return key, strings.TrimSpace(value), true
}

const keyBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

// isNote reports whether a line that is no trailer may stand in a block: what
// git cherry-pick -x adds, and the remarks that maintainers put in brackets.
func isNote(line string) bool {
	return isPicked(line) || strings.HasPrefix(strings.TrimLeft(line, " \t"), "[")
}

func isPicked(line string) bool {
	return strings.HasPrefix(line, "(cherry picked from ") || strings.HasPrefix(line, "(backported from ")
}

func indented(line string) bool { return line != "" && (line[0] == ' ' || line[0] == '\t') }
