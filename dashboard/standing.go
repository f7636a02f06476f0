package dashboard

import (
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/landing"
	"github.com/kprep/kprep/patchwork"
	"github.com/kprep/kprep/submission"
)

// A Standing is how far a series is. Its keys in JSON stay.
type Standing struct {
	Branch   string `json:"branch"`
	Current  bool   `json:"current"` // it is checked out
	ChangeID string `json:"change-id"`
	Revision int    `json:"revision"` // of the branch
	Patches  int    `json:"patches"`
	Title    string `json:"title"`
	LastSent int    `json:"last-sent,omitempty"` // revision; 0 for never
	SentOn   string `json:"sent-on,omitempty"`   // RFC 3339 date

	SentAt     *time.Time     `json:"sent-at,omitempty"`
	Revisions  []Revision     `json:"revisions"`           // that were sent, the oldest first
	Recipients []string       `json:"recipients"`          // mailboxes of the cover letter, those of To first
	OpenSend   *OpenSend      `json:"open-send,omitempty"` // nil when none is open
	Replies    Replies        `json:"replies"`
	Each       []Patch        `json:"each"`    // the patches of the branch, in order
	Changed    bool           `json:"changed"` // since the last revision that was sent
	CI         CI             `json:"ci"`
	Needs      Needs          `json:"needs"`
	DependsOn  []Prerequisite `json:"depends-on"`
	Base       Base           `json:"base"`
	Superseded *Superseded    `json:"superseded,omitempty"`
	Partial    bool           `json:"partial,omitempty"` // not all commits were searched for what was applied
	Trouble    []string       `json:"trouble,omitempty"` // what could not be found out
	Next       Next           `json:"next"`
}

// An OpenSend is a send that is not over.
type OpenSend struct {
	Revision int    `json:"revision"`
	State    string `json:"state"`  // as 'kprep send --status' has it
	Status   int    `json:"status"` // the exit status that it has come to
	Summary  string `json:"summary"`

	Running *submission.Running `json:"running,omitempty"` // who is sending just now
}

// Replies sum up what others have said, as far as somebody has looked.
type Replies struct {
	Total     int        `json:"total"`
	New       int        `json:"new"`
	Open      int        `json:"open"`
	AsOf      *time.Time `json:"as-of,omitempty"`      // when somebody looked; nil for never
	OpenFrom  []string   `json:"open-from"`            // who waits for an answer
	OpenSince *time.Time `json:"open-since,omitempty"` // the oldest open one
	Last      *Said      `json:"last,omitempty"`
	Mine      *Said      `json:"mine,omitempty"` // the user's own last reply
}

// Said is who said something when.
type Said struct {
	Name    string    `json:"name,omitempty"`
	Mailbox string    `json:"mailbox"`
	When    time.Time `json:"when"`
}

// Who is what people call somebody.
func (s *Said) Who() string {
	if s.Name != "" {
		return s.Name
	}
	return s.Mailbox
}

// A Patch is one patch of the branch.
type Patch struct {
	Commit  gitrepo.ID       `json:"commit"`
	Title   string           `json:"title"`
	New     int              `json:"new,omitempty"`     // replies
	Open    int              `json:"open,omitempty"`    // replies
	Changed bool             `json:"changed,omitempty"` // since the last revision that was sent, or not in that
	Has     []string         `json:"trailers"`          // of reviewers, in its message
	Given   []string         `json:"given"`             // trailers that its message does not have yet
	Applied *landing.Landing `json:"applied,omitempty"`

	Tracked string  `json:"patchwork,omitempty"` // its state there
	Checks  []Check `json:"checks"`              // of the last revision that was sent
}

// A CI sums up what machines say of the last revision that was sent, as far as
// somebody has asked.
type CI struct {
	Fail    int        `json:"fail"`
	Warning int        `json:"warning"`
	Pending int        `json:"pending"`
	Success int        `json:"success"`
	AsOf    *time.Time `json:"as-of,omitempty"` // when Patchwork was asked; nil for never
}

// A Check is what one machine says of a patch.
type Check struct {
	Context string          `json:"context"`
	State   patchwork.State `json:"state"`
	Text    string          `json:"text,omitempty"`
	URL     string          `json:"url,omitempty"`
	Reply   string          `json:"reply,omitempty"` // message-id of a report, "" for Patchwork's
}

// Needs are what is to be done before a send.
type Needs struct {
	Editing    bool `json:"editing"`
	Recipients bool `json:"recipients"`
	Collecting bool `json:"collecting"` // the patches are not those that recipients were collected for
	Checking   bool `json:"checking"`
	CheckDeps  bool `json:"checking-prerequisites"`
}

// A Prerequisite is a line of the tracking data.
type Prerequisite struct {
	Line  string `json:"line"`
	Newer int    `json:"newer,omitempty"` // the revision that a branch of it has by now, above the one named
}

// A Base is what the series is based on.
type Base struct {
	Commit gitrepo.ID `json:"commit"`
	Branch string     `json:"branch,omitempty"` // that has the commit, "" when none is known
	Behind int        `json:"behind"`           // commits that the branch has on top of it
}

// A Superseded series goes on elsewhere, with a higher revision.
type Superseded struct {
	Branch   string `json:"branch"` // local or remote-tracking
	Revision int    `json:"revision"`
}

// Landed counts the patches that have been applied and not taken back.
func (s *Standing) Landed() int { return s.count(func(l *landing.Landing) bool { return true }) }

// staying counts those of the landed patches that have another change by now.
func (s *Standing) staying() int { return s.count(func(l *landing.Landing) bool { return l.Stays }) }

func (s *Standing) count(is func(*landing.Landing) bool) int {
	n := 0
	for _, p := range s.Each {
		if p.Applied != nil && p.Applied.Reverted == "" && is(p.Applied) {
			n++
		}
	}
	return n
}
