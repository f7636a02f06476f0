package submission

import (
	"bytes"
	"fmt"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// Plain are the messages as patches to give away, in the form of git
// format-patch and b4 prep -p: from the author, at the time of the commit, with
// the line in front that names the commit, and without recipients, thread and
// tracking headers. The submission was prepared with Options.Plain. It returns
// an *UnwritableError.
func (s *Submission) Plain() ([]sendmail.Outgoing, error) {
	var all []sendmail.Outgoing
	for _, d := range s.rendered.Drafts {
		m, name := d.Message, string(s.repo.Null())
		m.To, m.Cc, m.Headers, m.InReplyTo, m.References = nil, nil, nil, "", nil
		if d.Commit != nil {
			author := d.Commit.AuthorText()
			m.From, m.Date = patchmail.Address{Name: author.Name, Mailbox: author.Email}, author.When
			name = string(d.Commit.ID)
		}
		raw, err := m.Bytes()
		if err != nil {
			return nil, &UnwritableError{Draft: d, Err: err}
		}
		var file bytes.Buffer
		fmt.Fprintf(&file, "From %s Mon Sep 17 00:00:00 2001\n%s", name, raw)
		all = append(all, sendmail.Outgoing{Name: patchmail.FileName(d.Counter, d.Title, "patch"), ID: m.ID,
			Subject: m.Subject, Date: m.Date, Raw: file.Bytes()})
	}
	return all, nil
}
