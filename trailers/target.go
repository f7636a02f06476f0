package trailers

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A place is that of a mail in a revision; number 0 is the cover letter.
type place struct{ revision, number int }

// idForm is how b4 and kprep name the messages of a revision, which differ in the
// number alone.
var idForm = regexp.MustCompile(`^(.*-v)([0-9]{1,6})-([0-9]{1,6})(-[^-@]+@.+)$`)

// knownIDs are the message-ids that the mails of the revisions have, as far as
// they can be told from that of the first.
func knownIDs(b Branch) map[string]place {
	known := map[string]place{}
	for revision, firsts := range b.FirstIDs {
		count := 0
		if i := slices.IndexFunc(b.Sent, func(r Revision) bool { return r.Number == revision }); i >= 0 {
			count = len(b.Sent[i].Patches)
		}
		for _, first := range firsts {
			m := idForm.FindStringSubmatch(first)
			if m == nil {
				if count > 0 {
					known[first] = place{revision, boolInt(count == 1)}
				}
				continue
			}
			for number := range count + 1 {
				known[m[1]+m[2]+"-"+strconv.Itoa(number)+m[4]] = place{revision, number}
			}
			first, _ := strconv.Atoi(m[3])
			known[m[0]] = place{revision, first}
		}
	}
	return known
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

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
	switch known := c.known[id]; {
	case id == "":
		return []Found{{Patch: -1}}
	case !there && known.number > 0:
		return []Found{c.atPlace(id, known)}
	case !there:
		return c.belowCover(id, known.revision, true)
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
		id := c.answers(i)
		j, there := c.byID[id]
		if id == "" || !there || c.posts[j].PatchID != "" || c.posted[j] {
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
		c.trace(&f, c.indexIn(subject.Revision, subject, p.PatchID))
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
	found := -1
	for i, p := range c.branch.Patches {
		above, _ := Cut(p.Message)
		_, block := splitTail(above)
		if !slices.ContainsFunc(Parse(block), func(t Trailer) bool { return t.LinkedID() == id }) {
			continue
		}
		if found >= 0 {
			return -1
		}
		found = i
	}
	return found
}

// indexIn finds a mailed patch in what is on record of its revision; -1 for
// nowhere.
func (c *collector) indexIn(revision int, subject patchmail.Subject, patchID string) int {
	for _, r := range c.lineage.revisions[:len(c.lineage.revisions)-1] {
		if r.Number != revision {
			continue
		}
		if subject.Total == len(r.Patches) {
			return subject.Counter - 1
		}
		for _, k := range follow([]Patch{{Title: squeeze(subject.Title), PatchID: patchID}}, r.Patches) {
			if k.basis != ByPlace {
				return k.index
			}
		}
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
	for i := range c.posts {
		if c.posts[i].PatchID != "" && c.posted[i] && c.answers(i) == id && c.subjects[i].Revision == revision {
			for _, f := range c.atPatch(i) {
				add(f)
			}
		}
	}
	if !mine {
		return all
	}
	for _, r := range c.lineage.revisions[:len(c.lineage.revisions)-1] {
		for n := range r.Patches {
			if r.Number == revision {
				f := Found{Patch: -1, Revision: revision, Number: n + 1}
				c.trace(&f, n)
				add(f)
			}
		}
	}
	if len(all) == 0 {
		all = []Found{{Patch: -1, Answered: id, Revision: revision, Cover: true}}
	}
	return all
}

// maxPatches bounds what a subject may claim.
const maxPatches = 10_000

// revisions are those on record, and those that the mails themselves show.
func (c *collector) revisions() []Revision {
	all := make([]Revision, 0, len(c.branch.Sent))
	at := map[int]int{}
	for _, r := range c.branch.Sent {
		r.Patches = slices.Clone(r.Patches)
		for i := range r.Patches {
			r.Patches[i].Title = squeeze(r.Patches[i].Title)
		}
		at[r.Number] = len(all)
		all = append(all, r)
	}
	recorded := len(all)
	for i := range c.posts {
		p, s := &c.posts[i], c.subjects[i]
		if p.PatchID == "" || !c.posted[i] || s.Total > maxPatches || !c.isMine(i) {
			continue
		}
		n, known := at[s.Revision]
		if !known {
			n = len(all)
			at[s.Revision] = n
			all = append(all, Revision{Number: s.Revision, Patches: make([]Patch, s.Total)})
		}
		if n >= recorded && s.Counter <= len(all[n].Patches) && all[n].Patches[s.Counter-1] == (Patch{}) {
			all[n].Patches[s.Counter-1] = Patch{Title: squeeze(s.Title), PatchID: p.PatchID}
		}
	}
	return all
}

func squeeze(title string) string { return strings.Join(strings.Fields(title), " ") }

// MessageIDs are those that the mails of the series have, as far as they can be
// told, in order.
func (b Branch) MessageIDs() []string { return slices.Sorted(maps.Keys(knownIDs(b))) }
