package ui

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/dashboard"
)

// A listView is the page of all series, in groups by whom they wait for.
type listView struct {
	Several bool // clones
	Groups  []group
	Total   int
	Here    []string // the clones, for who has no series
	Failed  []cloneTrouble
}

type group struct {
	ID, Name string
	Cards    []card
}

type cloneTrouble struct{ Path, Text string }

// A card is a series in the list.
type card struct {
	summary
	at    place
	Clone string // where it is, when there are several clones
	URL   string
}

// A summary is what is said first of a series.
type summary struct {
	Title    string
	Branch   string
	Current  bool
	Revision int
	Next     next
	Track    []step
	Facts    []string
}

// A next is what comes next of a series.
type next struct {
	Waits   string // you, them or nobody
	Text    string
	Since   string // "for 3 days"; may be empty
	Command string // that does it; may be empty
	Urgent  bool   // something was begun, or somebody waits
}

// A step is one revision on the way of a series.
type step struct {
	Name  string
	State string // sent, or now for one that is not sent
	When  time.Time
	Notes []string
	Long  bool // there is room for more than its name
}

func (s *Site) listPage(r *http.Request, l links) (*sheet, error) {
	clones, err := s.Source.Clones(r.Context())
	if err != nil {
		return nil, err
	}
	main, err := s.render("list", s.listView(clones, l))
	return &sheet{Title: "All series", Here: "All series", Main: main}, err
}

func (s *Site) listView(clones []dashboard.Clone, l links) listView {
	v := listView{Several: len(clones) > 1, Groups: []group{{ID: "you", Name: "Waiting for you"}, {ID: "them", Name: "Waiting for others"}, {ID: "nobody", Name: "Nothing left to do"}}}
	paths := s.Source.Paths()
	for _, clone := range clones {
		v.Here = append(v.Here, clone.Path)
		for _, warning := range clone.Warnings {
			v.Failed = append(v.Failed, cloneTrouble{clone.Path, warning})
		}
		if clone.Error != "" {
			v.Failed = append(v.Failed, cloneTrouble{clone.Path, clone.Error})
		}
		for _, one := range clone.Series {
			at := place{slices.Index(paths, clone.Path), one.Branch}
			c := card{summary: s.summary(one), at: at, URL: l.series(at, "")}
			if v.Several {
				c.Clone = clone.Path
			}
			c.Track = shortTrack(one)
			v.Total++
			for i := range v.Groups {
				if v.Groups[i].ID == one.Next.Waiting {
					v.Groups[i].Cards = append(v.Groups[i].Cards, c)
				}
			}
		}
	}
	// What waits longest and was begun comes first, as the list of actions has it.
	for _, g := range v.Groups {
		slices.SortStableFunc(g.Cards, func(a, b card) int { return cmp.Compare(rank(b.Next.Urgent), rank(a.Next.Urgent)) })
	}
	v.Groups = slices.DeleteFunc(v.Groups, func(g group) bool { return len(g.Cards) == 0 })
	return v
}

func rank(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// Counts says how many series are in which group.
func (v listView) Counts() string {
	var words []string
	for _, g := range v.Groups {
		what := map[string]string{"you": "for you", "them": "for others", "nobody": ""}[g.ID]
		text := plural(len(g.Cards), "waits ", "wait ") + what
		if what == "" {
			text = plural(len(g.Cards), "is done", "are done")
		}
		words = append(words, text)
	}
	return strings.Join(words, ", ")
}

func (s *Site) summary(one *dashboard.Standing) summary {
	n := next{Waits: one.Next.Waiting, Text: sentence(one.Next.Text), Command: one.Next.Command}
	if since := one.Next.Since; since != nil {
		n.Since = sinceWords(s.Now(), *since)
		if one.Next.Action != dashboard.Wait {
			n.Since = "open " + n.Since
		}
	}
	n.Urgent = slices.Contains([]dashboard.Action{dashboard.ContinueSend, dashboard.Answer, dashboard.LookAtCI}, one.Next.Action)
	return summary{Title: titled(one.Title), Branch: one.Branch, Current: one.Current, Revision: one.Revision, Next: n, Facts: facts(one)}
}

// facts are the rest of what is worth a word, the best first.
func facts(one *dashboard.Standing) []string {
	words := []string{plural(one.Patches, "patch", "patches")}
	if n := one.Replies.Total; n > 0 {
		text := plural(n, "reply", "replies")
		var which []string
		if one.Replies.New > 0 {
			which = append(which, plural(one.Replies.New, "new", "new"))
		}
		if one.Replies.Open > 0 {
			which = append(which, plural(one.Replies.Open, "open", "open"))
		}
		if len(which) > 0 {
			text += " (" + strings.Join(which, ", ") + ")"
		}
		words = append(words, text)
	}
	has := 0
	for _, p := range one.Each {
		has += len(p.Has) + len(p.Given)
	}
	if has > 0 {
		words = append(words, plural(has, "trailer", "trailers"))
	}
	if landed := one.Landed(); landed > 0 {
		words = append(words, plural(landed, "patch applied", "patches applied"))
	}
	if one.CI.Fail > 0 {
		words = append(words, plural(one.CI.Fail, "check failed", "checks failed"))
	}
	if one.Base.Behind > 0 {
		words = append(words, plural(one.Base.Behind, "commit behind", "commits behind"))
	}
	return words
}

// track are the revisions of a series, where the branch is now, and what was applied.
func track(one *dashboard.Standing) []step {
	var steps []step
	for _, stage := range one.Timeline() {
		st := step{Name: stage.Name, State: "now", Notes: stage.Notes, Long: true}
		if stage.Done {
			st.State = "sent"
		}
		if stage.When != nil {
			st.When = *stage.When
		}
		steps = append(steps, st)
	}
	return steps
}

// shortTrack are the names of the last revisions.
func shortTrack(one *dashboard.Standing) []step {
	var short []step
	sent := 0
	for _, stage := range slices.Backward(one.Timeline()) {
		if stage.When == nil && stage.Done {
			continue // what was applied is among the facts
		}
		st := step{Name: stage.Name, State: "now"}
		if stage.Done {
			if sent++; sent > mostSteps {
				break
			}
			st.State = "sent"
		}
		short = append(short, st)
	}
	slices.Reverse(short)
	return short
}

// mostSteps is how many revisions that were sent are shown in a list.
const mostSteps = 6
