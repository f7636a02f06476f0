package patchmail

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxMailbox is the longest mailbox in bytes: the 256 of a path in RFC 5321,
// section 4.5.3.1.3, less its two brackets.
const maxMailbox = 254

// An Address is one mailbox, parsed once; header text, envelope and display all
// derive from it.
type Address struct {
	Name    string // decoded UTF-8 display name, "" when none
	Mailbox string // local@domain as written, without brackets
}

// An AddressError reports text that is no address, or one that must not be
// written.
type AddressError struct {
	Text   string // what was to be read or written
	Reason string
}

func (e *AddressError) Error() string {
	const shown = 200
	return fmt.Sprintf("address %.*q: %s", shown, e.Text, e.Reason)
}

// String is the address for people, cover letter trailers and prompts: UTF-8,
// the name quoted when RFC 5322 needs it, the mailbox as written.
// ParseAddress reads it back.
func (a Address) String() string {
	if a.Name == "" {
		return a.Mailbox
	}
	return quoteName(a.Name) + " <" + a.Mailbox + ">"
}

// Key is equal for two addresses that one list of recipients holds once: case
// is ignored in the whole mailbox, the name does not count, and a domain in
// Unicode equals its A-label. It is not for sending: use Envelope.
func (a Address) Key() string {
	local, domain := a.split()
	if ascii, err := asciiDomain(domain); err == nil {
		domain = ascii
	}
	return strings.ToLower(local + "@" + domain)
}

// Domain is the part of the mailbox behind the @, as written; "" when there is
// none.
func (a Address) Domain() string {
	_, domain := a.split()
	return domain
}

// Envelope returns the mailbox as SMTP wants it: the domain as A-label, the
// local part exactly as written. needsUTF8 tells that the local part is not
// ASCII, so that the server must offer SMTPUTF8. A value that is not one clean
// mailbox is an *AddressError, even when it was not made by a parser.
func (a Address) Envelope() (mailbox string, needsUTF8 bool, err error) {
	if reason := unsafeText(a.Mailbox); reason != "" {
		return "", false, &AddressError{a.Mailbox, reason}
	}
	clean, err := parseMailbox(a.Mailbox)
	if err != nil {
		return "", false, err
	}
	if clean != a.Mailbox {
		return "", false, &AddressError{a.Mailbox, "not in plain local@domain form"}
	}
	local, domain := a.split()
	ascii, err := asciiDomain(domain)
	if err != nil {
		return "", false, &AddressError{a.Mailbox, err.Error()}
	}
	if ascii == domain {
		return a.Mailbox, !isASCII(local), nil
	}
	return local + "@" + ascii, !isASCII(local), nil
}

// split cuts at the last @; a quoted local part may hold others.
func (a Address) split() (local, domain string) {
	at := strings.LastIndexByte(a.Mailbox, '@')
	if at < 0 {
		return a.Mailbox, ""
	}
	return a.Mailbox[:at], a.Mailbox[at+1:]
}

// quoteName returns name as a phrase of RFC 5322. Names that hold the special
// characters, or blanks that reading a phrase would drop, become a quoted
// string.
func quoteName(name string) string {
	if !strings.ContainsAny(name, `()<>[]:;@\,."`) && strings.Join(strings.Fields(name), " ") == name {
		return name
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
}

// CleanName is what a header can hold of a name that somebody else has made up: runs
// of blanks and of characters as [AddressError] refuses them are a blank each.
func CleanName(name string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(name, "?"), func(r rune) bool { return unprintable(r) || unicode.IsSpace(r) }), " ")
}

// unsafeText returns why s may not be part of an address, or "". Control
// characters forge header lines; bidirectional and zero-width characters make
// one name look like another.
func unsafeText(s string) string {
	if !utf8.ValidString(s) {
		return "not valid UTF-8"
	}
	for _, r := range s {
		if unprintable(r) {
			return fmt.Sprintf("holds the control or invisible character %U", r)
		}
	}
	return ""
}

// unprintable is true of the characters of the Unicode categories control,
// format (bidirectional controls, zero-width characters) and line separator.
func unprintable(r rune) bool {
	if r < utf8.RuneSelf {
		return r < ' ' || r == 0x7f
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp)
}

func isASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
