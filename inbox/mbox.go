package inbox

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"sync"
)

// An mboxSplitter cuts an mbox (RFC 4155) into its mails. The variants differ
// in what they do to a line of a mail that begins with "From ": mboxo and
// mboxrd put ">" in front, mboxcl does so and counts the bytes as
// Content-Length, and mboxcl2 only counts.
type mboxSplitter struct {
	found  func(raw []byte, err error) error
	mail   []byte // read so far, without the line that separates
	large  bool   // there is more of it than is kept
	open   bool   // a mail has begun
	header bool   // its header has not ended
	end    int    // where its Content-Length says that it ends; 0 when that is not known
	inside []int  // lines before end that could be separators
}

func splitMbox(in *bufio.Reader, found func(raw []byte, err error) error) error {
	s := &mboxSplitter{found: found}
	begins, blank := true, true // a line begins here; the one before was blank
	for {
		line, err := in.ReadSlice('\n')
		whole := err == nil
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return errors.Join(s.close(), err)
		}
		if begins && separates(line, blank) {
			if err := s.separator(line); err != nil {
				return err
			}
		} else if err := s.add(line); err != nil {
			return err
		}
		if begins && whole {
			blank = len(bytes.TrimRight(line, "\r\n")) == 0
			if blank && s.header {
				s.header = false
				s.end = s.contentEnd()
			}
		} else {
			blank = false
		}
		begins = whole
		if errors.Is(err, io.EOF) {
			return s.close()
		}
	}
}

// asctime is the form that mail programs write.
var asctime = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^From \S+ +(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z][a-z] +\d+ \d\d:\d\d(:\d\d)? .*\d{4}`)
})

// anyTime is what git wants to see at least.
var anyTime = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^From .*\d:\d`) })

// separates is true of the "From " line before a mail. It stands behind a
// blank line.
//
// QUIRK: some programs leave the blank line out; then the line has to be of
// the very form, since an unquoted "From now on" can stand anywhere.
func separates(line []byte, behindBlank bool) bool {
	return bytes.HasPrefix(line, []byte("From ")) && (asctime().Match(line) || behindBlank && anyTime().Match(line))
}

// separator is told of a line that begins a mail, unless the one before is
// still going on, by its Content-Length.
func (s *mboxSplitter) separator(line []byte) error {
	if s.end > 0 && len(s.mail) < s.end && !s.large {
		s.inside = append(s.inside, len(s.mail))
		return s.add(line)
	}
	if err := s.close(); err != nil {
		return err
	}
	s.open, s.header = true, true
	return nil
}

func (s *mboxSplitter) add(part []byte) error {
	if s.large || len(s.mail)+len(part) > maxMail {
		s.mail, s.large, s.end, s.inside = nil, true, 0, nil
		return nil
	}
	s.mail = append(s.mail, part...)
	// QUIRK: a Content-Length that another program got wrong: the mail goes on
	// behind it with something else than a separator.
	if s.end > 0 && len(s.mail) > s.end && len(bytes.Trim(s.mail[s.end:], "\r\n")) > 0 {
		return s.recount()
	}
	return nil
}

// recount takes the lines that were passed over for separators after all.
func (s *mboxSplitter) recount() error {
	start := 0
	for _, at := range s.inside {
		if err := s.finish(s.mail[start:at]); err != nil {
			return err
		}
		start = at + bytes.IndexByte(s.mail[at:], '\n') + 1
	}
	s.mail, s.end, s.inside = s.mail[start:], 0, nil
	return nil
}

// contentEnd is where the body ends by Content-Length, 0 when there is none
// that can be believed.
func (s *mboxSplitter) contentEnd() int {
	for line := range bytes.Lines(s.mail) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if ok && bytes.EqualFold(name, []byte("Content-Length")) {
			n, err := strconv.Atoi(string(bytes.TrimSpace(value)))
			if err == nil && n > 0 && len(s.mail)+n <= maxMail {
				return len(s.mail) + n
			}
		}
	}
	return 0
}

// close hands over the mail that was read.
func (s *mboxSplitter) close() error {
	if s.end > len(s.mail) { // cut off, or counted wrong
		if err := s.recount(); err != nil {
			return err
		}
	}
	was := *s
	*s = mboxSplitter{found: s.found}
	switch {
	case !was.open:
		return nil
	case was.large:
		return s.found(nil, ErrTooLarge)
	case len(was.inside) > 0: // mboxcl2: nothing is quoted
		return s.found(withoutEnd(was.mail), nil)
	}
	return s.finish(was.mail)
}

func (s *mboxSplitter) finish(mail []byte) error {
	return s.found(unquote(withoutEnd(mail)), nil)
}

// withoutEnd takes off the blank line that the mailbox added.
func withoutEnd(mail []byte) []byte {
	for _, end := range []string{"\r\n\r\n", "\n\n"} {
		if bytes.HasSuffix(mail, []byte(end)) && headerEnds(mail) < len(mail) {
			return mail[:len(mail)-len(end)/2]
		}
	}
	return mail
}

// headerEnds is where the body begins.
func headerEnds(mail []byte) int {
	ends := len(mail)
	for _, end := range []string{"\n\n", "\r\n\r\n"} {
		if at := bytes.Index(mail, []byte(end)); at >= 0 {
			ends = min(ends, at+len(end))
		}
	}
	return ends
}

var quotedFrom = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^>(>*From )`) })

// unquote takes back the ">" that mboxrd puts before "From ", ">From " and so
// on, and mboxo before "From " alone.
func unquote(mail []byte) []byte {
	if !bytes.Contains(mail, []byte("\n>")) {
		return mail
	}
	at := headerEnds(mail)
	return append(mail[:at:at], quotedFrom().ReplaceAll(mail[at:], []byte("$1"))...)
}
