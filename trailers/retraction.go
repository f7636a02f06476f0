package trailers

import "time"

// A retraction is what somebody says later against what he gave.
type retraction struct {
	words string
	when  time.Time
	post  int
}

// A stance is whose word it is, and about which patch.
type stance struct {
	mailbox string // key
	patch   int
}

// markRetracted notes what its giver takes back in a later mail, or refuses there,
// so that it waits for the user.
func (c *collector) markRetracted(all []Found) {
	last := map[stance]retraction{}
	for i := range c.posts {
		words := c.against[i]
		if words == "" {
			continue
		}
		for _, t := range c.targets(i) {
			at, now := stance{c.posts[i].From.Key(), t.Patch}, retraction{words, c.posts[i].Date, i}
			if was, known := last[at]; !known || was.isBefore(now) {
				last[at] = now
			}
		}
	}
	for i := range all {
		f := &all[i]
		p := &c.posts[f.Post]
		taken, known := last[stance{p.From.Key(), f.Patch}]
		if !known || !(retraction{when: p.Date, post: f.Post}).isBefore(taken) || !f.Vouches() {
			continue
		}
		switch f.Fate {
		case New, Changed:
			f.Fate, f.Retracted = Conditional, taken.words
		case Present:
			f.Retracted = taken.words
		}
	}
}

func (r retraction) isBefore(other retraction) bool {
	if r.when.Equal(other.when) {
		return r.post < other.post
	}
	return r.when.Before(other.when)
}

// refusing is what trailers of a reply say against what its sender gave, "" for
// nothing.
func refusing(given []Given) string {
	for _, g := range given {
		switch {
		case g.Refused != "":
		case g.endsInBy() && !g.Vouches():
			return g.String()
		case wordsOf(g.Condition).has(isDiscarding): // "Please drop my"
			return g.Condition
		}
	}
	return ""
}
