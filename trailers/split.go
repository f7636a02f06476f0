package trailers

import (
	"slices"
	"strings"
)

// Cut divides a message at its first line "---", where git am stops reading
// the commit message. below starts with that line and is empty when there is
// none; above+below == msg.
func Cut(msg string) (above, below string) {
	for at := 0; at < len(msg); {
		line := lineAt(msg, at)
		if strings.TrimRight(line, " \t\r\n") == "---" {
			return msg[:at], msg[at:]
		}
		at += len(line)
	}
	return msg, ""
}

// Split divides a commit message into its body and its trailer block, the
// last paragraph when every line of it is a trailer or the continuation of
// one. The split is lossless: body+block == msg. A message without trailers
// has an empty block.
//
// The first paragraph is the title and never a block, but a message that
// starts with a blank line has no title. Blank lines after the block belong to
// it. Split does not look for a "---" line: see [Cut].
func Split(msg string) (body, block string) {
	lines := splitLines(msg)
	end := len(lines)
	for end > 0 && blank(lines[end-1]) {
		end--
	}
	start := end
	for start > 0 && !blank(lines[start-1]) {
		start--
	}
	if start == 0 || !isBlock(lines[start:end]) {
		return msg, ""
	}
	at := 0
	for _, line := range lines[:start] {
		at += len(line)
	}
	return msg[:at], msg[at:]
}

// splitTail is Split, and where that finds no block it takes the trailers at the
// end of the last paragraph, under prose, when somebody signs off or vouches for
// something among them.
//
// QUIRK: "Some prose.\nSigned-off-by: Jane <jane@example.org>\n".
func splitTail(msg string) (body, block string) {
	if body, block = Split(msg); block != "" {
		return body, block
	}
	lines := splitLines(msg)
	end := len(lines)
	for end > 0 && blank(lines[end-1]) {
		end--
	}
	top := end
	for top > 0 && !blank(lines[top-1]) {
		top--
	}
	if top == 0 {
		return msg, ""
	}
	start, vouched := end, false
	for at := end - 1; at >= top; at-- {
		key, value, ok := parseLine(strings.TrimRight(lines[at], " \t\r\n"))
		switch {
		case ok:
			if _, isPerson := (Trailer{key, value}).Person(); isPerson && strings.HasSuffix(strings.ToLower(key), "-by") {
				vouched = true
			}
			start = at
			continue
		case indented(lines[at]) || isNote(lines[at]):
			continue
		}
		at = top
	}
	if _, ok := scan(lines[start:end]); !ok || !vouched || slices.ContainsFunc(lines[top:start], opensNote) {
		return msg, ""
	}
	at := len(strings.Join(lines[:start], ""))
	return msg[:at], msg[at:]
}

// opensNote is true of a line that begins a note in brackets, which the next
// bracket would end.
func opensNote(line string) bool {
	return isNote(line) && strings.Contains(line, "[") && !strings.Contains(line, "]")
}

// isBlock reports whether the lines of one paragraph form a trailer block.
func isBlock(paragraph []string) bool {
	entries, ok := scan(paragraph)
	if !ok {
		return false
	}
	for _, it := range entries {
		if it.Value != "" && (it.Key != "" || isPicked(it.Value)) {
			return true
		}
	}
	return false
}

func lineAt(s string, at int) string {
	if i := strings.IndexByte(s[at:], '\n'); i >= 0 {
		return s[at : at+i+1]
	}
	return s[at:]
}

// splitLines cuts s after each newline; joined, the lines are s again.
func splitLines(s string) []string {
	lines := strings.SplitAfter(s, "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	return lines
}

func blank(line string) bool { return strings.TrimSpace(line) == "" }
