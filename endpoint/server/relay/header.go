package relay

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// maxLine is the longest line of a mail in bytes, line end not counted: RFC
// 5322, section 2.1.1.
const maxLine = 998

// A FieldError reports a header field that keeps a mail from leaving.
type FieldError struct{ Field, Reason string }

func (e *FieldError) Error() string { return fmt.Sprintf("header field %s: %s", e.Field, e.Reason) }

// errNoMail reports a text that is no mail.
var errNoMail = errors.New("not a mail with a header and a body")

// A field is one header field as it stands in the mail, with its folds and its
// last line feed.
type field struct {
	name string // in lower case
	raw  string
}

// label is the name as it was written.
func (f field) label() string {
	label, _, _ := strings.Cut(f.raw, ":")
	return label
}

// value is unfolded.
func (f field) value() string {
	_, value, _ := strings.Cut(f.raw, ":")
	return strings.Trim(strings.ReplaceAll(value, "\n", ""), " \t")
}

type mail struct {
	fields []field
	body   []byte // as it was transferred
}

var fieldStart = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([!-9;-~]+):`) })

// parse cuts a mail at its header fields.
func parse(raw []byte) (mail, error) {
	header, body, found := bytes.Cut(raw, []byte("\n\n"))
	if !found || len(body) == 0 {
		return mail{}, errNoMail
	}
	m := mail{body: body}
	for line := range strings.SplitAfterSeq(string(header)+"\n", "\n") {
		start := fieldStart().FindStringSubmatch(line)
		switch {
		case line == "":
		case strings.ContainsAny(line, "\r\x00"):
			return mail{}, errors.New("the header holds a carriage return or NUL")
		case start != nil:
			m.fields = append(m.fields, field{strings.ToLower(start[1]), line})
		case (line[0] == ' ' || line[0] == '\t') && strings.Trim(line, " \t\n") != "" && len(m.fields) > 0:
			m.fields[len(m.fields)-1].raw += line
		default:
			return mail{}, fmt.Errorf("the header has a line that is no field: %.60q", line)
		}
	}
	return m, nil
}

// bytes is the mail as one text.
func (m mail) bytes() []byte {
	var out bytes.Buffer
	for _, f := range m.fields {
		out.WriteString(f.raw)
	}
	out.WriteByte('\n')
	out.Write(m.body)
	return out.Bytes()
}

func (m mail) index(name string) int {
	return slices.IndexFunc(m.fields, func(f field) bool { return f.name == name })
}

// value is that of the first field of a name, "" when there is none.
func (m mail) value(name string) string {
	if i := m.index(name); i >= 0 {
		return m.fields[i].value()
	}
	return ""
}

// values are those of all fields of a name, byte for byte.
func (m mail) values(name string) []string {
	var all []string
	for _, f := range m.fields {
		if f.name == name {
			all = append(all, strings.TrimPrefix(f.raw, f.label()))
		}
	}
	return all
}

// put writes a field in the place of the first of its name, or behind all
// others. text is a whole field.
func (m *mail) put(text string) {
	name, _, _ := strings.Cut(text, ":")
	f := field{strings.ToLower(name), text}
	if i := m.index(f.name); i >= 0 {
		m.fields[i] = f
		return
	}
	m.fields = append(m.fields, f)
}

// fits says that a field can stand as it is in a mail that leaves.
func (f field) fits() bool {
	for line := range strings.Lines(f.raw) {
		if len(line)-1 > maxLine {
			return false
		}
	}
	return !strings.ContainsFunc(f.raw, func(r rune) bool { return (r < ' ' || r > '~') && r != '\n' && r != '\t' })
}
