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
	Sloppy   bool     // also what nobody has verified: see [Mismatch] and [Advice]; never a "-by" that does not vouch
	Fuzzy    bool     // also for a patch that has changed since: see [Changed]
	Ignore   []string // mailboxes; what they send, or what names them, is not taken
	Rejected []Rejection
	// Signed says of a post, by its number, whether a signature that holds tells
	// who sent it; nil for none.
	Signed func(post int) bool
}

// A Fate is what becomes of a trailer.
type Fate string

// The fates of trailers. Only New ones are taken unasked.
const (
	New         Fate = "new"
	Present     Fate = "present"     // the commit has it
	Repeated    Fate = "repeated"    // an earlier reply gives it, too
	Changed     Fate = "changed"     // it was given to a revision of the patch that has changed since
	Conditional Fate = "conditional" // it was given under a condition, in a sentence, or for some of the patches
	Mismatch    Fate = "mismatch"    // the person it names is not who sent it
	Advice      Fate = "advice"      // it names nobody who vouches for something, and is not known to be mine
	Ignored     Fate = "ignored"     // its mailbox, or the sender's, is to be ignored
	Rejected    Fate = "rejected"    // the user refused it before
	Refused     Fate = "refused"     // nobody can take it: see Given
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
	// Retracted are the words by which its sender takes it back in a later mail, or
	// refuses the patch, "" for none.
	Retracted string

	identity string
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
	c.markRetracted(all)
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
	judge    *judge
	byID     map[string]int
	known    map[string]place // message-ids that were sent
	recorded map[int]int      // how many patches are on record of a revision
	above    map[string]string
	lineage  *lineage

	subjects []patchmail.Subject // of the posts
	posted   []bool              // which posts are patches and cover letters
	below    map[string][]int    // the patches that answer a message, by its id
	links    map[string]int      // as of links
	titled   map[string]string   // the patch or cover letter with a subject, by its id; "" for several

	has     []map[string]bool  // identities of the trailers of each patch
	covered map[string][]Found // what is below a cover letter, by message-id
	became  map[int][]Found    // what atPatch found
	ends    map[int]string     // what nearest found
	against map[int]string     // what replies say against what their senders gave
}

func newCollector(posts []Post, b Branch, o Options) *collector {
	c := &collector{posts: posts, branch: b, options: o, judge: newJudge(b, o), byID: map[string]int{}, known: knownIDs(b), recorded: map[int]int{},
		below: map[string][]int{}, links: links(b.Patches), titled: map[string]string{}, covered: map[string][]Found{}, became: map[int][]Found{}, ends: map[int]string{}, against: map[int]string{}}
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
	for i, p := range posts {
		if !c.posted[i] {
			continue
		}
		base, _ := patchmail.BaseSubject(p.Subject)
		if was, twice := c.titled[base]; twice && was != p.ID {
			c.titled[base] = ""
		} else {
			c.titled[base] = p.ID
		}
		if p.PatchID != "" {
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
	read, against := FromReply(c.posts[i].Body)
	if against != "" {
		c.against[i] = against
	}
	var given []judged
	for _, g := range read {
		given = append(given, c.judge.judge(g, &c.posts[i], i))
	}
	if len(given) == 0 {
		return nil
	}
	var all []Found
	for _, t := range c.targets(i) {
		for _, g := range given {
			t.Given, t.Post, t.identity = g.Given, i, g.identity
			t.Fate = c.fate(&t, &g)
			all = append(all, t)
		}
	}
	return all
}
