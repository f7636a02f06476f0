package patchmail

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"unicode/utf8"
)

// maxBodyLine is the longest body line in bytes, line end not counted: RFC 5322,
// section 2.1.1.
const maxBodyLine = 998

// A transferEncoding is a value of Content-Transfer-Encoding.
type transferEncoding string

const (
	sevenBit        transferEncoding = "7bit"
	eightBit        transferEncoding = "8bit"
	quotedPrintable transferEncoding = "quoted-printable"
	base64Encoding  transferEncoding = "base64"
)

// chooseEncoding looks at content alone, so that the choice is the same for
// every server. Bodies leave unencoded when the wire keeps them as they are.
//
// The charset is always utf-8, even for bodies that are not: a receiver's git
// keeps the bytes of a mail declared as the charset it commits in, and recodes
// any other.
func chooseEncoding(body []byte) transferEncoding {
	switch kept := survivesAsIs(body); {
	case kept && isASCII(body):
		return sevenBit
	case kept && utf8.Valid(body):
		return eightBit
	case mostlyEscapes(body):
		return base64Encoding
	default:
		return quotedPrintable
	}
}

// TransferEncodings lists what Message.Encoding may say.
func TransferEncodings() []string {
	return []string{"auto", string(sevenBit), string(eightBit), string(quotedPrintable), string(base64Encoding)}
}

// An EncodingError reports a body that would not arrive as it is.
type EncodingError struct{ Encoding string }

func (e *EncodingError) Error() string {
	return fmt.Sprintf("the transfer encoding %s cannot carry its text unchanged", e.Encoding)
}

func (m *Message) encoding(body []byte) (transferEncoding, error) {
	encoding := transferEncoding(m.Encoding)
	switch encoding {
	case "", "auto":
		return chooseEncoding(body), nil
	case sevenBit, eightBit:
		if !survivesAsIs(body) || !isASCII(body) && (encoding == sevenBit || !utf8.Valid(body)) {
			return "", &EncodingError{m.Encoding}
		}
	case quotedPrintable, base64Encoding:
	default:
		return "", &EncodingError{m.Encoding}
	}
	return encoding, nil
}

// survivesAsIs is false when servers refuse or change a line of the body, or
// when git would split the mail at it.
func survivesAsIs(body []byte) bool {
	if bytes.ContainsAny(body, "\r\x00") {
		return false
	}
	for line := range bytes.Lines(body) {
		if len(bytes.TrimSuffix(line, []byte("\n"))) > maxBodyLine || separatesMails(line) {
			return false
		}
	}
	return true
}

// separatesMails is true of a line that mailbox readers take for the "From "
// line of the next mail. Git wants a time in it, so "From now on" is harmless.
func separatesMails(line []byte) bool {
	if !bytes.HasPrefix(line, []byte("From ")) {
		return false
	}
	colon := bytes.LastIndexByte(line, ':')
	return colon > 0 && colon+1 < len(line) && isDigit(line[colon-1]) && isDigit(line[colon+1])
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// mostlyEscapes is true when quoted-printable would escape more than a third of
// the bytes.
func mostlyEscapes(body []byte) bool {
	escapes := 0
	for _, c := range body {
		if c != '\n' && !qpPlain(c) {
			escapes++
		}
	}
	return escapes*3 > len(body)
}

func appendBody(out, body []byte, encoding transferEncoding) []byte {
	switch encoding {
	case quotedPrintable:
		return appendQuotedPrintable(out, body)
	case base64Encoding:
		return appendBase64(out, body)
	default:
		return append(out, body...)
	}
}

// maxEncodedLine is the longest line of an encoded body: RFC 2045, sections 6.7
// and 6.8.
const maxEncodedLine = 76

// appendBase64 encodes the body's own line feeds, not the CRLF that RFC 2045,
// section 6.8, asks of text: git applies what it decodes, so they would land in
// the patched file. git send-email does the same.
func appendBase64(out, body []byte) []byte {
	const step = maxEncodedLine / 4 * 3
	for len(body) > 0 {
		n := min(step, len(body))
		out = base64.StdEncoding.AppendEncode(out, body[:n])
		out = append(out, '\n')
		body = body[n:]
	}
	return out
}

// appendQuotedPrintable encodes body, which ends with a line feed. Line feeds
// stay hard line breaks; CR, bytes that are not printable ASCII, and blanks and
// tabs at a line's end are escaped. So are the first byte of a line that starts
// "From " and a dot alone on its line, which mailboxes and SMTP would change.
func appendQuotedPrintable(out, body []byte) []byte {
	for line := range bytes.Lines(body) {
		text := bytes.TrimSuffix(line, []byte("\n"))
		out = appendQPLine(out, text)
		out = append(out, '\n')
	}
	return out
}

func appendQPLine(out, text []byte) []byte {
	guarded := string(text) == "." || bytes.HasPrefix(text, []byte("From "))
	column := 0
	for i, c := range text {
		last := i == len(text)-1
		plain := qpPlain(c) && !(last && (c == ' ' || c == '\t')) && !(guarded && i == 0)
		size := 3
		if plain {
			size = 1
		}
		// The last column of a broken line is for the "=".
		limit := maxEncodedLine - 1
		if last {
			limit = maxEncodedLine
		}
		if column+size > limit {
			out = append(out, "=\n"...)
			column = 0
			// Breaking must not make a line that needs a guard.
			rest := text[i:]
			if string(rest) == "." || bytes.HasPrefix(rest, []byte("From ")) {
				plain, size = false, 3
			}
		}
		if plain {
			out = append(out, c)
		} else {
			const digits = "0123456789ABCDEF"
			out = append(out, '=', digits[c>>4], digits[c&15])
		}
		column += size
	}
	return out
}

// qpPlain is what quoted-printable writes as it is, except at a line's end.
func qpPlain(c byte) bool {
	return c >= ' ' && c <= '~' && c != '=' || c == '\t'
}
