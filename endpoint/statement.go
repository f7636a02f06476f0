package endpoint

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// A Purpose is what a statement is for, and the subject of its mail.
type Purpose string

// The purposes of statements. The subject of the first is b4's.
const (
	PurposeVerify Purpose = "b4-send-verify"
	PurposeDelete Purpose = "kprep endpoint: delete key"
	PurposeRotate Purpose = "kprep endpoint: replace key"
	PurposeStatus Purpose = "kprep endpoint: ask about messages"
)

// A Statement is what the holder of a key signs, to a service and about a key,
// so that the signature can mean nothing else, nothing elsewhere, and nothing
// later. A service takes one for a few minutes, once, and only if every field
// is right. b4's clients fill in Challenge alone.
type Statement struct {
	Purpose   Purpose
	Challenge string // of verify
	URL       string // of the service
	Identity  string
	Selector  string
	Key       string // fingerprint of the key that signs

	NewSelector string // of rotate
	NewKey      string // fingerprint, of rotate

	Nonce    string   // unguessable, of all but verify
	Messages []string // message-ids without angle brackets, of status
}

// ErrNotStatement reports a text that is not the body of a statement.
var ErrNotStatement = errors.New("this is not a statement to a web endpoint")

// bounds of what ParseStatement reads.
const (
	maxStatement = 64 << 10
	maxAsked     = 500 // messages
)

// lines are the fields of the body in their order, the first being b4's.
func (s *Statement) lines() []struct {
	name  string
	value *string
} {
	first := map[Purpose]string{PurposeVerify: "verify", PurposeDelete: "auth-delete", PurposeRotate: "auth-rotate", PurposeStatus: "status"}[s.Purpose]
	return []struct {
		name  string
		value *string
	}{
		{first, &s.Challenge}, {"endpoint", &s.URL}, {"identity", &s.Identity}, {"selector", &s.Selector}, {"key", &s.Key},
		{"new-selector", &s.NewSelector}, {"new-key", &s.NewKey}, {"nonce", &s.Nonce},
	}
}

// Mail is the statement as an unsigned mail with LF line ends, from its
// identity and with the message-id id.
func (s Statement) Mail(id string, date time.Time) ([]byte, error) {
	var body strings.Builder
	for i, l := range s.lines() {
		switch {
		case strings.ContainsAny(*l.value, "\r\n\x00"):
			return nil, fmt.Errorf("the %s %q holds a line break", l.name, *l.value)
		case i == 0 && s.Purpose != PurposeVerify:
			fmt.Fprintf(&body, "%s\n", l.name) // b4's word stands alone
		case i == 0 || *l.value != "":
			fmt.Fprintf(&body, "%s:%s\n", l.name, *l.value)
		}
	}
	for _, m := range s.Messages {
		fmt.Fprintf(&body, "message:%s\n", m)
	}
	for _, m := range append([]string{id}, s.Messages...) {
		if m == "" || strings.ContainsAny(m, "\r\n\x00 <>") {
			return nil, fmt.Errorf("%q is no message-id", m)
		}
	}
	header := fmt.Sprintf("From: %s\nSubject: %s\nDate: %s\nMessage-ID: <%s>\nMIME-Version: 1.0\n"+
		"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n", s.Identity, s.Purpose, date.Format(time.RFC1123Z), id)
	return []byte(header + body.String()), nil
}

// ParseStatement reads the body of a statement, decoded and with LF line ends.
// A field twice, an unknown one, and any other text make it none, but for blank
// lines at the end.
func ParseStatement(purpose Purpose, body string) (Statement, error) {
	s := Statement{Purpose: purpose}
	if len(body) > maxStatement {
		return s, ErrNotStatement
	}
	seen := map[string]bool{}
	known := s.lines()
	for i, line := range strings.Split(strings.TrimRight(body, "\n"), "\n") {
		name, value, colon := strings.Cut(line, ":")
		if first := known[0].name; i == 0 && (name != first || colon != (purpose == PurposeVerify)) || i > 0 && !colon {
			return s, ErrNotStatement
		}
		if name == "message" && purpose == PurposeStatus && len(s.Messages) < maxAsked {
			s.Messages = append(s.Messages, value)
			continue
		}
		var into *string
		for _, l := range known {
			if l.name == name && !seen[name] {
				into, seen[name] = l.value, true
			}
		}
		if into == nil {
			return s, ErrNotStatement
		}
		*into = value
	}
	return s, nil
}
