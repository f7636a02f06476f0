package coverletter

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// FromMail makes a cover text of a cover letter as it was mailed: of its title,
// which has no prefixes any more, and of its body. What is made anew for every
// mail is left out: shortlog, diffstat, range-diff, the lines that name the base
// and the series, and what follows them. It reads the forms of kprep, b4 and git
// format-patch. "" stands for a letter without any text.
func FromMail(title, body string) string {
	text := mailedText(strings.ReplaceAll(body, "\r\n", "\n"))
	if title = strings.TrimSpace(title); title == "" && text == "" {
		return ""
	}
	return strings.TrimRight(title+"\n\n"+text, "\n") + "\n"
}

// FromPatchMail is FromMail of what the only patch of a series carries below
// its "---" line, see [MixIn]; text is the mail's body.
func FromPatchMail(title, body string) string {
	_, below, _ := strings.Cut("\n"+strings.ReplaceAll(body, "\r\n", "\n"), "\n---\n")
	if diff := regexp.MustCompile(`(?m)^(diff --git |--- \S|Index: )`).FindStringIndex(below); diff != nil {
		below = below[:diff[0]]
	} else {
		below = "" // the line was in the message of no patch
	}
	return FromMail(title, below)
}

// maxMailed is how much of a letter is read; nobody writes that much.
const maxMailed = 256 << 10

// mailedText is what somebody wrote of the body of a cover letter, with the
// comments of [Parse] escaped.
func mailedText(body string) string {
	body = body[:min(len(body), maxMailed)]
	var kept []string
	for _, section := range splitAtCuts(withoutSignature(body)) {
		lines := strings.Split(section, "\n")
		end := generatedFrom(lines)
		own := paragraphs(lines[:end])
		if own != "" || len(kept) == 0 { // the first one may be empty, below a title alone
			kept = append(kept, own)
		}
		if end < len(lines) {
			break
		}
	}
	lines := strings.Split(strings.Trim(strings.Join(kept, "\n\n---\n"), "\n"), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "#") {
			lines[i] = ">" + line
		}
	}
	return strings.Join(lines, "\n")
}

// The lines of the lists that are made anew.
type listForms struct{ first, author, changed, sum, mode *regexp.Regexp }

var listLines = sync.OnceValue(func() *listForms {
	return &listForms{
		first:   regexp.MustCompile(`^((base-commit|change-id|prerequisite-[a-z-]+):|(Range-diff|Interdiff) (versus|against) )`),
		author:  regexp.MustCompile(`^\S.* \(\d+\):$`),
		changed: regexp.MustCompile(`^ \S.* \| +(\d+|Bin|Unmerged)`),
		sum:     regexp.MustCompile(`^ \d+ files? changed`),
		mode:    regexp.MustCompile(`^ (create mode|delete mode|mode change|rename|copy) `),
	}
})

// generatedFrom finds where the lists begin that are made anew for every mail,
// the number of lines for nowhere: shortlogs and a diffstat that go on to the end,
// or to a list that its first line tells. From the end, each line is looked at
// once, whatever a stranger has written.
func generatedFrom(lines []string) int {
	is := listLines()
	begin := len(lines)
	lists := true                // from here on there is nothing else
	behind := true               // the same, of what is behind the titles of a shortlog
	titles, stat := false, false // what the line below is
	for i, line := range slices.Backward(lines) {
		isTitle := strings.HasPrefix(line, "  ") && !blank(line)
		switch {
		case is.first.MatchString(line):
			lists = true
		case is.sum.MatchString(line):
			stat = true
		case blank(line), is.mode.MatchString(line), is.changed.MatchString(line) && stat:
		case is.author.MatchString(line) && titles:
			lists = behind
		case isTitle && !titles:
			lists, behind = false, lists
		default:
			lists = false
		}
		titles = isTitle
		if lists && !blank(line) {
			begin = i
		}
	}
	return begin
}
