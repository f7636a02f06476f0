package coverletter

import (
	"regexp"
	"strings"
)

// TagText returns the text of the annotated tag of a sent revision
// (b4-interop 7.5.3), with a final newline: "[p1, p2] subject", a blank line,
// and the cover as rendered from [Letter.BodyWithRecipients], up to the
// signature. Blanks at line ends and runs of blank lines are cleaned up as git
// tag would, but "#" headings stay: the text is for a tag object written as
// it is.
func TagText(prefixes []string, subject, renderedCover string) string {
	title := strings.Join(strings.Fields(subject), " ")
	if len(prefixes) > 0 {
		title = "[" + strings.Join(prefixes, ", ") + "] " + title
	}
	return cleanUp(title + "\n\n" + withoutSignature(renderedCover))
}

// withoutSignature cuts a rendered cover at the first signature delimiter
// after its last line about base-commit or change-id (without such a line, at
// the first of all), so that a "-- " in the
// prose never costs the tag these lines.
func withoutSignature(cover string) string {
	lines := strings.Split(cover, "\n")
	cut := len(lines)
	for i := len(lines) - 1; i >= 0 && !namesBase(lines[i]); i-- {
		// QUIRK: b4 since 0.15 writes two blanks; git tag leaves none.
		if strings.TrimRight(lines[i], " \r") == "--" {
			cut = i
		}
	}
	return strings.Join(lines[:cut], "\n")
}

// cleanUp trims line ends, makes runs of blank lines one, and drops those at
// either end.
func cleanUp(text string) string {
	var b strings.Builder
	pending := false
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, " \t\r\n\v\f")
		if line == "" {
			pending = b.Len() > 0
			continue
		}
		if pending {
			b.WriteByte('\n')
			pending = false
		}
		b.WriteString(line + "\n")
	}
	return b.String()
}

// ParseTag reads the base-commit and change-id lines back from the text of a
// sent tag, kprep's or b4's; the last of each counts. Each is "" when missing
// or when it is no object name in hexadecimal or fails [CheckChangeID].
func ParseTag(text string) (baseCommit, changeID string) {
	if all := regexp.MustCompile(`(?m)^base-commit: +([0-9a-f]{7,64})[ \t\r]*$`).FindAllStringSubmatch(text, -1); all != nil {
		baseCommit = all[len(all)-1][1]
	}
	if all := regexp.MustCompile(`(?m)^change-id: +(\S+)[ \t\r]*$`).FindAllStringSubmatch(text, -1); all != nil {
		changeID = all[len(all)-1][1]
	}
	if CheckChangeID(changeID) != nil {
		changeID = ""
	}
	return baseCommit, changeID
}
