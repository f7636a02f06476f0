package submission

import (
	"fmt"
	"io"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// Plain are the messages as patches to give away, in the form of git
// format-patch and b4 prep -p: from the author, at the time of the commit, with
// the line in front that names the commit, and without recipients, thread and
// tracking headers. The submission was prepared with Options.Plain. It returns
// an *UnwritableError.
func (s *Submission) Plain() ([]sendmail.File, error) {
	var all []sendmail.File
	for _, d := range s.rendered.Drafts {
		m, name := d.Message, string(s.repo.Null())
		m.To, m.Cc, m.Headers, m.InReplyTo, m.References = nil, nil, nil, "", nil
		if d.Commit != nil {
			author := d.Commit.AuthorText()
			m.From, m.Date = patchmail.Address{Name: author.Name, Mailbox: author.Email}, author.When
			name = string(d.Commit.ID)
		}
		if _, err := m.Bytes(); err != nil { // while nothing is written
			return nil, &UnwritableError{Draft: &d, Err: err}
		}
		d.Message = m
		all = append(all, sendmail.File{Name: patchmail.FileName(d.Counter, d.Title, "patch"), Write: func(w io.Writer) error {
			mail, err := d.Mail()
			if err != nil {
				return err
			}
			raw, err := mail.Bytes()
			if err != nil {
				return &UnwritableError{Draft: &d, Err: err}
			}
			_, err = fmt.Fprintf(w, "From %s Mon Sep 17 00:00:00 2001\n%s", name, raw)
			return err
		}})
	}
	return all, nil
}
