package coverletter

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// Default returns the text of a new cover letter. Its title and its body hold
// an EDITME each, which [NeedsEditing] finds; comments say what to write. The
// Signed-off-by of me is the trailer block.
func Default(name string, me patchmail.Address) string {
	return fmt.Sprintf(`EDITME: cover title for %s

EDITME: tell readers what problem this series solves and how.
# Put these two lines into your own words. The first line becomes the
# subject of the series; what follows the blank line becomes its text. A
# series of a single patch carries the text below the "---" line of that
# patch.

# A line that starts with "#" is a comment: it stays here and is never
# mailed. To mail a line that starts with "#", write ">#" instead.

# Trailers stand in the last paragraph. To: and Cc: lines there say who
# gets the whole series; "kprep collect" adds them.

Signed-off-by: %s
`, strings.Join(strings.Fields(name), " "), signer(me))
}

// signer spells a name as git does in a sign-off: without quotes.
func signer(me patchmail.Address) string {
	return strings.TrimSpace(me.Name + " <" + me.Mailbox + ">")
}

// AddChangelog adds the stub of a changelog for a revision, the new one, to a
// cover text: in front of the first "Changes in v" line under a "---" line, or
// else under a new "---" line at the end. link is the URL of the revision
// before, "" when that is not known. A text that has the entry already is returned unchanged. Comments
// and all other bytes stay, save blanks at the end of a text that is added to.
func AddChangelog(text string, revision int, link string) string {
	entry := fmt.Sprintf("Changes in v%d:\n- EDITME: say what changed since v%d, an item for each change\n", revision, revision-1)
	if link != "" {
		entry += fmt.Sprintf("- Link to v%d: %s\n", revision-1, link)
	}
	shown := view(text)
	place := -1
	for i := outlineOf(shown).cut; i < len(shown); i++ {
		switch number := changesIn(shown[i]); {
		case number == strconv.Itoa(revision):
			return text
		case number != "" && place < 0:
			place = i
		}
	}
	if place < 0 {
		return strings.TrimRight(text, " \t\r\n") + "\n\n---\n" + entry
	}
	return strings.Join(slices.Insert(rawLines(text), place, entry, "\n"), "")
}

// changesIn returns the revision that a changelog heading is about, or "".
func changesIn(line string) string {
	m := regexp.MustCompile(`(?i)^\s*changes in v0*(\d+)`).FindStringSubmatch(line)
	if m == nil {
		return ""
	}
	return m[1]
}
