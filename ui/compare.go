package ui

import (
	"context"
	"html/template"
	"strconv"

	"github.com/kprep/kprep/rangediff/page"
)

// A compareView is the range-diff between two states of a series.
type compareView struct {
	Action   string // where the form leads
	Old, New []choice
	Section  template.HTML
	Trouble  string // why there is none
	None     bool   // nothing was sent
}

// A choice is a state of the series that can be chosen: 0 is the branch.
type choice struct {
	Value    int
	Name     string
	Selected bool
}

func (s *Site) comparePage(ctx context.Context, p *seriesPage) (template.HTML, error) {
	v := compareView{Action: p.series(p.at, "/compare")}
	if len(p.Revisions) == 0 {
		v.None = true
		return s.render("compare", v)
	}
	old, new := chosen(p.Series, p.request.URL.Query().Get("old"), p.request.URL.Query().Get("new"))
	v.Old, v.New = choices(p.Series, old), choices(p.Series, new)
	c, err := s.Source.Compare(ctx, p.ref, old, new)
	if err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		v.Trouble = err.Error()
		return s.render("compare", v)
	}
	sections, err := page.Sections(&page.Report{Comparisons: []page.Comparison{c}}, "", page.Room{Whole: 8 << 20, Compared: 16 << 20})
	if err != nil {
		return "", err
	}
	v.Section = sections[0]
	return s.render("compare", v)
}

// chosen are the states to compare: those that are asked for, where they are there;
// otherwise what was sent last and the branch, or when nothing has changed since, what
// was sent last and before.
func chosen(one *Series, oldWord, newWord string) (old, new int) {
	last := len(one.Revisions) - 1
	old, new = one.Revisions[last].Number, 0
	if last > 0 && !one.Changed {
		old, new = one.Revisions[last-1].Number, one.Revisions[last].Number
	}
	if n, ok := known(one, oldWord); ok {
		old = n
	}
	if n, ok := known(one, newWord); ok {
		new = n
	}
	return old, new
}

func known(one *Series, word string) (int, bool) {
	n, err := strconv.Atoi(word)
	if err != nil {
		return 0, false
	}
	for _, r := range one.Revisions {
		if r.Number == n {
			return n, true
		}
	}
	return n, n == 0
}

func choices(one *Series, selected int) []choice {
	var list []choice
	for _, r := range one.Revisions {
		list = append(list, choice{r.Number, revisionName(r.Number) + ", sent " + r.When.Format("2006-01-02"), r.Number == selected})
	}
	return append(list, choice{0, "the branch as it is", selected == 0})
}
