package trailers

import (
	"net/url"
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
	entries, _ := scan(splitLines(block))
	var all []Trailer
	for _, e := range entries {
		all = append(all, e.Trailer)
	}
	return all
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

// Same reports whether t and o say the same: the same name in any case, and the
// same person, or a link to the same message, or the same value, in which case
// does not count and runs of white space are one blank (b4-interop 9.4). A
// remark behind a person's address does not count.
func (t Trailer) Same(o Trailer) bool {
	var s Set
	s.Add(t)
	return !s.Add(o)
}

// LinkedID is the message-id, without brackets, of the mail that a Link, BugLink
// or Closes trailer names by the URL of an archive; "" for none.
func (t Trailer) LinkedID() string {
	if !t.Is("Link") && !t.Is("BugLink") && !t.Is("Closes") {
		return ""
	}
	words := strings.Fields(t.Value)
	if len(words) == 0 || !strings.Contains(words[0], "://") {
		return ""
	}
	_, path, _ := strings.Cut(words[0], "://")
	for _, part := range strings.Split(path, "/")[1:] {
		if id, err := url.PathUnescape(part); err == nil && strings.Contains(id, "@") {
			return id
		}
	}
	return ""
}

// Is reports whether the trailer has this name, in any case.
func (t Trailer) Is(key string) bool { return strings.EqualFold(t.Key, key) }

// An entry is a trailer with its bytes in the message, all its lines whole.
type entry struct {
	Trailer
	raw string
}

// scan reads the trailers of lines; ok is false when a line is neither a
// trailer nor a continuation nor a note. Blank lines are passed over.
func scan(lines []string) (entries []entry, ok bool) {
	ok = true
	open := false // the note in the last entry has no closing bracket yet
	for _, raw := range lines {
		line := strings.TrimRightFunc(raw, unicode.IsSpace)
		last := len(entries) - 1
		switch key, value, isTrailer := parseLine(line); {
		case line == "":
		case last >= 0 && (open || indented(line)):
			entries[last].Value += "\n" + line
			entries[last].raw += raw
			open = open && !strings.Contains(line, "]")
		case isTrailer:
			entries = append(entries, entry{Trailer{key, value}, raw})
		case isNote(line):
			entries = append(entries, entry{Trailer{Value: strings.TrimSpace(line)}, raw})
			open = strings.Contains(line, "[") && !strings.Contains(line, "]")
		default:
			ok = false
		}
	}
	return entries, ok && !open
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
