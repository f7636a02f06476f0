package feedback

import (
	"slices"
	"time"

	"github.com/kprep/kprep/cache"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// A Digest is what those need of a feedback who list many series: it is read
// without a look into any archive. It lies in a cache, safe to delete, and is as
// old as the last look.
type Digest struct {
	Form    int           `json:"form"`  // digestForm
	AsOf    time.Time     `json:"as-of"` // when somebody looked
	Replies []DigestReply `json:"replies"`
}

const digestForm = 1

// A DigestReply is one reply, in the order of [Feedback].
type DigestReply struct {
	ID       string    `json:"id"`
	Name     string    `json:"name,omitempty"`
	Mailbox  string    `json:"mailbox"`
	Date     time.Time `json:"date"`
	Kind     Kind      `json:"kind"`
	Revision int       `json:"revision"`
	Cover    bool      `json:"cover,omitempty"`
	Patch    int       `json:"patch"` // of the branch, from 0; -1 for none
	Title    string    `json:"title,omitempty"`
	Trailers []string  `json:"trailers,omitempty"` // that count: see [trailers.Given.IsTaken]; not taken back, nor for patches of others
	Report   *Report   `json:"report,omitempty"`
}

// Digest shortens a feedback.
func (f *Feedback) Digest(asOf time.Time) *Digest {
	d := &Digest{Form: digestForm, AsOf: asOf, Replies: []DigestReply{}}
	var against []*Reply
	for i := range f.Replies {
		if f.Replies[i].Against != "" {
			against = append(against, &f.Replies[i])
		}
	}
	for _, r := range f.Replies {
		one := DigestReply{ID: r.ID, Name: r.From.Name, Mailbox: r.From.Mailbox, Date: r.Date, Kind: r.Kind, Revision: r.Place.Revision,
			Cover: r.Place.Cover, Patch: r.Place.Patch, Report: r.Report}
		if one.Patch >= 0 {
			one.Title = f.Patches[one.Patch]
		}
		for _, g := range r.Trailers {
			if g.IsTaken(r.Place.Cover) && r.Place.Below == "" && !r.isTakenBack(against) {
				one.Trailers = append(one.Trailers, g.String())
			}
		}
		d.Replies = append(d.Replies, one)
	}
	return d
}

// isTakenBack says whether the sender of a reply says something against it later,
// about the same patch or all of them.
func (r *Reply) isTakenBack(against []*Reply) bool {
	return slices.ContainsFunc(against, func(later *Reply) bool {
		return later.Date.After(r.Date) && later.From.Key() == r.From.Key() &&
			(later.Place.Cover || later.Place.Patch == r.Place.Patch && !r.Place.Cover)
	})
}

func digestFile(repo *gitrepo.Repo, s *series.Series) string {
	return cache.File(repo, "feedback", s.Tracking.ChangeID)
}

// Keep stores the digest of a series.
func (d *Digest) Keep(repo *gitrepo.Repo, s *series.Series) error {
	return cache.Keep(digestFile(repo, s), d)
}

// ReadDigest reads the digest of a series; nil when nobody looked for replies yet,
// or when a later kprep has written it, or it is damaged: looking again makes it
// anew.
func ReadDigest(repo *gitrepo.Repo, s *series.Series) (*Digest, error) {
	var d Digest
	if known, err := cache.Read(digestFile(repo, s), &d); err != nil || !known || d.Form != digestForm {
		return nil, err
	}
	return &d, nil
}

// A Summary says how much was said about a series.
type Summary struct {
	AsOf      time.Time // when somebody looked; zero for never
	New, Open int
	Replies   int      // of others
	Last      *Said    // the last reply of others, nil for none
	LastOwn   *Said    // the user's last reply
	Cover     Tally    // replies to cover letters
	Patches   []Tally  // of the branch, in order
	Elsewhere Tally    // to patches of which nothing became of in the branch
	OpenIDs   []string // in the order of the feedback
}

// Said is who said something when.
type Said struct {
	Name, Mailbox string
	When          time.Time
	ID            string
}

// A Tally sums up what was said about one patch.
type Tally struct {
	Replies, New, Open int      // Replies of others
	Trailers           []string // that were given without a condition, each once
}

// Summarize sums up what is known of the replies to a series, without a look into
// any archive. It reads two small files.
func Summarize(repo *gitrepo.Repo, s *series.Series) (*Summary, error) {
	d, err := ReadDigest(repo, s)
	if err != nil || d == nil {
		return &Summary{Patches: make([]Tally, len(s.Patches))}, err
	}
	marks, err := s.Marks()
	if err != nil {
		return nil, err
	}
	titles := make([]string, len(s.Patches))
	for i, c := range s.Patches {
		titles[i] = titleOf(c)
	}
	return d.Sum(titles, marks), nil
}

// Sum sums a digest up for a branch that has patches of these titles by now.
func (d *Digest) Sum(titles []string, marks *series.Marks) *Summary {
	s := &Summary{AsOf: d.AsOf, Patches: make([]Tally, len(titles))}
	for _, r := range d.Replies {
		t := &s.Elsewhere
		if r.Cover {
			t = &s.Cover
		} else if at := r.now(titles); at >= 0 {
			t = &s.Patches[at]
		}
		s.count(&r, t, marks)
	}
	return s
}

func (s *Summary) count(r *DigestReply, t *Tally, marks *series.Marks) {
	for _, line := range r.Trailers {
		if !slices.Contains(t.Trailers, line) {
			t.Trailers = append(t.Trailers, line)
		}
	}
	last := &s.Last
	if r.Kind == Own {
		last = &s.LastOwn
	} else {
		s.Replies++
		t.Replies++
		if !marks.IsSeen(r.ID) {
			s.New++
			t.New++
		}
	}
	if asks(r.Kind, r.Report) && !marks.IsDone(r.ID) {
		s.Open++
		t.Open++
		s.OpenIDs = append(s.OpenIDs, r.ID)
	}
	if *last == nil || r.Date.After((*last).When) {
		*last = &Said{r.Name, r.Mailbox, r.Date, r.ID}
	}
}

// now is the place of the patch among those that the branch has by now, -1 for
// none that is surely the one.
func (r *DigestReply) now(titles []string) int {
	if r.Patch < 0 || r.Patch < len(titles) && titles[r.Patch] == r.Title {
		return r.Patch
	}
	at := slices.Index(titles, r.Title)
	if at >= 0 && slices.Contains(titles[at+1:], r.Title) {
		return -1
	}
	return at
}
