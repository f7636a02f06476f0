package patchmail

import "strings"

// parseMailbox reads local@domain, blanks around dots and @ allowed as in the
// obsolete syntax of RFC 5322, section 4.4, and returns it without them. A dot
// at the end of the domain is dropped.
func parseMailbox(s string) (string, error) {
	// Blanks may make it longer than what they surround, but not without end.
	if len(s) > 4*maxMailbox {
		return "", &AddressError{s, "longer than a mailbox may be"}
	}
	m := &mailboxScanner{rest: s}
	local, ok := m.dotted(func() string {
		if strings.HasPrefix(m.rest, `"`) {
			return m.take(max(quotedEnd(m.rest), 0))
		}
		return m.takeWhile(isAtext)
	})
	if !ok || !strings.HasPrefix(m.rest, "@") {
		return "", &AddressError{s, "no local@domain"}
	}
	m.rest = strings.TrimLeft(m.rest[1:], " ")
	var domain string
	if strings.HasPrefix(m.rest, "[") {
		domain = m.literal()
	} else {
		domain, _ = m.dotted(func() string { return m.takeWhile(isDomainText) })
		domain = strings.TrimSuffix(domain, ".")
	}
	m.rest = strings.TrimLeft(m.rest, " ")
	if domain == "" || m.rest != "" {
		return "", &AddressError{s, "no valid domain behind the @"}
	}
	mailbox := local + "@" + domain
	if len(mailbox) > maxMailbox {
		return "", &AddressError{s, "longer than a mailbox may be"}
	}
	return mailbox, nil
}

type mailboxScanner struct{ rest string }

func (m *mailboxScanner) take(n int) string {
	taken := m.rest[:n]
	m.rest = m.rest[n:]
	return taken
}

func (m *mailboxScanner) takeWhile(in func(byte) bool) string {
	n := 0
	for n < len(m.rest) && in(m.rest[n]) {
		n++
	}
	return m.take(n)
}

// dotted reads words with dots between them; ok means that it ended in a word.
func (m *mailboxScanner) dotted(word func() string) (text string, ok bool) {
	for {
		m.rest = strings.TrimLeft(m.rest, " ")
		w := word()
		text += w
		if w == "" {
			return text, false
		}
		m.rest = strings.TrimLeft(m.rest, " ")
		if !strings.HasPrefix(m.rest, ".") {
			return text, true
		}
		text += m.take(1)
	}
}

// literal reads a domain literal such as [192.0.2.1]; "" when it is none.
func (m *mailboxScanner) literal() string {
	end := strings.IndexByte(m.rest, ']')
	if end < 2 || strings.ContainsAny(m.rest[1:end], `[\ <>@`) {
		return ""
	}
	return m.take(end + 1)
}

// isAtext is atext of RFC 5322, section 3.2.3, with RFC 6532's UTF-8.
func isAtext(c byte) bool {
	return isDomainText(c) || strings.IndexByte("!#$%&'*+/=?^`{|}~", c) >= 0
}

// isDomainText is what host names consist of; the underscore occurs in real
// ones.
func isDomainText(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' ||
		c == '-' || c == '_' || c >= 0x80
}
