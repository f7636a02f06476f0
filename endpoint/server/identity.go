package server

import (
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/kprep/kprep/patchmail"
)

const defaultSelector = "default"

var selectorText = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) })

// canonical writes an identity as the store has it: a plain address in lower
// case. A mail server may tell "Kim" from "kim"; that hardly one does is less
// than what a second spelling of a person would be good for.
func canonical(identity string) (string, error) {
	mailbox, foreign, err := patchmail.Address{Mailbox: identity}.Envelope()
	if err != nil || foreign || strings.ContainsAny(identity, `"\[`) {
		return "", refuse(http.StatusBadRequest, "Invalid authentication request: %q is no plain address", shown(identity))
	}
	return strings.ToLower(mailbox), nil
}

// domain is that of a canonical identity.
func domain(identity string) string { return identity[strings.LastIndexByte(identity, '@')+1:] }

// sameMailbox compares an address in From with an identity: as a whole, or less
// what follows a plus sign.
func sameMailbox(address, identity string) bool {
	if strings.EqualFold(address, identity) {
		return true
	}
	at := strings.LastIndexByte(address, '@')
	plus := strings.IndexByte(address, '+')
	return plus > 0 && plus < at && strings.EqualFold(address[:plus]+address[at:], identity)
}

// selector checks the name of a key of an identity; none is "default".
func selector(given string) (string, error) {
	if given == "" {
		given = defaultSelector
	}
	if !selectorText().MatchString(given) {
		return "", refuse(http.StatusBadRequest, "Invalid authentication request: the selector %q is not made of letters, digits, dots, hyphens and underscores", shown(given))
	}
	return given, nil
}
