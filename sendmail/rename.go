package sendmail

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// RenamesIDs says whether the server gives every message a message-id of its
// own, which it tells in its answer to the final dot (spec/mail.md 3.3): the
// user's word, else its name.
func (s Settings) RenamesIDs() bool {
	if s.OutlookIDFix != nil {
		return *s.OutlookIDFix
	}
	return slices.Contains([]string{"smtp.office365.com", "smtp-mail.outlook.com"}, strings.ToLower(s.Server))
}

var (
	bracketed   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<([^<>]*)>`) })
	messageID   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[!-;=?A-~]+@[!-;=?A-~]+$`) }) // printable, no blank, no bracket, one "@"
	threadField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?im)^(In-Reply-To|References):.*(\n[ \t].*)*`) })
)

// idOnWire is the message-id in a server's answer; "" when there is none.
func idOnWire(reply string) string {
	found := bracketed().FindStringSubmatch(reply)
	if found == nil || !isMessageID(found[1]) {
		return ""
	}
	return found[1]
}

func isMessageID(id string) bool { return len(id) <= 250 && messageID().MatchString(id) }

// OnWire is the message-id that a server gave to a message; "" for none.
func (j *Journal) OnWire(message int) string { return j.onWire[message] }

// Rename logs the message-id that a server gave to a message. What has left
// already keeps what it says, so only the first counts.
func (j *Journal) Rename(message int, id string) error {
	if !isMessageID(id) {
		return fmt.Errorf("%q is no message-id", clean(id))
	}
	if j.onWire[message] != "" {
		return nil
	}
	return j.note(record{Message: message, OnWire: id})
}

// learnID logs what a server calls a message that it has just taken.
func (r *run) learnID(message int, got []Receipt) error {
	if !r.able.RenamesIDs {
		return nil
	}
	for _, receipt := range got {
		if id := idOnWire(receipt.Reply); id != "" && receipt.State == Accepted {
			return r.j.Rename(message, id)
		}
	}
	return nil
}

// nameless says why nothing may reply to the first message; "" when it may.
func (r *run) nameless() string {
	if !r.able.RenamesIDs || r.j.onWire[0] != "" || len(r.j.plan.Messages) == 1 {
		return ""
	}
	return fmt.Sprintf("the server gives messages new message-ids, and its answer does not tell that of %s, to which the others reply", r.j.plan.Messages[0].Name)
}

// Nameless says that the first message has left for a server that renames it,
// that nobody knows its new message-id, and that others are to reply to it.
func (j *Journal) Nameless(s Settings) bool {
	return s.RenamesIDs() && j.onWire[0] == "" && len(j.plan.Messages) > 1 && len(j.open(0)) == 0
}

// rethread makes a message reply to what servers made of earlier ones.
func (j *Journal) rethread(raw []byte) []byte {
	end := bytes.Index(raw, []byte("\n\n"))
	if len(j.onWire) == 0 || end < 0 {
		return raw
	}
	header := threadField().ReplaceAllFunc(raw[:end], func(field []byte) []byte {
		for i, id := range j.onWire {
			field = bytes.ReplaceAll(field, []byte("<"+j.plan.Messages[i].ID+">"), []byte("<"+id+">"))
		}
		return field
	})
	return slices.Concat(header, raw[end:])
}
