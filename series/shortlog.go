package series

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// shortlog lists commits by author, as git shortlog does: authors in the order
// of their bytes, commits in theirs. A mailmap is not applied: who wrote a patch
// is said in the patch, and both must agree.
func shortlog(commits []*gitrepo.Commit) string {
	subjects := map[string][]string{}
	var authors []string
	for _, c := range commits {
		name := c.AuthorText().Name
		if !slices.Contains(authors, name) {
			authors = append(authors, name)
		}
		subjects[name] = append(subjects[name], shortlogLine(c))
	}
	slices.Sort(authors)
	var b strings.Builder
	for i, name := range authors {
		if i > 0 {
			b.WriteString("\n")
		}
		fmt.Fprintf(&b, "%s (%d):\n", name, len(subjects[name]))
		for _, subject := range subjects[name] {
			b.WriteString("      " + subject + "\n")
		}
	}
	return strings.TrimRight(b.String(), "\n")
}

// shortlogLine is the subject less a leading "[PATCH ...]".
func shortlogLine(c *gitrepo.Commit) string {
	subject, _ := gitrepo.SplitMessage(c.Text())
	if subject == "" {
		return "<none>"
	}
	if _, rest, closed := strings.Cut(subject, "]"); closed && strings.HasPrefix(subject, "[PATCH") {
		return strings.TrimLeft(rest, " \t")
	}
	return subject
}
