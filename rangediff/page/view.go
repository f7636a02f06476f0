package page

import (
	"fmt"
	"html/template"
	"slices"
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
	Label    string // what the section is called, where its heading alone is not enough
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
	left               int    // parts that are not among them, for want of room
	command            string // what shows them
}

func newView(r *Report) *view {
	v := &view{Title: r.Title, Generator: Generator, Program: r.Program, Policy: policy(),
		Style: template.HTML("<style>" + style() + "</style>"), Script: template.HTML("<script>" + script + "</script>")}
	if v.Title == "" {
		v.Title = "range-diff"
	}
	v.Comparisons = comparisons(r, "", pageRoom())
	if len(r.Comparisons) > 1 {
		v.Revisions, v.Tracks = tracks(r.Comparisons, v.Comparisons)
	}
	return v
}

// comparisons makes those of a report, with ids that begin with prefix.
func comparisons(r *Report, prefix string, room Room) []comparisonView {
	m := maker{whole: room.Whole, most: room.Compared}
	var views []comparisonView
	var all []*pairView
	for n, c := range r.Comparisons {
		cv := comparisonView{ID: fmt.Sprintf("%sc%d", prefix, n+1), Old: c.Old, New: c.New, Notes: c.Notes, Tally: rangediff.Tally(c.Changes),
			Pairs: make([]pairView, len(c.Changes))}
		for i, change := range c.Changes {
			pair := m.pair(change, c.Diff)
			if len(pair.Hunks) > 0 || pair.left > 0 {
				pair.ID = fmt.Sprintf("%sp%d", cv.ID, i+1)
			}
			cv.Pairs[i] = pair
			all = append(all, &cv.Pairs[i])
		}
		views = append(views, cv)
	}
	fit(all, room.Compared)
	for n := range views {
		cv, short := &views[n], 0
		for _, pair := range cv.Pairs {
			if pair.ID != "" {
				cv.Folds = append(cv.Folds, pair)
			}
			if pair.left > 0 {
				short++
			}
		}
		if short > 0 {
			cv.Notes = append(slices.Clone(cv.Notes), fmt.Sprintf("%d of %d patches are not shown in full, the page would be too large.", short, len(cv.Pairs)))
		}
	}
	return views
}

func (m *maker) pair(c rangediff.Change, o rangediff.DiffOptions) pairView {
	p := pairView{Kind: string(c.Kind), What: c.String(), Status: string(c.Status()), OldNumber: number(c.OldNumber), NewNum: number(c.NewNumber)}
	if c.Old != nil {
		p.OldShort, p.Subject = c.Old.Short, brief(c.Old.Subject)
	}
	if c.New != nil {
		p.NewShort, p.Subject = c.New.Short, brief(c.New.Subject)
	}
	switch c.Status() {
	case rangediff.Removed:
		m.wholly(&p, c.Old)
	case rangediff.Added:
		m.wholly(&p, c.New)
	case rangediff.Changed:
		if c.Old.Subject != c.New.Subject {
			p.OldSubject = brief(c.Old.Subject)
		}
		m.compare(&p, c.Pair, o)
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
