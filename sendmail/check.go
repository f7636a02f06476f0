package sendmail

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxLine is RFC 5322's limit for a line, without its end.
const maxLine = 998

// checkOutgoing refuses what must not get as far as the wire. The writer of
// messages sees to all of this; here is the last place to notice that it did
// not.
func checkOutgoing(m Outgoing) error {
	if err := checkName(m.Name); err != nil {
		return err
	}
	if len(m.Recipients) == 0 {
		return fmt.Errorf("%s has no recipients", m.Name)
	}
	seen := map[string]bool{}
	for _, r := range m.Recipients {
		if err := checkMailbox(r); err != nil {
			return fmt.Errorf("%s: %w", m.Name, err)
		}
		if seen[r] {
			return fmt.Errorf("%s: recipient %s is there twice", m.Name, clean(r))
		}
		seen[r] = true
	}
	for _, r := range m.To {
		if !seen[r] {
			return fmt.Errorf("%s: %s is in To and not a recipient", m.Name, clean(r))
		}
	}
	if err := checkWire(m.Raw); err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	return nil
}

func checkWire(raw []byte) error {
	header, _, found := bytes.Cut(raw, []byte("\n\n"))
	switch {
	case !found:
		return errors.New("the message has no end of its header")
	case raw[len(raw)-1] != '\n':
		return errors.New("the message does not end with a line end")
	case bytes.ContainsAny(raw, "\r\x00"):
		return errors.New("the message holds CR or NUL, which need an encoding")
	case !utf8.Valid(header):
		return errors.New("the header is not UTF-8")
	}
	for line := range bytes.Lines(raw) {
		if len(line)-1 > maxLine {
			return fmt.Errorf("the message has a line of %d bytes", len(line)-1)
		}
	}
	return nil
}

// checkMailbox makes sure that an envelope address cannot be more than that in
// a MAIL or RCPT command (spec/mail.md 2.5): local@domain, the local part may
// be a quoted string.
func checkMailbox(mailbox string) error {
	bad := fmt.Errorf("%q is no address for an envelope", clean(mailbox))
	local, domain := mailbox, ""
	if i := strings.LastIndexByte(mailbox, '@'); i > 0 {
		local, domain = mailbox[:i], mailbox[i+1:]
	}
	quoted := len(local) > 2 && local[0] == '"' && local[len(local)-1] == '"'
	if domain == "" || len(mailbox) > 320 || strings.ContainsFunc(mailbox, func(r rune) bool { return r < ' ' || r == 0x7f }) ||
		strings.ContainsAny(domain, "<>() ,;\"") ||
		!quoted && strings.ContainsAny(local, "<>() ,;:\"@") {
		return bad
	}
	if quoted {
		inner := strings.NewReplacer(`\\`, "", `\"`, "").Replace(local[1 : len(local)-1])
		if strings.ContainsAny(inner, `"\`) {
			return bad
		}
	}
	return nil
}
