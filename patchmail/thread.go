package patchmail

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// A Post is what a message says of its place in a discussion.
type Post struct {
	ID      string
	Parents []string // message-ids: what it answers, then what that answers, and so on
	Subject string   // the whole line, decoded
	Date    time.Time
}

// A Node is a place in a thread.
type Node struct {
	ID        string
	Post      int // among those given; -1 for a message that others name and that is not there
	BySubject bool
	Parent    *Node   // nil at the top
	Children  []*Node // ordered by date, then by message-id
}

// subjectReach is how long after a message a reply is believed to answer it by
// its subject alone.
const subjectReach = 180 * 24 * time.Hour

// Threads puts messages into trees, as https://www.jwz.org/doc/threading.html
// tells: by what they answer, then by what others say that they answer, and
// replies of which neither leads to a message that is there by their subject.
// A tree begins with a missing message where several that are there answer it.
// Of posts with the same id only the first counts. Which trees come out, and
// their order by date, does not depend on the order of the posts.
func Threads(posts []Post) []*Node {
	t := threader{posts: posts, nodes: make(map[string]*Node, len(posts)), tops: map[*Node]*Node{}}
	order := make([]int, 0, len(posts))
	for i, p := range posts {
		if t.nodes[p.ID] == nil {
			t.nodes[p.ID] = &Node{ID: p.ID, Post: i}
			order = append(order, i)
		}
	}
	slices.SortFunc(order, func(a, b int) int { return posts[a].compare(&posts[b]) })
	for _, i := range order {
		t.answer(&posts[i])
	}
	for _, i := range order {
		t.chain(&posts[i])
	}
	t.matchSubjects(order)
	return t.trees()
}

func (p *Post) compare(other *Post) int {
	return cmp.Or(p.Date.Compare(other.Date), cmp.Compare(p.ID, other.ID))
}

type threader struct {
	posts []Post
	nodes map[string]*Node
	tops  map[*Node]*Node // for each node that has a parent, one above it
}

func (t *threader) node(id string) *Node {
	n := t.nodes[id]
	if n == nil {
		n = &Node{ID: id, Post: -1}
		t.nodes[id] = n
	}
	return n
}

// top is the node that nothing is above. What was found is remembered for all
// on the way: threads can be thousands of replies deep.
func (t *threader) top(n *Node) *Node {
	top := n
	for above := t.tops[top]; above != nil; above = t.tops[top] {
		top = above
	}
	for n != top {
		n, t.tops[n] = t.tops[n], top
	}
	return top
}

// link puts a node below another, unless it has a place already, or would come
// to be above itself.
func (t *threader) link(child, parent *Node) bool {
	if child.Parent != nil || t.top(parent) == child {
		return false
	}
	child.Parent, t.tops[child] = parent, parent
	return true
}

// answer puts a message below the nearest of its parents that is there.
func (t *threader) answer(p *Post) {
	for _, id := range p.Parents {
		if above := t.nodes[id]; above != nil && above.Post >= 0 && t.link(t.nodes[p.ID], above) {
			return
		}
	}
}

// chain puts the parents that a message names one below the other, as far as
// they have no place by what they say themselves.
func (t *threader) chain(p *Post) {
	child := t.nodes[p.ID]
	for _, id := range p.Parents {
		parent := t.node(id)
		if t.mayMove(child) {
			t.link(child, parent)
		}
		child = parent
	}
}

// mayMove is true of what others may give a place: a missing message, or a
// reply that lost its references. A message that begins a thread stays its
// beginning, whoever quotes it under another.
func (t *threader) mayMove(n *Node) bool {
	if n.Post < 0 {
		return true
	}
	p := &t.posts[n.Post]
	_, reply := BaseSubject(p.Subject)
	return reply || len(p.Parents) > 0
}

// matchSubjects puts each thread that begins with nothing but replies below the
// newest message before it that has the subject of one of them.
func (t *threader) matchSubjects(order []int) {
	originals := map[string][]int{} // by subject, in order of their dates
	begun := map[*Node]bool{}       // trees with a message that answers nothing by its subject
	var lost []int                  // replies to nothing that is here
	for _, i := range order {
		p := &t.posts[i]
		base, reply := BaseSubject(p.Subject)
		if !reply {
			originals[base] = append(originals[base], i)
		}
		switch n := t.nodes[p.ID]; {
		case answersSomething(n):
		case reply:
			lost = append(lost, i)
		default:
			begun[t.top(n)] = true
		}
	}
	for _, i := range lost {
		p := &t.posts[i]
		top := t.top(t.nodes[p.ID])
		if begun[top] || top.Parent != nil {
			continue
		}
		base, _ := BaseSubject(p.Subject)
		for _, o := range slices.Backward(originals[base]) {
			age := p.Date.Sub(t.posts[o].Date)
			if age > subjectReach {
				break
			}
			if age >= 0 && base != "" && t.link(top, t.nodes[t.posts[o].ID]) {
				top.BySubject = true
				break
			}
		}
	}
}

// answersSomething is true below a message that is there.
func answersSomething(n *Node) bool {
	for above := n.Parent; above != nil; above = above.Parent {
		if above.Post >= 0 {
			return true
		}
	}
	return false
}

// trees gives every node its children.
func (t *threader) trees() []*Node {
	var tops []*Node
	for _, n := range t.nodes {
		if n.Parent == nil {
			tops = append(tops, n)
		} else {
			n.Parent.Children = append(n.Parent.Children, n)
		}
	}
	return t.settle(nil, tops)
}

// settle orders nodes below a parent and leaves out missing messages, except
// those at the top that hold several together.
func (t *threader) settle(parent *Node, nodes []*Node) []*Node {
	var kept []*Node
	for _, n := range nodes {
		n.Children = t.settle(n, n.Children)
		if n.Post >= 0 || parent == nil && len(n.Children) > 1 {
			kept = append(kept, n)
			continue
		}
		for _, c := range n.Children {
			c.BySubject = c.BySubject || n.BySubject
			kept = append(kept, c)
		}
	}
	for _, n := range kept {
		n.Parent = parent
	}
	slices.SortFunc(kept, func(a, b *Node) int { return t.begins(a).compare(t.begins(b)) })
	return kept
}

// begins is the first message of a tree.
func (t *threader) begins(n *Node) *Post {
	for n.Post < 0 {
		n = n.Children[0]
	}
	return &t.posts[n.Post]
}

// replyMarks are what programs put before the subject of what is answered or
// forwarded.
func replyMarks() []string { return []string{"re", "aw", "antw", "sv", "vs", "fwd", "fw", "odp"} }

// BaseSubject takes "Re:" and its like off a subject, each as often as it is
// there, also behind the tag of a mailing list, and makes every run of white
// space one blank. Reply is true when there was one.
func BaseSubject(line string) (base string, reply bool) {
	base = strings.Join(strings.Fields(line), " ")
	for {
		rest, ok := cutReplyMark(base)
		if ok {
			base, reply = rest, true
			continue
		}
		// QUIRK: "[list] Re: subject"; of "[PATCH] re: subject" it is the title.
		tag, behind, ok := cutChunk(base)
		if !ok || strings.Contains(strings.ToUpper(tag), "PATCH") || len(behind) < 3 || !strings.EqualFold(behind[:3], "re:") {
			return base, reply
		}
		base, reply = "["+tag+"] "+strings.TrimLeft(behind[3:], " "), true
	}
}

func cutReplyMark(line string) (rest string, ok bool) {
	mark, rest, ok := strings.Cut(line, ":")
	if !ok || len(mark) > 10 {
		return line, false
	}
	if word, count, counted := strings.Cut(mark, "["); counted { // "Re[2]:"
		if _, isNumber := number(strings.TrimSuffix(count, "]")); isNumber {
			mark = word
		}
	}
	mark = strings.TrimSpace(mark)
	if !slices.ContainsFunc(replyMarks(), func(m string) bool { return strings.EqualFold(m, mark) }) {
		return line, false
	}
	return strings.TrimLeft(rest, " "), true
}
