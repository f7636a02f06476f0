package coverletter

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// DropRecipients takes the To and Cc trailers that name one of the addresses
// out of the trailer block of a cover text, and returns whom they named. A line
// that also names somebody else stays: [AddRecipients] writes none such, so the
// user did. Where the block held nothing else, the blank line above it goes
// too, so that dropping what was added gives the text from before. All other
// bytes stay.
func DropRecipients(text string, addresses []patchmail.Address) (rest string, dropped []patchmail.Address) {
	o := outlineOf(view(text))
	lines := rawLines(text)
	at, kept := o.block, false
	for _, t := range o.trailers {
		end := at + 1 + strings.Count(t.Value, "\n")
		list, err := recipients(t)
		if (t.Is("To") || t.Is("Cc")) && err == nil && allIn(list, addresses) {
			clear(lines[at:end])
			dropped = append(dropped, list...)
		} else {
			kept = true
		}
		at = end
	}
	if len(dropped) == 0 {
		return text, nil
	}
	if !kept && o.block > 0 && blank(lines[o.block-1]) {
		lines[o.block-1] = ""
	}
	return strings.Join(lines, ""), dropped
}

func allIn(list, all []patchmail.Address) bool {
	for _, a := range list {
		if !slices.ContainsFunc(all, func(b patchmail.Address) bool { return a.Key() == b.Key() }) {
			return false
		}
	}
	return len(list) > 0
}
