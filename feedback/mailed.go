package feedback

import (
	"strconv"
	"strings"
	"unicode"
)

// A mailedLine is a line of a patch as its mail has it.
type mailedLine struct {
	key  string // what is left of it whatever mail programs do to blanks and letters
	file string // that it is about; "" in the message
	line int    // in the file as the patch leaves it, from 1; of a line that goes, where it was; 0 in the message
}

// mailedLines takes the text of a patch apart: its message, then its diff.
func mailedLines(message, diff string) []mailedLine {
	var all []mailedLine
	for line := range strings.Lines(message) {
		all = append(all, mailedLine{key: keyOf(line)})
	}
	var d diffReader
	for line := range strings.Lines(diff) {
		line = strings.TrimRight(line, "\r\n")
		l := mailedLine{key: keyOf(line)}
		l.file, l.line = d.read(line)
		all = append(all, l)
	}
	return all
}

// splitMailed finds where the diff begins in the text of a patch mail.
func splitMailed(text string) (message, diff string) {
	at := 0
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "diff --git ") || strings.HasPrefix(line, "--- a/") {
			return text[:at], text[at:]
		}
		at += len(line)
	}
	return text, ""
}

// A diffReader follows files and line numbers through a diff.
type diffReader struct {
	file     string
	next     int // line of the new file
	old, new int // lines that the hunk still has
}

// read returns the file and the line that a line of the diff is about.
func (d *diffReader) read(line string) (file string, number int) {
	if d.old > 0 || d.new > 0 {
		switch {
		case strings.HasPrefix(line, "+"):
			d.new--
			d.next++
			return d.file, d.next - 1
		case strings.HasPrefix(line, "-"):
			d.old--
			return d.file, max(1, d.next)
		case strings.HasPrefix(line, `\`):
			return d.file, max(1, d.next-1)
		}
		d.old--
		d.new--
		d.next++
		return d.file, d.next - 1
	}
	switch {
	case strings.HasPrefix(line, "diff --git "):
		d.file = ""
	case strings.HasPrefix(line, "--- "):
		d.file = fileName(line[4:], "a/")
	case strings.HasPrefix(line, "+++ "):
		if name := fileName(line[4:], "b/"); name != "" {
			d.file = name
		}
	case strings.HasPrefix(line, "@@ "):
		if old, new, ok := hunkSizes(line); ok {
			d.old, d.new, d.next = old.count, new.count, new.start
			return d.file, max(1, new.start)
		}
	}
	return d.file, 0
}

// fileName reads the name in a line "+++ b/name"; "" for /dev/null.
func fileName(name, prefix string) string {
	name, _, _ = strings.Cut(name, "\t")
	if plain, err := strconv.Unquote(name); err == nil && strings.HasPrefix(name, `"`) {
		name = plain
	}
	name, ok := strings.CutPrefix(name, prefix)
	if !ok || strings.ContainsAny(name, "\n\x00") {
		return ""
	}
	return name
}

type hunkSide struct{ start, count int }

// hunkSizes reads "@@ -1,2 +3,4 @@".
func hunkSizes(line string) (old, new hunkSide, ok bool) {
	words := strings.Fields(line)
	if len(words) < 4 || words[3] != "@@" {
		return old, new, false
	}
	old, okOld := readSide(words[1], "-")
	new, okNew := readSide(words[2], "+")
	return old, new, okOld && okNew
}

// maxLines bounds what a hunk may claim.
const maxLines = 100_000_000

func readSide(word, mark string) (s hunkSide, ok bool) {
	word, ok = strings.CutPrefix(word, mark)
	start, count, counted := strings.Cut(word, ",")
	if !counted {
		count = "1"
	}
	var errStart, errCount error
	s.start, errStart = strconv.Atoi(start)
	s.count, errCount = strconv.Atoi(count)
	return s, ok && errStart == nil && errCount == nil && s.start >= 0 && s.count >= 0 && s.start < maxLines && s.count < maxLines
}

// keyOf is what two copies of a line have in common: mail programs change blanks,
// and make question marks of letters that they do not know.
func keyOf(line string) string {
	plain := true
	for i := 0; i < len(line) && plain; i++ {
		plain = line[i] > ' ' && line[i] < 0x7f && line[i] != '?'
	}
	if plain {
		return line
	}
	var key strings.Builder
	unknown := false
	for _, r := range line {
		switch {
		case unicode.IsSpace(r) || r == 0x200b || r == 0xfeff:
			continue
		case r >= 0x7f || r == '?':
			if !unknown {
				key.WriteByte('?')
			}
			unknown = true
			continue
		case r < ' ':
			continue
		}
		unknown = false
		key.WriteRune(r)
	}
	return key.String()
}
