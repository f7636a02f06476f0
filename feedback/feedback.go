package feedback

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

// A Reply is one message that somebody has sent about the series.
type Reply struct {
	ID       string // message-id, without brackets
	From     patchmail.Address
	Date     time.Time
	Subject  string
	Kind     Kind
	Place    trailers.Place // what it is about
	Title    string         // of that patch as it was mailed, "" for the cover letter or when it is not known
	Depth    int            // how many other replies it stands below
	Remarks  []Remark
	Trailers []trailers.Given
	Against  string  // what it says against trailers that its sender gave before
	New      bool    // it was not shown yet
	Done     bool    // the user has nothing left to do about it
	Answered bool    // the user has answered it
	Report   *Report // of a robot, nil for none
	Message  *inbox.Message
}

// A Remark is what a reply says in one place.
type Remark struct {
	Quote string    // the line that it stands below, "" for none
	At    *Location // nil when that is not a line of the diff
	Text  []string
}

// Open says whether something is left to do about the reply.
func (r *Reply) Open() bool { return asks(r.Kind, r.Report) && !r.Done }

// asks says whether something is to be done about a reply.
func asks(kind Kind, report *Report) bool {
	return kind.Asks() && (report == nil || report.Verdict != Passed)
}

// Short is an abbreviation of the message-id, of letters that are easy to type.
func (r *Reply) Short() string { return Short(r.ID) }

// Short abbreviates a message-id.
func Short(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:4])
}

// Feedback is all that was said about a series.
type Feedback struct {
	// Replies are in the order of what they are about: the cover letter, the
	// patches of today's branch, then what became of nothing in it, by revision.
	// Of one patch they stand as in their threads.
	Replies []Reply
	Patches []string         // the titles of the branch's patches
	Altered []*inbox.Message // see [trailers.Altered]
}

// Options of Collect.
type Options struct {
	Bots   []string      // globs of mailboxes, see [DefaultBots]
	Robots []Robot       // see [ReadRobots]
	Marks  *series.Marks // nil for none
}

// Collect makes the feedback of messages, among which those of other discussions
// may be. Of messages with the same id the first counts, and what is not there is
// taken from the repository.
func (h *History) Collect(ctx context.Context, messages []*inbox.Message, o Options) (*Feedback, error) {
	c := &collector{History: h, options: o, messages: messages, texts: make([]inbox.Content, len(messages)), mailed: map[source][]mailedLine{}, byID: map[string]int{}}
	posts := c.posts()
	c.places = trailers.Places(posts, h.Branch)
	if err := c.readPatches(ctx); err != nil {
		return nil, err
	}
	f := &Feedback{}
	for _, i := range trailers.Altered(posts, h.Branch) {
		f.Altered = append(f.Altered, messages[i])
	}
	for _, p := range h.Patches {
		f.Patches = append(f.Patches, p.Title)
	}
	for _, tree := range inbox.Threads(messages) {
		c.visit(f, tree, -1)
	}
	slices.SortStableFunc(f.Replies, func(a, b Reply) int { return comparePlaces(&a.Place, &b.Place) })
	return f, nil
}

// comparePlaces orders places as [Feedback] tells.
func comparePlaces(a, b *trailers.Place) int {
	rank := func(p *trailers.Place) int {
		switch {
		case p.Cover:
			return 0
		case p.Patch >= 0:
			return 1
		}
		return 2
	}
	if a.Patch >= 0 && b.Patch >= 0 || a.Cover && b.Cover {
		return cmp.Compare(a.Patch, b.Patch)
	}
	return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Revision, b.Revision), cmp.Compare(a.Number, b.Number))
}

type collector struct {
	*History
	options  Options
	messages []*inbox.Message
	texts    []inbox.Content
	byID     map[string]int
	places   []trailers.Place
	mailed   map[source][]mailedLine
	patches  map[gitrepo.ID]sentPatch
	tracer   *tracer
}

func (c *collector) posts() []trailers.Post {
	posts := make([]trailers.Post, len(c.messages))
	for i, m := range slices.Backward(c.messages) {
		c.byID[m.ID] = i
		c.texts[i], _ = inbox.ReadContent(m.Raw) // one that cannot be read says nothing
		posts[i] = trailers.Post{ID: m.ID, Parents: m.Parents, From: c.texts[i].From, Date: m.Date, Subject: m.Line, Body: c.texts[i].Text,
			ChangeID: m.ChangeID, PatchID: m.PatchID}
	}
	return posts
}

// visit takes the replies of a thread; above is the reply that it stands below,
// by its place in f, -1 for none.
func (c *collector) visit(f *Feedback, n *patchmail.Node, above int) {
	if n.Post >= 0 && c.places[n.Post].Mine {
		r := c.reply(n.Post)
		if above >= 0 {
			r.Depth = f.Replies[above].Depth + 1
			f.Replies[above].Answered = f.Replies[above].Answered || r.Kind == Own
		}
		above = len(f.Replies)
		f.Replies = append(f.Replies, r)
	}
	for _, child := range n.Children {
		c.visit(f, child, above)
	}
}

func (c *collector) reply(i int) Reply {
	m, place := c.messages[i], c.places[i]
	r := Reply{ID: m.ID, From: c.texts[i].From, Date: m.Date, Subject: m.Line, Place: place, Title: c.sentTitle(place.Revision, place.Number),
		Message: m, New: !c.options.Marks.IsSeen(m.ID), Done: c.options.Marks.IsDone(m.ID)}
	r.Trailers, r.Against = trailers.FromReply(c.texts[i].Text)
	if r.Title == "" && place.Patch >= 0 {
		r.Title = c.Branch.Patches[place.Patch].Title
	}
	found := c.remarks(i)
	r.Report = reportOf(c.options.Robots, r.From, m.Line, c.texts[i].Text)
	r.Kind = c.kind(m, &r, found)
	r.New = r.New && r.Kind != Own
	for _, one := range found {
		r.Remarks = append(r.Remarks, Remark{Quote: one.quote, Text: one.text, At: c.locate(place, one)})
	}
	return r
}

func (c *collector) kind(m *inbox.Message, r *Reply, found []remark) Kind {
	switch head, err := inbox.ReadAddressed(m.Raw); {
	case c.IsMe(r.From.Mailbox):
		return Own
	case r.Report != nil, isBot(c.options.Bots, r.From), err == nil && head.Automatic:
		return Bot
	case saysNothingElse(found, r.Trailers, r.From):
		return Trailers
	}
	return Review
}

// A source is where the text of a patch comes from that replies quote.
type source struct {
	commit gitrepo.ID
	mail   string // message-id, where the commit is not known
}

// commitOf is the commit that was mailed as what a reply is about, "" for none
// that is here.
func (c *collector) commitOf(p trailers.Place) gitrepo.ID {
	switch sent := c.commit(p.Revision, p.Number); {
	case p.Cover || !p.Mine:
		return ""
	case sent != "":
		return sent
	case p.Patch >= 0 && p.Basis == trailers.ByPatchID: // the same change
		return c.Series.Patches[p.Patch].ID
	}
	return ""
}

// remarks takes a reply apart. One to what somebody else has posted quotes that
// rather than the patch, but can quote that too.
func (c *collector) remarks(i int) []remark {
	text, place := c.texts[i].Text, c.places[i]
	if place.Below != "" {
		found := remarks(text, c.mailedLines(source{mail: place.Below}))
		if slices.ContainsFunc(found, func(r remark) bool { return r.file != "" }) {
			for i := range found {
				found[i].elsewhere = true
			}
			return found
		}
	}
	from := source{commit: c.commitOf(place)}
	if from.commit == "" {
		from.mail = place.Answered
	}
	return remarks(text, c.mailedLines(from))
}

// mailedLines are the lines that a reply to a patch can quote.
func (c *collector) mailedLines(from source) []mailedLine {
	lines, known := c.mailed[from]
	if known {
		return lines
	}
	if from.commit != "" {
		p := c.patches[from.commit]
		lines = mailedLines(p.message, p.diff)
	} else if at, there := c.byID[from.mail]; there {
		lines = mailedLines(splitMailed(c.texts[at].Text))
	}
	c.mailed[from] = lines
	return lines
}

// A sentPatch is a patch as it was mailed.
type sentPatch struct{ message, diff string }

// readPatches reads the patches that replies are about, and what it takes to find
// their lines in the branch of today.
func (c *collector) readPatches(ctx context.Context) error {
	var ids []gitrepo.ID
	for _, p := range c.places {
		if commit := c.commitOf(p); commit != "" && !slices.Contains(ids, commit) {
			ids = append(ids, commit)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	c.patches = map[gitrepo.ID]sentPatch{}
	patches, err := c.repo.Patches(ctx, ids)
	if err != nil {
		return err
	}
	for i, id := range ids {
		commit, err := c.repo.Commit(string(id))
		if err != nil {
			return err
		}
		c.patches[id] = sentPatch{commit.Text() + "---\n", string(patches[i].Diff)}
	}
	t := &tracer{read: c.repo.Read, known: map[string]*lineMap{}}
	at := map[gitrepo.ID]int{}
	for i, p := range c.Series.Patches {
		at[p.ID] = i
		t.today, t.files = append(t.today, p.ID), append(t.files, map[string]bool{})
	}
	c.tracer = t
	return c.repo.FileChanges(ctx, c.Series.Start(), c.Series.End(), func(change gitrepo.FileChange) error {
		if i, ok := at[change.Commit]; ok && change.New != "" {
			t.files[i][change.Path] = true
		}
		return nil
	})
}

// locate finds the line of today that a remark is about.
func (c *collector) locate(p trailers.Place, r remark) *Location {
	if r.file == "" || r.line == 0 {
		return nil
	}
	if commit := c.commitOf(p); commit != "" && !r.elsewhere {
		at := c.tracer.trace(commit, r.file, r.line, p.Patch)
		return &at
	}
	return &Location{SentFile: r.file, SentLine: r.line}
}
