package sendmail

import (
	"iter"
	"slices"
	"time"
)

// A fate is what a record of the log says. All recipients whom it names share
// it, as a long send has very many of them.
type fate struct {
	state State
	step  Step
	code  int
	reply string
	time  time.Time
	via   string
}

// receipt is what a fate, nil for none yet, means for one recipient.
func (f *fate) receipt(message int, recipient string) Receipt {
	r := Receipt{Message: message, Recipient: recipient, State: Pending}
	if f != nil {
		r.State, r.Step, r.Code, r.Reply, r.Time, r.Via = f.state, f.step, f.code, f.reply, f.time, f.via
	}
	return r
}

// untried is the state of a journal with an empty log.
func (j *Journal) untried() {
	j.pairs = make([][]*fate, len(j.plan.Messages))
	for i, m := range j.plan.Messages {
		j.pairs[i] = make([]*fate, len(m.Recipients))
	}
}

// fates are those of all pairs of which something is known.
func (j *Journal) fates() iter.Seq2[int, *fate] {
	return func(yield func(int, *fate) bool) {
		for i, pairs := range j.pairs {
			for _, f := range pairs {
				if f != nil && !yield(i, f) {
					return
				}
			}
		}
	}
}

// fateOf is what is known of a recipient of a message, nil for nothing yet;
// false when the message does not go to him.
func (j *Journal) fateOf(message int, recipient string) (*fate, bool) {
	at := slices.Index(j.plan.Messages[message].Recipients, recipient)
	if at < 0 {
		return nil, false
	}
	return j.pairs[message][at], true
}

// Receipts returns what is known of every pair, by message and in the order of
// its recipients.
func (j *Journal) Receipts() []Receipt {
	count := 0
	for _, pairs := range j.pairs {
		count += len(pairs)
	}
	all := make([]Receipt, 0, count)
	for i := range j.plan.Messages {
		all = append(all, j.of(i)...)
	}
	return all
}

func (j *Journal) of(message int) []Receipt {
	all := make([]Receipt, len(j.pairs[message]))
	for k, to := range j.plan.Messages[message].Recipients {
		all[k] = j.pairs[message][k].receipt(message, to)
	}
	return all
}

// open are the recipients of a message that it may be sent to now.
func (j *Journal) open(message int) []string {
	var open []string
	for k, to := range j.plan.Messages[message].Recipients {
		if f := j.pairs[message][k]; f == nil || f.state == Pending || f.state == Deferred {
			open = append(open, to)
		}
	}
	return open
}
