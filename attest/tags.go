package attest

import (
	"bytes"
	"fmt"
	"strings"
)

// An Algorithm is the kind of a key, as it is spelled in keyrings.
type Algorithm string

// The algorithms, in the spelling of keyrings; a= has them with "-sha256".
const (
	Ed25519 Algorithm = "ed25519"
	OpenSSH Algorithm = "openssh"
	OpenPGP Algorithm = "openpgp"
)

const hashSuffix = "-sha256"

func algorithms() []Algorithm { return []Algorithm{Ed25519, OpenSSH, OpenPGP} }

// algorithmOf reads a=. With exact only the full name counts; patatt looks at
// the beginning alone.
func algorithmOf(tag string, exact bool) (Algorithm, bool) {
	for _, a := range algorithms() {
		if tag == string(a)+hashSuffix || !exact && strings.HasPrefix(tag, string(a)) {
			return a, true
		}
	}
	return "", false
}

// A claim is one signature field, as it was received.
type claim struct {
	tags   map[string]string
	signed []byte // of the field itself: up to the last "b="
	value  string // behind it
}

// parseClaim reads the value of a signature field.
func parseClaim(raw []byte) (claim, error) {
	if len(raw) > maxTags {
		return claim{}, fmt.Errorf("the signature field is larger than %d KB", maxTags>>10)
	}
	c := claim{tags: parseTags(raw), signed: relax(raw)}
	// Base64 cannot end in "b=", and b= is the last tag.
	if at := bytes.LastIndex(c.signed, []byte("b=")); at >= 0 {
		c.value = withoutSpace(c.signed[at+2:])
		c.signed = c.signed[:at+2]
	}
	return c, nil
}

// parseTags reads "k=v; k=v". White space counts nowhere, and of tags of one
// name the last.
func parseTags(raw []byte) map[string]string {
	tags := map[string]string{}
	for part := range strings.SplitSeq(withoutSpace(raw), ";") {
		if key, value, ok := strings.Cut(part, "="); ok {
			tags[key] = value
		}
	}
	return tags
}

func withoutSpace(b []byte) string {
	out := make([]byte, 0, len(b)) // of bytes: what is no UTF-8 stays what it is
	for _, c := range b {
		if !isSpace(c) {
			out = append(out, c)
		}
	}
	return string(out)
}

// foldWidth is how long a line of our fields gets.
const foldWidth = 78

// foldField breaks a field into lines at its blanks: behind the last word of a
// line that ends with ";", else with ",", else before the last word.
func foldField(line string) string {
	var lines, words []string
	width := 0 // of words, joined
	for word := range strings.SplitSeq(line, " ") {
		words = append(words, word)
		if width += len(word) + 1; width-1+min(len(lines), 1) <= foldWidth {
			continue
		}
		if at := breakBefore(words); at > 0 {
			lines = append(lines, strings.Join(words[:at], " "))
			words = words[at:]
			width = len(strings.Join(words, " ")) + 1
		}
	}
	return strings.Join(append(lines, strings.Join(words, " ")), "\n ")
}

// breakBefore is the number of words that stay on the line, 0 when there is
// only one.
func breakBefore(words []string) int {
	for _, end := range []string{";", ","} {
		for n := len(words) - 1; n > 0; n-- {
			if strings.HasSuffix(words[n-1], end) {
				return n
			}
		}
	}
	return len(words) - 1
}

// cutValue puts blanks into base64, where lines can be broken.
func cutValue(value string) string {
	const first, others = 73, 75
	var chunks []string
	for room := first; len(value) > others; room = others {
		chunks = append(chunks, value[:room])
		value = value[room:]
	}
	return strings.Join(append(chunks, value), " ")
}
