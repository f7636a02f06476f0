package submission

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/mail"
	"regexp"
	"strings"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// Files are the messages, one in each.
func (s *Submission) Files() []sendmail.File {
	var files []sendmail.File
	for _, m := range s.Messages {
		files = append(files, m.file())
	}
	return files
}

func (m Message) file() sendmail.File {
	return sendmail.File{Name: m.Name, Write: func(w io.Writer) error {
		_, err := m.raw.WriteTo(w)
		return err
	}}
}

// Mailbox is the series as a file that git am takes, in the mboxrd form: a line
// "From …" before each patch, and ">" before the lines of a message that begin
// so, however many they have already. git am stops at a cover letter, so that
// this is a file of its own, as without the mailbox.
func (s *Submission) Mailbox() []sendmail.File {
	var files []sendmail.File
	patches := s.Messages
	if patches[0].Draft.Commit == nil {
		files, patches = append(files, patches[0].file()), patches[1:]
	}
	return append(files, sendmail.File{Name: s.exportName("mbox"), Write: func(w io.Writer) error {
		from := regexp.MustCompile(`(?m)^>*From `)
		for _, m := range patches {
			raw, err := m.Raw()
			if err != nil {
				return err
			}
			header, body, _ := bytes.Cut(raw, []byte("\n\n"))
			_, err = fmt.Fprintf(w, "From mboxrd@z Thu Jan  1 00:00:00 1970\n%s\n\n%s\n", header, from.ReplaceAll(body, []byte(">$0")))
			if err != nil {
				return err
			}
		}
		return nil
	}})
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
func (s *Submission) Attached() (sendmail.File, error) {
	first := s.Messages[0]
	mail, err := first.Draft.Mail()
	if err != nil {
		return sendmail.File{}, err
	}
	text := mail.Body
	if first.Draft.Commit != nil {
		letter, err := s.Series.Letter()
		if err != nil {
			return sendmail.File{}, err
		}
		text = []byte(letter.Body() + "\n")
	}
	patches, err := s.Plain()
	if err != nil {
		return sendmail.File{}, err
	}
	header, err := attachHeader(first)
	if err != nil {
		return sendmail.File{}, err
	}
	boundary := "kprep-" + s.random
	return sendmail.File{Name: s.exportName("eml"), Write: func(w io.Writer) error {
		fmt.Fprintf(w, "%sMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"%s\"\n\n", header, boundary)
		writePart(w, boundary, "Content-Type: text/plain; charset=\"utf-8\"\n", text)
		for i, p := range patches {
			if s.Messages[i].Draft.Commit == nil {
				continue
			}
			var patch bytes.Buffer
			if err := p.Write(&patch); err != nil {
				return err
			}
			name := fmt.Sprintf("v%d-%s", s.Series.Tracking.Revision, asciiName(p.Name))
			writePart(w, boundary, fmt.Sprintf("Content-Type: text/x-patch; charset=\"utf-8\"; name=\"%s\"\nContent-Disposition: attachment; filename=\"%[1]s\"\n", name), patch.Bytes())
		}
		_, err := fmt.Fprintf(w, "--%s--\n", boundary)
		return err
	}}, nil
}

// writePart writes one part of a multipart mail.
func writePart(w io.Writer, boundary, header string, body []byte) {
	fmt.Fprintf(w, "--%s\n%sContent-Transfer-Encoding: base64\n\n", boundary, header)
	encoded := base64.StdEncoding.EncodeToString(body)
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		io.WriteString(w, encoded[:n]+"\n")
		encoded = encoded[n:]
	}
}

// attachHeader is the header of a message less what describes its body.
func attachHeader(m Message) (string, error) {
	raw, err := m.Raw()
	if err != nil {
		return "", err
	}
	header, _, _ := bytes.Cut(raw, []byte("\n\n"))
	if _, err := mail.ReadMessage(bytes.NewReader(raw)); err != nil {
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
