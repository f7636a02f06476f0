package trailers

import (
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// isSender says whether the person that a trailer names is the one that its mail
// is from (b4-interop 9.4): the mailboxes are the same but for "+extension" and
// one label in front of the domain, or else the names are. A name may have its
// last part in front, behind which a comma stands.
func isSender(person, from patchmail.Address) bool {
	local, domain := mailboxParts(person)
	fromLocal, fromDomain := mailboxParts(from)
	if local == fromLocal && (domain == fromDomain || isBelow(domain, fromDomain) || isBelow(fromDomain, domain)) {
		return true
	}
	name := plainName(person.Name)
	return name != "" && name == plainName(from.Name)
}

// mailboxParts are both in lower case, the local part without "+extension".
func mailboxParts(a patchmail.Address) (local, domain string) {
	key := a.Key()
	at := strings.LastIndexByte(key, '@')
	if at < 0 {
		return key, ""
	}
	local, domain = key[:at], key[at+1:]
	if plain, _, ok := strings.Cut(local, "+"); ok && plain != "" {
		local = plain
	}
	return local, domain
}

// isBelow says whether a domain has one label more than another.
func isBelow(domain, above string) bool {
	label, ok := strings.CutSuffix(domain, "."+above)
	return ok && above != "" && label != "" && !strings.Contains(label, ".") && strings.Contains(above, ".")
}

// plainName is a name as it would be spoken, in lower case: "Doe, Jane" is
// "jane doe".
func plainName(name string) string {
	if last, first, ok := strings.Cut(name, ","); ok && !strings.Contains(first, ",") {
		name = first + " " + last
	}
	return strings.ToLower(strings.Join(strings.Fields(name), " "))
}

// IsFrom says whether the trailer names a person, and that one is whom its mail is
// from.
func (t Trailer) IsFrom(sender patchmail.Address) bool {
	person, ok := t.Person()
	return ok && isSender(person, sender)
}
