package submission

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// lossy finds what a commit has that its mail will not bring to the other
// side, whoever writes the mail.
func (s *Submission) lossy(c *gitrepo.Commit) []Problem {
	var all []Problem
	_, body := gitrepo.SplitMessage(c.Message)
	if line := cutLine(body); line != "" {
		all = append(all, Problem{Name: "cut-message",
			Text: fmt.Sprintf("commit %s (%s): git am drops its message from the line %q on", c.ID.Short(), c.Subject(), line)})
	}
	if len(c.Parents) == 1 {
		parent, err := s.repo.Commit(string(c.Parents[0]))
		if err == nil && parent.Tree == c.Tree {
			all = append(all, Problem{Name: "empty",
				Text: fmt.Sprintf("commit %s (%s) changes nothing, and git am stops at a mail without a patch", c.ID.Short(), c.Subject())})
		}
	}
	return all
}

// cutLine returns the first line that git am takes for the end of a message;
// "" when there is none.
func cutLine(body string) string {
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.TrimRight(line, " \t\r") == "---", strings.HasPrefix(line, "--- "),
			strings.HasPrefix(line, "diff -"), strings.HasPrefix(line, "Index: "):
			return line
		}
	}
	return ""
}

// straying finds a line of the cover letter that git am would take for a part
// of the patch, where a single patch carries the letter below its "---".
func (s *Submission) straying() []Problem {
	line := patchLine(s.letterBelow().Body())
	if line == "" {
		return nil
	}
	return []Problem{{Name: "cut-message", Next: "indent it with 'kprep cover'",
		Text: fmt.Sprintf("the cover letter goes below the \"---\" of a single patch, and git am takes its line %q for a part of the patch", line)}}
}

// patchLine returns the first line that git apply reads as the beginning of a
// patch, which may stand behind any text; "" when there is none.
func patchLine(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "diff --git "), strings.HasPrefix(line, "@@ -"),
			strings.HasPrefix(line, "--- ") && i+1 < len(lines) && strings.HasPrefix(lines[i+1], "+++ "):
			return line
		}
	}
	return ""
}
