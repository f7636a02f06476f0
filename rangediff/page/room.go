package page

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/kprep/kprep/rangediff"
)

// A Room is what may be filled, in bytes of HTML.
type Room struct {
	Whole    int // with commits without counterpart, which are no comparison
	Compared int // with comparisons
}

// pageRoom is that of a page: together with tables for hundreds of patches it
// stays below 5 MB.
func pageRoom() Room { return Room{Whole: 1_500_000, Compared: 2_800_000} }

// A maker makes the pairs of a page.
type maker struct {
	differ rangediff.Differ
	whole  int // room that is left for commits without counterpart
	most   int // room for comparisons
}

// wholly shows a commit that has no counterpart. The first ones have the room.
func (m *maker) wholly(p *pairView, c *rangediff.Commit) {
	p.Whole = true
	if len(c.Text) <= m.whole {
		if text := wholeHTML(c.Text); len(text) <= m.whole {
			m.whole -= len(text)
			p.Hunks = append(p.Hunks, text)
			return
		}
	}
	p.left = 1
	p.Hunks = append(p.Hunks, leftOut("This patch is left out, the page would be too large. git show "+c.ID+" has it."))
}

func leftOut(text string) template.HTML { return "<p class=left>" + Shown(text) + "</p>\n" }

// compare shows what differs in a pair. Not even one pair gets more than all
// the room; the lines are counted all the same.
func (m *maker) compare(p *pairView, pair rangediff.Pair, o rangediff.DiffOptions) {
	p.command = fmt.Sprintf("git range-diff --creation-factor=999 %s^! %[2]s^!", pair.Old.ID, pair.New.ID)
	room := m.most
	for _, h := range m.differ.Diff(pair.Old.Text, pair.New.Text, o) {
		size := 0
		for _, l := range h.Lines {
			size += len(l.Text)
			switch l.Sign {
			case '+':
				p.Added++
			case '-':
				p.Removed++
			}
		}
		if p.left == 0 && size <= room {
			text := hunkHTML(h)
			room -= len(text)
			p.Hunks = append(p.Hunks, text)
		} else {
			p.left++
		}
	}
}

// fit leaves out hunks at the ends of those pairs that have more than their
// share of the room. Pairs with less leave the rest of theirs to the others.
func fit(pairs []*pairView, room int) {
	var sizes []int
	for _, p := range pairs {
		if !p.Whole {
			sizes = append(sizes, p.size())
		}
	}
	share := fairShare(sizes, room)
	for _, p := range pairs {
		if !p.Whole {
			p.cut(share)
		}
	}
}

// fairShare is the most that each may have so that all have no more than the room.
func fairShare(sizes []int, room int) int {
	slices.Sort(sizes)
	for n, size := range sizes {
		if share := room / (len(sizes) - n); size > share {
			return share
		}
		room -= size
	}
	return math.MaxInt
}

func (p *pairView) size() int {
	size := 0
	for _, h := range p.Hunks {
		size += len(h)
	}
	return size
}

// cut leaves the first hunks that fit, and says what is missing.
func (p *pairView) cut(share int) {
	keep := 0
	for keep < len(p.Hunks) && len(p.Hunks[keep]) <= share {
		share -= len(p.Hunks[keep])
		keep++
	}
	p.left += len(p.Hunks) - keep
	p.Hunks = p.Hunks[:keep]
	if p.left > 0 {
		p.Hunks = append(p.Hunks, leftOut(p.missing()))
	}
}

func (p *pairView) missing() string {
	what := fmt.Sprintf("%d more parts of the difference are left out", p.left)
	switch {
	case p.left == 1 && len(p.Hunks) > 0:
		what = "One more part of the difference is left out"
	case len(p.Hunks) == 0:
		what = "The difference is left out"
	}
	return what + ", the page would be too large. " + p.command + " has it all."
}

// brief is as much of a subject as a table has use for.
func brief(subject string) string {
	const most = 400
	if len(subject) <= most {
		return subject
	}
	end := most
	for end > most-utf8.UTFMax && !utf8.RuneStart(subject[end]) {
		end--
	}
	return subject[:end] + "…"
}
