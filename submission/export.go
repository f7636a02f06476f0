package submission

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/mail"
	"regexp"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// Mailbox is the series as a file that git am takes, in the mboxrd form: a line
// "From …" before each patch, and ">" before the lines of a message that begin
// so, however many they have already. git am stops at a cover letter, so that
// this is a file of its own, as without the mailbox.
func (s *Submission) Mailbox() []sendmail.Outgoing {
	from := regexp.MustCompile(`(?m)^>*From `)
	var box bytes.Buffer
	var files []sendmail.Outgoing
	for i, m := range s.Messages {
		if m.Draft.Commit == nil {
			files = append(files, s.Outgoing()[i])
			continue
		}
		header, body, _ := bytes.Cut(m.Raw, []byte("\n\n"))
		fmt.Fprintf(&box, "From mboxrd@z Thu Jan  1 00:00:00 1970\n%s\n\n", header)
		box.Write(from.ReplaceAll(body, []byte(">$0")))
		box.WriteString("\n")
	}
	return append(files, sendmail.Outgoing{Name: s.exportName("mbox"), ID: s.Messages[0].Draft.Message.ID, Subject: s.Messages[0].Draft.Message.Subject, Raw: box.Bytes()})
}

// exportName is that of a file which holds the whole series.
func (s *Submission) exportName(ext string) string {
	_, name, _ := strings.Cut(patchmail.FileName(0, s.rendered.Title, ext), "-")
	if name == "" {
		name = "series." + ext
	}
	return fmt.Sprintf("v%d-%s", s.Series.Tracking.Revision, name)
}

// Attached is the whole series as one mail for projects that want it so: the
// cover letter is its text, and each patch is attached as git format-patch
// writes it, under a name such as v2-0001-title.patch. The boundary follows
// from the message-id, which is unguessable.
func (s *Submission) Attached() (sendmail.Outgoing, error) {
	first := s.Messages[0]
	var text []byte
	if first.Draft.Commit == nil {
		text = first.Draft.Message.Body
	} else {
		letter, err := s.Series.Letter()
		if err != nil {
			return sendmail.Outgoing{}, err
		}
		text = []byte(letter.Body() + "\n")
	}
	patches, err := s.Plain()
	if err != nil {
		return sendmail.Outgoing{}, err
	}
	header, err := attachHeader(first)
	if err != nil {
		return sendmail.Outgoing{}, err
	}
	boundary := "kprep-" + s.random
	var out bytes.Buffer
	fmt.Fprintf(&out, "%sMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"%s\"\n\n", header, boundary)
	part := func(head string, body []byte) {
		fmt.Fprintf(&out, "--%s\n%sContent-Transfer-Encoding: base64\n\n", boundary, head)
		encoded := base64.StdEncoding.EncodeToString(body)
		for len(encoded) > 0 {
			n := min(76, len(encoded))
			out.WriteString(encoded[:n] + "\n")
			encoded = encoded[n:]
		}
	}
	part("Content-Type: text/plain; charset=\"utf-8\"\n", text)
	for i, p := range patches {
		if s.Messages[i].Draft.Commit == nil {
			continue
		}
		name := fmt.Sprintf("v%d-%s", s.Series.Tracking.Revision, asciiName(p.Name))
		part(fmt.Sprintf("Content-Type: text/x-patch; charset=\"utf-8\"; name=\"%s\"\nContent-Disposition: attachment; filename=\"%[1]s\"\n", name), p.Raw)
	}
	fmt.Fprintf(&out, "--%s--\n", boundary)
	return sendmail.Outgoing{Name: s.exportName("eml"), ID: first.Draft.Message.ID, Subject: first.Draft.Message.Subject, Raw: out.Bytes()}, nil
}

// attachHeader is the header of a message less what describes its body.
func attachHeader(m Message) (string, error) {
	header, _, _ := bytes.Cut(m.Raw, []byte("\n\n"))
	if _, err := mail.ReadMessage(bytes.NewReader(m.Raw)); err != nil {
		return "", err
	}
	var kept strings.Builder
	skip := false
	for line := range strings.Lines(string(header) + "\n") {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			lower := strings.ToLower(line)
			skip = strings.HasPrefix(lower, "content-") || strings.HasPrefix(lower, "mime-version:")
		}
		if !skip {
			kept.WriteString(line)
		}
	}
	return kept.String(), nil
}

// asciiName keeps a file name readable for every mail program.
func asciiName(name string) string {
	return strings.Map(func(r rune) rune {
		if r > '~' || r == '"' {
			return '_'
		}
		return r
	}, name)
}
