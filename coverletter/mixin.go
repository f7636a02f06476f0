package coverletter

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/kprep/kprep/trailers"
)

// MixIn returns the message of a series of one patch, which carries its cover
// letter under the "---" line (b4-interop 6.4), with one final newline.
//
// patchMessage is the text of the commit without its title, statAndDiff what
// git prints after it: diffstat, blank line, diff; its bytes stay. Between them
// come the cover's prose and those of its trailers that the patch does not
// have, then the sections of cover and template, less the one for the
// diffstat; after them the last section of the template that names the
// base-commit or change-id, and the signature. p.Cover, p.Shortlog and
// p.Diffstat are not used.
func MixIn(patchMessage string, l Letter, statAndDiff string, p Parts, template string) string {
	p.Shortlog, p.Diffstat = "", ""
	p.Cover = withTrailers(l.Prose, missingTrailers(l.Trailers, patchMessage))

	template, signature := cutSignature(withoutComments(template))
	var sections []string
	last := -1 // the section that goes below the diff
	coverSeen := false
	for _, part := range splitSections(template) {
		hasCover := Mentions(part, "cover")
		if !hasCover && (Mentions(part, "diffstat") || Mentions(part, "shortlog")) {
			continue
		}
		filled := paragraphs(strings.Split(expand(part, p), "\n"))
		if !hasCover && namesBase(filled) {
			last = len(sections)
		}
		if filled != "" {
			sections = append(sections, filled)
		}
		if hasCover && !coverSeen {
			sections = append(sections, l.Below...)
			coverSeen = true
		}
	}
	below := ""
	if last >= 0 {
		below = sections[last]
		sections = slices.Delete(sections, last, last+1)
	}
	return joinMixed(patchMessage, sections, statAndDiff, below, expand(signature, p))
}

func joinMixed(patchMessage string, sections []string, statAndDiff, below, signature string) string {
	var b strings.Builder
	if message := strings.TrimRight(patchMessage, " \t\r\n"); message != "" {
		b.WriteString(message + "\n")
		if _, block := trailers.Split("\n" + message); block == "" {
			b.WriteByte('\n') // as b4 does
		}
	}
	for _, s := range sections {
		b.WriteString("---\n" + s + "\n")
	}
	if statAndDiff != "" {
		b.WriteString("---\n" + statAndDiff)
		if !strings.HasSuffix(statAndDiff, "\n") {
			b.WriteByte('\n')
		}
		b.WriteByte('\n')
	}
	if below != "" {
		b.WriteString("---\n" + below + "\n")
	}
	b.WriteString(signature)
	if !strings.HasSuffix(b.String(), "\n") {
		b.WriteByte('\n')
	}
	return b.String()
}

// missingTrailers returns those of the cover's trailers that the patch lacks.
func missingTrailers(ts []trailers.Trailer, patchMessage string) []trailers.Trailer {
	above, _ := trailers.Cut(patchMessage)
	_, block := trailers.Split("\n" + above)
	present := trailers.Parse(block)
	return slices.DeleteFunc(slices.Clone(ts), func(t trailers.Trailer) bool {
		return slices.ContainsFunc(present, t.Same)
	})
}

// cutSignature divides a template at its last signature delimiter.
func cutSignature(template string) (text, signature string) {
	at := strings.LastIndex(template, "\n-- \n")
	if at < 0 {
		return template, ""
	}
	return template[:at+1], template[at+1:]
}

// splitSections divides a template at its "---" lines.
func splitSections(template string) []string {
	var sections []string
	for {
		above, below := trailers.Cut(template)
		sections = append(sections, above)
		if below == "" {
			return sections
		}
		_, template, _ = strings.Cut(below, "\n")
	}
}

var baseLine = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^(base-commit|change-id|prerequisite-[a-z-]+):`)
})

func namesBase(section string) bool { return baseLine().MatchString(section) }
