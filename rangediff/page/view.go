package page

import (
	"fmt"
	"html/template"
	"strings"

	"github.com/kprep/kprep/rangediff"
)

// A view is a report as the template wants it.
type view struct {
	Title, Generator, Program, Policy string
	Style, Script                     template.HTML
	Revisions                         []Revision // of the tracks
	Tracks                            []track
	Comparisons                       []comparisonView
}

type comparisonView struct {
	ID       string
	Old, New Revision
	Tally    string
	Notes    []string
	Pairs    []pairView
	Folds    []pairView // those of the pairs that have something to show
}

// Name is the comparison in a few words.
func (c comparisonView) Name() string { return c.Old.Name + " → " + c.New.Name }

type pairView struct {
	ID                 string // "" when there is nothing to show
	Kind               string // a class of the style
	What               string
	Status             string // git's sign
	OldNumber, NewNum  string
	OldShort, NewShort string
	Subject            string
	OldSubject         string // when it was another
	Added, Removed     int    // lines of the comparison
	Whole              bool   // there is only one commit, which is shown whole
	Hunks              []template.HTML
}

func newView(r *Report) *view {
	v := &view{Title: r.Title, Generator: Generator, Program: r.Program, Policy: policy(),
		Style: template.HTML("<style>" + style + "</style>"), Script: template.HTML("<script>" + script + "</script>")}
	if v.Title == "" {
		v.Title = "range-diff"
	}
	m := maker{room: mostWhole}
	for n, c := range r.Comparisons {
		cv := comparisonView{ID: fmt.Sprintf("c%d", n+1), Old: c.Old, New: c.New, Notes: c.Notes, Tally: rangediff.Tally(c.Changes)}
		for i, change := range c.Changes {
			pair := m.pair(change, c.Diff)
			if len(pair.Hunks) > 0 {
				pair.ID = fmt.Sprintf("%sp%d", cv.ID, i+1)
				cv.Folds = append(cv.Folds, pair)
			}
			cv.Pairs = append(cv.Pairs, pair)
		}
		v.Comparisons = append(v.Comparisons, cv)
	}
	if len(r.Comparisons) > 1 {
		v.Revisions, v.Tracks = tracks(r.Comparisons, v.Comparisons)
	}
	return v
}

// mostWhole is how many bytes of the page the commits without counterpart may
// take, which are no comparison. The first ones have them.
const mostWhole = 1_500_000

// A maker makes the pairs of a page.
type maker struct {
	differ rangediff.Differ
	room   int // what is left of mostWhole
}

// whole shows a commit that has no counterpart.
func (m *maker) whole(c *rangediff.Commit) []template.HTML {
	text := wholeHTML(c.Text)
	if len(text) > m.room {
		return []template.HTML{"<p>This patch is left out, the page would be too large. " + shown("git show "+c.ID) + " has it.</p>\n"}
	}
	m.room -= len(text)
	return []template.HTML{text}
}

func (m *maker) pair(c rangediff.Change, o rangediff.DiffOptions) pairView {
	p := pairView{Kind: string(c.Kind), What: c.String(), Status: string(c.Status()), OldNumber: number(c.OldNumber), NewNum: number(c.NewNumber)}
	if c.Old != nil {
		p.OldShort, p.Subject = c.Old.Short, c.Old.Subject
	}
	if c.New != nil {
		p.NewShort, p.Subject = c.New.Short, c.New.Subject
	}
	switch c.Status() {
	case rangediff.Removed:
		p.Whole, p.Hunks = true, m.whole(c.Old)
	case rangediff.Added:
		p.Whole, p.Hunks = true, m.whole(c.New)
	case rangediff.Changed:
		if c.Old.Subject != c.New.Subject {
			p.OldSubject = c.Old.Subject
		}
		for _, h := range m.differ.Diff(c.Old.Text, c.New.Text, o) {
			p.Hunks = append(p.Hunks, hunkHTML(h))
			for _, l := range h.Lines {
				switch l.Sign {
				case '+':
					p.Added++
				case '-':
					p.Removed++
				}
			}
		}
	}
	return p
}

func number(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// Numbers names the pair by the places of its patches.
func (p pairView) Numbers() string {
	switch {
	case p.OldShort == "":
		return p.NewNum
	case p.NewShort == "" || p.OldNumber == p.NewNum:
		return p.OldNumber
	}
	return p.OldNumber + " → " + p.NewNum
}

// Lines counts what differs between the two patches.
func (p pairView) Lines() string {
	var parts []string
	if p.Added > 0 {
		parts = append(parts, fmt.Sprintf("+%d", p.Added))
	}
	if p.Removed > 0 {
		parts = append(parts, fmt.Sprintf("−%d", p.Removed))
	}
	return strings.Join(parts, " ")
}
