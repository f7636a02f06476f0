package ui

import (
	"context"
	"fmt"
	"html/template"
	"net/http"
	"strconv"
	"strings"

	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/submission"
)

// A messagesView is the list of messages, with one of them.
type messagesView struct {
	List     []messageLink
	Message  *messageView
	Problems []submission.Problem
	Route    string
	Signing  string
	Approval string
	Trouble  string
	Warnings []string
	Notes    []string
}

// mostWarnings is how many stand in front of the messages.
const mostWarnings = 5

// Shown are the problems that are seen at once: what stops a send, and warnings that are
// few.
func (v messagesView) Shown() []submission.Problem {
	stops, warnings := v.divided()
	if len(warnings) <= mostWarnings {
		return v.Problems
	}
	return stops
}

// Folded are warnings that are many.
func (v messagesView) Folded() []submission.Problem {
	_, warnings := v.divided()
	if len(warnings) <= mostWarnings {
		return nil
	}
	return warnings
}

func (v messagesView) divided() (stops, warnings []submission.Problem) {
	for _, p := range v.Problems {
		if p.Refusal {
			stops = append(stops, p)
		} else {
			warnings = append(warnings, p)
		}
	}
	return stops, warnings
}

type messageLink struct {
	link
	Answer  bool // to the first one
	Current bool
}

// A messageView is one message as an archive would show it.
type messageView struct {
	ID     string // of its heading
	Title  string
	Header []Field
	Notes  []string
	Body   template.HTML
	Raw    string // URL; "" on a page in a file
}

func (s *Site) messagesPage(ctx context.Context, p *seriesPage) (template.HTML, error) {
	preview, err := s.Source.Preview(ctx, p.ref)
	if err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return s.render("messages", messagesView{Trouble: err.Error()})
	}
	v := messagesView{Problems: preview.Problems, Route: preview.Route, Signing: preview.Signing, Approval: preview.Approval, Warnings: preview.Warnings, Notes: preview.Notes}
	current := 0
	if word := p.request.PathValue("number"); word != "" {
		if current, err = strconv.Atoi(word); err != nil || current < 0 || current >= len(preview.Messages) {
			return "", errNowhere
		}
	}
	for i := range preview.Messages {
		m := &preview.Messages[i]
		v.List = append(v.List, messageLink{link{m.Subject(), p.series(p.at, fmt.Sprintf("/messages/%d", i))}, i > 0, i == current})
		if i == current {
			v.Message = &messageView{ID: "message", Title: m.Subject(), Header: m.Header, Notes: m.Notes, Body: bodyHTML(m.Body, true, mostShown),
				Raw: p.series(p.at, fmt.Sprintf("/messages/%d/raw", i))}
		}
	}
	return s.render("messages", v)
}

// rawMessage serves the bytes of one message.
func (s *Site) rawMessage(w http.ResponseWriter, r *http.Request) {
	_, ref, err := s.refOf(r)
	var preview *Preview
	if err == nil {
		preview, err = s.Source.Preview(r.Context(), ref)
	}
	if err != nil {
		refuse(w, statusOf(err), err.Error())
		return
	}
	number, err := strconv.Atoi(r.PathValue("number"))
	if err != nil || number < 0 || number >= len(preview.Messages) {
		refuse(w, http.StatusNotFound, errNowhere.Error())
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write(preview.Messages[number].Raw)
}

// bodyHTML is the text of a mail with its diff in colours; without diffs only a word
// stands for it. What there is no room for, in bytes, is left out.
func bodyHTML(body string, diffs bool, room int) template.HTML {
	var b strings.Builder
	inDiff, oldLeft, newLeft := false, 0, 0
	for line := range strings.Lines(body) {
		if b.Len()+len(line) > room {
			b.WriteString("<span class=left>The rest is left out, the page would be too large.</span>\n")
			return template.HTML(b.String())
		}
		line = strings.TrimSuffix(line, "\n")
		element := "span"
		switch {
		case oldLeft > 0 || newLeft > 0:
			switch {
			case strings.HasPrefix(line, "+"):
				element, newLeft = "ins", newLeft-1
			case strings.HasPrefix(line, "-"):
				element, oldLeft = "del", oldLeft-1
			case !strings.HasPrefix(line, `\`):
				oldLeft, newLeft = oldLeft-1, newLeft-1
			}
		case strings.HasPrefix(line, "diff --git "):
			if !diffs {
				b.WriteString("<span class=left>The patch follows, as above.</span>\n")
				return template.HTML(b.String())
			}
			inDiff, element = true, "b"
		case inDiff && strings.HasPrefix(line, "@@ "):
			element = "b"
			if _, ranges, ok := readHunk(line); ok {
				oldLeft, newLeft = ranges[1], ranges[3]
			}
		case inDiff && line == "-- ": // the signature ends the diff
			inDiff = false
		case inDiff:
			element = "b"
		}
		if element == "span" {
			b.WriteString(string(page.Shown(line)) + "\n")
		} else {
			b.WriteString("<" + element + ">" + string(page.Shown(line)) + "\n</" + element + ">")
		}
	}
	return template.HTML(b.String())
}
