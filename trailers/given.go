package trailers

import (
	"cmp"
	"unicode/utf8"

	"github.com/kprep/kprep/patchmail"
)

// A Given is a trailer as a reply gives it.
type Given struct {
	Trailer            // the value on one line
	Notes     []string // lines in brackets below it, such as "[on hw]"
	Condition string   // the words that it depends on, "" for none
	Scope     string   // the words that say for which patches of a series it is, "" for none
	// Refused says why it can never be taken, "" where it can. The value of such a
	// one is escaped.
	Refused string
}

// All is the trailer with its notes, as [Merge] takes them.
func (g Given) All() []Trailer {
	all := []Trailer{g.Trailer}
	for _, note := range g.Notes {
		all = append(all, Trailer{Value: note})
	}
	return all
}

// note adds a line in brackets below the trailer, or takes it for a condition where
// that is no note.
func (g *Given) note(text string) {
	if len(g.Notes) < maxNotes && utf8.RuneCountInString(text) <= maxValue && isPrintable(text) {
		g.Notes = append(g.Notes, text)
		return
	}
	g.Condition = cmp.Or(g.Condition, patchmail.PrintableLine(text))
}

// IsTaken says whether a trailer is given without a condition, for a patch, or for
// all of them under a cover letter.
func (g Given) IsTaken(cover bool) bool {
	return g.Refused == "" && g.Condition == "" && !(cover && g.Scope != "")
}
