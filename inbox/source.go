package inbox

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// A Query asks for threads by messages in them: those with these message-ids,
// and those that name one of the change-ids or carry a patch with one of the
// patch-ids.
type Query struct {
	IDs       []string // without brackets
	ChangeIDs []string
	PatchIDs  []string
	// Near are messages of these threads that others have: a reply that nothing but its
	// subject leads to may answer one of them.
	Near []*Message
}

// A Source is a place to find mail of others in.
type Source interface {
	// Name is what the user calls it.
	Name() string
	// Remote is true when it may take a network to ask it.
	Remote() bool
	// Find returns all messages of the threads asked for, with their bytes;
	// copies of one message may be several, and messages of other threads may
	// be among them. That there are none is no error, and an error never means
	// that there are none. What cannot be read is reported to broken.
	Find(ctx context.Context, q Query, broken func(error)) (Answer, error)
}

// An Answer is what a source has.
type Answer struct {
	Messages []*Message
	AsOf     time.Time // when it last took in what was new; zero when that is unknown
	Mirror   bool      // it has whole lists, so that nothing is missing that was there by then
	Stale    error     // why an older answer of a server has to do
}

// Empty is true of a query that asks for nothing.
func (q *Query) Empty() bool {
	return len(q.IDs) == 0 && len(q.ChangeIDs) == 0 && len(q.PatchIDs) == 0 && len(q.Near) == 0
}

// has reports whether a message is one of those asked for.
func (q *Query) has(m *Message) bool {
	return slices.Contains(q.IDs, m.ID) ||
		m.ChangeID != "" && slices.Contains(q.ChangeIDs, m.ChangeID) ||
		m.PatchID != "" && slices.Contains(q.PatchIDs, m.PatchID)
}

// answered reports whether everything that was asked for is among messages.
func (q *Query) answered(messages []*Message) bool {
	found := map[string]bool{}
	for _, m := range messages {
		found["id "+m.ID], found["change "+m.ChangeID], found["patch "+m.PatchID] = true, true, true
	}
	all := func(kind string, wanted []string) bool {
		return !slices.ContainsFunc(wanted, func(w string) bool { return !found[kind+w] })
	}
	return all("id ", q.IDs) && all("change ", q.ChangeIDs) && all("patch ", q.PatchIDs)
}

// Select picks the threads asked for out of some messages, in order of date and
// message-id. A thread is asked for by a message-id also when that message is
// missing and others answer it.
func (q *Query) Select(messages []*Message) []*Message {
	groups := grouping{}
	posts := make([]patchmail.Post, 0, len(messages)+len(q.Near))
	for _, m := range slices.Concat(messages, q.Near) {
		posts = append(posts, m.post())
		for _, parent := range m.Parents {
			groups.join(m.ID, parent)
		}
	}
	for _, tree := range patchmail.Threads(posts) {
		groups.joinTree(tree)
	}
	wanted := map[string]bool{}
	for _, id := range q.IDs {
		wanted[groups.of(id)] = true
	}
	for _, m := range q.Near {
		wanted[groups.of(m.ID)] = true
	}
	for _, m := range messages {
		if q.has(m) {
			wanted[groups.of(m.ID)] = true
		}
	}
	var chosen []*Message
	for _, m := range messages {
		if wanted[groups.of(m.ID)] {
			chosen = append(chosen, m)
		}
	}
	slices.SortStableFunc(chosen, func(a, b *Message) int {
		return cmp.Or(a.Date.Compare(b.Date), cmp.Compare(a.ID, b.ID))
	})
	return chosen
}

func (m *Message) post() patchmail.Post {
	return patchmail.Post{ID: m.ID, Parents: m.Parents, Subject: m.Line, Date: m.Date}
}

// Threads puts messages into trees, see [patchmail.Threads].
func Threads(messages []*Message) []*patchmail.Node {
	posts := make([]patchmail.Post, len(messages))
	for i, m := range messages {
		posts[i] = m.post()
	}
	return patchmail.Threads(posts)
}

// A grouping tells which message-ids belong together.
type grouping map[string]string

func (g grouping) of(id string) string {
	top := id
	for above, ok := g[top]; ok; above, ok = g[top] {
		top = above
	}
	for id != top { // the way is shorter next time
		id, g[id] = g[id], top
	}
	return top
}

func (g grouping) join(a, b string) {
	if a, b = g.of(a), g.of(b); a != b {
		g[a] = b
	}
}

func (g grouping) joinTree(n *patchmail.Node) {
	for _, c := range n.Children {
		g.join(c.ID, n.ID)
		g.joinTree(c)
	}
}

// A Preference orders the copies of one message that came through several
// lists: globs of list-ids, the best first, as b4.listid-preference has them.
type Preference []string

// ParsePreference reads globs divided by commas.
func ParsePreference(value string) Preference {
	var p Preference
	for glob := range strings.SplitSeq(value, ",") {
		if glob = strings.ToLower(strings.TrimSpace(glob)); glob != "" {
			p = append(p, glob)
		}
	}
	return p
}

// DefaultPreference is b4's.
const DefaultPreference = "*.feeds.kernel.org,*.linux.dev,*.kernel.org,*"

func (p Preference) rank(list string) int {
	for i, glob := range p {
		if matchGlob(glob, list) {
			return i
		}
	}
	return len(p)
}

// matchGlob knows "*" alone, which stands for any text.
func matchGlob(glob, text string) bool {
	parts := strings.Split(glob, "*")
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, behind, ok := strings.Cut(rest, part)
		if !ok {
			return false
		}
		rest = behind
	}
	return strings.HasSuffix(rest, parts[last])
}

// unique keeps one copy of each message: of the list that is preferred, and of
// several the first. They stay in order.
func (p Preference) unique(messages []*Message) []*Message {
	place := map[string]int{}
	var kept []*Message
	for _, m := range messages {
		at, seen := place[m.ID]
		if seen {
			m.Meet(kept[at])
		}
		switch {
		case !seen:
			place[m.ID] = len(kept)
			kept = append(kept, m)
		case p.rank(m.List) < p.rank(kept[at].List):
			kept[at] = m
		}
	}
	return kept
}
