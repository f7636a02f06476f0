package ui

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/rangediff/page"
)

// Generator is the content of the meta element that names what made a page, by which
// a page in a file is recognised.
const Generator = "kprep ui"

// IsPage reports whether a file that begins with start is a page of ours.
func IsPage(start []byte) bool {
	return bytes.HasPrefix(start, []byte("<!DOCTYPE html>")) && bytes.Contains(start, []byte(`<meta name="generator" content="`+Generator+`">`))
}

// roomOfFile is what a file may be filled with, in bytes of HTML: together with what
// every series has it stays below 5 MB.
const roomOfFile = 4_600_000

// inFile are the links of one file, to series by their order in it.
type inFile struct{ numbers map[place]int }

func (l inFile) reply(at place, id string) string { return "#" + l.ids(at) + id }

func (inFile) list() string          { return "#list" }
func (l inFile) ids(at place) string { return fmt.Sprintf("s%d-", l.numbers[at]) }
func (l inFile) patch(at place, number int) string {
	return fmt.Sprintf("#%spatch%d", l.ids(at), number)
}

func (l inFile) series(at place, path string) string {
	name := strings.TrimPrefix(path, "/")
	if name == "" {
		name = "top"
	}
	return "#" + l.ids(at) + name
}

// Export writes the series that only names, all when it names none, as one page that
// needs nothing else.
func (s *Site) Export(ctx context.Context, w io.Writer, only ...Ref) error {
	clones, err := s.Source.Clones(ctx)
	if err != nil {
		return err
	}
	clones = chosenOf(clones, only)
	l := inFile{numbers: map[place]int{}}
	list := s.listView(clones, l)
	var all []place
	for _, g := range list.Groups {
		for _, c := range g.Cards {
			l.numbers[c.at] = len(all) + 1
			all = append(all, c.at)
		}
	}
	list = s.listView(clones, l) // with the links that are known now
	main, err := s.render("list", list)
	if err != nil {
		return err
	}
	parts := []template.HTML{`<div id="list">` + main + "</div>\n"}
	if len(all) > 0 {
		view, err := s.render("viewoffile", nil)
		if err != nil {
			return err
		}
		parts = append(parts, view)
	}
	room := roomOfFile
	for n, at := range all {
		if s.Exporting != nil {
			s.Exporting(n, len(all))
		}
		part, err := s.exported(ctx, l, at, room/(len(all)-n))
		if err != nil {
			return fmt.Errorf("series %s: %w", at.branch, err)
		}
		room -= len(part) // those to come have what the ones before did not need
		parts = append(parts, part)
	}
	one := &sheet{Title: list.title(), Here: "In this file", Main: join(parts)}
	return s.templates.ExecuteTemplate(w, "frame", frame{sheet: one, Style: styleElement(), Script: scriptElement(), Policy: policy(filePolicy), Program: s.Program, Generator: Generator})
}

// title is the series' own where there is one alone.
func (v listView) title() string {
	if v.Total == 1 {
		return v.Groups[0].Cards[0].Title
	}
	return "All series"
}

// chosenOf leaves the series that are named.
func chosenOf(clones []dashboard.Clone, only []Ref) []dashboard.Clone {
	if len(only) == 0 {
		return clones
	}
	var kept []dashboard.Clone
	for _, c := range clones {
		c.Series = slices.DeleteFunc(slices.Clone(c.Series), func(one *dashboard.Standing) bool { return !slices.Contains(only, Ref{c.Path, one.Branch}) })
		if len(c.Series) > 0 {
			c.Warnings = nil
			kept = append(kept, c)
		}
	}
	return kept
}

func join(parts []template.HTML) template.HTML {
	var b strings.Builder
	for _, p := range parts {
		b.WriteString(string(p))
	}
	return template.HTML(b.String())
}

// exported makes the part of a file about one series, and has so much room for it. What
// the patches, the replies and the messages do not need is for the comparisons.
func (s *Site) exported(ctx context.Context, l links, at place, room int) (template.HTML, error) {
	p := &seriesPage{links: l, at: at, ref: Ref{s.Source.Paths()[at.clone], at.branch}}
	var err error
	if p.Series, err = s.Source.Series(ctx, p.ref); err != nil {
		return "", err
	}
	view := exportedView{ID: l.ids(at), Label: p.label()}
	if view.Head, err = s.head(p, tab{}); err != nil {
		return "", err
	}
	if view.Overview, err = s.overview(ctx, p); err != nil {
		return "", err
	}
	said, err := s.Source.Feedback(ctx, p.ref)
	if err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		said = &Feedback{Sources: true, Warnings: []string{err.Error()}}
	}
	if view.Patches, err = s.exportedPatches(ctx, p, said, room*4/10); err != nil {
		return "", err
	}
	if view.Feedback, err = s.fittedFeedback(s.feedbackView(p, said), room/10); err != nil {
		return "", err
	}
	if view.Recipients, view.Messages, err = s.exportedMessages(ctx, p, room/10); err != nil {
		return "", err
	}
	for _, fold := range view.Patches {
		room -= len(fold.Body)
	}
	if view.Compared, err = s.exportedComparisons(ctx, p, room-len(view.Feedback)-len(view.Messages)); err != nil {
		return "", err
	}
	sends, err := s.Source.Sends(ctx, p.ref)
	if err != nil {
		return "", err
	}
	if view.Sending, err = s.render("sends", sendingPageView(sends, p.prefix())); err != nil {
		return "", err
	}
	return s.render("exported", view)
}

// An exportedView is a series in a file.
type exportedView struct {
	ID, Label                                                         string
	Head, Overview, Compared, Feedback, Recipients, Messages, Sending template.HTML
	Patches                                                           []fold
}

// A fold is a patch that is shown when it is unfolded.
type fold struct {
	ID, Title string
	Number    int
	Body      template.HTML
}

// exportedPatches shows the patches in colours, or plain where they would be too long
// for their share of the room, or tells where they are.
func (s *Site) exportedPatches(ctx context.Context, p *seriesPage, said *Feedback, room int) ([]fold, error) {
	var folds []fold
	for n := range p.Diffs {
		share := room / (len(p.Diffs) - n)
		f := fold{ID: fmt.Sprintf("%spatch%d", p.prefix(), n+1), Number: n + 1, Title: titled(p.Diffs[n].Subject)}
		for _, d := range []drawer{{highlighter: &s.highlighter, remark: s.drawRemark}, {remark: s.drawRemark}} {
			if len(p.Diffs[n].Diff) > share {
				continue
			}
			v, err := s.patchView(ctx, p, n+1, said.Replies, d)
			if err != nil {
				return nil, err
			}
			if f.Body, err = s.render("patchbody", v); err != nil {
				return nil, err
			}
			if len(f.Body) <= share {
				break
			}
		}
		if len(f.Body) > share || f.Body == "" {
			f.Body = template.HTML("<p class=left>" + page.Shown("This patch is left out, the page would be too large. git show "+string(p.Diffs[n].Commit)+" has it.") + "</p>")
		}
		room -= len(f.Body)
		folds = append(folds, f)
	}
	return folds, nil
}

// exportedComparisons compares each revision with the next, and the last one with the
// branch.
func (s *Site) exportedComparisons(ctx context.Context, p *seriesPage, room int) (template.HTML, error) {
	report := page.Report{Title: p.label()}
	var failed []template.HTML
	for n, r := range p.Revisions {
		next := 0
		if n+1 < len(p.Revisions) {
			next = p.Revisions[n+1].Number
		}
		c, err := s.Source.Compare(ctx, p.ref, r.Number, next)
		switch {
		case err == nil:
			report.Comparisons = append(report.Comparisons, c)
		case ctx.Err() != nil:
			return "", err
		default: // the rest is worth a page
			failed = append(failed, `<p class="alert">`+page.Shown(err.Error())+"</p>\n")
		}
	}
	sections, err := page.Sections(&report, p.prefix(), page.Room{Whole: room / 4, Compared: room / 4 * 3})
	if err != nil {
		return "", err
	}
	slices.Reverse(sections) // the newest first
	return join(append(failed, sections...)), nil
}

// mostWords is how much of a remark is shown where there is not room for all of all.
const mostWords = 400

// fittedFeedback shows what others have said, in so many bytes of HTML.
func (s *Site) fittedFeedback(v feedbackView, room int) (template.HTML, error) {
	text, err := s.render("feedback", v)
	if len(text) <= room || err != nil {
		return text, err
	}
	v.Warnings = append(slices.Clone(v.Warnings), "Not all that was said is shown in full, the page would be too large.")
	for _, g := range v.Groups {
		for i := range g.Replies {
			for k := range g.Replies[i].Remarks {
				r := &g.Replies[i].Remarks[k]
				r.Text, r.Quote = brief(r.Text, mostWords), brief(r.Quote, mostWords)
			}
		}
	}
	for len(v.Groups) > 0 {
		if text, err = s.render("feedback", v); len(text) <= room || err != nil {
			break
		}
		v.Groups = v.Groups[:len(v.Groups)-1]
	}
	return text, err
}

// brief is the beginning of a text.
func brief(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// exportedMessages shows who receives what, and the messages without their patches,
// which are shown already.
func (s *Site) exportedMessages(ctx context.Context, p *seriesPage, room int) (to, messages template.HTML, err error) {
	preview, err := s.Source.Preview(ctx, p.ref)
	if err != nil {
		if ctx.Err() != nil {
			return "", "", err
		}
		to, err = s.render("recipients", recipientsView{Trouble: err.Error()})
		return to, "", err
	}
	if to, err = s.render("recipients", recipients(preview)); err != nil {
		return "", "", err
	}
	v := messagesView{Problems: preview.Problems, Route: preview.Route, Signing: preview.Signing, Approval: preview.Approval, Notes: preview.Notes}
	if messages, err = s.render("problems", v); err != nil {
		return "", "", err
	}
	parts := []template.HTML{messages}
	for i := range preview.Messages {
		m := &preview.Messages[i]
		one := messageView{ID: fmt.Sprintf("%smail%d", p.prefix(), i), Title: m.Subject(), Header: m.Header, Notes: m.Notes, Body: bodyHTML(m.Body, false, room)}
		text, err := s.render("foldedmessage", one)
		if err != nil {
			return "", "", err
		}
		if len(text) > room/(len(preview.Messages)-i) {
			one.Body = "The text is left out, the page would be too large."
			if text, err = s.render("foldedmessage", one); err != nil {
				return "", "", err
			}
		}
		room -= len(text)
		parts = append(parts, text)
	}
	return to, join(parts), nil
}
