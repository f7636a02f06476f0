package coverletter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A value is a JSON value with everything that must survive a rewrite: the
// order of its members and the text of its strings and numbers.
type value struct {
	kind    byte     // '{', '[' or 's' for a scalar
	literal string   // of a scalar: ASCII JSON text
	items   []value  // of a list
	members []member // of an object
}

type member struct {
	key string // a JSON string, with its quotes
	value
}

// parseJSON reads one JSON document with nothing but white space after it.
// Its errors are of type *TrackingError.
func parseJSON(data []byte) (value, error) {
	if len(data) > maxTracking {
		return value{}, trackingError(data, maxTracking, "longer than 1 MB")
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return value{}, trackingError(data, i, "not UTF-8")
		}
		i += size
	}
	var check json.RawMessage
	if err := json.Unmarshal(data, &check); err != nil {
		offset := len(data)
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			offset = max(int(syntax.Offset)-1, 0)
		}
		return value{}, trackingError(data, offset, err.Error())
	}
	r := &reader{data: data, dec: json.NewDecoder(bytes.NewReader(data))}
	r.dec.UseNumber()
	return r.value(), nil
}

// A reader walks over a document that is known to be valid.
type reader struct {
	data []byte
	dec  *json.Decoder
}

// token returns the next token and its text, with non-ASCII escaped.
func (r *reader) token() (token json.Token, text string) {
	start := r.dec.InputOffset()
	token, _ = r.dec.Token()
	raw := bytes.TrimLeft(r.data[start:r.dec.InputOffset()], " \t\r\n,:")
	return token, escape(string(raw))
}

func (r *reader) value() value {
	token, text := r.token()
	switch token {
	case json.Delim('{'):
		v := value{kind: '{'}
		for r.dec.More() {
			_, key := r.token()
			v.members = append(v.members, member{key, r.value()})
		}
		r.token()
		return v
	case json.Delim('['):
		v := value{kind: '['}
		for r.dec.More() {
			v.items = append(v.items, r.value())
		}
		r.token()
		return v
	}
	return value{kind: 's', literal: text}
}

// get returns the member with this name.
func (v value) get(name string) (value, bool) {
	for _, m := range v.members {
		if m.key == quote(name) {
			return m.value, true
		}
	}
	return value{}, false
}

// repeated returns a key that occurs twice.
func (v value) repeated() (key string, found bool) {
	seen := map[string]bool{}
	for _, m := range v.members {
		if seen[m.key] {
			return m.key, true
		}
		seen[m.key] = true
	}
	return "", false
}

func stringValue(s string) value { return value{kind: 's', literal: quote(s)} }

func intValue(n int) value { return value{kind: 's', literal: strconv.Itoa(n)} }

func listValue(list []string) value {
	v := value{kind: '['}
	for _, s := range list {
		v.items = append(v.items, stringValue(s))
	}
	return v
}

func (v value) asInt() (int, error) {
	if n, err := strconv.Atoi(v.literal); v.kind == 's' && err == nil {
		return n, nil
	}
	return 0, fmt.Errorf("is not an integer but %s", v.compact())
}

func (v value) asString() (string, error) {
	if v.kind == 's' && strings.HasPrefix(v.literal, `"`) {
		return unquote(v.literal), nil
	}
	return "", fmt.Errorf("is not a string but %s", v.compact())
}

func (v value) asList() ([]string, error) {
	if v.kind != '[' {
		return nil, fmt.Errorf("is not a list of strings but %s", v.compact())
	}
	var list []string
	for _, item := range v.items {
		s, err := item.asString()
		if err != nil {
			return nil, fmt.Errorf("has an entry that %w", err)
		}
		list = append(list, s)
	}
	return list, nil
}

// compact prints v on one line as Python's json.dumps does.
func (v value) compact() string {
	var b strings.Builder
	v.print(&b, "", ", ")
	return b.String()
}

// indented prints v as Python's json.dumps does with an indent of 2.
func (v value) indented() string {
	var b strings.Builder
	v.print(&b, "\n", ",")
	return b.String()
}

// print writes v; newline is "" or a newline with the indentation of v.
func (v value) print(b *strings.Builder, newline, comma string) {
	inner := newline
	if newline != "" {
		inner += "  "
	}
	count := len(v.items) + len(v.members)
	switch {
	case v.kind == 's':
		b.WriteString(v.literal)
		return
	case count == 0:
		b.WriteString(string(v.kind) + string(v.kind+2)) // {} or []
		return
	}
	b.WriteByte(v.kind)
	for i := range count {
		if i > 0 {
			b.WriteString(comma)
		}
		b.WriteString(inner)
		if v.kind == '{' {
			b.WriteString(v.members[i].key + ": ")
			v.members[i].print(b, inner, comma)
		} else {
			v.items[i].print(b, inner, comma)
		}
	}
	b.WriteString(newline)
	b.WriteByte(v.kind + 2)
}

// quote returns s as a JSON string in Python's spelling, all ASCII.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch r {
		case '"', '\\':
			b.WriteString(`\` + string(r))
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		case '\b':
			b.WriteString(`\b`)
		case '\f':
			b.WriteString(`\f`)
		default:
			b.WriteString(escapeRune(r))
		}
	}
	b.WriteByte('"')
	return b.String()
}

// escape replaces what is not printable ASCII in JSON text.
func escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteString(escapeRune(r))
	}
	return b.String()
}

func escapeRune(r rune) string {
	switch {
	case r >= ' ' && r <= '~':
		return string(r)
	case r > 0xffff: // a surrogate pair, RFC 8259 section 7
		r -= 0x10000
		return fmt.Sprintf(`\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// unquote reads a JSON string that is known to be valid.
func unquote(literal string) string {
	var s string
	_ = json.Unmarshal([]byte(literal), &s)
	return s
}
