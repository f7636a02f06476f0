package patchmail

import (
	"fmt"
	"strings"
)

const (
	// softColumn is where header lines are folded when they can be; lines with
	// encoded words must not pass 76, RFC 2047, section 2.
	softColumn = 76
	// hardColumn is the longest line of a mail, RFC 5322, section 2.1.1.
	hardColumn = 998
	// trackingColumn is where b4 cuts the value of X-B4-Tracking.
	trackingColumn = 75
)

// A Header is one header field.
type Header struct{ Name, Value string }

// An InjectionError reports a header value with a line end or NUL in it, which
// would forge header lines. It is never cleaned away.
type InjectionError struct{ Header, Value string }

func (e *InjectionError) Error() string {
	return fmt.Sprintf("header %s holds a line break or NUL: %q", e.Header, e.Value)
}

// A HeaderError reports a header field that cannot be written.
type HeaderError struct{ Header, Reason string }

func (e *HeaderError) Error() string {
	return fmt.Sprintf("header %q: %s", e.Header, e.Reason)
}

// reserved are the fields that Message writes itself or that only servers may
// write, in lower case. A trailing hyphen reserves all names that begin so.
var reserved = strings.Fields(`from sender reply-to to cc bcc subject date message-id in-reply-to
	references return-path received mime-version content- resent- dkim- x-developer-`)

// CheckHeader tells whether h may be one of Message.Headers. Line breaks and NUL
// are an *InjectionError; names that are none, fields that belong to the message
// or to servers (From, Bcc, Date, Content-*, DKIM-* …), and values that are not
// UTF-8 are a *HeaderError.
func CheckHeader(h Header) error {
	lower := strings.ToLower(h.Name)
	if h.Name == "" || strings.ContainsFunc(h.Name, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == ':' }) {
		return &HeaderError{h.Name, "not a header name"}
	}
	for _, name := range reserved {
		if lower == name || strings.HasSuffix(name, "-") && strings.HasPrefix(lower, name) {
			return &HeaderError{h.Name, "this field cannot be set"}
		}
	}
	return checkValue(h.Name, h.Value)
}

// A headerWriter writes fields, folded, with LF line ends. The first error stays
// and ends the writing.
type headerWriter struct {
	out    strings.Builder
	column int
	err    error
}

// open starts a field.
func (w *headerWriter) open(name string) {
	w.out.WriteString(name)
	w.out.WriteByte(':')
	w.column = len(name) + 1
}

// token writes a blank and a piece that must not be broken; a fold takes the
// blank's place in front of it when the line would pass limit. The first piece
// of a field stays on the line of its name.
func (w *headerWriter) token(s string, first bool, limit int) {
	if !first && w.column+1+len(s) > limit {
		w.fold()
	}
	w.out.WriteByte(' ')
	w.out.WriteString(s)
	w.column += 1 + len(s)
	if w.column > hardColumn {
		w.fail(fmt.Errorf("header line longer than %d bytes: %q", hardColumn, s[:min(len(s), 60)]))
	}
}

func (w *headerWriter) fold() {
	w.out.WriteByte('\n')
	w.column = 0
}

func (w *headerWriter) close() { w.fold() }

func (w *headerWriter) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// raw writes a field whose value must neither be encoded nor cut.
func (w *headerWriter) raw(name, value string) {
	w.open(name)
	w.token(value, true, hardColumn)
	w.close()
}

// text writes an unstructured field. Words that are ASCII stay readable, such as
// "[PATCH v3 2/5]"; from the first word that needs encoding to the last, all is
// encoded.
func (w *headerWriter) text(name, value string) {
	if err := checkValue(name, value); err != nil {
		w.fail(err)
		return
	}
	w.open(name)
	head, coded, tail := splitText(value)
	first := true
	for _, piece := range head {
		w.token(piece, first, softColumn)
		first = false
	}
	if coded != "" {
		w.encoded(coded, first)
		first = false
	}
	for _, piece := range tail {
		w.token(piece, first, softColumn)
		first = false
	}
	w.close()
}

// encoded writes text as encoded words.
func (w *headerWriter) encoded(text string, first bool) {
	// Shorter than this a word on the rest of the line is not worth it.
	const least = 30
	room := softColumn - w.column - 1
	if room < least && !first {
		room = maxEncodedWord
	}
	for i, word := range encodedWords(text, room) {
		w.token(word, first && i == 0, softColumn)
	}
}

// splitText splits a value at its single blanks into plain pieces, a stretch to
// be encoded, and plain pieces. Folding is allowed between pieces only, so that
// two blanks in a row survive readers that unfold into one.
func splitText(value string) (head []string, coded string, tail []string) {
	if strings.Trim(value, " ") != value {
		return nil, value, nil
	}
	pieces := splitPieces(value)
	from, to := len(pieces), 0
	for i, p := range pieces {
		if needsEncoding(p) {
			from = min(from, i)
			to = i + 1
		}
	}
	if to == 0 {
		return pieces, "", nil
	}
	return pieces[:from], strings.Join(pieces[from:to], " "), pieces[to:]
}

// splitPieces splits at blanks that have no other blank beside them.
func splitPieces(value string) []string {
	var pieces []string
	start := 0
	for i := 1; i+1 < len(value); i++ {
		if value[i] == ' ' && value[i-1] != ' ' && value[i+1] != ' ' {
			pieces = append(pieces, value[start:i])
			start = i + 1
		}
	}
	if value != "" {
		pieces = append(pieces, value[start:])
	}
	return pieces
}

// needsEncoding is true of text that cannot stand in a header as it is: not
// printable ASCII, too long for a line, or to be taken for an encoded word.
func needsEncoding(s string) bool {
	const tooLong = 900
	return len(s) > tooLong || strings.Contains(s, "=?") || strings.ContainsFunc(s, notPrintableASCII)
}

// addresses writes an address list. Lines are broken behind commas; a name stays
// whole, on one line with its mailbox, unless they do not fit on one.
func (w *headerWriter) addresses(name string, list []Address) {
	w.open(name)
	for i, a := range list {
		comma := ","
		if i == len(list)-1 {
			comma = ""
		}
		if err := w.address(name, a, i == 0, comma); err != nil {
			w.fail(fmt.Errorf("header %s: %w", name, err))
			return
		}
	}
	w.close()
}

func (w *headerWriter) address(header string, a Address, first bool, comma string) error {
	for _, s := range []string{a.Name, a.Mailbox} {
		if strings.ContainsAny(s, "\r\n\x00") {
			return &InjectionError{header, s}
		}
		if reason := unsafeText(s); reason != "" {
			return &AddressError{s, reason}
		}
	}
	mailbox, _, err := a.Envelope()
	if err != nil {
		return err
	}
	if a.Name == "" {
		w.token(mailbox+comma, first, softColumn)
		return nil
	}
	mailbox = "<" + mailbox + ">" + comma
	room := maxEncodedWord
	if first {
		room = softColumn - w.column - 1
	}
	name := []string{quoteName(a.Name)}
	if needsEncoding(name[0]) || len(name[0]) > room {
		name = encodedWords(a.Name, room)
	}
	if whole := name[0] + " " + mailbox; len(name) == 1 && len(whole) <= room {
		w.token(whole, first, softColumn)
		return nil
	}
	for i, word := range name {
		w.token(word, first && i == 0, softColumn)
	}
	w.token(mailbox, false, softColumn)
	return nil
}

// IsReference says whether a header can name a message by an id. Other mailers have
// made some that none can.
func IsReference(id string) bool {
	return id != "" && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' })
}

// ids writes message-ids, one on a line.
func (w *headerWriter) ids(name string, ids ...string) {
	w.open(name)
	for i, id := range ids {
		if strings.ContainsAny(id, "\r\n\x00") {
			w.fail(&InjectionError{name, id})
			return
		}
		if !IsReference(id) {
			w.fail(&HeaderError{name, fmt.Sprintf("%q is no message-id", id)})
			return
		}
		// A limit of 0 folds in front of all but the first.
		w.token("<"+id+">", i == 0, 0)
	}
	w.close()
}

// tracking writes X-B4-Tracking as b4 does: cut every 75 columns, not at blanks,
// for the value is base64 and read without them.
func (w *headerWriter) tracking(name, value string) {
	if strings.Count(value, " ") > 1 || strings.Trim(value, " ") != value || strings.ContainsFunc(value, notPrintableASCII) {
		w.text(name, value)
		return
	}
	w.open(name)
	value = " " + value
	for {
		n := min(len(value), trackingColumn-w.column)
		w.out.WriteString(value[:n])
		w.fold()
		if n == len(value) {
			return
		}
		value = " " + value[n:]
	}
}

func notPrintableASCII(r rune) bool { return r < ' ' || r > '~' }

// checkValue refuses what no unstructured value may hold.
func checkValue(name, value string) error {
	if strings.ContainsAny(value, "\r\n\x00") {
		return &InjectionError{name, value}
	}
	if strings.ToValidUTF8(value, "") != value {
		return &HeaderError{name, "not valid UTF-8"}
	}
	return nil
}
