package relay

import (
	"bytes"
	"fmt"
	"mime"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A Service is what the web submission service says of itself in mail.
type Service struct {
	Name       string            // such as "Example Endpoint"
	From       patchmail.Address // whose mailbox stands in for authors of other domains
	Delimiter  string            // between its local part and the author's address; "": the author is left out
	OwnDomains []string          // mail domains whose From may leave as it is
	AlwaysBcc  []patchmail.Address
	ListID     string // of the feed, with or without angle brackets
}

// A Key is what signed a mail.
type Key struct{ Identity, Selector string }

// A Letter is a mail that leaves.
type Letter struct {
	Raw        []byte   // LF line ends, lines of at most 998 bytes, no CR
	From       string   // envelope sender
	Recipients []string // envelope mailboxes, each once
	Thread     string   // message-id of its root, without angle brackets
}

// Relay makes the letter to all that To and Cc of an accepted mail name.
//
// Errors are a *FieldError, an error of package patchmail, or tell what is wrong
// with the body: such a mail cannot leave, and must not have been accepted.
func (s Service) Relay(raw []byte, by Key) (Letter, error) {
	before, m, err := s.receive(raw, by)
	if err != nil {
		return Letter{}, err
	}
	letter := Letter{}
	to, err := m.recipients()
	if err != nil {
		return Letter{}, err
	}
	bcc, err := envelope(s.AlwaysBcc)
	if err != nil {
		return Letter{}, err
	}
	letter.Recipients = union(to, bcc)
	if letter.From, err = s.speak(&m); err != nil {
		return Letter{}, err
	}
	if !m.travels() {
		text, err := m.text()
		if err != nil {
			return Letter{}, err
		}
		m.setText(text)
	}
	letter.Raw = m.bytes()
	letter.Thread, _ = Thread(letter.Raw)
	return letter, checkSigned(before, m)
}

// Reflect is the same letter to the identity alone.
func (s Service) Reflect(raw []byte, by Key) (Letter, error) {
	letter, err := s.Relay(raw, by)
	if err != nil {
		return Letter{}, err
	}
	letter.Recipients, err = envelope([]patchmail.Address{{Mailbox: by.Identity}})
	return letter, err
}

// Archive makes the copy of an accepted mail for the feed: from its author, with
// the List-Id of the feed, and with no field that the mail server would not get.
func (s Service) Archive(raw []byte, by Key) ([]byte, error) {
	_, m, err := s.receive(raw, by)
	if err != nil {
		return nil, err
	}
	list := "<" + strings.Trim(s.ListID, "<>") + ">"
	if strings.Contains(s.ListID, " <") {
		list = s.ListID // with a description in front: RFC 2919, section 3
	}
	text, err := patchmail.TextField("List-Id", list)
	if err != nil {
		return nil, err
	}
	m.put(text)
	return m.bytes(), nil
}

// receive reads an accepted mail and leaves of its header what may leave, with
// the mark of the service.
func (s Service) receive(raw []byte, by Key) (before, m mail, err error) {
	if before, err = parse(raw); err != nil {
		return before, m, err
	}
	if m, err = clean(before); err != nil {
		return before, m, err
	}
	who := by.Identity
	if by.Selector != "" {
		who += "/" + by.Selector
	}
	mark, err := patchmail.TextField("X-Endpoint-Received", fmt.Sprintf("by %s for %s", s.Name, who))
	if err != nil {
		return before, m, err
	}
	m.put(mark)
	return before, m, nil
}

// speak has the service speak for the author, unless it knows the author's
// domain as its own, and returns the envelope sender.
func (s Service) speak(m *mail) (string, error) {
	author, err := patchmail.ParseAddress(m.value("from"))
	if err != nil {
		return "", err
	}
	mailbox, _, err := author.Envelope()
	if err != nil {
		return "", err
	}
	for _, d := range s.OwnDomains {
		if strings.EqualFold(author.Domain(), d) {
			return mailbox, nil
		}
	}
	text, err := m.text()
	if err != nil {
		return "", err
	}
	line, err := new(mime.WordDecoder).DecodeHeader(m.value("from"))
	if err != nil {
		return "", &FieldError{"From", err.Error()}
	}
	if with := withAuthor(text, line); !bytes.Equal(with, text) {
		if charset := m.charset(); charset != "" && charset != "utf-8" && charset != "us-ascii" {
			return "", &FieldError{"Content-Type", fmt.Sprintf("the charset %s may not carry the author's name; only UTF-8 does", charset)}
		}
		m.setText(with)
	}
	return s.rewriteFrom(m, author)
}

// rewriteFrom puts the service's mailbox into From, as lists of mail do against
// DMARC, and keeps the author's.
func (s Service) rewriteFrom(m *mail, author patchmail.Address) (string, error) {
	name := author.Name
	if name == "" {
		name = author.Mailbox
	}
	own := s.standIn(author)
	from, err := s.fromLine(name, own)
	if err != nil {
		return "", err
	}
	m.put(from)
	for _, f := range []struct {
		name string
		who  patchmail.Address
	}{{"X-Original-From", author}, {"Reply-To", patchmail.Address{Mailbox: author.Mailbox}}} {
		text, err := patchmail.AddressField(f.name, f.who)
		if err != nil {
			return "", err
		}
		m.put(text)
	}
	mailbox, _, err := patchmail.Address{Mailbox: own}.Envelope()
	return mailbox, err
}

// fromLine is the field From of a name by way of the service, on one line. A
// name for which that is too short loses its end.
//
// QUIRK: b4 0.12 dies of a From that is folded, such as
// "From: A Long Name via Example Endpoint\n <devnull+a@example.org>".
func (s Service) fromLine(name, mailbox string) (string, error) {
	letters := []rune(name)
	for n := len(letters); ; n -= n/8 + 1 {
		if n < len(letters) {
			name = strings.TrimSpace(string(letters[:max(n, 0)])) + "…"
		}
		text, err := patchmail.AddressField("From", patchmail.Address{Name: name + " via " + s.Name, Mailbox: mailbox})
		if err != nil {
			return "", err
		}
		line := field{"from", strings.ReplaceAll(text, "\n ", " ")}
		switch {
		case line.fits():
			return line.raw, nil
		case n <= 0:
			return "", &FieldError{"From", "does not fit on a line with the name of this service"}
		}
	}
}

// maxLocal is the longest local part: RFC 5321, section 4.5.3.1.1.
const maxLocal = 64

// standIn is the service's mailbox with the author's address in it,
// devnull+joe.example.org@relay.example.net. The author is left out where the
// outcome would be no mailbox that every server takes.
func (s Service) standIn(author patchmail.Address) string {
	mailbox, foreign, err := author.Envelope()
	at := strings.LastIndexByte(s.From.Mailbox, '@')
	if s.Delimiter == "" || err != nil || foreign || at < 0 {
		return s.From.Mailbox
	}
	local := s.From.Mailbox[:at] + s.Delimiter + strings.Replace(mailbox, "@", ".", 1)
	if len(local) > maxLocal || strings.ContainsAny(mailbox, `"[]\`) {
		return s.From.Mailbox
	}
	return local + s.From.Mailbox[at:]
}

func union(first, more []string) []string {
	seen := map[string]bool{}
	var all []string
	for _, mailbox := range append(first[:len(first):len(first)], more...) {
		if key := (patchmail.Address{Mailbox: mailbox}).Key(); !seen[key] {
			seen[key] = true
			all = append(all, mailbox)
		}
	}
	return all
}
