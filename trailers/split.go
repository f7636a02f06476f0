package trailers

import "strings"

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

// isBlock reports whether the lines of one paragraph form a trailer block.
func isBlock(paragraph []string) bool {
	items, ok := scan(paragraph)
	if !ok {
		return false
	}
	for _, it := range items {
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
