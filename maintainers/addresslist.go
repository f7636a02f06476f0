package maintainers

import "strings"

// splitPeople divides a value of M or R that names several people. One that is
// a mailbox of RFC 822, or no valid list of them, is returned whole.
//
// QUIRK: an unquoted dot in a display name makes a list invalid, so that
// "Jo P. Doe <jo@x.org>, Al <al@x.org>" stays one person.
func splitPeople(value string) []string {
	if !strings.Contains(value, ",") {
		return []string{value}
	}
	bare, ok := withoutComments(value)
	if !ok {
		return []string{value}
	}
	s := &rfc822{rest: bare}
	if s.address() && s.end() {
		return []string{value}
	}
	var people []string
	s = &rfc822{rest: bare}
	for {
		start := s.rest
		if !s.address() {
			break
		}
		people = append(people, strings.TrimSpace(start[:len(start)-len(s.rest)]))
		if s.end() {
			return people
		}
		if !s.char(',') {
			break
		}
		if s.end() {
			return people
		}
	}
	return []string{value}
}

// withoutComments replaces comments in parentheses by a blank; ok is false when
// one is not closed.
func withoutComments(s string) (text string, ok bool) {
	if !strings.Contains(s, "(") {
		return s, true
	}
	var b strings.Builder
	depth, quoted := 0, false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s):
			if depth == 0 {
				b.WriteString(s[i : i+2])
			}
			i++
			continue
		case c == '"' && depth == 0:
			quoted = !quoted
		case c == '(' && !quoted:
			depth++
			continue
		case c == ')' && depth > 0:
			if depth--; depth == 0 {
				b.WriteByte(' ')
			}
			continue
		}
		if depth == 0 {
			b.WriteByte(c)
		}
	}
	return b.String(), depth == 0
}

// rfc822 reads the grammar of RFC 822, section 6.1, in text without comments.
type rfc822 struct{ rest string }

func (s *rfc822) blanks() { s.rest = strings.TrimLeft(s.rest, " \t\r\n") }

func (s *rfc822) end() bool {
	s.blanks()
	return s.rest == ""
}

func (s *rfc822) char(c byte) bool {
	s.blanks()
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

// address is a mailbox or a group.
func (s *rfc822) address() bool {
	start := s.rest
	if s.mailbox() {
		return true
	}
	s.rest = start
	if s.phrase() == 0 || !s.char(':') {
		s.rest = start
		return false
	}
	for s.mailbox() && s.char(',') {
	}
	if !s.char(';') {
		s.rest = start
		return false
	}
	return true
}

func (s *rfc822) mailbox() bool {
	start := s.rest
	if s.addrSpec() {
		return true
	}
	s.rest = start
	s.phrase()
	if s.char('<') && s.route() && s.addrSpec() && s.char('>') {
		return true
	}
	s.rest = start
	return false
}

// route is the optional path of hosts, "@a,@b:".
func (s *rfc822) route() bool {
	if !s.char('@') {
		return true
	}
	for {
		if !s.dotted(s.subDomain) {
			return false
		}
		if s.char(':') {
			return true
		}
		if !s.char(',') || !s.char('@') {
			return false
		}
	}
}

func (s *rfc822) addrSpec() bool {
	return s.dotted(s.word) && s.char('@') && s.dotted(s.subDomain)
}

func (s *rfc822) phrase() (words int) {
	for s.word() {
		words++
	}
	return words
}

func (s *rfc822) dotted(part func() bool) bool {
	for part() {
		if !s.char('.') {
			return true
		}
	}
	return false
}

func (s *rfc822) word() bool {
	if !s.char('"') {
		return s.atom()
	}
	for i := 0; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '\\':
			i++
		case '"':
			s.rest = s.rest[i+1:]
			return true
		}
	}
	return false
}

func (s *rfc822) atom() bool {
	s.blanks()
	n := 0
	for n < len(s.rest) && s.rest[n] > ' ' && s.rest[n] != 0x7f && strings.IndexByte(`()<>@,;:\".[]`, s.rest[n]) < 0 {
		n++
	}
	s.rest = s.rest[n:]
	return n > 0
}

func (s *rfc822) subDomain() bool {
	if !s.char('[') {
		return s.atom()
	}
	end := strings.IndexAny(s.rest, `[]\`)
	if end < 0 || s.rest[end] != ']' {
		return false
	}
	s.rest = s.rest[end+1:]
	return true
}
