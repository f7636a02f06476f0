package ui

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/kprep/kprep/dashboard"
)

// A tab is one of the pages of a series.
type tab struct {
	path string // behind that of the series
	name string
	show func(*Site, context.Context, *seriesPage) (template.HTML, error)
}

func tabs() []tab {
	return []tab{
		{"", "Patches", (*Site).overview},
	}
}

// A seriesPage is what a page of a series is made of.
type seriesPage struct {
	*Series
	links
	at      place
	path    string // of the clone
	request *http.Request
}

// A headView is the top of every page of a series.
type headView struct {
	summary
	Clone    string
	ChangeID string
	Tabs     []tabLink
	Warnings []string
}

type tabLink struct {
	link
	Current bool
}

func (s *Site) seriesPage(t tab) func(*http.Request, links) (*sheet, error) {
	return func(r *http.Request, l links) (*sheet, error) {
		at := place{branch: r.PathValue("branch")}
		var err error
		if at.clone, err = strconv.Atoi(r.PathValue("clone")); err != nil || at.clone < 0 || at.clone >= len(s.Source.Paths()) {
			return nil, errNowhere
		}
		p := &seriesPage{links: l, at: at, path: s.Source.Paths()[at.clone], request: r}
		if p.Series, err = s.Source.Series(r.Context(), p.path, at.branch); err != nil {
			return nil, err
		}
		head, err := s.head(p, t)
		if err != nil {
			return nil, err
		}
		body, err := t.show(s, r.Context(), p)
		if err != nil {
			return nil, err
		}
		return &sheet{Title: p.Title, Trail: []link{{"All series", l.list()}}, Main: head + body}, nil
	}
}

func (s *Site) head(p *seriesPage, current tab) (template.HTML, error) {
	v := headView{summary: s.summary(p.Standing), Clone: p.path, ChangeID: p.ChangeID, Warnings: p.Warnings}
	v.Track = s.track(p.Series)
	for _, t := range tabs() {
		v.Tabs = append(v.Tabs, tabLink{link{t.name, p.series(p.at, t.path)}, t.path == current.path})
	}
	return s.render("head", v)
}

// track are the revisions, and where the branch is now.
func (s *Site) track(one *Series) []step {
	var track []step
	for _, r := range one.Revisions {
		st := step{Name: revisionName(r.Number), State: "sent", When: r.When, Notes: []string{"sent"}}
		if r.Replies > 0 {
			st.Notes = append(st.Notes, plural(r.Replies, "reply", "replies"))
		}
		track = append(track, st)
	}
	if one.Revision > one.LastSent {
		st := step{Name: revisionName(one.Revision), State: "now", Notes: []string{"not sent"}}
		if one.LastSent > 0 && !one.Changed {
			st.Notes = []string{"nothing new yet"}
		}
		track = append(track, st)
	}
	if landed := one.Landed(); landed > 0 {
		track = append(track, step{Name: "applied", State: "sent", Notes: []string{fmt.Sprintf("%d of %s", landed, plural(one.Patches, "patch", "patches"))}})
	}
	return track
}

// An overviewView is the cover letter and the list of patches.
type overviewView struct {
	Title    string
	Prose    string
	Trailers []string
	Below    []string
	Patches  []patchRow
	Base     string
	Needs    []string
	ToDo     []string
}

type patchRow struct {
	Number  int
	Title   string
	URL     string
	Files   int
	Added   int
	Removed int
	Notes   []note
	Given   []string // trailers of reviewers
}

// A note is a word on something, of a kind that the style knows: good, bad, open or
// plain.
type note struct{ Kind, Text string }

func (s *Site) overview(_ context.Context, p *seriesPage) (template.HTML, error) {
	v := overviewView{Title: p.Title, Prose: p.Letter.Prose, Below: p.Letter.Below, Base: baseWords(&p.Base), ToDo: needWords(p.Standing)}
	for _, t := range p.Letter.Trailers {
		v.Trailers = append(v.Trailers, t.String())
	}
	for _, one := range p.DependsOn {
		text := one.Line
		if one.Newer > 0 {
			text += fmt.Sprintf(", which is v%d by now", one.Newer)
		}
		v.Needs = append(v.Needs, text)
	}
	for i := range p.Each {
		row := patchRow{Number: i + 1, Title: p.Each[i].Title, Notes: patchNotes(&p.Each[i], p.Standing), Given: append(p.Each[i].Has, p.Each[i].Given...)}
		if i < len(p.Diffs) {
			for _, f := range parsePatch(p.Diffs[i].Diff) {
				row.Files++
				row.Added += f.Added
				row.Removed += f.Removed
			}
		}
		v.Patches = append(v.Patches, row)
	}
	return s.render("overview", v)
}

func baseWords(b *dashboard.Base) string {
	switch {
	case b.Branch == "":
		return b.Commit.Short() + ", in no branch of the project that is known here"
	case b.Behind == 0:
		return fmt.Sprintf("%s, the tip of %s", b.Commit.Short(), b.Branch)
	}
	return fmt.Sprintf("%s, %s behind %s", b.Commit.Short(), plural(b.Behind, "commit", "commits"), b.Branch)
}

// needWords lists what a send would warn of.
func needWords(s *dashboard.Standing) []string {
	var words []string
	for _, need := range []struct {
		is   bool
		text string
	}{
		{s.Needs.Editing, "write the cover letter: kprep cover"},
		{s.Needs.Recipients, "find recipients: kprep collect"},
		{s.Needs.Collecting, "collect recipients again, the patches have changed: kprep collect"},
		{s.Needs.Checking, "check the patches: kprep check"},
		{s.Needs.CheckDeps, "check what it depends on: kprep check"},
	} {
		if need.is {
			words = append(words, need.text)
		}
	}
	return words
}

func patchNotes(p *dashboard.Patch, s *dashboard.Standing) []note {
	var notes []note
	if l := p.Applied; l != nil {
		text, kind := fmt.Sprintf("applied as %s in %s", l.Commit.Short(), l.Branch), "good"
		if !l.Same {
			text += ", changed"
		}
		if l.Reverted != "" {
			text, kind = text+", and taken back by "+l.Reverted.Short(), "bad"
		}
		notes = append(notes, note{kind, text})
	}
	if p.Open > 0 {
		notes = append(notes, note{"open", plural(p.Open, "reply open", "replies open")})
	}
	if p.Changed {
		notes = append(notes, note{"plain", fmt.Sprintf("changed since v%d", s.LastSent)})
	}
	if p.Tracked != "" {
		notes = append(notes, note{"plain", "in Patchwork: " + p.Tracked})
	}
	for _, c := range p.Checks {
		kind := map[string]string{"fail": "bad", "warning": "open", "success": "good"}[string(c.State)]
		if kind == "" {
			kind = "plain"
		}
		notes = append(notes, note{kind, strings.TrimSpace(fmt.Sprintf("%s: %s %s", c.Context, c.State, c.Text))})
	}
	return notes
}
