package sendmail

import (
	"errors"
	"fmt"
	"time"
)

// A Doubt is a message of which it is not known what became of it.
type Doubt struct {
	Message    int // index in the plan
	Planned    Planned
	Recipients []string  // those concerned
	Since      time.Time // of the last that is known
	Reply      string    // why it is not known
	Via        string    // URL of the web endpoint that alone can have it; "" for other ways
	Elsewhere  bool      // somebody else was known to have it before: that it is in an archive proves nothing
}

// Doubts lists the messages of unknown fate, in the plan's order.
func (j *Journal) Doubts() []Doubt {
	var all []Doubt
	for i, m := range j.plan.Messages {
		d := Doubt{Message: i, Planned: m}
		ways := map[string]bool{}
		for _, r := range j.of(i) {
			switch r.State {
			case Unknown, InFlight:
				d.Recipients = append(d.Recipients, r.Recipient)
				d.Since, d.Reply, d.Via = r.Time, r.Reply, r.Via
				ways[r.Via] = true
			case Accepted:
				d.Elsewhere = true
			}
		}
		if len(ways) > 1 {
			d.Via = ""
		}
		if len(d.Recipients) > 0 {
			all = append(all, d)
		}
	}
	return all
}

// Settle logs what the user says about the pairs of a message that are
// Unknown: that it arrived, or that it did not and may be sent again, with the
// same bytes. Other pairs stay as they are.
func (j *Journal) Settle(message int, arrived bool) error {
	if arrived {
		return j.settle(message, Accepted, AtUser, "the user says that it arrived")
	}
	return j.settle(message, Deferred, AtUser, "the user says that it did not arrive")
}

// ErrShownBefore means that a message in an archive may be the copy of
// somebody who was known to have it.
var ErrShownBefore = errors.New("the archive may have it from somebody who was known to have it before")

// Shown logs that an archive, which where names, holds the message: what was
// Unknown arrived. What is not in an archive may be on its way to it, so there
// is no opposite (spec/mail.md 4.3). It returns ErrShownBefore where the
// archive proves nothing.
func (j *Journal) Shown(message int, where string) error {
	for _, d := range j.Doubts() {
		if d.Message == message && d.Elsewhere {
			return ErrShownBefore
		}
	}
	return j.settle(message, Accepted, AtArchive, fmt.Sprintf("the message is in %s", where))
}

// Answered logs what the web endpoint that alone can have a message says of it:
// what was Unknown is Accepted, Refused, or Deferred where the endpoint never
// got it. Of what is Accepted, refused has the recipients whom its mail server
// refused all the same, with its words.
func (j *Journal) Answered(message int, state State, reply string, refused map[string]string) error {
	all := receipts(message, j.unknown(message), state, AtEndpoint, 0, reply)
	for i := range all {
		if words, no := refused[all[i].Recipient]; no && state == Accepted {
			all[i].State, all[i].Reply = Refused, clean(words)
		}
	}
	return j.Append(all...)
}

func (j *Journal) settle(message int, state State, step Step, reply string) error {
	return j.Append(receipts(message, j.unknown(message), state, step, 0, reply)...)
}

// unknown are the recipients of whom it is not known whether they have a
// message.
func (j *Journal) unknown(message int) []string {
	var all []string
	for _, r := range j.of(message) {
		if r.State == Unknown {
			all = append(all, r.Recipient)
		}
	}
	return all
}

// Behind is how far a clock is behind the last entry of the journal; 0 when it
// is not.
func (j *Journal) Behind(now time.Time) time.Duration {
	return max(0, j.noteAt.Sub(now))
}

// IDs are the message-ids that the message may be found under.
func (d Doubt) IDs() []string { return []string{d.Planned.ID} }
