package smtp

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/kprep/kprep/patchmail"
)

// What a server may say at a time (spec/mail.md 3.4).
const (
	maxLine  = 2000 // bytes of a line, with its end
	maxLines = 128  // of a reply
	maxText  = 512  // bytes of a reply that are kept
)

var (
	errLongLine = fmt.Errorf("the server's reply has a line of more than %d bytes", maxLine)
	errEndless  = fmt.Errorf("the server's reply has no end within %d lines", maxLines)
	errNotSMTP  = errors.New("what the server says is not SMTP")
	errUnasked  = errors.New("the server answers what it was not asked yet")
	errClosed   = errors.New("the server closed the connection")
)

// A Reply is what a server answers. Its zero value stands for none.
type Reply struct {
	Code int
	Text string // as the server wrote it, with any enhanced code; lines separated by "\n"
}

// String is the code and the text as one harmless line.
func (r Reply) String() string { return Harmless(fmt.Sprintf("%d %s", r.Code, r.Text)) }

func (r Reply) class() int { return r.Code / 100 }

// ends says that nothing more can be said on the connection: a 421, or a reply
// that has no place where a command asks for yes or no.
func (r Reply) ends() bool {
	return r.Code == 421 || r.class() != 2 && r.class() != 4 && r.class() != 5
}

// parseLine takes a line of a reply apart. last is false when more follow.
//
// QUIRK: a bare code, such as "250", is a whole line for some servers, and
// some end it with LF only.
func parseLine(line []byte) (code int, text string, last, ok bool) {
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, "", false, false
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0, "", false, false
		}
		code = 10*code + int(c-'0')
	}
	if len(line) == 3 {
		return code, "", true, true
	}
	return code, string(line[4:]), line[3] == ' ', line[3] == ' ' || line[3] == '-'
}

// Harmless makes one line of at most 512 bytes out of text from outside, and
// takes out what a terminal would obey. A line end becomes a blank.
func Harmless(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' }), " ")
	text = patchmail.PrintableLine(cut(text, maxText))
	return cut(text, maxText) // escapes are longer than what they stand for
}

func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
