package inbox

import (
	"bytes"
	"errors"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kprep/kprep/patchmail"
)

// A Message is what a mail says about itself and its place in a series.
type Message struct {
	ID       string // without brackets
	From     string // the address alone, in lower case
	Date     time.Time
	Line     string // the subject as it stands there, decoded
	Subject  patchmail.Subject
	Parents  []string // message-ids: what it answers, then its references from the nearest
	List     string   // of List-Id, without brackets; "" for a copy that came through no list
	ChangeID string   // "" when the mail names none
	Base     string   // of a base-commit line
	Needs    []string // its prerequisite lines, as "change-id: ID:vN"
	PatchID  string   // of the diff in it, "" without one
	Patch    bool     // it holds a diff, and its subject is that of a patch
	Cover    bool     // its subject is that of a cover letter
	File     string   // where it is: a file, a mirror or a server
	Number   int      // of the message in that file, from 1
	Raw      []byte   // the original bytes; nil where only [Index] saw them

	Contested bool // another copy of it was found, which holds another patch
}

// Meet notes that two are copies of one message. Lists change the text around a
// patch, and blanks in it, but no patch.
func (m *Message) Meet(other *Message) {
	if m.Contested || other.Contested || m.PatchID != other.PatchID {
		m.Contested, other.Contested = true, true
	}
}

// Tracking reads the change-id out of the value of an X-B4-Tracking header;
// "" when there is none in it.
type Tracking func(value string) string

// maxParents bounds what a mail may claim to answer.
const maxParents = 1000

// Parse reads a mail. Parts that are not text count for nothing. A mail without
// a message-id is an error; what else is broken in it costs only itself.
func Parse(m Mail, tracking Tracking) (*Message, error) {
	header, body, err := open(m.Raw)
	if err != nil {
		return nil, err
	}
	text := func(name string) string {
		value, err := header.Text(name)
		if err != nil {
			value = header.Get(name)
		}
		return strings.Join(strings.Fields(value), " ")
	}
	out := &Message{ID: firstID(header.Get("Message-Id")), File: m.File, Number: m.Number, Line: text("Subject")}
	if out.ID == "" {
		return nil, errors.New("it has no message-id")
	}
	out.Subject = patchmail.ParseSubject(out.Line)
	out.From = strings.ToLower(sender(header.Get("From")).Mailbox)
	out.Date, _ = mail.ParseDate(header.Get("Date"))
	out.Parents = parents(header.Get("In-Reply-To"), header.Get("References"))
	if ids := messageIDs(header.Get("List-Id")); len(ids) > 0 {
		out.List = strings.ToLower(ids[len(ids)-1])
	}
	out.readLines(body)
	if out.Patch {
		out.PatchID = patchmail.PatchID(body)
	}
	if id := strings.TrimSpace(header.Get("X-Change-Id")); id != "" {
		out.ChangeID = id
	}
	if value := header.Get("X-B4-Tracking"); value != "" {
		if id := tracking(value); id != "" {
			out.ChangeID = id
		}
	}
	_, reply := patchmail.BaseSubject(out.Line)
	prefixed := out.Subject.Title != out.Line && !reply
	out.Cover = prefixed && out.Subject.Counter == 0
	out.Patch = out.Patch && prefixed && out.Subject.Counter > 0 && out.Subject.Counter <= out.Subject.Total
	return out, nil
}

// parents are what a mail answers and its references from the nearest, each
// once.
func parents(inReplyTo, references string) []string {
	named := messageIDs(references)
	slices.Reverse(named)
	var ids []string
	seen := map[string]bool{}
	for _, id := range append(messageIDs(inReplyTo), named...) {
		if !seen[id] && len(ids) < maxParents {
			seen[id] = true
			ids = append(ids, id)
		}
	}
	return ids
}

// messageIDs are the words in angle brackets.
func messageIDs(value string) []string {
	var ids []string
	for {
		_, rest, ok := strings.Cut(value, "<")
		if !ok {
			return ids
		}
		end := strings.IndexAny(rest, "<>")
		if end > 0 && rest[end] == '>' && !strings.ContainsFunc(rest[:end], unicode.IsSpace) {
			ids = append(ids, rest[:end])
		}
		value = rest
	}
}

func firstID(value string) string {
	if ids := messageIDs(value); len(ids) > 0 {
		return ids[0]
	}
	// QUIRK: "Message-ID: one@example.org", without brackets.
	id := strings.Trim(strings.TrimSpace(value), "<>")
	if strings.ContainsFunc(id, unicode.IsSpace) {
		return ""
	}
	return id
}

// readLines looks for what stands at the beginning of a line only outside of
// diffs and of quotations.
func (m *Message) readLines(body []byte) {
	wasOldFile := false // the line before was "--- a/file"
	for line := range bytes.Lines(body) {
		oldFile := false
		switch line[0] {
		case 'c':
			if id, ok := lineValue(line, "change-id:"); ok && m.ChangeID == "" && !strings.ContainsFunc(id, unicode.IsSpace) {
				m.ChangeID = id
			}
		case 'b':
			if id, ok := lineValue(line, "base-commit:"); ok && m.Base == "" && isCommitID(id) {
				m.Base = strings.ToLower(id)
			}
		case 'p':
			m.readNeed(line)
		case 'd':
			m.Patch = m.Patch || bytes.HasPrefix(line, []byte("diff --git "))
		case '-':
			oldFile = namesFile(line, "--- ")
		case '+':
			m.Patch = m.Patch || wasOldFile && namesFile(line, "+++ ")
		}
		wasOldFile = oldFile
	}
}

// lineValue is what follows a name at the beginning of a line.
func lineValue(line []byte, name string) (string, bool) {
	rest, ok := bytes.CutPrefix(line, []byte(name))
	value := string(bytes.Trim(rest, " \r\n"))
	return value, ok && value != ""
}

func isCommitID(id string) bool {
	return len(id) >= 7 && len(id) <= 64 && strings.Trim(id, "0123456789abcdefABCDEF") == ""
}

func (m *Message) readNeed(line []byte) {
	for _, kind := range []string{"change-id", "message-id", "patch-id"} {
		if value, ok := lineValue(line, "prerequisite-"+kind+":"); ok {
			m.Needs = append(m.Needs, kind+": "+value)
		}
	}
}

// namesFile is true of "--- a/file" and "+++ b/file".
func namesFile(line []byte, mark string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(mark))
	return ok && len(rest) > 0 && !unicode.IsSpace(rune(rest[0]))
}
