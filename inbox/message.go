package inbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // subjects in the charsets of the world

	"github.com/kprep/kprep/patchmail"
)

// A Message is what a mail says about itself and its place in a series.
type Message struct {
	ID       string // without brackets
	From     string // the address alone, in lower case
	Date     time.Time
	Subject  patchmail.Subject
	Parents  []string // message-ids: what it answers, then its references from the nearest
	ChangeID string   // "" when the mail names none
	Base     string   // of a base-commit line
	Needs    []string // its prerequisite lines, as "change-id: ID:vN"
	Patch    bool     // it holds a diff, and its subject is that of a patch
	Cover    bool     // its subject is that of a cover letter
	File     string
	Number   int // of the message in that file, from 1
}

// Tracking reads the change-id out of the value of an X-B4-Tracking header;
// "" when there is none in it.
type Tracking func(value string) string

// Parse reads a mail. Parts that are not text count for nothing.
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
	out := &Message{ID: firstID(header.Get("Message-Id")), File: m.File, Number: m.Number, Subject: patchmail.ParseSubject(text("Subject"))}
	if out.ID == "" {
		return nil, errors.New("it has no message-id")
	}
	if from, err := mail.ParseAddress(header.Get("From")); err == nil {
		out.From = strings.ToLower(from.Address)
	}
	out.Date, _ = mail.ParseDate(header.Get("Date"))
	out.Parents = messageIDs(header.Get("In-Reply-To"))
	references := messageIDs(header.Get("References"))
	slices.Reverse(references)
	out.Parents = append(out.Parents, references...)
	out.readLines(body)
	if id := strings.TrimSpace(header.Get("X-Change-Id")); id != "" {
		out.ChangeID = id
	}
	if value := header.Get("X-B4-Tracking"); value != "" {
		if id := tracking(value); id != "" {
			out.ChangeID = id
		}
	}
	prefixed := out.Subject.Title != text("Subject") && !isReply(text("Subject"))
	out.Cover = prefixed && out.Subject.Counter == 0
	out.Patch = out.Patch && prefixed && out.Subject.Counter > 0 && out.Subject.Counter <= out.Subject.Total
	return out, nil
}

func isReply(subject string) bool {
	return len(subject) >= 3 && strings.EqualFold(subject[:3], "re:")
}

var idForm = regexp.MustCompile(`<([^<>\s]+)>`)

func messageIDs(value string) []string {
	var ids []string
	for _, found := range idForm.FindAllStringSubmatch(value, -1) {
		ids = append(ids, found[1])
	}
	return ids
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

var (
	changeLine = regexp.MustCompile(`(?m)^change-id: *(\S+) *\r?$`)
	baseLine   = regexp.MustCompile(`(?m)^base-commit: *([0-9a-fA-F]{7,64}) *\r?$`)
	needLine   = regexp.MustCompile(`(?m)^prerequisite-(change-id|message-id|patch-id): *(\S[^\r\n]*?) *\r?$`)
	diffLine   = regexp.MustCompile(`(?m)^(diff --git |--- \S.*\r?\n\+\+\+ \S)`)
)

// readLines looks for what stands at the beginning of a line only outside of
// diffs and of quotations.
func (m *Message) readLines(body []byte) {
	if found := changeLine.FindSubmatch(body); found != nil {
		m.ChangeID = string(found[1])
	}
	if found := baseLine.FindSubmatch(body); found != nil {
		m.Base = strings.ToLower(string(found[1]))
	}
	for _, found := range needLine.FindAllSubmatch(body, -1) {
		m.Needs = append(m.Needs, fmt.Sprintf("%s: %s", found[1], found[2]))
	}
	m.Patch = diffLine.Match(body)
}

// open reads the header, and the text of the body as it was before it was
// encoded for transport.
func open(raw []byte) (message.Header, []byte, error) {
	entity, err := message.Read(bytes.NewReader(raw))
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return message.Header{}, nil, err
	}
	var body bytes.Buffer
	err = entity.Walk(func(path []int, part *message.Entity, err error) error {
		if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
			return err
		}
		kind, _, err := part.Header.ContentType()
		if part.MultipartReader() != nil || err == nil && kind != "" && !strings.HasPrefix(kind, "text/") {
			return nil
		}
		_, err = io.Copy(&body, part.Body)
		if len(path) > 0 { // the line feed before a boundary belongs to it
			body.WriteByte('\n')
		}
		return err
	})
	return entity.Header, body.Bytes(), err
}
