package coverletter

import (
	"slices"
	"strings"
)

// WithRangeDiff gives a template a section for the range-diff: before the last
// one that names the base-commit or change-id, else as the last one. A section
// of its own is also below the "---" of a single patch (see [MixIn]).
func WithRangeDiff(template string) string {
	text, signature := cutSignature(withoutComments(template))
	sections := splitSections(strings.TrimRight(text, "\n") + "\n")
	at := len(sections)
	for n, section := range sections {
		if n > 0 && namesBase(section) {
			at = n
		}
	}
	sections = slices.Insert(sections, at, "${range_diff}\n")
	return strings.Join(sections, "---\n") + signature
}
