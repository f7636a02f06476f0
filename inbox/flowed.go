package inbox

import (
	"regexp"
	"strings"
	"sync"
)

// unflow makes lines whole that format=flowed has broken (RFC 3676, section 4):
// a line that ends in a blank goes on in the next one of the same depth of
// quotation. delSp takes that blank away.
func unflow(text string, delSp bool) string {
	var out strings.Builder
	open, openDepth := false, 0 // the line at the end of out goes on
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		content := strings.TrimLeft(line, ">")
		depth := len(line) - len(content)
		content = strings.TrimPrefix(content, " ") // stuffed
		if open && (depth != openDepth || content == "-- " || trailerStart().MatchString(content)) {
			out.WriteByte('\n')
			open = false
		}
		if !open && depth > 0 {
			out.WriteString(strings.Repeat(">", depth) + " ")
		}
		open, openDepth = strings.HasSuffix(content, " ") && content != "-- ", depth
		if open && delSp {
			content = strings.TrimSuffix(content, " ")
		}
		out.WriteString(content)
		if !open {
			out.WriteByte('\n')
		}
	}
	if open {
		out.WriteByte('\n')
	}
	return out.String()
}

// QUIRK: a blank behind a trailer, where the next one is not its continuation.
var trailerStart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Z][A-Za-z]*(-[A-Za-z]+)*-by: `) })
