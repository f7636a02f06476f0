package dashboard

import (
	"fmt"
	"time"

	"github.com/kprep/kprep/patchwork"
)

// An Action is what a series waits for.
type Action string

// The actions, the most urgent first.
const (
	ContinueSend Action = "continue-send" // a send is not over
	Sending      Action = "sending"       // another process is at it
	GoElsewhere  Action = "superseded"    // a higher revision is elsewhere
	PutAway      Action = "applied"       // all patches have been applied
	Answer       Action = "answer"        // replies are open
	LookAtCI     Action = "ci"            // a check has failed
	Restack      Action = "restack"       // what it depends on has a newer revision
	DropApplied  Action = "drop-applied"  // some patches have been applied
	TakeTrailers Action = "trailers"      // reviewers gave trailers that are not in the branch
	AddPatches   Action = "add-patches"   // there is none
	WriteCover   Action = "write-cover"
	Collect      Action = "collect" // it has no recipients
	CheckPatches Action = "check"
	SendIt       Action = "send"
	Wait         Action = "wait" // for others
)

// Waits says whom an action waits for.
func (a Action) Waits() string {
	switch a {
	case Wait, Sending:
		return "them"
	case PutAway, GoElsewhere:
		return "nobody"
	}
	return "you"
}

// Next is what comes next.
type Next struct {
	Action  Action     `json:"action"`
	Waiting string     `json:"waiting-on"`        // "you", "them" or "nobody"
	Since   *time.Time `json:"since,omitempty"`   // when what it is about happened; nil when nobody knows
	Text    string     `json:"text"`              // for people, without what Since says
	Command string     `json:"command,omitempty"` // that does it
}

// next decides what comes next.
func (s *Standing) next() Next {
	n := s.decide()
	n.Waiting = n.Action.Waits()
	return n
}

func (s *Standing) decide() Next {
	landed, stays := s.Landed(), s.staying()
	switch {
	case s.OpenSend != nil:
		return s.finishSend()
	case s.Superseded != nil:
		return Next{Action: GoElsewhere, Text: fmt.Sprintf("superseded: v%d is %s", s.Superseded.Revision, s.Superseded.Branch)}
	case landed > 0 && landed == len(s.Each) && stays == 0:
		return Next{Action: PutAway, Text: s.appliedAs(), Command: "kprep cleanup " + s.Branch}
	case s.Replies.Open > 0:
		return Next{Action: Answer, Text: "answer " + s.openFrom(), Since: s.Replies.OpenSince, Command: "kprep feedback"}
	case s.CI.Fail > 0 && !s.Changed:
		return Next{Action: LookAtCI, Text: s.failure(), Command: "kprep status"}
	case s.newerPrerequisite() > 0:
		return Next{Action: Restack, Text: fmt.Sprintf("what it depends on is v%d by now", s.newerPrerequisite()), Command: "kprep restack"}
	case landed > stays:
		return Next{Action: DropApplied, Text: fmt.Sprintf("%d of %d patches applied; go on with the rest", landed, len(s.Each)), Command: "kprep rebase --drop-applied"}
	}
	if s.LastSent > 0 && !s.Changed {
		return s.waitOrTake()
	}
	return s.prepare()
}

// finishSend is about a send that is not over.
func (s *Standing) finishSend() Next {
	if s.OpenSend.Running != nil {
		return Next{Action: Sending, Text: fmt.Sprintf("sending v%d: %s", s.OpenSend.Revision, s.OpenSend.Summary), Command: "kprep send --status"}
	}
	n := Next{Action: ContinueSend, Text: fmt.Sprintf("the send of v%d is not over: %s", s.OpenSend.Revision, s.OpenSend.Summary), Command: "kprep send --continue"}
	const unknownFate = 4
	if s.OpenSend.Status == unknownFate {
		n.Command = "kprep send --status"
	}
	return n
}

// failure names the check where only one has failed.
func (s *Standing) failure() string {
	if s.CI.Fail == 1 {
		for _, p := range s.Each {
			for _, c := range p.Checks {
				if c.State == patchwork.Fail {
					return "CI failed: " + c.Context
				}
			}
		}
	}
	return fmt.Sprintf("CI failed: %d checks", s.CI.Fail)
}

// appliedAs names the commit where one stands for all.
func (s *Standing) appliedAs() string {
	first, last := s.Each[0].Applied, s.Each[len(s.Each)-1].Applied
	text := "applied as " + first.Commit.Short()
	if last.Commit != first.Commit {
		text += " to " + last.Commit.Short()
	}
	return text + " in " + last.Branch
}

func (s *Standing) newerPrerequisite() int {
	newer := 0
	for _, p := range s.DependsOn {
		newer = max(newer, p.Newer)
	}
	return newer
}

// openFrom names those who wait for an answer.
func (s *Standing) openFrom() string {
	switch from := s.Replies.OpenFrom; len(from) {
	case 0:
		return fmt.Sprintf("%d replies", s.Replies.Open)
	case 1:
		return from[0]
	case 2:
		return from[0] + " and " + from[1]
	default:
		return fmt.Sprintf("%s and %d others", from[0], len(from)-1)
	}
}

// waitOrTake is about a revision that is with the reviewers.
func (s *Standing) waitOrTake() Next {
	given := 0
	for _, p := range s.Each {
		given += len(p.Given)
	}
	if given > 0 {
		text := fmt.Sprintf("take %d trailers", given)
		if given == 1 {
			text = "take a trailer"
		}
		return Next{Action: TakeTrailers, Text: text, Command: "kprep trailers -u"}
	}
	n := Next{Action: Wait, Text: "waiting on them", Since: s.SentAt}
	if mine := s.Replies.Mine; mine != nil && (n.Since == nil || mine.When.After(*n.Since)) {
		n.Since = &mine.When
	}
	return n
}

// prepare is about a revision that is not sent.
func (s *Standing) prepare() Next {
	switch {
	case len(s.Each) == 0 && s.LastSent > 0:
		return Next{Action: AddPatches, Text: "no patches are left: commit some, or put it away", Command: "kprep cleanup " + s.Branch}
	case len(s.Each) == 0:
		return Next{Action: AddPatches, Text: "commit patches"}
	case s.Needs.Editing && s.LastSent > 0:
		return Next{Action: WriteCover, Text: fmt.Sprintf("say what is new in v%d", s.Revision), Command: "kprep cover"}
	case s.Needs.Editing:
		return Next{Action: WriteCover, Text: "write the cover letter", Command: "kprep cover"}
	case s.Needs.Recipients:
		return Next{Action: Collect, Text: "find recipients", Command: "kprep collect"}
	case s.Needs.Checking:
		return Next{Action: CheckPatches, Text: "check the patches", Command: "kprep check"}
	}
	return Next{Action: SendIt, Text: fmt.Sprintf("ready to send v%d", s.Revision), Command: "kprep send"}
}
