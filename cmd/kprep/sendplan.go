package main

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// showPlan shows everything that will happen. Text from others is escaped.
func (e *env) showPlan(r *submission.Sending, problems []submission.Problem) error {
	var b strings.Builder
	writeRecipients(&b, "To: ", r.To, r)
	writeRecipients(&b, "Cc: ", r.Cc, r)
	if n := r.Bcc(); n > 0 {
		fmt.Fprintf(&b, "Bcc: %s, in no header\n", plural(n, "address", "addresses"))
	}
	b.WriteString("\n")
	size, most := 0, 0
	for i, m := range r.Messages {
		fmt.Fprintf(&b, "  %s\n", patchmail.PrintableLine(m.Draft.Message.Subject))
		if i > 0 {
			writeRecipients(&b, "    +To: ", beyond(m.Draft.Message.To, r), r)
			writeRecipients(&b, "    +Cc: ", beyond(m.Draft.Message.Cc, r), r)
		}
		for _, note := range m.Notes() {
			fmt.Fprintf(&b, "    %s\n", patchmail.PrintableLine(note))
		}
		size, most = size+m.Size, max(most, len(m.Recipients))
	}
	fmt.Fprintf(&b, "\n%s, %s in all, to at most %s each\n", plural(len(r.Messages), "message", "messages"), kilobytes(size), plural(most, "recipient", "recipients"))
	switch r.Kind {
	case submission.KindReflect:
		fmt.Fprintf(&b, "Only to yourself, %s\n", patchmail.PrintableLine(r.Sender.String()))
	case submission.KindPreview:
		fmt.Fprintf(&b, "Only to %s, for a look\n", patchmail.PrintableLine(strings.Join(r.Only(), ", ")))
	case submission.KindResend:
		fmt.Fprintf(&b, "Once more v%d, as it was sent\n", r.Series.Tracking.Revision)
	}
	if id := r.Answers(); id != "" {
		fmt.Fprintf(&b, "As an answer to <%s>\n", patchmail.PrintableLine(id))
	}
	if err := writeSender(&b, r); err != nil {
		return err
	}
	fmt.Fprintf(&b, "Through %s, %s\n", patchmail.PrintableLine(r.Route), patchmail.PrintableLine(r.Signing.String()))
	if r.Mail.Insecure {
		fmt.Fprintf(&b, "INSECURE: %s\n", sendmail.InsecureWarning)
	}
	if from := r.From(); from != "" {
		fmt.Fprintf(&b, "%s\n", patchmail.PrintableLine(from))
	}
	if r.Tag() != "" {
		fmt.Fprintf(&b, "Then tag %s, and make the branch revision v%d\n", patchmail.PrintableLine(r.Tag()), r.NextRevision())
	}
	fmt.Fprint(e.stderr, b.String())
	e.warnProblems(problems)
	return nil
}

// writeSender says in whose name the mail goes, where that is not what git
// says and the envelope repeats.
func writeSender(b *strings.Builder, r *submission.Sending) error {
	fmt.Fprintf(b, "From %s", patchmail.PrintableLine(r.Sender.String()))
	author, err := r.Author()
	if err != nil {
		return err
	}
	if author.Key() != r.Sender.Key() {
		fmt.Fprintf(b, ", not git's %s", patchmail.PrintableLine(author.Mailbox))
	}
	if r.Envelope != "" && r.Envelope != r.Sender.Mailbox {
		fmt.Fprintf(b, ", envelope sender %s", patchmail.PrintableLine(r.Envelope))
	}
	if r.Mail.Identity != "" {
		fmt.Fprintf(b, ", identity %s", patchmail.PrintableLine(r.Mail.Identity))
	}
	b.WriteString("\n")
	return nil
}

func kilobytes(size int) string {
	if size < 1000 {
		return plural(size, "byte", "bytes")
	}
	return fmt.Sprintf("%d kB", size/1000)
}

// beyond are the recipients that a patch has beyond those of the series.
func beyond(list []patchmail.Address, r *submission.Sending) []patchmail.Address {
	var out []patchmail.Address
	for _, a := range list {
		if !r.Common(a) {
			out = append(out, a)
		}
	}
	return out
}

// writeRecipients lists addresses, and who named each.
func writeRecipients(b *strings.Builder, label string, list []patchmail.Address, r *submission.Sending) {
	for _, a := range list {
		fmt.Fprintf(b, "%s%s", label, patchmail.PrintableLine(a.String()))
		if why := r.Why(a); why != "" {
			fmt.Fprintf(b, " (%s)", patchmail.PrintableLine(why))
		}
		b.WriteString("\n")
		label = strings.Repeat(" ", len(label))
	}
}
