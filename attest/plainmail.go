package attest

import (
	"bytes"
	"encoding/base64"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kprep/kprep/gitrepo"
)

// readPlain computes what "git mailinfo" would make of a mail, for the plain
// mails that kprep and git send-email write: one part of text in UTF-8, headers
// without comments or broken encodings. Of anything else it says no, and git
// has to be asked: a wrong guess would be a signature over another text.
func readPlain(m message) (gitrepo.Mailinfo, bool) {
	header, ok := plainHeader(m.fields)
	if !ok || len(bytes.Trim(m.separator, "\r\n")) > 0 {
		return gitrepo.Mailinfo{}, false
	}
	body, ok := decodeBody(bytes.ReplaceAll(m.body, []byte("\r\n"), []byte("\n")), header["content-transfer-encoding"])
	if !ok {
		return gitrepo.Mailinfo{}, false
	}
	return plainInfo(header["from"], header["subject"], body, header["content-type"])
}

// The one field of a name must be decisive, so these may not be repeated.
var decisive = map[string]bool{"from": true, "subject": true, "content-type": true, "content-transfer-encoding": true}

var (
	fieldName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[!-9;-~]+$`) })
	mboxLine  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^From [0-9a-f]+ `) })
	mimeType  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?i)^text/plain(?:; *charset=(?:"utf-8"|utf-8|"us-ascii"|us-ascii))?$`)
	})
)

// plainHeader returns the unfolded values of the decisive fields.
func plainHeader(fields []field) (map[string]string, bool) {
	found := map[string]string{}
	for i, f := range fields {
		if i == 0 && mboxLine().Match(f.raw) && bytes.Count(f.raw, []byte("\n")) == 1 {
			continue
		}
		name, _, colon := bytes.Cut(f.raw, []byte(":"))
		if !colon || !fieldName().Match(name) {
			return nil, false
		}
		key := strings.ToLower(string(name))
		if !decisive[key] {
			if bytes.Contains(f.raw, []byte("=?")) && (key == "message-id" || key == "date") {
				return nil, false // git decodes them, and may fail
			}
			continue
		}
		if _, twice := found[key]; twice {
			return nil, false
		}
		value, ok := plainValue(f.value())
		if !ok {
			return nil, false
		}
		found[key] = value
	}
	if found["from"] == "" || found["subject"] == "" {
		return nil, false
	}
	if kind := found["content-type"]; kind != "" && !mimeType().MatchString(kind) {
		return nil, false
	}
	return found, true
}

// maxValue is far above any header of a patch and below the lengths at which
// programs begin to cut.
const maxValue = 4096

// plainValue unfolds a header value and refuses control characters.
func plainValue(raw []byte) (string, bool) {
	text := strings.ReplaceAll(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n", "")
	for i := range len(text) {
		if text[i] < ' ' && text[i] != '\t' || text[i] == 0x7f {
			return "", false
		}
	}
	return strings.Trim(text, " \t"), utf8.ValidString(text) && len(text) <= maxValue
}

// decodeBody takes the transfer encoding off, where it is without fault.
func decodeBody(body []byte, encoding string) ([]byte, bool) {
	if bytes.IndexByte(body, 0) >= 0 {
		return nil, false
	}
	var ok bool
	switch strings.ToLower(encoding) {
	case "", "7bit", "8bit":
		return body, true
	case "quoted-printable":
		body, ok = decodeQuotedPrintable(body)
	case "base64":
		body, ok = decodeBase64(body)
	}
	return body, ok && bytes.IndexByte(body, 0) < 0
}

func decodeQuotedPrintable(body []byte) ([]byte, bool) {
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); i++ {
		c := body[i]
		if c != '=' {
			out = append(out, c)
			continue
		}
		if i+1 < len(body) && body[i+1] == '\n' {
			i++
			continue
		}
		if i+2 >= len(body) {
			return nil, false
		}
		high, low := hexDigit(body[i+1]), hexDigit(body[i+2])
		if high < 0 || low < 0 {
			return nil, false
		}
		out = append(out, byte(high<<4|low))
		i += 2
	}
	return out, true
}

// hexDigit is the value of a digit, -1 for anything else.
func hexDigit(c byte) int { return strings.IndexByte("0123456789ABCDEF", c) }

func decodeBase64(body []byte) ([]byte, bool) {
	text := bytes.ReplaceAll(bytes.Trim(body, "\n"), []byte("\n"), nil)
	if bytes.ContainsAny(text, " \t\r") {
		return nil, false
	}
	out, err := base64.StdEncoding.Strict().DecodeString(string(text))
	return out, err == nil
}

// plainInfo reads the decoded body: what stands before the patch, and headers
// that stand in it.
func plainInfo(from, subject string, body []byte, contentType string) (gitrepo.Mailinfo, bool) {
	info := gitrepo.Mailinfo{}
	var ok bool
	if info.Subject, ok = plainSubject(subject); !ok {
		return info, false
	}
	body = bytes.TrimLeft(body, "\n")
	inBody, rest, ok := inBodyFrom(body)
	if !ok {
		return info, false
	}
	at := patchStart(rest)
	info.Message, info.Patch = rest[:at], rest[at:]
	if len(info.Patch) > 0 && inBody != "" { // without a patch it says nothing
		from = inBody
	}
	if info.Author, info.Email, ok = plainAuthor(from); !ok {
		return info, false
	}
	ascii := strings.Contains(strings.ToLower(contentType), "us-ascii")
	return info, utf8.Valid(info.Message) && !(ascii && !isASCII(info.Message))
}

func isASCII(b []byte) bool {
	return bytes.IndexFunc(b, func(r rune) bool { return r >= utf8.RuneSelf }) < 0
}

var (
	inBodyHeader = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)^(?:from|subject|date|>from|\[patch)`) })
	inBodyAuthor = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^From: ([^\n]+)\n\n`) })
)

// inBodyFrom takes off a From at the top of the body, as git format-patch
// writes it. It refuses all other ways to begin like a header.
func inBodyFrom(body []byte) (from string, rest []byte, ok bool) {
	if m := inBodyAuthor().FindSubmatch(body); m != nil {
		from, ok = plainValue(m[1])
		body = body[len(m[0]):]
		if !ok || from == "" {
			return "", nil, false
		}
	}
	begins := len(body) > 0 && (body[0] == ' ' || body[0] == '\t' || body[0] == '\r')
	return from, body, !begins && !inBodyHeader().Match(body)
}

// patchStart is where the patch begins: at a line that only a patch has. It is
// the length of the text where there is none.
func patchStart(text []byte) int {
	at := 0
	for line := range bytes.Lines(text) {
		if startsPatch(line) {
			return at
		}
		at += len(line)
	}
	return at
}

func startsPatch(line []byte) bool {
	if bytes.HasPrefix(line, []byte("diff -")) || bytes.HasPrefix(line, []byte("Index: ")) {
		return true
	}
	rest, dashes := bytes.CutPrefix(line, []byte("---"))
	if !dashes {
		return false
	}
	// A separator line of dashes alone, or the first line of a bare diff.
	return len(bytes.TrimSpace(rest)) == 0 || len(rest) > 1 && rest[0] == ' ' && !isSpace(rest[1])
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
