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
	name string // "" for a page that belongs to the tab above it
	show func(*Site, context.Context, *seriesPage) (template.HTML, error)
}

func tabs() []tab {
	return []tab{
		{"", "Patches", (*Site).overview},
		{"/patch/{number}", "", (*Site).patchPage},
		{"/compare", "Compare", (*Site).comparePage},
		{"/feedback", "Feedback", (*Site).feedbackPage},
		{"/recipients", "Recipients", (*Site).recipientsPage},
		{"/messages", "Messages", (*Site).messagesPage},
		{"/messages/{number}", "", (*Site).messagesPage},
		{"/sending", "Sending", (*Site).sendingPage},
	}
}

// A seriesPage is what a page of a series is made of.
type seriesPage struct {
	*Series
	links
	at      place
	ref     Ref
	request *http.Request // nil for a part of a page in a file
	follow  bool          // set by a page that shows what is under way
}

// reply is where a reply to the series is shown whole.
func (p *seriesPage) reply(id string) string { return p.links.reply(p.at, id) }

// label names the series among all others.
func (p *seriesPage) label() string { return p.Branch + " in " + p.ref.Path }

// prefix is that of the ids of a page.
func (p *seriesPage) prefix() string { return p.ids(p.at) }

// A headView is the top of every page of a series.
type headView struct {
	summary
	Clone    string
	Label    string
	Main     bool // of its first page
	Home     string
	Tabs     []tabLink
	Warnings []string
}

type tabLink struct {
	link
	Current bool
	Count   int // of what is to be seen there; 0 for nothing to say
}

// refOf reads which series the path of a request names.
func (s *Site) refOf(r *http.Request) (place, Ref, error) {
	clone, err := strconv.Atoi(r.PathValue("clone"))
	if err != nil || clone < 0 || clone >= len(s.Source.Paths()) {
		return place{}, Ref{}, errNowhere
	}
	at := place{clone: clone, branch: r.PathValue("branch")}
	return at, Ref{Path: s.Source.Paths()[clone], Branch: at.branch}, nil
}

func (s *Site) seriesPage(t tab) func(*http.Request, links) (*sheet, error) {
	return func(r *http.Request, l links) (*sheet, error) {
		p := &seriesPage{links: l, request: r}
		var err error
		if p.at, p.ref, err = s.refOf(r); err != nil {
			return nil, err
		}
		if p.Series, err = s.Source.Series(r.Context(), p.ref); err != nil {
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
		return &sheet{Title: titled(p.Title), Here: p.Branch, Trail: []link{{"All series", l.list()}}, Main: head + body, Follow: p.follow}, nil
	}
}

func (s *Site) head(p *seriesPage, current tab) (template.HTML, error) {
	v := headView{summary: s.summary(p.Standing), Clone: p.ref.Path, Label: p.label(), Main: current.path == "", Home: p.series(p.at, ""), Warnings: p.Warnings}
	v.Track = track(p.Standing)
	for _, t := range tabs() {
		if t.name == "" {
			if t.path == current.path {
				v.Tabs[len(v.Tabs)-1].Current = true
			}
			continue
		}
		link := tabLink{link{t.name, p.series(p.at, t.path)}, t.path == current.path && p.request != nil, 0}
		switch t.path {
		case "":
			link.Count = p.Patches
		case "/feedback":
			link.Count = p.Replies.Total
		}
		v.Tabs = append(v.Tabs, link)
	}
	return s.render("head", v)
}

// An overviewView is the cover letter and the list of patches.
type overviewView struct {
	ID       string // prefix of ids on the page
	Prose    []paragraph
	Trailers []string
	Below    []string
	Patches  []patchRow
	Base     string
	Needs    []string
	Revision int
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
	Has     []string // trailers of reviewers in the commit
	Given   []string // those that are not in it yet
}

// A note is a word on something, of a kind that the style knows: good, bad, open or
// plain.
type note struct{ Kind, Text string }

func (s *Site) overview(_ context.Context, p *seriesPage) (template.HTML, error) {
	v := overviewView{ID: p.prefix(), Revision: p.Revision, Prose: paragraphs(p.Letter.Prose), Below: p.Letter.Below, Base: baseWords(&p.Base), ToDo: needWords(p.Standing)}
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
		row := patchRow{Number: i + 1, Title: titled(p.Each[i].Title), Notes: patchNotes(&p.Each[i], p.Standing), Has: p.Each[i].Has, Given: p.Each[i].Given}
		if i < len(p.Diffs) {
			row.URL = p.patch(p.at, i+1)
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
