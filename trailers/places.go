package trailers

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A Place is what a reply is about.
type Place struct {
	Mine     bool   // it is about a patch or a cover letter of this series; else the rest is zero
	Answered string // message-id of that patch or cover letter; "" where its title alone tells
	Revision int
	Cover    bool
	Number   int // of the patch in that revision, from 1; 0 when that is not known, or for the cover letter
	Patch    int // what became of it in the branch; -1 for nothing, for two, and for the cover letter
	Basis    Basis
	// Below is the message-id of the patch or cover letter that somebody has posted in
	// answer to this one, when it is that which the reply answers, "" when it is not.
	Below string
}

// Places says of each post that is a reply what it is about, as [Collect] sees it:
// the nearest patch or cover letter above it, whatever else it answers. A reply
// that answers nothing that is known is about the patch that its subject names,
// if there is one alone. A patch of others that answers this series, or a cover
// letter, is a reply, too, and what is said to that is. Of posts with the same id only the first has a place.
func Places(posts []Post, b Branch) []Place {
	c := newCollector(posts, b, Options{})
	places := make([]Place, len(posts))
	seen := map[int]*Place{}
	for i := range posts {
		if c.byID[posts[i].ID] == i && (c.isReply(i) || c.posted[i] && !c.isMine(i)) {
			places[i] = c.place(i, seen)
		}
	}
	return places
}

// place climbs from a reply. What it finds is noted for all on the way, since
// threads can be thousands of replies deep.
func (c *collector) place(i int, seen map[int]*Place) Place {
	var p Place
	var way []int
	for at := i; ; {
		if known, ok := seen[at]; ok {
			if known == nil { // references that lead round in a circle
				known = c.besides(way)
			}
			if p = *known; at != i {
				p.below(&c.posts[at], c.posted[at])
			}
			break
		}
		seen[at] = nil
		way = append(way, at)
		id := c.answers(at)
		if id == "" {
			p = c.byTitle(at)
			break
		}
		next, there := c.byID[id]
		if place, found := c.placeOf(id, next, there); found {
			p = place
			break
		}
		at = next
	}
	for _, w := range slices.Backward(way) {
		here := p
		seen[w] = &here
		p.below(&c.posts[w], c.posted[w])
	}
	return *seen[i]
}

// below makes of the place of a reply that of its replies.
func (p *Place) below(reply *Post, posted bool) {
	if p.Mine && (posted || reply.PatchID != "") {
		p.Below = reply.ID
	}
}

// besides looks for a way out of a circle of replies: by whatever else one of
// them says that it answers, or by a subject.
func (c *collector) besides(circle []int) *Place {
	for _, i := range circle {
		for _, id := range c.posts[i].Parents {
			next, there := c.byID[id]
			if _, known := c.known[id]; !there && !known {
				continue
			}
			if p, found := c.placeOf(id, next, there); found {
				return &p
			}
		}
	}
	for _, i := range circle {
		if p := c.byTitle(i); p.Mine {
			return &p
		}
	}
	return &Place{}
}

// placeOf is the place of those who answer a message; found is false of one that
// is itself a reply.
func (c *collector) placeOf(id string, i int, there bool) (p Place, found bool) {
	at, known := c.known[id]
	if !there || c.onRecord(at) { // whatever the copy holds that is there
		if at.number == 0 {
			return Place{Mine: known, Answered: id, Revision: at.revision, Cover: true, Patch: -1}, true
		}
		return placeFrom(c.atPlace(id, at)), true
	}
	switch post := &c.posts[i]; {
	case post.PatchID != "" && (c.posted[i] || c.samePatch(post.PatchID, "") >= 0):
		if all := c.atPatch(i); len(all) > 0 {
			return placeFrom(all[0]), true
		}
		return Place{}, c.answers(i) == "" // else it is what somebody suggests
	case c.posted[i] && !c.isReply(i):
		if !c.isMine(i) {
			return Place{}, c.answers(i) == ""
		}
		return Place{Mine: true, Answered: id, Revision: c.subjects[i].Revision, Cover: true, Patch: -1}, true
	}
	return Place{}, false
}

func placeFrom(f Found) Place {
	return Place{Mine: true, Answered: f.Answered, Revision: f.Revision, Number: f.Number, Patch: f.Patch, Basis: f.Basis}
}

// byTitle is the place of a reply of which nothing but the subject says what it
// answers.
func (c *collector) byTitle(i int) Place {
	base, reply := patchmail.BaseSubject(c.posts[i].Subject)
	s := patchmail.ParseSubject(base)
	if !reply || s.Title == base {
		return Place{}
	}
	at := -1
	for n, p := range c.lineage.patches(s.Revision) {
		if p.Title == "" || !strings.EqualFold(p.Title, squeeze(s.Title)) {
			continue
		}
		if at >= 0 {
			return Place{}
		}
		at = n
	}
	if at < 0 {
		return Place{}
	}
	f := Found{Patch: -1, Revision: s.Revision, Number: at + 1}
	c.trace(&f, at)
	return placeFrom(f)
}
