package maintainers

import (
	"bytes"
	"regexp"
	"strings"
	"unicode/utf8"
)

// An Era is a generation of the script. Both call themselves version 0.26.
type Era int

const (
	// Old is the script of Linux up to 6.7, and of U-Boot: text is bytes, and
	// names in YAML files lose many letters that are not ASCII.
	Old Era = iota + 1
	// New is the script of Linux since: text is UTF-8, names are whole, and
	// with -f keywords are looked for only on demand.
	New
)

func (e Era) String() string {
	if e == Old {
		return "old"
	}
	return "new"
}

// EraOf tells the era of a script by its source: the new one declares its
// input and output to be UTF-8.
func EraOf(script []byte) Era {
	declares := regexp.MustCompile(`(?i)^\s*use\s+open\b.*utf-?8`)
	for line := range bytes.Lines(script) {
		if bytes.Contains(line, []byte("open")) && declares.Match(line) {
			return New
		}
	}
	return Old
}

// chiefsOf returns the people whom the source of a script calls chiefs, as
// "Name <address>"; lines that are commented out do not count.
func chiefsOf(script []byte) []string {
	push := regexp.MustCompile(`^\s*push\s*\(\s*@\w*chief\w*\s*,\s*["']([^:"'\n]+):([^:"'\n]+)["']`)
	var chiefs []string
	for line := range bytes.Lines(script) {
		if !bytes.Contains(line, []byte("chief")) {
			continue
		}
		if m := push.FindSubmatch(line); m != nil {
			name, address := string(m[1]), strings.ReplaceAll(string(m[2]), `\@`, "@")
			chiefs = append(chiefs, strings.TrimSpace(name)+" <"+strings.TrimSpace(address)+">")
		}
	}
	return chiefs
}

// lower is the case folding of names and addresses.
func (e Era) lower(s string) string {
	if e == New {
		return strings.ToLower(s)
	}
	return lowerASCII(s)
}

func lowerASCII(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' {
			b := []byte(s)
			for ; i < len(b); i++ {
				if c := b[i]; c >= 'A' && c <= 'Z' {
					b[i] = c + 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

// text is what the script makes of the bytes of a file: the new era writes
// those that are not UTF-8 as \xHH.
func (e Era) text(s string) string {
	if e == Old || utf8.ValidString(s) {
		return s
	}
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 {
			b.WriteString(`\x`)
			b.WriteByte(hex[s[i]>>4])
			b.WriteByte(hex[s[i]&15])
		} else {
			b.WriteString(s[i : i+size])
		}
		i += size
	}
	return b.String()
}

// characters is s as the regular expressions of the era see it, in UTF-8: the
// old era matches byte by byte, so that every byte is a character of its own.
func (e Era) characters(s string) string {
	if e == New || isASCII(s) {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// bytes undoes characters.
func (e Era) bytes(s string) string {
	if e == New || isASCII(s) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
	}
	return b.String()
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
