package patchmail

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Message is one mail before it is written.
type Message struct {
	From       Address
	To, Cc     []Address
	Subject    string
	Date       time.Time // written in its own zone
	ID         string    // message-id without brackets
	InReplyTo  string    // message-id, "" for none
	References []string  // message-ids, oldest first
	Headers    []Header  // extra fields, in order; see CheckHeader
	Body       []byte    // LF line ends, plus whatever the patch holds: CR, NUL, any charset
	Encoding   string    // the transfer encoding, one of TransferEncodings; "" and "auto" look at the body
}

// Bytes writes the message with LF line ends. The order of the header fields is
// that of b4's patches: From, Date, Subject, MIME-Version, Content-Type,
// Content-Transfer-Encoding, Message-ID, References, In-Reply-To, the extra
// fields, To, Cc, and an extra X-Mailer at the end.
//
// Unless Encoding says which, the transfer encoding follows from the body alone: 7bit or 8bit where the wire
// keeps the body unchanged, else quoted-printable, or base64 when more than a
// third of the bytes would need escapes. A missing line feed at the body's end
// is added, as SMTP would; no other byte changes. The charset is declared as
// utf-8 always, so that git takes the bytes as they are.
//
// The header is ASCII unless an address has a local part that is not, which
// NeedsUTF8 tells.
//
// A line break or NUL in a header value is an *InjectionError; other header
// values that cannot be written are an *AddressError or a *HeaderError, and a
// body that Encoding cannot carry is an *EncodingError.
func (m *Message) Bytes() ([]byte, error) { return m.AppendTo(nil) }

// AppendTo is Bytes behind what out has.
func (m *Message) AppendTo(out []byte) ([]byte, error) {
	body := m.Body
	if len(body) > 0 && body[len(body)-1] != '\n' {
		body = append(body[:len(body):len(body)], '\n')
	}
	encoding, err := m.encoding(body)
	if err != nil {
		return nil, err
	}
	header, err := m.header(encoding)
	if err != nil {
		return nil, fmt.Errorf("write message %q: %w", m.ID, err)
	}
	out = slices.Grow(out, len(header)+1+len(body)+len(body)/8)
	out = append(out, header...)
	out = append(out, '\n')
	return appendBody(out, body, encoding), nil
}

func (m *Message) header(encoding transferEncoding) (string, error) {
	if m.Date.IsZero() {
		return "", errors.New("no date")
	}
	for _, h := range m.Headers {
		if err := CheckHeader(h); err != nil {
			return "", err
		}
	}
	var w headerWriter
	w.addresses("From", []Address{m.From})
	w.raw("Date", m.Date.Format("Mon, 02 Jan 2006 15:04:05 -0700"))
	w.text("Subject", m.Subject)
	w.raw("MIME-Version", "1.0")
	w.raw("Content-Type", `text/plain; charset="utf-8"`)
	w.raw("Content-Transfer-Encoding", string(encoding))
	w.messageID(m.ID)
	if len(m.References) > 0 {
		w.ids("References", m.References...)
	}
	if m.InReplyTo != "" {
		w.ids("In-Reply-To", m.InReplyTo)
	}
	mailer := func(h Header) bool { return strings.EqualFold(h.Name, "X-Mailer") }
	w.extra(m.Headers, func(h Header) bool { return !mailer(h) })
	if len(m.To) > 0 {
		w.addresses("To", m.To)
	}
	if len(m.Cc) > 0 {
		w.addresses("Cc", m.Cc)
	}
	w.extra(m.Headers, mailer)
	return w.out.String(), w.err
}

// messageID writes the message's own id, which has to be a whole one; ids it
// refers to are taken as other mailers made them.
func (w *headerWriter) messageID(id string) {
	local, domain, _ := strings.Cut(id, "@")
	if local == "" || domain == "" || strings.Contains(domain, "@") {
		w.fail(&HeaderError{"Message-ID", fmt.Sprintf("%q is no message-id", id)})
	}
	w.ids("Message-ID", id)
}

func (w *headerWriter) extra(headers []Header, wanted func(Header) bool) {
	for _, h := range headers {
		switch {
		case !wanted(h):
		case strings.EqualFold(h.Name, "X-B4-Tracking"):
			w.tracking(h.Name, h.Value)
		default:
			w.text(h.Name, h.Value)
		}
	}
}

// NeedsUTF8 tells whether the header of a message written by Bytes holds raw
// UTF-8, so that it may only go to a server that offers SMTPUTF8 (RFC 6531).
func NeedsUTF8(raw []byte) bool {
	header, _, _ := bytes.Cut(raw, []byte("\n\n"))
	return !isASCII(header)
}
