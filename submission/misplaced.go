package submission

import (
	"regexp"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/trailers"
)

// isMisplaced says whether a commit has no text where git am reads it, and
// text below the "---", where it is thrown away: in its own message, or prose
// of the cover letter of a single patch, which goes there
// (spec/b4-interop 5.2).
func isMisplaced(c *gitrepo.Commit, coverProse string) bool {
	above, below := trailers.Cut(c.Text())
	text, _ := trailers.Split(above)
	_, text = gitrepo.SplitMessage(text)
	if strings.TrimSpace(text) != "" {
		return false
	}
	return strings.TrimSpace(coverProse) != "" || hasProse(below)
}

// hasProse looks for lines that are neither a diffstat nor trailers, up to a
// diff or a mail signature.
func hasProse(below string) bool {
	var lines []string
	stat := statLine()
	for line := range strings.Lines(below) {
		line = strings.TrimRight(line, " \t\r\n")
		if strings.HasPrefix(line, "diff -") || strings.HasPrefix(line, "Index: ") || strings.HasPrefix(line, "--- ") || line == "--" {
			break
		}
		if line != "" && line != "---" && !stat.MatchString(line) {
			lines = append(lines, line)
		}
	}
	body, _ := trailers.Split("title\n\n" + strings.Join(lines, "\n") + "\n")
	return len(lines) > 0 && strings.TrimSpace(body) != "title"
}

// statLine matches a line of a diffstat or of its summary.
func statLine() *regexp.Regexp {
	return regexp.MustCompile(`^ (\S.* +\| +(\d+|Bin)\b.*|\d+ files? changed.*|(create|delete) mode \d+ .*|mode change .*|(rename|copy|rewrite) .*)$`)
}
