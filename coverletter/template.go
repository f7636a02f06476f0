package coverletter

import (
	"regexp"
	"slices"
	"strings"

	"github.com/kprep/kprep/trailers"
)

// DefaultTemplate is the message of a cover letter (b4-interop 6.3).
const DefaultTemplate = `${cover}

---
${shortlog}

${diffstat}
---
base-commit: ${base_commit}
change-id: ${change_id}
${prerequisites}
Best regards,
-- 
${signature}
`

// Parts are the values for the tokens of a template.
type Parts struct {
	Cover         string // ${cover}: [Letter.Body]
	Shortlog      string // ${shortlog}
	Diffstat      string // ${diffstat}
	BaseCommit    string // ${base_commit}
	ChangeID      string // ${change_id}
	Prerequisites string // ${prerequisites}: lines such as "prerequisite-patch-id: …"
	RangeDiff     string // ${range_diff}, with its heading
	Signature     string // ${signature}
}

// token returns the value of a token; false for a name that is none.
func (p Parts) token(name string) (string, bool) {
	switch name {
	case "cover":
		return p.Cover, true
	case "shortlog":
		return strings.TrimRight(p.Shortlog, " \t\r\n"), true
	case "diffstat":
		return strings.TrimRight(p.Diffstat, " \t\r\n"), true
	case "base_commit":
		return p.BaseCommit, true
	case "change_id":
		return p.ChangeID, true
	case "prerequisites":
		lines := strings.TrimRight(p.Prerequisites, " \t\r\n")
		if lines != "" {
			lines += "\n"
		}
		return lines, true
	case "range_diff":
		return strings.TrimRight(p.RangeDiff, "\n"), true
	case "signature":
		return strings.TrimRight(p.Signature, " \t\r\n"), true
	}
	return "", false
}

// tokens matches "$$", "$name" and "${name}".
func tokens() *regexp.Regexp {
	return regexp.MustCompile(`\$(?:\$|([_a-zA-Z][_a-zA-Z0-9]*)|\{([_a-zA-Z][_a-zA-Z0-9]*)\})`)
}

// Mentions reports whether the template uses a token, as "$name" or "${name}",
// outside its comments.
func Mentions(template, token string) bool {
	for _, m := range tokens().FindAllStringSubmatch(withoutComments(template), -1) {
		if m[1]+m[2] == token {
			return true
		}
	}
	return false
}

// Fill puts the parts into a template and returns the body of the cover
// message, with one final newline. Lines of the template that start with "#"
// go; "$$" is a "$"; unknown tokens stay. There is no blank line between
// trailers and the "---" after them.
func Fill(template string, p Parts) string {
	return closeUp(expand(withoutComments(template), p))
}

// closeUp trims a filled template and lets the first "---" follow trailers
// without a blank line.
func closeUp(text string) string {
	above, below := trailers.Cut(text)
	if _, block := trailers.Split("\n" + above); block != "" && below != "" {
		above = strings.TrimRight(above, " \t\r\n") + "\n"
	}
	return strings.Trim(above+below, "\r\n") + "\n"
}

func expand(template string, p Parts) string {
	return tokens().ReplaceAllStringFunc(template, func(token string) string {
		if token == "$$" {
			return "$"
		}
		if s, ok := p.token(strings.Trim(token, "${}")); ok {
			return s
		}
		return token
	})
}

func withoutComments(template string) string {
	lines := strings.Split(strings.ReplaceAll(template, "\r\n", "\n"), "\n")
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return strings.HasPrefix(line, "#") }), "\n")
}
