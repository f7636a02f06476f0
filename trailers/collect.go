package trailers

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// A Post is a mail of a discussion, as [Collect] looks at it.
type Post struct {
	ID       string   // message-id, without brackets
	Parents  []string // message-ids: what it answers, then its references from the nearest
	From     patchmail.Address
	Date     time.Time
	Subject  string // the whole line, decoded
	Body     string // the text as a reader sees it
	ChangeID string // that it names, "" for none
	PatchID  string // of the diff in it, "" without one
}

// A Branch is a series as it is today, and what is known of its past.
type Branch struct {
	ChangeID string
	Patches  []Patch
	Sent     []Revision        // from the sent tags
	FirstIDs map[int][]string  // by revision the message-ids of its first message, as far as they are known
	IsMe     func(string) bool // of a mailbox
}

// Options say what Collect takes.
type Options struct {
	Sloppy   bool     // also what nobody has verified: see [Mismatch] and [Advice]; never a refusal
	Fuzzy    bool     // also for a patch that has changed since: see [Changed]
	Ignore   []string // mailboxes; what they send, or what names them, is not taken
	Rejected []Rejection
}

// A Fate is what becomes of a trailer.
type Fate string

// The fates of trailers. Only New ones are taken unasked.
const (
	New         Fate = "new"
	Present     Fate = "present"     // the commit has it
	Repeated    Fate = "repeated"    // an earlier reply gives it, too
	Changed     Fate = "changed"     // it was given to a revision of the patch that has changed since
	Conditional Fate = "conditional" // it was given under a condition, or in a sentence
	Mismatch    Fate = "mismatch"    // the person it names is not who sent it
	Advice      Fate = "advice"      // it names nobody who vouches for something, and is not mine
	Ignored     Fate = "ignored"     // its mailbox, or the sender's, is to be ignored
	Rejected    Fate = "rejected"    // it was refused before
	Unmatched   Fate = "unmatched"   // no patch of the branch is known to be the one, or two could be
)

// A Found is a trailer that a reply gives, for one patch.
type Found struct {
	Given
	Post     int    // the reply, among the posts
	Patch    int    // of the branch; -1 for none
	Answered string // message-id of the patch or cover letter, "" when that is not known
	Revision int    // of what was answered, 0 when that is not known
	Number   int    // of the patch in that revision, from 1; 0 when that is not known
	Cover    bool   // it was given to the cover letter, and so to all patches
	Basis    Basis  // how the patch was found
	Fate     Fate
}

// Collect finds the trailers that replies give, each for the patches of the branch
// that it is about: first in the order of the patches, then, for a patch, in the
// order of the posts, those for the cover letter last. Those for no patch are at
// the end.
//
// A reply is about the nearest patch or cover letter that it answers. What it says
// of a cover letter holds for every patch below that one. A patch that was mailed
// is found in the branch by its patch-id, by a Link trailer, or by what became of
// it from revision to revision; see [Basis].
func Collect(posts []Post, b Branch, o Options) []Found {
	c := newCollector(posts, b, o)
	var all []Found
	for i := range posts {
		if c.byID[posts[i].ID] == i && c.isReply(i) {
			all = append(all, c.fromReply(i)...)
		}
	}
	slices.SortStableFunc(all, func(x, y Found) int {
		return cmp.Or(cmp.Compare(uint(x.Patch), uint(y.Patch)), compareBools(x.Cover, y.Cover))
	})
	for i := range all {
		all[i].Fate = c.fate(&all[i])
	}
	markRepeated(all)
	return all
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

type collector struct {
	posts    []Post
	branch   Branch
	options  Options
	byID     map[string]int
	known    map[string]place // message-ids that were sent
	recorded map[int]int      // how many patches are on record of a revision
	above    map[string]string
	lineage  *lineage

	subjects []patchmail.Subject // of the posts
	posted   []bool              // which posts are patches and cover letters
	below    map[string][]int    // the patches that answer a message, by its id
	links    map[string]int      // as of links

	has     []map[string]bool  // identities of the trailers of each patch
	covered map[string][]Found // what is below a cover letter, by message-id
	became  map[int][]Found    // what atPatch found
	ends    map[int]string     // what nearest found
}

func newCollector(posts []Post, b Branch, o Options) *collector {
	c := &collector{posts: posts, branch: b, options: o, byID: map[string]int{}, known: knownIDs(b), recorded: map[int]int{},
		below: map[string][]int{}, links: links(b.Patches), covered: map[string][]Found{}, became: map[int][]Found{}, ends: map[int]string{}}
	for i := range posts {
		p := &posts[i]
		if _, twice := c.byID[p.ID]; !twice {
			c.byID[p.ID] = i
		}
		c.subjects = append(c.subjects, patchmail.ParseSubject(p.Subject))
		c.posted = append(c.posted, isPosted(p, c.subjects[i]))
	}
	for _, p := range b.Patches {
		c.has = append(c.has, identities(p.Message))
	}
	for _, r := range b.Sent {
		c.recorded[r.Number] = len(r.Patches)
	}
	c.thread()
	for i := range posts {
		if posts[i].PatchID != "" && c.posted[i] {
			above := c.answers(i)
			c.below[above] = append(c.below[above], i)
		}
	}
	c.lineage = newLineage(b.sent(), c.claimed(), b.Patches)
	return c
}

// thread notes what each post stands below, where it does not say so itself.
func (c *collector) thread() {
	posts := make([]patchmail.Post, len(c.posts))
	for i, p := range c.posts {
		posts[i] = patchmail.Post{ID: p.ID, Parents: p.Parents, Subject: p.Subject, Date: p.Date}
	}
	c.above = map[string]string{}
	var visit func(n *patchmail.Node)
	visit = func(n *patchmail.Node) {
		for _, child := range n.Children {
			c.above[child.ID] = n.ID
			visit(child)
		}
	}
	for _, tree := range patchmail.Threads(posts) {
		visit(tree)
	}
}

// isReply says whether a post counts as a reply (b4-interop 9.3).
func (c *collector) isReply(i int) bool {
	p := &c.posts[i]
	if _, known := c.known[p.ID]; known { // whatever a copy calls itself
		return false
	}
	if _, reply := patchmail.BaseSubject(p.Subject); reply {
		return true
	}
	if mark, _, ok := strings.Cut(p.Subject, ":"); ok && (len(mark) == 2 || len(mark) == 3) && strings.Contains(p.Subject, "[") &&
		strings.Trim(strings.ToLower(mark), "abcdefghijklmnopqrstuvwxyz") == "" {
		return true // as in a language that kprep does not know
	}
	return len(p.Parents) > 0 && p.PatchID == "" && !c.posted[i]
}

// isPosted is true of a patch or a cover letter.
func isPosted(p *Post, s patchmail.Subject) bool {
	_, reply := patchmail.BaseSubject(p.Subject)
	return !reply && s.Title != squeeze(p.Subject) && s.Counter <= s.Total && (s.Counter == 0 || p.PatchID != "")
}

// fromReply finds the trailers of one reply.
func (c *collector) fromReply(i int) []Found {
	given := FromReply(c.posts[i].Body)
	if len(given) == 0 {
		return nil
	}
	var all []Found
	for _, t := range c.targets(i) {
		for _, g := range given {
			t.Given, t.Post = g, i
			all = append(all, t)
		}
	}
	return all
}

// fate decides about a trailer by itself.
func (c *collector) fate(f *Found) Fate {
	from := c.posts[f.Post].From
	person, isPerson := f.Person()
	is := func(mailboxes []string, a patchmail.Address) bool {
		return slices.ContainsFunc(mailboxes, func(m string) bool { return a.Mailbox != "" && patchmail.Address{Mailbox: m}.Key() == a.Key() })
	}
	reject := func(r Rejection) bool { return r.of(f.Trailer, c.posts[f.Post].ID) }
	switch {
	case f.Patch >= 0 && c.has[f.Patch][f.identity()]:
		return Present
	case slices.ContainsFunc(c.options.Rejected, reject):
		return Rejected
	case is(c.options.Ignore, from), isPerson && is(c.options.Ignore, person):
		return Ignored
	case f.Patch < 0:
		return Unmatched
	case isPerson && !isSender(person, from) && !c.options.Sloppy:
		return Mismatch
	case f.Condition != "":
		return Conditional
	case f.refuses(), !f.vouches() && !c.branch.IsMe(from.Mailbox) && !c.options.Sloppy:
		return Advice
	case f.Basis == ByPlace, f.Basis != ByPatchID && !c.options.Fuzzy:
		return Changed
	}
	return New
}

// vouches says whether a trailer is one by which somebody speaks for a patch.
func (g Given) vouches() bool {
	return strings.HasSuffix(strings.ToLower(g.Key), "-by") && !g.refuses()
}

// refuses says whether a trailer is one by which somebody speaks against it.
func (g Given) refuses() bool {
	key := strings.ToLower(g.Key)
	return strings.HasPrefix(key, "nack") || strings.HasPrefix(key, "not-")
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
		key := given{all[i].Patch, all[i].identity()}
		if _, known := first[key]; all[i].Fate == New && !known {
			first[key] = i
		}
	}
	for i := range all {
		if at, taken := first[given{all[i].Patch, all[i].identity()}]; taken && at != i && all[i].Fate != Present {
			all[i].Fate = Repeated
		}
	}
}
