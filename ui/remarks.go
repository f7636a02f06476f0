package ui

import (
	"fmt"
	"strings"
	"time"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/patchmail"
)

// A remarkView is what somebody says in one place.
type remarkView struct {
	replyHead
	Quote string // "" where it stands below the line itself
	Where string // "core.c:8"
	Text  string
}

// A replyHead says whose a reply is, and how it stands.
type replyHead struct {
	ID       string // of the element that shows the whole reply, without prefix
	URL      string // leads to it
	Who      string
	When     time.Time
	Revision string
	Kind     string // "you", "a program", "CI: NAME, fail"; "" for a reviewer
	State    string // new, open, done; "" for what asks for nothing
	Answered bool
}

// placed are remarks by where they stand in a patch.
type placed struct {
	lines map[spot][]remarkView
	files map[int][]remarkView // about lines of a file that the patch does not show
	above []remarkView         // about the message, or what is not here any more
}

// placeRemarks finds where the remarks of replies to a patch stand. A remark stands below the
// line that it quotes, in the file that it is about; of equal lines below the one
// nearest to where it was when it was mailed.
func placeRemarks(files []fileDiff, replies []feedback.Reply, head func(*feedback.Reply) replyHead) placed {
	p := placed{lines: map[spot][]remarkView{}, files: map[int][]remarkView{}}
	for i := range replies {
		r := &replies[i]
		for _, remark := range r.Remarks {
			v := remarkView{replyHead: head(r), Text: brief(strings.Join(remark.Text, "\n"), mostRemark)}
			file := fileOf(files, remark.At)
			if file >= 0 {
				if at, ok := nearest(files[file], remark); ok {
					at.file = file
					p.lines[at] = append(p.lines[at], v)
					continue
				}
			}
			v.Quote, v.Where = brief(remark.Quote, mostRemark), whereWords(remark.At)
			if file >= 0 {
				p.files[file] = append(p.files[file], v)
			} else {
				p.above = append(p.above, v)
			}
		}
	}
	return p
}

// fileOf is which of the files a place is in, -1 for none.
func fileOf(files []fileDiff, at *feedback.Location) int {
	if at == nil {
		return -1
	}
	for _, name := range []string{at.File, at.SentFile} {
		for n, f := range files {
			if name != "" && f.Name == name {
				return n
			}
		}
	}
	return -1
}

func nearest(f fileDiff, remark feedback.Remark) (best spot, found bool) {
	want := bare(remark.Quote)
	if want == "" {
		return best, false
	}
	distance := 0
	for k, h := range f.Hunks {
		next := 0 // the line of the new file that a line that goes was in front of
		for i, l := range h.Lines {
			if l.New > 0 {
				next = l.New
			}
			text := bare(l.Text)
			if text != want && bare(string(l.Sign))+text != want {
				continue
			}
			d := next - remark.At.SentLine
			if d < 0 {
				d = -d
			}
			if !found || d < distance {
				best, distance, found = spot{hunk: k, line: i}, d, true
			}
		}
	}
	return best, found
}

// bare is what is left of a line whatever mail programs do to its blanks.
func bare(line string) string { return strings.Join(strings.Fields(line), "") }

// whereWords is "core.c:8", and what is to be known of it.
func whereWords(at *feedback.Location) string {
	switch {
	case at == nil:
		return ""
	case at.File == "":
		return fmt.Sprintf("%s:%d as it was sent", at.SentFile, at.SentLine)
	}
	text := fmt.Sprintf("%s:%d", at.File, at.Line)
	switch {
	case at.Gone:
		text += ", the line is gone"
	case at.Patch > 0:
		text += fmt.Sprintf(" after patch %d, a later one changes it", at.Patch)
	}
	return text
}

// replyHeads says whose replies are; link leads to a whole one.
func replyHeads(link func(id string) string) func(*feedback.Reply) replyHead {
	return func(r *feedback.Reply) replyHead {
		h := replyHead{ID: "r-" + r.Short(), Who: nameOf(r.From), When: r.Date, Answered: r.Answered && !r.Done, State: stateOf(r)}
		h.URL = link(h.ID)
		if r.Place.Revision > 0 {
			h.Revision = revisionName(r.Place.Revision)
		}
		switch {
		case r.Kind == feedback.Own:
			h.Kind = "you"
		case r.Report != nil:
			h.Kind = fmt.Sprintf("CI: %s, %s", r.Report.Robot, r.Report.Verdict)
		case r.Kind == feedback.Bot:
			h.Kind = "a program"
		}
		return h
	}
}

func stateOf(r *feedback.Reply) string {
	switch {
	case r.Done:
		return "done"
	case r.Open() && r.New:
		return "new"
	case r.Open():
		return "open"
	}
	return ""
}

func nameOf(a patchmail.Address) string {
	switch {
	case a.Name != "":
		return a.Name
	case a.Mailbox != "":
		return a.Mailbox
	}
	return "somebody"
}
