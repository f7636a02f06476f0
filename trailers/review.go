package trailers

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// An Offer is a trailer in a list that the user goes through.
type Offer struct {
	Text  string   // "Name: value"
	About []string // lines that tell what to know of it
	Take  bool
}

// A Page is what is offered for one patch.
type Page struct {
	Title  string
	Offers []Offer
}

const reviewHelp = `# Trailers that were given to your patches. A "+" in front of one takes it, an "x"
# does not. What you change from "+" to "x" is not offered again; what has an "x"
# already is taken when you make that a "+". Change nothing else; without any "+"
# nothing is taken.

`

// WriteReview writes a list in b4's form (b4-interop 9.7), with an "x" in front
// of what is not to be taken unasked.
func WriteReview(pages []Page) string {
	var b strings.Builder
	b.WriteString(reviewHelp)
	for _, p := range pages {
		fmt.Fprintf(&b, "- %s\n", patchmail.PrintableLine(p.Title))
		for _, o := range p.Offers {
			mark := "x"
			if o.Take {
				mark = "+"
			}
			fmt.Fprintf(&b, "  %s %s\n", mark, patchmail.PrintableLine(o.Text))
			for _, line := range o.About {
				fmt.Fprintf(&b, "    # %s\n", patchmail.PrintableLine(line))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// A ReviewError reports a list in which something else was changed than what may
// be.
type ReviewError struct {
	Line      int // from 1
	Was, Read string
}

func (e *ReviewError) Error() string {
	if e.Read == "" {
		return fmt.Sprintf("line %d of the list is missing: %q", e.Line, e.Was)
	}
	return fmt.Sprintf("line %d of the list was %q, and only \"+\" and \"x\" in front of a trailer may change: %q", e.Line, e.Was, e.Read)
}

// ReadReview reads what WriteReview wrote once the user has gone through it, and
// returns the list with what he takes. It returns a *ReviewError.
func ReadReview(text string, pages []Page) ([]Page, error) {
	was := strings.Split(strings.TrimRight(WriteReview(pages), "\n"), "\n")
	now := strings.Split(strings.TrimRight(text, "\n"), "\n")
	var marks []bool
	for i, line := range was {
		read := ""
		if i < len(now) {
			read = now[i]
		}
		isOffer := strings.HasPrefix(line, "  + ") || strings.HasPrefix(line, "  x ")
		if read == line || isOffer && len(read) == len(line) && (read[2] == '+' || read[2] == 'x') && read[:2] == line[:2] && read[3:] == line[3:] {
			if isOffer {
				marks = append(marks, read[2] == '+')
			}
			continue
		}
		return nil, &ReviewError{Line: i + 1, Was: line, Read: read}
	}
	if len(now) > len(was) {
		return nil, &ReviewError{Line: len(was) + 1, Read: now[len(was)]}
	}
	chosen := make([]Page, len(pages))
	for i, p := range pages {
		chosen[i] = Page{Title: p.Title}
		for _, o := range p.Offers {
			o.Take, marks = marks[0], marks[1:]
			chosen[i].Offers = append(chosen[i].Offers, o)
		}
	}
	return chosen, nil
}
