package feedback

import "strings"

// maxCompared bounds the work for one reply, whatever it quotes.
const maxCompared = 1 << 22

// A locator finds what a reply quotes in the patch that it answers.
type locator struct {
	mailed   []mailedLine
	places   map[string][]int
	compared int
}

func newLocator(mailed []mailedLine) *locator {
	l := &locator{mailed: mailed, places: map[string][]int{}}
	for i, m := range mailed {
		if m.key != "" {
			l.places[m.key] = append(l.places[m.key], i)
		}
	}
	return l
}

// locate notes in quoted lines which of the mailed lines they are. They are quoted
// in order, and with gaps; a run of several equal lines tells more than one.
func (l *locator) locate(lines []replyLine) {
	next := 0 // where the patch goes on
	for i := 0; i < len(lines); {
		if !lines[i].quoted {
			i++
			continue
		}
		at, run := l.longest(lines[i:], next)
		if run == 0 {
			if used := l.wrapped(lines[i:], next); used > 0 {
				for k := range used {
					lines[i+k].quoted, lines[i+k].at = true, next
				}
				i, next = i+used, next+1
				continue
			}
			i++
			continue
		}
		for k := range run {
			lines[i+k].at = at + k
		}
		i, next = i+run, at+run
	}
}

// longest finds the longest run of mailed lines that the first of some lines
// quote. Of several it is the one at or behind next, where the quotation goes on,
// then the first. A line without a word counts only where it goes on, or where it
// is the only one of its kind.
func (l *locator) longest(lines []replyLine, next int) (at, run int) {
	key := lines[0].key
	if key == "" && next > 0 && next < len(l.mailed) && l.mailed[next].key == "" {
		return next, 1
	}
	places := l.places[key]
	if len(places) == 0 && key != "" {
		places = l.places["+"+key] // QUIRK: quoted without the mark of the diff
	}
	if len(places) == 0 {
		return 0, 0
	}
	best := func(forward bool) {
		for _, p := range places {
			if l.compared >= maxCompared {
				return
			}
			if l.compared++; p >= next != forward {
				continue
			}
			if n := l.run(lines, p); n > run {
				at, run = p, n
			}
		}
	}
	best(true)
	best(false)
	if run == 1 && len(places) > 1 && at != next && !strings.ContainsFunc(key, isWordRune) {
		return 0, 0
	}
	return at, run
}

func isWordRune(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// run is how many of the lines are those that are mailed from a place on.
func (l *locator) run(lines []replyLine, from int) int {
	n := 0
	for n < len(lines) && from+n < len(l.mailed) && lines[n].quoted && l.compared < maxCompared {
		l.compared++
		if mailed := l.mailed[from+n].key; mailed != lines[n].key && mailed != "+"+lines[n].key {
			break
		}
		n++
	}
	return n
}

// wrapped is how many lines a mail program made of the mailed line at a place, of
// which it has quoted perhaps only the first; 0 when they are none of it.
func (l *locator) wrapped(lines []replyLine, at int) int {
	if at >= len(l.mailed) {
		return 0
	}
	rest, ok := strings.CutPrefix(l.mailed[at].key, lines[0].key)
	if !ok || len(rest) == len(l.mailed[at].key) {
		return 0
	}
	for n := 1; n < min(len(lines), 4); n++ {
		key := lines[n].key
		if key == "" {
			return 0
		}
		if rest, ok = strings.CutPrefix(rest, key); !ok {
			return 0
		}
		if rest == "" {
			return n + 1
		}
	}
	return 0
}
