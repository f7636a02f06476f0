package trailers

import (
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// Person returns whom the trailer names: in Cc, To, any "…-by" and every other
// trailer whose value is a mailbox. It is false for the names that never name
// a person (Link, Fixes, Message-ID, Change-Id and their like), for values
// with a URL, and for what is no address; a text after "#" is dropped
// (spec/mail.md 2.4).
func (t Trailer) Person() (patchmail.Address, bool) {
	value, _, _ := strings.Cut(t.Value, "\n")
	// A URL in the remark says nothing about the address before it.
	address, _, _ := strings.Cut(value, " #")
	if t.Key == "" || utility(t.Key) || strings.Contains(address, "://") {
		return patchmail.Address{}, false
	}
	a, err := patchmail.ParseTrailerAddress(value)
	if err != nil {
		return patchmail.Address{}, false
	}
	return a, true
}

// Named returns whom the trailer names: its [Trailer.Person], and in Cc and To
// the members of a group, "name: a@x, b@y;", which has none where it is
// "undisclosed-recipients:;". ok is false where it names nobody.
func (t Trailer) Named() (all []patchmail.Address, ok bool) {
	if t.Is("Cc") || t.Is("To") {
		if members, ok := patchmail.ParseGroup(strings.Join(strings.Fields(t.Value), " ")); ok {
			return members, true
		}
	}
	if a, ok := t.Person(); ok {
		return []patchmail.Address{a}, true
	}
	return nil, false
}

// Unreachable returns the lines of the trailer block of a message that are to
// name a person by an address, those of Cc and To, and whose value is none:
// nobody gets mail for them (spec/mail.md 2.4).
func Unreachable(msg string) []Trailer {
	above, _ := Cut(msg)
	_, block := Split(above)
	var all []Trailer
	for _, t := range Parse(block) {
		if _, ok := t.Named(); !ok && (t.Is("Cc") || t.Is("To")) {
			all = append(all, t)
		}
	}
	return all
}

// utility reports whether a trailer of this name is about something else than
// a person even if its value looks like an address (b4-interop 9.3).
func utility(key string) bool {
	switch key = strings.ToLower(key); key {
	case "link", "buglink", "closes", "fixes", "subject", "date", "obsoleted-by",
		"change-id", "base-commit", "message-id", "in-reply-to", "references",
		"phone", "mail", "email", "e-mail", "git-svn-id", "svn-id":
		return true
	}
	return strings.HasPrefix(key, "prerequisite-")
}

// Persons returns the persons that the trailer block of a message names, in
// the order of first appearance, each mailbox once. Prose and whatever is
// under a "---" line, such as a diff, never count.
func Persons(msg string) []patchmail.Address {
	above, _ := Cut(msg)
	_, block := Split(above)
	var persons []patchmail.Address
	seen := map[string]bool{}
	for _, t := range Parse(block) {
		named, _ := t.Named()
		for _, a := range named {
			if !seen[a.Key()] {
				seen[a.Key()] = true
				persons = append(persons, a)
			}
		}
	}
	return persons
}
