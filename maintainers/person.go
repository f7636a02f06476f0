package maintainers

import "strings"

// parsePerson reads a name and an address as loosely as the script does: name
// and <address>, <address> alone, or everything up to the last @ and the
// non-blanks behind it. Without an address both are empty.
func parsePerson(text string) (name, address string) {
	if i := strings.IndexByte(text, '<'); i >= 0 {
		if j := strings.LastIndexByte(text, '>'); j > i && strings.Contains(text[i+1:j], "@") {
			name = strings.TrimSpace(text[:i])
			name = strings.TrimSuffix(strings.TrimPrefix(name, `"`), `"`)
			return name, strings.TrimSpace(text[i+1 : j])
		}
	}
	at := strings.LastIndexByte(text, '@')
	if at < 1 {
		return "", ""
	}
	end := strings.IndexAny(text[at:], " \t\r\n\f\v")
	if end < 0 {
		end = len(text) - at
	}
	return "", strings.TrimSpace(text[:at+end])
}

// formatPerson prints a person as the script does.
func formatPerson(name, address string) string {
	if name == "" {
		return address
	}
	return quoteName(name) + " <" + address + ">"
}

// quoteName quotes a name for every character but ASCII letters, digits,
// underscore, blank and hyphen.
func quoteName(name string) string {
	for i := range len(name) {
		if c := name[i]; !isWord(c) && c != ' ' && c != '-' {
			return `"` + escapeQuotes(name) + `"`
		}
	}
	return name
}

// escapeQuotes puts a backslash before every quote that has none.
func escapeQuotes(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '"' && (i == 0 || s[i-1] != '\\') {
			b.WriteByte('\\')
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}
