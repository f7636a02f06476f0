package ui

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"strings"

	"github.com/kprep/kprep/feedback"
)

// A feedbackView is all that others have said.
type feedbackView struct {
	ID       string
	Action   string // where the forms lead; "" on a page in a file
	Token    string // of the forms
	Groups   []replyGroup
	Open     int
	Notes    []string
	Sources  bool
	Warnings []string
	Trouble  string
}

// A replyGroup is what is about one patch, or about the cover letter.
type replyGroup struct {
	Title   string
	URL     string // of the patch
	Replies []replyView
}

type replyView struct {
	replyHead
	Short    string // names it to Mark
	Subject  string
	Depth    int
	Remarks  []remarkText
	Trailers []string
	Folded   bool
}

// A remarkText is a remark with what it stands below.
type remarkText struct{ Where, Quote, Text string }

func (s *Site) feedbackPage(ctx context.Context, p *seriesPage) (template.HTML, error) {
	said, err := s.Source.Feedback(ctx, p.ref)
	if err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return s.render("feedback", feedbackView{Trouble: err.Error()})
	}
	v := s.feedbackView(p, said)
	v.Action, v.Token = p.series(p.at, "/feedback"), s.form
	return s.fittedFeedback(v, mostShown)
}

func (s *Site) feedbackView(p *seriesPage, said *Feedback) feedbackView {
	v := feedbackView{ID: p.prefix(), Notes: said.Notes, Sources: said.Sources, Warnings: said.Warnings}
	head := replyHeads(p.reply)
	for i := range said.Replies {
		r := &said.Replies[i]
		if r.Open() {
			v.Open++
		}
		title, url := groupOf(p, r)
		if n := len(v.Groups); n == 0 || v.Groups[n-1].Title != title {
			v.Groups = append(v.Groups, replyGroup{Title: title, URL: url})
		}
		one := replyView{replyHead: head(r), Short: r.Short(), Subject: r.Subject, Depth: min(r.Depth, 6), Folded: r.Done}
		one.ID = p.prefix() + one.ID
		for _, t := range r.Trailers {
			one.Trailers = append(one.Trailers, t.String())
		}
		for _, remark := range r.Remarks {
			one.Remarks = append(one.Remarks, remarkText{Where: whereWords(remark.At), Quote: remark.Quote, Text: strings.Join(remark.Text, "\n")})
		}
		g := &v.Groups[len(v.Groups)-1]
		g.Replies = append(g.Replies, one)
	}
	return v
}

// groupOf names what a reply is about.
func groupOf(p *seriesPage, r *feedback.Reply) (title, url string) {
	place := &r.Place
	switch {
	case place.Cover:
		return "Cover letter", ""
	case place.Patch >= 0 && place.Patch < len(p.Each):
		return fmt.Sprintf("%d/%d %s", place.Patch+1, len(p.Each), titled(p.Each[place.Patch].Title)), p.patch(p.at, place.Patch+1)
	}
	title = fmt.Sprintf("v%d", place.Revision)
	if place.Number > 0 {
		title += fmt.Sprintf(" %d", place.Number)
	}
	title += ", not in the branch any more"
	if r.Title != "" {
		title += ": " + r.Title
	}
	return title, ""
}

// mark does what a form of the feedback page asks for.
func (s *Site) mark(w http.ResponseWriter, r *http.Request) {
	at, ref, err := s.refOf(r)
	if err == nil {
		switch id := r.PostForm.Get("reply"); r.PostForm.Get("do") {
		case "look":
			err = s.Source.Look(r.Context(), ref)
		case "done", "open":
			err = s.Source.Mark(r.Context(), ref, id, r.PostForm.Get("do") == "done")
		default:
			refuse(w, http.StatusBadRequest, "This form asks for nothing that can be done here.")
			return
		}
	}
	if err != nil {
		s.page(func(*http.Request, links) (*sheet, error) { return nil, err })(w, r)
		return
	}
	http.Redirect(w, r, served{}.series(at, "/feedback")+anchor(r.PostForm.Get("reply")), http.StatusSeeOther)
}

// anchor leads to a reply on the page of feedback.
func anchor(short string) string {
	if short == "" {
		return ""
	}
	return "#r-" + url.PathEscape(short)
}
