package coverletter

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/trailers"
)

// settle moves comment lines from among the trailers of a cover text to above
// them. Rendering empties a comment, and an empty line would end the block
// there: commenting one recipient out must not lose those above it.
func settle(text string) string {
	lines := rawLines(text)
	start, end := commented(lines)
	isComment := func(line string) bool { return strings.HasPrefix(line, "#") }
	block := lines[start:end]
	comments := slices.DeleteFunc(slices.Clone(block), func(line string) bool { return !isComment(line) })
	if len(comments) == 0 {
		return text
	}
	rest := slices.DeleteFunc(slices.Clone(block), isComment)
	return strings.Join(slices.Concat(lines[:start], comments, rest, lines[end:]), "")
}

// commented returns where the trailer block above the first "---" line is,
// with the comments among its trailers; both are 0 when there is none.
func commented(lines []string) (start, end int) {
	text := func(i int) bool { return !blank(lines[i]) && !strings.HasPrefix(lines[i], "#") }
	end = slices.IndexFunc(lines, func(line string) bool { return strings.TrimRight(line, " \t\r\n") == "---" })
	if end < 0 {
		end = len(lines)
	}
	for end > 0 && !text(end-1) {
		end--
	}
	for start, next := end, end; ; start = next {
		above := start
		for above > 0 && strings.HasPrefix(lines[above-1], "#") {
			above--
		}
		for next = above; next > 0 && text(next-1); next-- {
		}
		// What stands first is the title, though it may look like a trailer.
		if next == above || next <= firstLine(lines) || !isBlock(lines[next:above]) {
			return start, end
		}
	}
}

func isBlock(lines []string) bool {
	body, _ := trailers.Split("\n\n" + strings.Join(lines, ""))
	return blank(body)
}
