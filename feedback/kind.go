package feedback

import (
	"path"
	"regexp"
	"strings"
	"sync"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// A Kind says what sort of reply one is.
type Kind string

// The kinds of replies. Something is to be done about a Review and a Bot alone.
const (
	Own      Kind = "own"      // from the user
	Bot      Kind = "bot"      // from a program
	Trailers Kind = "trailers" // it gives trailers, without condition, and says nothing else
	Review   Kind = "review"   // all others
)

// Asks says whether replies of the kind ask for something to be done.
func (k Kind) Asks() bool { return k == Review || k == Bot }

// DefaultBots are globs of the mailboxes of programs that report to lists, in
// lower case.
func DefaultBots() []string {
	return []string{"lkp@intel.com", "bot@*", "*-bot@*", "*[-+.]bot[-+.@]*", "*-bot+*@*", "syzbot*@*", "kernelci*@*", "patchwork@*",
		"noreply@*", "no-reply@*", "mailer-daemon@*"}
}

// isBot says whether one of some globs stands for a mailbox.
func isBot(bots []string, from patchmail.Address) bool {
	mailbox := strings.ToLower(from.Mailbox)
	for _, glob := range bots {
		if ok, err := path.Match(strings.ToLower(glob), mailbox); ok && err == nil {
			return true
		}
	}
	return false
}

// saysNothingElse is true of remarks that hold trailers without condition, and
// beside these nothing but courtesies.
func saysNothingElse(all []remark, given []trailers.Given, from patchmail.Address) bool {
	if len(given) == 0 {
		return false
	}
	for _, g := range given {
		if !g.IsTaken(true) {
			return false
		}
	}
	for _, r := range all {
		for _, line := range r.text {
			if line = strings.TrimSpace(line); !isGiven(line, given) && !isCourtesy(line, from) {
				return false
			}
		}
	}
	return true
}

// isGiven is true of lines that are part of trailers, which can be broken in two.
func isGiven(line string, given []trailers.Given) bool {
	key := keyOf(line)
	for _, g := range given {
		if strings.Contains(keyOf(g.String()), key) {
			return true
		}
		for _, note := range g.Notes {
			if keyOf(note) == key {
				return true
			}
		}
	}
	return false
}

var courtesyForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)^((lgtm|looks (good|fine|great|ok)( to me)?|thanks( a lot| again)?|thank you|many thanks|cheers|for the (whole |entire )?(series|patchset|patch|set)|(best|kind|warm) regards|regards|best|hi|hello|hey|dear)( +[\pL'-]+){0,2}[ .,!:)-]*)+$`)
})

// isCourtesy is true of a blank line, a greeting, thanks, and the sender's name.
func isCourtesy(line string, from patchmail.Address) bool {
	if line == "" || courtesyForm().MatchString(line) {
		return true
	}
	name := strings.ToLower(strings.Trim(line, " .,-/"))
	for _, word := range strings.Fields(strings.ToLower(from.Name)) {
		if name == word {
			return true
		}
	}
	return name != "" && name == strings.ToLower(from.Name)
}
