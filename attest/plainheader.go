package attest

import (
	"encoding/base64"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// plainSubject is the title that git mailinfo takes from a Subject.
func plainSubject(value string) (string, bool) {
	value, ok := decodeWords(value)
	if !ok {
		return "", false
	}
	for {
		value = strings.TrimLeft(value, " \t:")
		switch {
		case len(value) >= 3 && strings.EqualFold(value[:3], "re:"):
			value = value[3:]
			continue
		case strings.HasPrefix(value, "["):
			end := strings.IndexByte(value, ']')
			if end < 0 {
				return "", false
			}
			value = value[end+1:]
			continue
		}
		break
	}
	value = strings.Join(strings.FieldsFunc(value, isBlank), " ")
	return value, value != ""
}

func isBlank(r rune) bool { return r == ' ' || r == '\t' }

var (
	namedAddress = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:"([^"\\<>@()]*)"|([^"\\<>@()]*)) *<([!-~]+)>$`) })
	bareAddress  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[!#-'*+\--9=?A-Z^-~]+@[!#-'*+\--9=?A-Z^-~]+$`) })
)

// The lengths of a name that git mailinfo believes, in bytes. What it makes of
// a shorter one depends on more than the name.
const (
	shortestName = 3
	longestName  = 60
)

// plainAuthor is the author that git mailinfo takes from a From.
func plainAuthor(value string) (name, address string, ok bool) {
	if value, ok = decodeWords(value); !ok {
		return "", "", false
	}
	value = strings.Trim(value, " \t")
	if m := namedAddress().FindStringSubmatch(value); m != nil {
		name = strings.Join(strings.FieldsFunc(m[1]+m[2], isBlank), " ")
		address = m[3]
	} else {
		address = value
	}
	if !bareAddress().MatchString(address) {
		return "", "", false
	}
	if name == "" || len(name) > longestName {
		name = address
	}
	return name, address, len(name) >= shortestName
}

var encodedWord = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?i)=\?utf-8\?([qb])\?([!->@-~]+)\?=`) })

// decodeWords decodes the encoded words of RFC 2047 in a value, where they are
// without fault and stand between blanks.
func decodeWords(value string) (string, bool) {
	var out strings.Builder
	last := 0
	for _, at := range encodedWord().FindAllStringSubmatchIndex(value, -1) {
		between := value[last:at[0]]
		if strings.Contains(between, "=?") || last > 0 && between == "" {
			return "", false
		}
		if last == 0 || strings.Trim(between, " \t") != "" { // blanks between two words vanish
			out.WriteString(between)
		}
		text, ok := decodeWord(value[at[2]:at[3]], value[at[4]:at[5]])
		if !ok {
			return "", false
		}
		out.WriteString(text)
		last = at[1]
	}
	rest := value[last:]
	out.WriteString(rest)
	text := out.String()
	clean, ok := plainValue([]byte(text))
	return text, ok && len(clean) <= maxValue && !strings.Contains(rest, "=?")
}

func decodeWord(encoding, text string) (string, bool) {
	if strings.EqualFold(encoding, "b") {
		out, err := base64.StdEncoding.Strict().DecodeString(text)
		return string(out), err == nil && utf8.Valid(out)
	}
	out, ok := decodeQuotedPrintable([]byte(strings.ReplaceAll(text, "_", " ")))
	return string(out), ok && utf8.Valid(out)
}
