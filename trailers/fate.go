package trailers

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A judged is a trailer of a reply with what can be said of it whatever patch it
// is for.
type judged struct {
	Given
	identity string
	dropped  Fate // "" when the user wants to see it
	doubt    Fate // "" when it is to be taken
}

// A judge decides about trailers by what they say and who says it.
type judge struct {
	options  Options
	isMe     func(mailbox string) bool
	ignored  map[string]bool        // keys of mailboxes
	rejected map[string][]Rejection // by message-id
}

func newJudge(b Branch, o Options) *judge {
	j := &judge{options: o, isMe: b.IsMe, ignored: map[string]bool{}, rejected: map[string][]Rejection{}}
	for _, mailbox := range o.Ignore {
		j.ignored[patchmail.Address{Mailbox: mailbox}.Key()] = true
	}
	for _, r := range o.Rejected {
		j.rejected[r.Via] = append(j.rejected[r.Via], r)
	}
	return j
}

// judge judges what a post gives, by its number.
func (j *judge) judge(g Given, p *Post, number int) judged {
	person, isPerson := g.Person()
	ignored := func(a patchmail.Address) bool { return a.Mailbox != "" && j.ignored[a.Key()] }
	out := judged{Given: g, identity: g.identity()}
	switch {
	case slices.ContainsFunc(j.rejected[p.ID], func(r Rejection) bool { return r.of(g.Trailer, p.ID) }):
		out.dropped = Rejected
	case ignored(p.From), isPerson && ignored(person):
		out.dropped = Ignored
	}
	switch {
	case isPerson && !isSender(person, p.From) && !j.options.Sloppy:
		out.doubt = Mismatch
	case g.Condition != "":
		out.doubt = Conditional
	case isPerson && j.isMe(person.Mailbox) && !j.isSigned(number), !g.Vouches() && !j.mayTake(g, p, number):
		out.doubt = Advice
	}
	return out
}

// isSigned says whether it is sure who sent a post. Anybody can write the user's
// name into From.
func (j *judge) isSigned(number int) bool { return j.options.Signed != nil && j.options.Signed(number) }

// mayTake says whether a trailer is taken that vouches for nothing.
func (j *judge) mayTake(g Given, p *Post, number int) bool {
	if g.endsInBy() { // nobody knows what that says: it may be a refusal
		return false
	}
	return j.options.Sloppy || j.isMe(p.From.Mailbox) && j.isSigned(number)
}

// fate decides about a trailer for a patch.
func (c *collector) fate(f *Found, g *judged) Fate {
	switch {
	case g.Refused != "":
		return Refused
	case f.Patch >= 0 && c.has[f.Patch][g.identity]:
		return Present
	case g.dropped != "":
		return g.dropped
	case f.Patch < 0:
		return Unmatched
	case g.doubt != "":
		return g.doubt
	case !g.IsTaken(f.Cover):
		return Conditional
	case f.Basis == ByPlace, f.Basis != ByPatchID && !c.options.Fuzzy:
		return Changed
	}
	return New
}

// identities are those of the trailers of a commit message.
func identities(message string) map[string]bool {
	all := map[string]bool{}
	above, _ := Cut(message)
	_, block := splitTail(above)
	for _, t := range Parse(block) {
		all[t.identity()] = true
	}
	return all
}

// identity is equal for trailers of which one has nothing to add to the other:
// they are the same, or of the same person by another name.
func (t Trailer) identity() string {
	what := strings.ToLower(strings.Join(strings.Fields(t.Value), " "))
	if person, ok := t.Person(); ok {
		what = person.Key()
	} else if id := t.LinkedID(); id != "" {
		what = id
	}
	return strings.ToLower(t.Key) + ": " + what
}

// markRepeated leaves of what is given to a patch several times the first that is
// taken.
func markRepeated(all []Found) {
	type given struct {
		patch    int
		identity string
	}
	first := map[given]int{}
	for i := range all {
		key := given{all[i].Patch, all[i].identity}
		if _, known := first[key]; all[i].Fate == New && !known {
			first[key] = i
		}
	}
	for i := range all {
		if at, taken := first[given{all[i].Patch, all[i].identity}]; taken && at != i && all[i].Fate != Present && all[i].Fate != Refused {
			all[i].Fate = Repeated
		}
	}
}
