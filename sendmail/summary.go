package sendmail

import (
	"fmt"
	"strings"
)

// A Summary counts pairs of message and recipient.
type Summary struct {
	Accepted, Refused, Deferred, Unknown, Pending int

	Messages int   // in the plan
	Sent     int   // messages of which no pair is pending, deferred or unknown, and at least one accepted
	InPart   int   // messages that somebody accepted and that are pending or deferred for others, unknown for nobody
	Doubtful []int // messages with a pair that is unknown

	// Complete says that the mail part is over: nothing is pending, deferred
	// or unknown, and each message was accepted for all of its To, or for
	// anyone where it has none (spec/mail.md 4.3). Then tag and reroll follow.
	Complete bool

	// Rootless says that everybody refused the first message: nothing else may
	// ever leave, as it would reply to a ghost (spec/mail.md 2.8).
	Rootless bool

	Nameless bool // Run stopped because the server did not tell what it made of the first message-id

	Stopped string // why Run stopped early; "" when it did not
}

// Summary counts what is in the journal.
func (j *Journal) Summary() Summary {
	s := Summary{Messages: len(j.plan.Messages), Complete: true}
	for i, m := range j.plan.Messages {
		count := map[State]int{}
		for _, r := range j.of(i) {
			count[r.State]++
		}
		unknown := count[Unknown] + count[InFlight]
		s.Accepted += count[Accepted]
		s.Refused += count[Refused]
		s.Deferred += count[Deferred]
		s.Pending += count[Pending]
		s.Unknown += unknown
		if unknown > 0 {
			s.Doubtful = append(s.Doubtful, i)
		}
		over := unknown+count[Deferred]+count[Pending] == 0
		if over && count[Accepted] > 0 {
			s.Sent++
		}
		if !over && unknown == 0 && count[Accepted] > 0 {
			s.InPart++
		}
		s.Complete = s.Complete && over && count[Accepted] > 0
		s.Rootless = s.Rootless || i == 0 && over && count[Accepted] == 0
		for _, to := range m.To {
			f, _ := j.fateOf(i, to)
			s.Complete = s.Complete && f != nil && f.state == Accepted
		}
	}
	return s
}

// Final says that nothing is left to try or to find out.
func (s Summary) Final() bool { return s.Pending+s.Deferred+s.Unknown == 0 }

// Status is the exit status of the mail part (design section 7): 0 everything
// was accepted, 1 nothing was, 3 some was and the rest refused or outstanding,
// 4 something is of unknown fate.
func (s Summary) Status() int {
	switch {
	case s.Unknown > 0:
		return 4
	case s.Refused+s.Deferred+s.Pending == 0:
		return 0
	case s.Accepted == 0:
		return 1
	}
	return 3
}

// String is such as "sent 12 of 31, 1 unknown (0013), 18 not sent", counting
// messages.
func (s Summary) String() string { return s.say("unknown") }

// Underway is the same of a send that goes on just now: what becomes of the message
// that is on its way is not known yet, and will be.
func (s Summary) Underway() string { return s.say("on the way") }

func (s Summary) say(doubtful string) string {
	text := fmt.Sprintf("sent %d of %d", s.Sent, s.Messages)
	if n := len(s.Doubtful); n > 0 {
		var names []string
		for _, i := range s.Doubtful {
			names = append(names, fmt.Sprintf("%04d", i))
		}
		text += fmt.Sprintf(", %d %s (%s)", n, doubtful, strings.Join(names, ", "))
	}
	if s.InPart > 0 {
		text += fmt.Sprintf(", %d to some recipients only", s.InPart)
	}
	if rest := s.Messages - s.Sent - s.InPart - len(s.Doubtful); rest > 0 {
		text += fmt.Sprintf(", %d not sent", rest)
	}
	switch {
	case s.Refused == 1:
		text += ", 1 recipient refused"
	case s.Refused > 1:
		text += fmt.Sprintf(", %d recipients refused", s.Refused)
	}
	return text
}
