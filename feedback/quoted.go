package feedback

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"github.com/kprep/kprep/trailers"
)

// A remark is what a reply says in one place, below what it quotes there.
type remark struct {
	quote string   // the last line that is quoted above, without marks; "" for none
	text  []string // without blank lines around it
	file  string   // where the patch has that line; "" when it is not found in the diff
	line  int

	elsewhere bool // in a patch of somebody else
}

// maxReply bounds how much of a reply is read.
const maxReply = 1 << 20

// A replyLine is one line of a reply.
type replyLine struct {
	text   string // without marks of quotation
	key    string // as of a mailedLine
	quoted bool
	at     int // of what is quoted, the place among the mailed lines; -1 for none
}

// remarks takes a reply apart, and finds what it says about which line of a
// patch. Without the patch nothing is found.
func remarks(body string, mailed []mailedLine) []remark {
	lines := readReply(body)
	newLocator(mailed).locate(lines)
	var all []remark
	for i := 0; i < len(lines); {
		quote := i
		for i < len(lines) && lines[i].quoted {
			i++
		}
		own := i
		for i < len(lines) && !lines[i].quoted {
			i++
		}
		r := remark{text: ownText(lines[own:i], i < len(lines))}
		if len(r.text) == 0 {
			continue
		}
		r.anchor(lines[quote:own], mailed)
		all = append(all, r)
	}
	return all
}

// anchor notes the last line of a quotation that says something, and the last one
// that the patch has.
func (r *remark) anchor(quoted []replyLine, mailed []mailedLine) {
	for i := len(quoted) - 1; i >= 0; i-- {
		q := &quoted[i]
		if r.quote == "" {
			r.quote = strings.TrimRight(q.text, " \t")
		}
		if q.at < 0 {
			continue
		}
		r.file, r.line = mailed[q.at].file, mailed[q.at].line
		return
	}
}

// readReply reads the lines that count: what a mail program put below, or above a
// quotation, is none.
func readReply(body string) []replyLine {
	if len(body) > maxReply {
		body = body[:strings.LastIndexByte(body[:maxReply], '\n')+1]
	}
	var lines []replyLine
	for _, l := range trailers.Lines(body) {
		text, quoted := unquote(l.Text)
		switch {
		case quoted:
			lines = append(lines, replyLine{text, keyOf(text), true, -1})
		case l.Own:
			if footerForm().MatchString(l.Text) {
				return lines
			}
			lines = append(lines, replyLine{l.Text, keyOf(l.Text), false, -1})
		}
	}
	return lines
}

// footerForm is the line above what a list adds to each mail.
var footerForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(_{30,}|-{2}-*=_Part.*|To unsubscribe from this list: send the line.*)$`)
})

// unquote takes the marks of quotation off a line. What a patch adds to one stays:
// " >" is context that begins with that letter.
func unquote(line string) (text string, quoted bool) {
	trimmed := strings.TrimLeft(line, " \t")
	if !strings.HasPrefix(trimmed, ">") {
		return line, false
	}
	for strings.HasPrefix(trimmed, ">") {
		trimmed = strings.TrimPrefix(trimmed[1:], " ")
	}
	return trimmed, true
}

// ownText is what lines say, without the one that introduces the quotation below.
func ownText(lines []replyLine, quotes bool) []string {
	end := len(lines)
	blank := func(i int) bool { return strings.TrimSpace(lines[i].text) == "" }
	for end > 0 && blank(end-1) {
		end--
	}
	if quotes {
		begin := end
		for begin > 0 && !blank(begin-1) && end-begin < 4 {
			begin--
		}
		for at := begin; at < end; at++ {
			if text := joined(lines[at:end]); len(text) < maxIntro && introForm().MatchString(text) {
				end = at
				break
			}
		}
	}
	for end > 0 && blank(end-1) {
		end--
	}
	begin := 0
	for begin < end && blank(begin) {
		begin++
	}
	var text []string
	for _, l := range lines[begin:end] {
		text = append(text, strings.TrimRightFunc(l.text, unicode.IsSpace))
	}
	return text
}

// maxIntro is longer than any line that introduces a quotation.
const maxIntro = 500

// introForm is "On Thursday, Jane Doe <jane@example.org> wrote:", in whatever
// language.
var introForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^\W{0,3}((on|am|le|el|il|op|em|den|w dniu|at|quoting|from)\s.*\d.*|.*\S+@\S+.*|.*\b(wrote|writes|said|schrieb|écrit|escribió|скаже|пишет|napisał)).{0,20}:\s*$`)
})

func joined(lines []replyLine) string {
	var words []string
	for _, l := range lines {
		words = append(words, strings.TrimSpace(l.text))
	}
	return strings.Join(words, " ")
}
