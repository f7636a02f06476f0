package main

import (
	"fmt"
	"sync"
	"time"
)

// How long people are left without a word.
const (
	patience          = time.Second            // on a terminal, from the start of the verb
	refresh           = 200 * time.Millisecond // then, where there is something else to say
	patienceElsewhere = 15 * time.Second       // from the start of each work
)

// A progress tells people what a verb does, and how far it is, once that takes long:
// on a terminal in a line that changes, elsewhere in a line now and then. It tells
// nothing before begin and after end, and nothing when it is nil. It is safe for use
// by several goroutines.
type progress struct {
	screen *screen           // nil: not on a terminal
	tell   func(line string) // elsewhere

	mu    sync.Mutex
	verb  string
	work  work
	begun time.Time     // the verb, or what was done since the user answered
	since time.Time     // the work was begun
	due   bool          // on a terminal: it takes long
	shown time.Time     // there: when something was
	pause time.Duration // elsewhere: until the next line
	timer *time.Timer   // tells the next time; nil: nothing is to be told
}

// A work is what is done. The zero value is all that the verb does.
type work struct {
	what        string
	done, total int           // 0: not counted
	limit       time.Duration // of a wait; 0: not known
}

// begin is for each verb at its start.
func (p *progress) begin(verb string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.verb, p.begun = verb, time.Now()
	p.set(work{})
	if p.screen != nil && p.timer == nil {
		p.after(patience)
	}
}

// doing says what is done from now on; "" for nothing in particular.
func (p *progress) doing(what string) { p.now(work{what: what}) }

// waiting says what is waited for from now on, and how long at most.
func (p *progress) waiting(what string, limit time.Duration) { p.now(work{what: what, limit: limit}) }

// count says how far a work is: so many of a total, 0 for one that is not known.
func (p *progress) count(what string, done, total int) {
	p.now(work{what: what, done: done, total: total})
}

func (p *progress) now(w work) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.verb == "" {
		return
	}
	if p.work.what != w.what {
		p.set(w)
	}
	p.work = w
	if p.due && time.Since(p.shown) >= refresh {
		p.show()
	}
}

// set begins another work.
func (p *progress) set(w work) {
	p.work, p.since = w, time.Now()
	if p.screen == nil {
		p.stop()
		if w.what != "" {
			p.pause = patienceElsewhere
			p.after(p.pause)
		}
	}
}

// again is for when the user has been asked: who has just answered wonders later.
func (p *progress) again() {
	if p == nil || p.screen == nil {
		return
	}
	p.screen.answered()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.timer != nil {
		p.due, p.begun = false, time.Now()
		p.stop()
		p.after(patience)
	}
}

// end ends all of it.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
	p.verb = ""
	if p.screen != nil {
		p.screen.hide()
	}
}

func (p *progress) stop() {
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

// after has p told of after a time.
func (p *progress) after(d time.Duration) {
	var timer *time.Timer
	timer = time.AfterFunc(d, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.timer == timer { // nobody has stopped it meanwhile
			p.tick()
		}
	})
	p.timer = timer
}

func (p *progress) tick() {
	if p.screen != nil {
		p.show()
		p.after(refresh)
		return
	}
	p.tell(p.line())
	p.pause *= 2 // lines that tell of less and less
	p.after(p.pause)
}

func (p *progress) show() {
	p.due = true
	if p.screen.show(p.line()) {
		p.shown = time.Now()
	}
}

func (p *progress) line() string {
	w, took := p.work, time.Since(p.since)
	switch {
	case w.total > 0:
		return fmt.Sprintf("%s: %d of %d", w.what, w.done, w.total)
	case w.done > 0:
		return fmt.Sprintf("%s: %d so far", w.what, w.done)
	case w.limit > 0:
		return fmt.Sprintf("%s, %v left", w.what, max(w.limit-took, 0).Round(time.Second))
	case w.what == "":
		w.what, took = "kprep "+p.verb, time.Since(p.begun)
	}
	if took = took.Round(time.Second); took == 0 {
		return w.what
	}
	return fmt.Sprintf("%s, %v", w.what, took)
}
