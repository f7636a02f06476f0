package attest

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Bounds on what strangers send.
const (
	maxMessage    = 32 << 20
	maxFields     = 10_000
	maxSignatures = 16
	maxTags       = 64 << 10 // bytes of one signature field
	maxDecisive   = 16 << 10 // bytes of one From or Subject
	gitTime       = 10 * time.Second
)

// ErrNotMail means that a text has no header block, or nothing behind it.
var ErrNotMail = errors.New("not a mail with a header and a body")

// The fields of a signature.
const (
	signatureField = "X-Developer-Signature"
	keyField       = "X-Developer-Key"
)

// A field is one header field as it stands in the message, folds and final
// line break included.
type field struct{ raw []byte }

// name is in lower case, "" for a line that is no field.
func (f field) name() string {
	name, _, ok := bytes.Cut(f.raw, []byte(":"))
	if !ok {
		return ""
	}
	return strings.ToLower(string(bytes.TrimSpace(name)))
}

func (f field) value() []byte {
	_, value, _ := bytes.Cut(f.raw, []byte(":"))
	return value
}

// A message is a mail cut at its header fields: their bytes, then separator,
// then body give the mail again.
type message struct {
	fields    []field
	separator []byte // the line that ends the header block
	body      []byte
}

// parseMessage cuts a mail as "attestation", section 2, says.
func parseMessage(raw []byte) (message, error) {
	if len(raw) > maxMessage {
		return message{}, fmt.Errorf("the message is larger than %d MB", maxMessage>>20)
	}
	var m message
	start := 0 // of the field that is being read
	for pos := 0; pos < len(raw); {
		line := firstLine(raw[pos:])
		blank := len(bytes.TrimSpace(line)) == 0
		folded := line[0] == ' ' || line[0] == '\t'
		if pos > start && (blank || !folded) {
			m.fields = append(m.fields, field{raw[start:pos:pos]})
			start = pos
		}
		pos += len(line)
		switch {
		case blank:
			m.separator, m.body = line, raw[pos:]
			if len(m.fields) == 0 || len(m.body) == 0 {
				return message{}, ErrNotMail
			}
			return m, nil
		case folded && start == pos-len(line):
			return message{}, ErrNotMail // it goes on with nothing
		case len(m.fields) > maxFields:
			return message{}, fmt.Errorf("the message has more than %d header fields", maxFields)
		}
	}
	return message{}, ErrNotMail
}

func firstLine(b []byte) []byte {
	if i := bytes.IndexByte(b, '\n'); i >= 0 {
		return b[:i+1]
	}
	return b
}

// bytes is the mail with LF in the place of each CRLF.
func (m message) bytes() []byte {
	var b bytes.Buffer
	for _, f := range m.fields {
		b.Write(f.raw)
	}
	b.Write(m.separator)
	b.Write(m.body)
	return bytes.ReplaceAll(b.Bytes(), []byte("\r\n"), []byte("\n"))
}

// values returns those of every field of a name in lower case, in order.
func (m message) values(name string) [][]byte {
	var list [][]byte
	for _, f := range m.fields {
		if f.name() == name {
			list = append(list, f.value())
		}
	}
	return list
}
