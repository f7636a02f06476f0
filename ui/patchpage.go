package ui

import (
	"context"
	"fmt"
	"html/template"
	"strconv"
	"time"

	"github.com/kprep/kprep/feedback"
)

// A patchView is one patch.
type patchView struct {
	ID       string // prefix of ids on the page
	Number   int
	Total    int
	Subject  string
	Commit   string
	Whole    string // the command that shows all of it
	Author   string
	When     time.Time
	Message  string
	Notes    []note
	Given    []string
	Files    []fileView
	Above    []remarkView // not about a line of the patch
	Previous string
	Next     string
}

// mostTime is how long a page may take to highlight.
const mostTime = 2 * time.Second

// What a page shows at most, in bytes: with more of it browsers get slow, and then stop.
const (
	mostShown  = 4 << 20  // of a patch, of a message, of all replies
	mostRemark = 16 << 10 // of what one says in one place of a patch
)

// patchPage shows the patch that the path names.
func (s *Site) patchPage(ctx context.Context, p *seriesPage) (template.HTML, error) {
	number, err := strconv.Atoi(p.request.PathValue("number"))
	if err != nil || number < 1 || number > len(p.Diffs) {
		return "", errNowhere
	}
	said, err := s.Source.Feedback(ctx, p.ref)
	if err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		said = &Feedback{} // the page of feedback says why
	}
	v, err := s.patchView(ctx, p, number, said.Replies, drawer{highlighter: &s.highlighter, remark: s.drawRemark, room: mostShown})
	if err != nil {
		return "", err
	}
	return s.render("patch", v)
}

func (s *Site) drawRemark(r remarkView) (template.HTML, error) { return s.render("remark", r) }

func (s *Site) patchView(ctx context.Context, p *seriesPage, number int, replies []feedback.Reply, d drawer) (*patchView, error) {
	patch := &p.Diffs[number-1]
	v := &patchView{ID: p.prefix(), Number: number, Total: len(p.Diffs), Subject: titled(patch.Subject), Commit: patch.Commit.Short(), Whole: "git show " + string(patch.Commit),
		Author: fmt.Sprintf("%s <%s>", patch.Author.Name, patch.Author.Email), When: patch.Author.When, Message: patch.Message}
	if number <= len(p.Each) {
		v.Notes, v.Given = patchNotes(&p.Each[number-1], p.Standing), p.Each[number-1].Given
	}
	if number > 1 {
		v.Previous = p.patch(p.at, number-1)
	}
	if number < len(p.Diffs) {
		v.Next = p.patch(p.at, number+1)
	}
	var about []feedback.Reply
	for _, r := range replies {
		if r.Place.Patch == number-1 && !r.Place.Cover {
			about = append(about, r)
		}
	}
	files := parsePatch(patch.Diff)
	remarks := placeRemarks(files, about, replyHeads(p.reply))
	v.Above = remarks.above
	limited, cancel := context.WithTimeout(ctx, mostTime)
	defer cancel()
	var err error
	v.Files, err = d.files(limited, files, remarks)
	return v, err
}
