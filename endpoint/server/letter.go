package server

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"regexp"
	"strings"
	"sync"

	"github.com/kprep/kprep/patchmail"
)

// A letter is a mail as it came in, read for checking.
type letter struct {
	raw     []byte // LF line ends
	header  mail.Header
	subject string // decoded
	text    []byte // the body, without its transfer encoding
}

// readLetter reads a mail; the error tells people what is wrong.
func readLetter(text string) (*letter, error) {
	if header, _, _ := strings.Cut(text, "\n\n"); strings.Contains(header, "\r\n") {
		// QUIRK: the protocol has LF line ends, "From: a@b\r\nSubject: …" is sent too.
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	l := &letter{raw: []byte(text)}
	if bytes.IndexByte(l.raw, 0) >= 0 {
		return nil, errText("it holds NUL")
	}
	m, err := mail.ReadMessage(bytes.NewReader(l.raw))
	if err != nil {
		return nil, errText("its header cannot be read")
	}
	l.header = m.Header
	if l.subject, err = new(mime.WordDecoder).DecodeHeader(l.header.Get("Subject")); err != nil {
		l.subject = l.header.Get("Subject")
	}
	var body io.Reader = m.Body
	switch strings.ToLower(strings.TrimSpace(l.header.Get("Content-Transfer-Encoding"))) {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	case "", "7bit", "8bit":
	default:
		return nil, errText("its transfer encoding is unknown")
	}
	if l.text, err = io.ReadAll(body); err != nil {
		return nil, errText("its body cannot be decoded")
	}
	l.text = bytes.ReplaceAll(l.text, []byte("\r\n"), []byte("\n"))
	return l, nil
}

// An errText is an error that is all in its words.
type errText string

func (e errText) Error() string { return string(e) }

// plain says whether the mail is one part of text.
func (l *letter) plain() bool {
	kind := l.header.Get("Content-Type")
	if kind == "" {
		return true
	}
	media, _, err := mime.ParseMediaType(kind)
	return err == nil && media == "text/plain"
}

// messageID is without angle brackets, "" when it is none that can be repeated
// everywhere.
func (l *letter) messageID() string {
	id, found := strings.CutPrefix(strings.TrimSpace(l.header.Get("Message-Id")), "<")
	id, closed := strings.CutSuffix(id, ">")
	bad := func(r rune) bool { return r <= ' ' || r > '~' || r == '<' || r == '>' }
	if !found || !closed || len(id) > 250 || !strings.Contains(id, "@") || strings.ContainsFunc(id, bad) {
		return ""
	}
	return id
}

// claimedID is the message-id of a mail that nobody has checked, "" for none.
func claimedID(text string) string {
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		return ""
	}
	return (&letter{header: m.Header}).messageID()
}

// addresses are those of all fields of a name.
func (l *letter) addresses(name string) ([]patchmail.Address, error) {
	var all []patchmail.Address
	for _, value := range l.header[name] {
		list, err := patchmail.ParseAddressList(value)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

var (
	// patchSubject is at least as liberal as b4's rule: it takes "[RFC PATCH]".
	patchSubject = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^\s*(?:\[[^]]*\]\s*)*\[[^]]*\bPATCH[^]]*\]`) })
	coverSubject = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\s*(?:\[[^]]*\]\s*)*\[[^]]*\b0+/[0-9]+\]`) })
	diffText     = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?m)^---.*\n\+\+\+|^GIT binary patch$|^diff --git \S+/.* \S+/|^ ?[0-9]+ files? changed|[0-9]+ (?:insertion|deletion)s?\([+-]\)`)
	})
)

// isPatch says whether the mail is a patch or a cover letter.
func (l *letter) isPatch() bool {
	return l.plain() && patchSubject().MatchString(l.subject) && (diffText().Match(l.text) || coverSubject().MatchString(l.subject))
}
