package patchmail

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxIDSlug keeps a message-id header well inside one line.
const maxIDSlug = 120

// MessageID is the message-id, without brackets, of message counter of a
// revision: slug-vN-k-random@domain, b4's grammar. The cover letter has counter
// 0. slugWithDate is the change-id less its last part, with the local date of
// the send in front; what a message-id cannot hold becomes a hyphen. random is
// shared by the messages of a revision and must not be guessable. domain is that
// of the sender; without one that can be written in ASCII it is "kprep".
func MessageID(slugWithDate string, revision, counter int, random, domain string) string {
	slug := slugify(slugWithDate, isIDText)
	if len(slug) > maxIDSlug {
		slug = strings.TrimRight(slug[:maxIDSlug], "-")
	}
	host, err := asciiDomain(domain)
	if err != nil || strings.Trim(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._") != "" || host == "" {
		host = "kprep"
	}
	return fmt.Sprintf("%s-v%d-%d-%s@%s", slug, revision, counter, random, host)
}

// isIDText leaves out the dot, since two in a row are no dot-atom.
func isIDText(r rune) bool {
	return r < utf8.RuneSelf && isDomainText(byte(r)) && r != '-'
}
