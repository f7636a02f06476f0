package feedback

import (
	"bytes"
	"cmp"
	"fmt"
	"net/mail"
	"slices"
	"strings"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
)

// maxReferences is how many message-ids a reply keeps of long threads: the first
// and the last ones.
const maxReferences = 50

// Answer begins an answer to a mail, from the user, to all who take part in the
// discussion: to those of Mail-Followup-To, or else to those of Reply-To, or the
// sender, with a copy to the others. IsMe tells the user's mailboxes, to which
// nothing goes; an answer to the user's own mail goes where that went. The body is
// what the mail says, quoted. Date and message-id are the caller's to give. An answer
// to a mail whose message-id no header can hold stands below what that answers.
func Answer(raw []byte, from patchmail.Address, isMe func(mailbox string) bool) (*patchmail.Message, error) {
	head, err := inbox.ReadAddressed(raw)
	if err != nil {
		return nil, err
	}
	content, err := inbox.ReadContent(raw)
	if err != nil {
		return nil, err
	}
	base, _ := patchmail.BaseSubject(head.Subject)
	d := &patchmail.Message{From: from, Subject: "Re: " + base, Body: []byte(quote(head, content.Text))}
	for _, id := range append(slices.Clone(head.References), head.ID) {
		if patchmail.IsReference(id) && !slices.Contains(d.References, id) {
			d.References, d.InReplyTo = append(d.References, id), id
		}
	}
	if patchmail.IsReference(head.ID) {
		d.InReplyTo = head.ID
	}
	if n := len(d.References); n > maxReferences {
		d.References = append(d.References[:1:1], d.References[n-maxReferences+1:]...)
	}
	to, cc := head.ReplyTo, slices.Concat(head.To, head.Cc)
	switch {
	case len(head.FollowUpTo) > 0:
		to, cc = head.FollowUpTo, nil
	case isMe(head.From.Mailbox):
		to, cc = head.To, head.Cc
	case len(to) == 0 && head.From.Mailbox != "":
		to = []patchmail.Address{head.From}
	}
	seen := map[string]bool{}
	take := func(list []patchmail.Address) (kept []patchmail.Address) {
		for _, a := range list {
			if !seen[a.Key()] && !isMe(a.Mailbox) {
				seen[a.Key()] = true
				a.Name = patchmail.CleanName(a.Name)
				if _, _, err := a.Envelope(); err == nil { // else nobody is reached there
					kept = append(kept, a)
				}
			}
		}
		return kept
	}
	d.To, d.Cc = take(to), take(cc)
	if len(d.To) == 0 {
		d.To, d.Cc = d.Cc, nil
	}
	return d, nil
}

// quote is the text of a mail behind marks of quotation, without its signature,
// below a line that says whose it is.
func quote(head inbox.Addressed, text string) string {
	var out strings.Builder
	who := cmp.Or(head.From.Name, head.From.Mailbox, "somebody")
	if date, err := mail.ParseDate(head.Date); err == nil {
		fmt.Fprintf(&out, "On %s, %s wrote:\n", date.Format("Mon, 2 Jan 2006 at 15:04:05 -0700"), patchmail.PrintableLine(who))
	} else {
		fmt.Fprintf(&out, "%s wrote:\n", patchmail.PrintableLine(who))
	}
	if len(text) > maxReply {
		text = text[:strings.LastIndexByte(text[:maxReply], '\n')+1]
	}
	body := &bytes.Buffer{}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\r\n")
		if line == "-- " {
			break
		}
		if line = patchmail.Printable(line); strings.HasPrefix(line, ">") || line == "" {
			fmt.Fprintf(body, ">%s\n", line)
		} else {
			fmt.Fprintf(body, "> %s\n", line)
		}
	}
	out.WriteString(strings.TrimRight(body.String(), "\n> "))
	out.WriteString("\n\n")
	return out.String()
}
