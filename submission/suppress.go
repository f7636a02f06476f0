package submission

import "github.com/kprep/kprep/sendmail"

// A suppression says which of those whom a message only mentions get no copy,
// by the words of git's sendemail.suppressCc: author, self, cc, bodycc, sob,
// misc-by and cccmd. The sender is left out by self alone: the other words
// speak of everybody else, as git-send-email(1) has them.
type suppression map[string]bool

// suppressionOf merges git's three ways of saying it: the older suppressFrom
// and signedOffByCc win over what suppressCc says of the same people.
func suppressionOf(m sendmail.Settings) suppression {
	s := suppression{}
	for _, word := range m.SuppressCc {
		for _, each := range meanings(word) {
			s[each] = true
		}
	}
	if m.SuppressFrom != nil {
		s["self"] = *m.SuppressFrom
	}
	if m.SignedOffByCc != nil {
		s["sob"] = !*m.SignedOffByCc
	}
	return s
}

// meanings takes the words apart that stand for several.
func meanings(word string) []string {
	switch word {
	case "body":
		return []string{"sob", "bodycc", "misc-by"}
	case "all":
		return []string{"author", "self", "cc", "bodycc", "sob", "misc-by", "cccmd"}
	}
	return []string{word}
}

// The roles of people whom no trailer names; see [series.Person].
const (
	roleAuthor = "author"
	roleHeader = "header cc"  // in a header of headerCmd
	roleCcCmd  = "cccmd"      // named by ccCmd
	roleTo     = "to command" // by toCmd, or in a To header of headerCmd: nothing suppresses it
)

// covers says whether somebody in a role gets no copy.
func (s suppression) covers(role string, me bool) bool {
	if role == roleTo {
		return false
	}
	if me {
		return s["self"]
	}
	switch role {
	case roleAuthor, roleCcCmd:
		return s[role]
	case roleHeader:
		return s["cc"]
	case "cc", "to":
		return s["bodycc"]
	case "signed-off-by":
		return s["sob"]
	}
	return s["misc-by"]
}
