package relay

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kprep/kprep/patchmail"
)

// text is the decoded body. Only one part of plain text has one.
func (m mail) text() ([]byte, error) {
	if kind := m.value("content-type"); kind != "" {
		if media, _, err := mime.ParseMediaType(kind); err != nil || media != "text/plain" {
			return nil, &FieldError{"Content-Type", "is not text/plain"}
		}
	}
	var text []byte
	var err error
	switch encoding := strings.ToLower(m.value("content-transfer-encoding")); encoding {
	case "", "7bit", "8bit":
		return m.body, nil
	case "quoted-printable":
		text, err = decodeQuotedPrintable(m.body)
	case "base64":
		text, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(m.body)), ""))
	default:
		return nil, &FieldError{"Content-Transfer-Encoding", fmt.Sprintf("%q is not known", encoding)}
	}
	if err != nil {
		return nil, fmt.Errorf("the body cannot be decoded: %w", err)
	}
	return text, nil
}

var escaped = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`=(\n|[0-9A-Fa-f]{2})?`) })

// decodeQuotedPrintable reads as git does: blanks at the end of a line belong to
// the patch, though RFC 2045 has them deleted.
func decodeQuotedPrintable(body []byte) ([]byte, error) {
	var err error
	text := escaped().ReplaceAllFunc(body, func(found []byte) []byte {
		switch string(found) {
		case "=":
			err = errors.New("an = that escapes nothing")
		case "=\n":
		default:
			c, _ := hex.DecodeString(string(found[1:]))
			return c
		}
		return nil
	})
	return text, err
}

// setText makes text the body, in an encoding that carries it, and has the
// header say so.
func (m *mail) setText(text []byte) {
	encoded, encoding := patchmail.EncodeBody(text)
	m.body = encoded
	if m.index("mime-version") < 0 {
		m.put("MIME-Version: 1.0\n")
	}
	if m.index("content-type") < 0 {
		m.put("Content-Type: text/plain; charset=\"utf-8\"\n")
	}
	if field := "Content-Transfer-Encoding: " + encoding + "\n"; encoding != "7bit" || !m.says(eightBit) {
		m.put(field)
	}
}

// eightBit is what patchmail.SevenBit looks for when a mail server asks for less.
const eightBit = "Content-Transfer-Encoding: 8bit\n"

// travels says that the wire carries the body as it is, and that the header
// tells the truth about it.
func (m mail) travels() bool {
	eight := bytes.ContainsFunc(m.body, func(r rune) bool { return r >= utf8.RuneSelf })
	if eight && !m.says(eightBit) || bytes.ContainsAny(m.body, "\r\x00") || !bytes.HasSuffix(m.body, []byte("\n")) {
		return false
	}
	for line := range bytes.Lines(m.body) {
		if len(line)-1 > maxLine {
			return false
		}
	}
	return true
}

// says tells whether a field stands in the header as it is written here.
func (m mail) says(text string) bool {
	return slices.ContainsFunc(m.fields, func(f field) bool { return f.raw == text })
}

// charset is in lower case, "" where nothing is said.
func (m mail) charset() string {
	_, parameters, _ := mime.ParseMediaType(m.value("content-type"))
	return strings.ToLower(parameters["charset"])
}

var inBodyField = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(from|subject|date):`) })

// withAuthor puts the author at the top of a text where "git am" looks for one,
// unless somebody is there: then it returns text. Lines that git reads there
// already stay together with it; git passes over blank lines above the text.
func withAuthor(text []byte, author string) []byte {
	below := bytes.TrimLeft(text, "\n")
	fields := 0
	for line := range bytes.Lines(below) {
		found := inBodyField().FindSubmatch(line)
		switch {
		case found != nil && strings.EqualFold(string(found[1]), "from"):
			return text
		case found != nil, fields > 0 && (line[0] == ' ' || line[0] == '\t'):
			fields++
			continue
		}
		break
	}
	head := "From: " + author + "\n"
	if fields == 0 {
		head += "\n"
	}
	return append([]byte(head), below...)
}
