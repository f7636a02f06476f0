package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/kprep/kprep/patchmail"
)

// A screen is the terminal behind standard error, as messages and progress share
// it: the line where the cursor stands may tell how far some work is, and whatever
// is written takes that line away first.
type screen struct {
	w     io.Writer
	width func() int  // in columns
	ours  func() bool // false while the terminal is another job's

	mu    sync.Mutex
	shown string // the line that stands there, "" for none
	open  bool   // the cursor stands behind something else, such as a question
	given bool   // programs have the terminal, from now on
	held  int    // programs run that may ask the user
}

// Write writes a message, folded to the width of the terminal.
func (s *screen) Write(p []byte) (int, error) {
	if _, err := s.beside([]byte(fold(string(p), s.width())), s.w); err != nil {
		return 0, err
	}
	return len(p), nil
}

// beside writes to w, which is the same terminal.
func (s *screen) beside(p []byte, w io.Writer) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	if len(p) > 0 {
		s.open = p[len(p)-1] != '\n'
	}
	return w.Write(p)
}

// show makes text the line that tells how far some work is, where there may be one.
// As git does it leaves the cursor at its beginning, so that what programs say on
// their own comes in its place. It says whether it stands there.
func (s *screen) show(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	text = cut(patchmail.PrintableLine(text), s.width()-1, "")
	if s.open || s.given || s.held > 0 || !s.ours() {
		return false
	}
	if text != s.shown {
		fmt.Fprintf(s.w, "%s\x1b[K\r", text)
		s.shown = text
	}
	return true
}

// hide takes the line away.
func (s *screen) hide() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
}

func (s *screen) clear() {
	if s.shown != "" {
		fmt.Fprint(s.w, "\x1b[K")
		s.shown = ""
	}
}

// hold keeps the screen as it is while a program runs that may ask the user.
func (s *screen) hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.held++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.held--
	}
}

// give leaves the terminal to programs.
func (s *screen) give() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clear()
	s.given = true
}

// answered says that the user has ended the line of a question.
func (s *screen) answered() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open = false
}

// asking is told of programs that may ask the user on the terminal by themselves,
// before they run. For git, which asks for passwords, the line goes; those that sign
// are many, one after the other, mostly ask nothing, and write over it.
func (e *env) asking(program string) (done func()) {
	s, ok := e.stderr.(*screen)
	if !ok {
		return func() {}
	}
	if program == "git" {
		s.hide()
	}
	return s.hold()
}

// gitAsking is asking for the programs that git and commits need, whose signatures
// it counts.
func (e *env) gitAsking() func(program string) (done func()) {
	signatures := 0
	return func(program string) func() {
		if program != "git" {
			e.progress.count("signing", signatures, 0)
			signatures++
		}
		return e.asking(program)
	}
}

// asFile is the file behind a standard stream, for a child process; nil where there
// is none. The terminal is the child's from now on.
func asFile(stream any) *os.File {
	switch s := stream.(type) {
	case *screen:
		s.give()
		stream = s.w
	case folding:
		stream = s.w
	}
	f, _ := stream.(*os.File)
	return f
}

// complaints is standard error for a child process, which is to see a terminal where
// there is one.
func (e *env) complaints() io.Writer {
	if f := asFile(e.stderr); f != nil {
		return f
	}
	return e.stderr
}
