package coverletter

import (
	"errors"
	"regexp"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A Tagged is what the text of a sent tag says about the revision.
type Tagged struct {
	Prefixes      []string // of the subjects, without PATCH
	Text          string   // the cover letter, as [Parse] reads it
	Prerequisites string   // the lines that name them, as ${prerequisites} prints them
	RangeDiff     bool     // it has a range-diff
}

// ErrTagText means that no cover letter can be made out in the text of a tag:
// it was rendered by a template without "---" lines around its lists.
var ErrTagText = errors.New("no cover letter can be told apart in the text of the tag")

// FromTag takes the text of a sent tag apart, kprep's or b4's: the inverse of
// [TagText] for templates that put shortlog, diffstat and base behind "---"
// lines, as the default does.
func FromTag(text string) (Tagged, error) {
	title, rest, _ := strings.Cut(cleanUp(text), "\n")
	prefixes, subject := patchmail.LiftBrackets(title)
	sections := splitAtCuts(rest)
	end := 0
	for end < len(sections) && !isGenerated(sections[end]) {
		end++
	}
	if end == 0 || end == len(sections) {
		return Tagged{}, ErrTagText
	}
	t := Tagged{Prefixes: prefixes}
	lines := strings.Split(strings.Join(sections[:end], "\n---\n"), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") {
			lines[i] = ">" + line
		}
	}
	t.Text = subject + "\n\n" + strings.TrimSpace(strings.Join(lines, "\n")) + "\n"
	needs := regexp.MustCompile(`(?m)^prerequisite-(change-id|message-id|patch-id): .*$`).FindAllString(strings.Join(sections[end:], "\n"), -1)
	t.Prerequisites = strings.Join(needs, "\n")
	t.RangeDiff = regexp.MustCompile(`(?m)^Range-diff versus `).MatchString(strings.Join(sections[end:], "\n"))
	return t, nil
}

// splitAtCuts divides a text at its "---" lines.
func splitAtCuts(text string) []string {
	var sections []string
	begin, at := 0, 0
	for line := range strings.Lines(text) {
		if strings.TrimRight(line, " \r\n") == "---" {
			sections = append(sections, text[begin:at])
			begin = at + len(line)
		}
		at += len(line)
	}
	sections = append(sections, text[begin:])
	for i := range sections {
		sections[i] = strings.Trim(sections[i], "\n")
	}
	return sections
}

// isGenerated is true of a section that is made anew for every mail.
func isGenerated(section string) bool {
	return namesBase(section) || regexp.MustCompile(`(?m)^ \d+ files? changed`).MatchString(section)
}
