package trailers

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// answers is the message-id of what a post answers, as far as something is known
// of that; "" for nothing.
func (c *collector) answers(i int) string {
	p := &c.posts[i]
	for _, id := range p.Parents {
		if _, there := c.byID[id]; there && id != p.ID {
			return id
		}
		if _, known := c.known[id]; known {
			return id
		}
	}
	if above := c.above[p.ID]; c.isThere(above) {
		return above
	}
	return ""
}

// answersSurely is answers, unless others alone say what a post answers that has
// another subject: anybody can refer to a reply below some patch. Then it answers
// what alone has its subject, or nothing.
func (c *collector) answersSurely(i int) string {
	id := c.answers(i)
	above, there := c.byID[id]
	if slices.Contains(c.posts[i].Parents, id) || !there {
		return id
	}
	mine, _ := patchmail.BaseSubject(c.posts[i].Subject)
	theirs, _ := patchmail.BaseSubject(c.posts[above].Subject)
	if mine != theirs {
		return c.titled[mine]
	}
	return id
}

func (c *collector) isThere(id string) bool {
	_, there := c.byID[id]
	return there
}

// targets are the patches that a reply is about: the nearest patch above it, or
// those below the nearest cover letter. What is about none of this series is one
// without a patch, or nothing when it is about a series of others.
func (c *collector) targets(i int) []Found {
	id := c.nearest(i)
	j, there := c.byID[id]
	switch at := c.known[id]; {
	case id == "":
		return []Found{{Patch: -1}}
	case !there || c.onRecord(at): // whatever the copy holds that is there
		if at.number > 0 {
			return []Found{c.atPlace(id, at)}
		}
		return c.belowCover(id, at.revision, true)
	case c.posts[j].PatchID != "":
		return c.atPatch(j)
	}
	return c.belowCover(id, c.subjects[j].Revision, c.isMine(j))
}

// nearest is the message-id of the nearest patch or cover letter above a post, ""
// for none. It is noted for all on the way, since threads can be thousands of
// replies deep.
func (c *collector) nearest(i int) string {
	var way []int
	found := ""
	for {
		if known, seen := c.ends[i]; seen { // or references that lead round in a circle
			found = known
			break
		}
		c.ends[i] = ""
		way = append(way, i)
		id := c.answersSurely(i)
		j, there := c.byID[id]
		_, known := c.known[id]
		if id == "" || !there || known || c.posts[j].PatchID != "" || c.posted[j] {
			found = id
			break
		}
		i = j
	}
	for _, w := range way {
		c.ends[w] = found
	}
	return found
}

// isMine says whether a patch or a cover letter is of the series: by its
// message-id, by its change-id, or that of the cover letter that its sender sent
// as well, and where none of these says anything, by its sender.
func (c *collector) isMine(i int) bool {
	p := &c.posts[i]
	if _, known := c.known[p.ID]; known {
		return true
	}
	id, mine := p.ChangeID, c.branch.IsMe(p.From.Mailbox)
	if above, there := c.byID[c.answers(i)]; there && id == "" && c.posted[above] {
		cover := &c.posts[above]
		if mine = mine || cover.From.Key() == p.From.Key(); !mine {
			return false
		}
		if _, known := c.known[cover.ID]; known {
			return true
		}
		id = cover.ChangeID
	}
	if id != "" && c.branch.ChangeID != "" {
		return id == c.branch.ChangeID
	}
	return mine
}

// atPatch is the patch of the branch that a mail with a diff became.
func (c *collector) atPatch(i int) []Found {
	all, known := c.became[i]
	if !known {
		all = c.findPatch(i)
		c.became[i] = all
	}
	return slices.Clone(all)
}

func (c *collector) findPatch(i int) []Found {
	p := &c.posts[i]
	f := Found{Patch: -1, Answered: p.ID}
	subject, posted := c.subjects[i], c.posted[i]
	if posted {
		f.Revision, f.Number = subject.Revision, subject.Counter
	}
	if f.Patch = c.samePatch(p.PatchID, subject.Title); f.Patch >= 0 {
		return []Found{f}
	}
	switch {
	case posted && c.isMine(i):
		index := c.indexIn(subject.Revision, subject, p.PatchID)
		c.trace(&f, index)
		if f.Basis == ByPatchID && !c.lineage.has(subject.Revision, index, p.PatchID) {
			f.Basis = ByTitle // another diff that calls itself that patch
		}
	case posted:
		return nil
	}
	return []Found{f}
}

// samePatch is the one patch of the branch with that patch-id, and of several the
// one with that title; -1 for none, or for more.
func (c *collector) samePatch(id, title string) int {
	if id == "" {
		return -1
	}
	found, titled := []int{}, []int{}
	for i, p := range c.branch.Patches {
		if p.PatchID == id {
			found = append(found, i)
			if squeeze(p.Title) == squeeze(title) {
				titled = append(titled, i)
			}
		}
	}
	switch {
	case len(found) == 1:
		return found[0]
	case len(titled) == 1:
		return titled[0]
	}
	return -1
}

// trace fills in what became of a patch of a revision, by its index there.
func (c *collector) trace(f *Found, index int) {
	k := c.lineage.today(f.Revision, index)
	if k.index < 0 || k.basis != ByPatchID {
		if linked := c.linked(f.Answered); linked >= 0 {
			k = kin{linked, ByLink}
		}
	}
	f.Patch, f.Basis = k.index, k.basis
}

// linked is the one commit with a link to a message, -1 for none or several.
func (c *collector) linked(id string) int {
	if at, there := c.links[id]; there && id != "" {
		return at
	}
	return -1
}

// links are the commits with a link to a message, by its id; -1 for several.
func links(patches []Patch) map[string]int {
	found := map[string]int{}
	for i, p := range patches {
		above, _ := Cut(p.Message)
		_, block := splitTail(above)
		for _, t := range Parse(block) {
			id := t.LinkedID()
			if at, there := found[id]; there && at != i {
				found[id] = -1
			} else if id != "" {
				found[id] = i
			}
		}
	}
	return found
}

// indexIn finds a mailed patch in what is known of its revision; -1 for nowhere.
func (c *collector) indexIn(revision int, subject patchmail.Subject, patchID string) int {
	patches := c.lineage.patches(revision)
	if subject.Total == len(patches) {
		return subject.Counter - 1
	}
	if k := follow([]Patch{{Title: squeeze(subject.Title), PatchID: patchID}}, patches)[0]; k.basis != ByPlace {
		return k.index
	}
	return -1
}

// atPlace is the patch of the branch that a patch became whose mail is not there.
func (c *collector) atPlace(id string, at place) Found {
	f := Found{Patch: -1, Answered: id, Revision: at.revision, Number: at.number}
	c.trace(&f, at.number-1)
	return f
}

// belowCover are the patches of the branch that those below a cover letter
// became.
func (c *collector) belowCover(id string, revision int, mine bool) []Found {
	all, known := c.covered[id]
	if !known {
		all = c.findBelow(id, revision, mine)
		c.covered[id] = all
	}
	return all
}

// findBelow takes the patches of a revision from the record where the cover letter
// is on it, and else those whose mails are there. What another cover letter than
// those on record says of the record is no more than a claim.
func (c *collector) findBelow(id string, revision int, mine bool) []Found {
	var all []Found
	add := func(f Found) {
		at := slices.IndexFunc(all, func(o Found) bool { return o.Patch == f.Patch })
		switch f.Answered, f.Cover = id, true; {
		case f.Patch < 0 || f.Basis != ByPatchID && !mine:
		case at < 0:
			all = append(all, f)
		case f.Basis < all[at].Basis: // several became one
			all[at] = f
		}
	}
	at, known := c.known[id]
	recorded := known && c.onRecord(at)
	if !recorded {
		for _, i := range c.below[id] {
			if c.subjects[i].Revision == revision {
				for _, f := range c.atPatch(i) {
					add(f)
				}
			}
		}
	}
	if !mine {
		return all
	}
	if recorded || len(c.branch.FirstIDs[revision]) == 0 {
		for n := range c.lineage.patches(revision) {
			f := Found{Patch: -1, Revision: revision, Number: n + 1}
			c.trace(&f, n)
			add(f)
		}
	}
	if len(all) == 0 {
		all = []Found{{Patch: -1, Answered: id, Revision: revision, Cover: true}}
	}
	return all
}

func squeeze(title string) string { return strings.Join(strings.Fields(title), " ") }
