package delivery

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/internal/mailtest"
)

func TestSeries(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{})
	sub := r.hand(store.Receive, "a", 3, list, ann)
	r.once(r.worker())
	r.arrived(wanted(sub))
	r.fed("a-0@example.org", "a-1@example.org", "a-2@example.org")
	if q := r.queue(); len(q) != 0 || r.feed.calls != 1 {
		t.Errorf("left in the queue: %+v; the feed was called %d times", q, r.feed.calls)
	}
	for _, m := range r.server.Messages() {
		if m.From != "devnull@relay.example.net" || !m.EightBit {
			t.Errorf("it came as %+v", m)
		}
	}
	if n := r.server.Connections(); n != 1 {
		t.Errorf("it took %d connections", n)
	}
}

// Whatever may pass, everybody has everything once in the end, in order.
func TestFaultsThatPass(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mailtest.Options{
		"nobody answers":                     {Faults: []mailtest.Fault{{At: mailtest.AtGreeting, Drop: true, Times: 3}}},
		"421 for a greeting":                 {Faults: []mailtest.Fault{{At: mailtest.AtGreeting, Reply: "421 busy", Times: 2}}},
		"the sender is put off":              {Faults: []mailtest.Fault{{At: mailtest.AtMAIL, Message: 2, Reply: "451 later"}}},
		"421 in the middle":                  {Faults: []mailtest.Fault{{At: mailtest.AtMAIL, Message: 2, Reply: "421 enough"}}},
		"greylisting of one of the cover":    {Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Recipient: ann, Reply: "450 4.7.1 greylisted for 5 minutes", Times: 2}}},
		"greylisting of everybody":           {Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Reply: "450 greylisted", Times: 4}}},
		"greylisting of one of a patch":      {Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Message: 2, Recipient: ann, Reply: "450 greylisted", Times: 1}}},
		"no data now":                        {Faults: []mailtest.Fault{{At: mailtest.AtDATA, Message: 2, Reply: "451 later"}}},
		"not this one now":                   {Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 2, Reply: "451 later"}}},
		"broken off at MAIL":                 {Faults: []mailtest.Fault{{At: mailtest.AtMAIL, Message: 2, Drop: true}}},
		"broken off at RCPT":                 {Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Message: 1, Drop: true}}},
		"broken off at DATA":                 {Faults: []mailtest.Fault{{At: mailtest.AtDATA, Message: 2, Drop: true}}},
		"broken off in the cover, and again": {Faults: []mailtest.Fault{{At: mailtest.AtDATA, Drop: true, Times: 5}}},
		"one recipient at a time":            {MaxRecipients: 1},
		"one message a connection":           {MaxMessages: 1},
		"not a word is said of 8 bits":       {No8BitMIME: true},
		"one command at a time":              {NoPipelining: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := fileRig(t, o)
			sub := r.hand(store.Receive, "a", 3, list, ann)
			r.drain(r.worker())
			r.arrived(wanted(sub))
			r.fed("a-0@example.org", "a-1@example.org", "a-2@example.org")
			if q := r.queue(); len(q) != 0 {
				t.Errorf("left in the queue: %+v", q)
			}
		})
	}
}

// A cover letter that has not arrived holds the patches; one that is put off for
// somebody holds them for that one alone.
func TestPatchesWaitForTheCover(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDATA, Message: 1, Reply: "451 later"}}})
	r.hand(store.Receive, "a", 3, list, ann)
	w := r.worker()
	r.once(w)
	r.arrived(nil)
	r.fed()
	r.later(59 * time.Second)
	if n := r.once(w); n != 0 {
		t.Errorf("it tried again after %v", 59*time.Second)
	}

	// Who gets one patch only must not get it before anybody has the cover letter.
	r = fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDATA, Message: 1, Reply: "451 later"}}})
	sub := submission(store.Receive, "a", 2, r.clock(), list)
	sub.Messages[1].Deliveries = append(sub.Messages[1].Deliveries, store.Delivery{Recipient: ann})
	if _, err := r.store.Accept(context.Background(), sub); err != nil {
		t.Fatal(err)
	}
	w = r.worker()
	r.once(w)
	r.arrived(nil)
	r.later(time.Minute)
	r.once(w)
	r.arrived(wanted(sub))

	r = fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Message: 1, Recipient: ann, Reply: "450 later"}}})
	sub = r.hand(store.Receive, "a", 3, list, ann)
	w = r.worker()
	r.once(w)
	r.arrived(wanted(sub, ann))
	r.later(time.Minute)
	r.once(w)
	r.arrived(wanted(sub))
}

// A series that comes message by message is mailed as one that comes whole: in
// order, and who is put off keeps nobody else waiting.
func TestMessageByMessage(t *testing.T) {
	t.Parallel()
	const zoe = "zoe@example.net" // who is to have the last patch alone
	putOff := func(to string, times int) []mailtest.Fault {
		return []mailtest.Fault{{At: mailtest.AtRCPT, Recipient: to, Reply: "450 later", Times: times}}
	}
	for name, c := range map[string]struct {
		faults      []mailtest.Fault
		atOnce, end []string // who has not got the series at once, and in the end
		zoe         bool
	}{
		"nothing is wrong":              {zoe: true},
		"one is put off":                {faults: putOff(ann, 2), atOnce: []string{ann}, zoe: true},
		"one is put off for good":       {faults: putOff(ann, 0), atOnce: []string{ann}, end: []string{ann}, zoe: true},
		"one is refused":                {faults: []mailtest.Fault{{At: mailtest.AtRCPT, Recipient: ann, Reply: "550 no such user"}}, atOnce: []string{ann}, end: []string{ann}, zoe: true},
		"the cover letter is put off":   {faults: []mailtest.Fault{{At: mailtest.AtDATA, Message: 1, Reply: "451 later"}}, atOnce: []string{list, ann, zoe}, zoe: true},
		"the mail server is out":        {faults: []mailtest.Fault{{At: mailtest.AtGreeting, Reply: "421 busy", Times: 3}}, atOnce: []string{list, ann, zoe}, zoe: true},
		"the last patch is put off":     {faults: []mailtest.Fault{{At: mailtest.AtDATA, Message: 3, Reply: "451 later"}}},
		"a patch is put off for a list": {faults: []mailtest.Fault{{At: mailtest.AtRCPT, Message: 2, Recipient: list, Reply: "450 later"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := fileRig(t, mailtest.Options{Faults: c.faults})
			whole := submission(store.Receive, "a", 3, r.clock(), list, ann)
			if last := &whole.Messages[2]; c.zoe {
				last.Deliveries = append(last.Deliveries, store.Delivery{Recipient: zoe})
			}
			for _, m := range whole.Messages {
				one := *whole
				one.Messages = []store.Message{m}
				if _, err := r.store.Accept(t.Context(), &one); err != nil {
					t.Fatal(err)
				}
			}
			w := r.worker()
			r.once(w)
			if c.zoe {
				r.arrived(wanted(whole, c.atOnce...))
			}
			r.drain(w)
			r.arrived(wanted(whole, c.end...))
			r.fed("a-0@example.org", "a-1@example.org", "a-2@example.org")
			if q := r.queue(); len(q) != 0 {
				t.Errorf("left in the queue: %+v", q)
			}
		})
	}
}

// A definite no is final, and says to whom.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options mailtest.Options
		but     []string // who gets nothing
		states  [3]string
		fed     string
	}{
		"one recipient": {mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Recipient: ann, Reply: "550 5.1.1 no such user"}}}, []string{ann},
			[3]string{"accepted refused", "accepted refused", "accepted refused"}, "012"},
		"the cover letter": {mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Reply: "554 no"}}}, []string{list, ann},
			[3]string{"refused refused", "refused refused", "refused refused"}, ""},
		"the sender": {mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtMAIL, Reply: "550 not you"}}}, []string{list, ann},
			[3]string{"refused refused", "refused refused", "refused refused"}, ""},
		"everybody": {mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Reply: "550 no"}}}, []string{list, ann},
			[3]string{"refused refused", "refused refused", "refused refused"}, ""},
		"its size": {mailtest.Options{MaxSize: 100}, []string{list, ann}, [3]string{"refused refused", "refused refused", "refused refused"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := fileRig(t, c.options)
			sub := r.hand(store.Receive, "a", 3, list, ann)
			r.drain(r.worker())
			r.arrived(wanted(sub, c.but...))
			var fed []string
			for i, m := range sub.Messages {
				if got := r.states(m.MessageID); got != c.states[i] {
					t.Errorf("message %d is %s, want %s", i, got, c.states[i])
				}
				if strings.Contains(c.fed, string(rune('0'+i))) {
					fed = append(fed, m.MessageID)
				}
			}
			r.fed(fed...)
			if q := r.queue(); len(q) != 0 {
				t.Errorf("left in the queue: %+v", q)
			}
		})
	}
}

// A patch that is refused costs the others nothing.
func TestRefusedPatch(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 2, Reply: "554 smells of spam"}}})
	sub := r.hand(store.Receive, "a", 3, list)
	r.drain(r.worker())
	want := wanted(sub)
	want[1].To = nil
	r.arrived(want)
	r.fed("a-0@example.org", "a-2@example.org")
}

func TestGivesUp(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtRCPT, Recipient: ann, Reply: "450 never"}}})
	sub := r.hand(store.Receive, "a", 2, list, ann)
	r.drain(r.worker())
	r.arrived(wanted(sub, ann))
	if q := r.queue(); len(q) != 0 {
		t.Fatalf("left in the queue: %+v", q)
	}
	fates, err := r.store.Fates(context.Background(), kim, []string{"a-0@example.org"})
	if err != nil || !strings.HasPrefix(fates[0].Deliveries[1].Reply, "given up after 120 hours: ") || !strings.Contains(fates[0].Deliveries[1].Reply, "never") {
		t.Errorf("of whom it gave up it says %+v, %v", fates[0].Deliveries, err)
	}
	tries := 0
	for _, line := range r.server.Lines() {
		if strings.HasPrefix(line, "RCPT TO:<"+ann) {
			tries++
		}
	}
	if tries < 5 || tries > 60 {
		t.Errorf("it tried %d times in five days", tries)
	}
}

// What may have arrived is never sent again by itself.
func TestUnknown(t *testing.T) {
	t.Parallel()
	for name, kept := range map[string]bool{"and it had arrived": true, "and it had not": false} {
		t.Run("the cover letter, "+name, func(t *testing.T) {
			t.Parallel()
			r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Drop: true, Keep: kept}}})
			sub := r.hand(store.Receive, "a", 3, list, ann)
			w := r.worker()
			r.drain(w)
			want := wanted(sub)
			want[1].To, want[2].To = nil, nil
			if !kept {
				want[0].To = nil
			}
			r.arrived(want)
			r.fed()
			q := r.queue()
			if len(q) != 3 || r.states("a-0@example.org") != "unknown unknown" || r.states("a-1@example.org") != "pending pending" {
				t.Fatalf("the queue is %+v", q)
			}
			decision := store.Resend
			if kept {
				decision = store.Arrived
			}
			if err := r.store.Settle(context.Background(), q[0].Message, "", decision, r.clock()); err != nil {
				t.Fatal(err)
			}
			r.once(w)
			r.arrived(wanted(sub))
			r.fed("a-0@example.org", "a-1@example.org", "a-2@example.org")
		})
		t.Run("a patch, "+name, func(t *testing.T) {
			t.Parallel()
			r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 2, Drop: true, Keep: kept}}})
			sub := r.hand(store.Receive, "a", 3, list)
			w := r.worker()
			r.once(w)
			r.later(store.HoldBack - time.Second)
			r.once(w)
			r.fed("a-0@example.org") // an operator may still have it sent again, in order
			r.drain(w)
			want := wanted(sub)
			if !kept {
				want[1].To = nil
			}
			r.arrived(want)
			r.fed("a-0@example.org", "a-2@example.org")
			if got := r.states("a-1@example.org"); got != "unknown" {
				t.Errorf("it is %s", got)
			}
		})
	}
	t.Run("the cover letter was refused by the operator", func(t *testing.T) {
		t.Parallel()
		r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Drop: true}}})
		r.hand(store.Receive, "a", 2, list)
		w := r.worker()
		r.once(w)
		if err := r.store.Settle(context.Background(), r.queue()[0].Message, "", store.Drop, r.clock()); err != nil {
			t.Fatal(err)
		}
		r.once(w)
		r.arrived(nil)
		if got := r.states("a-1@example.org"); got != "refused" {
			t.Errorf("the patch is %s", got)
		}
	})
}

// A series that came message by message leaves as one that came whole.
func TestOneByOne(t *testing.T) {
	t.Parallel()
	hand := func(r *rig) []mailtest.Wanted {
		for i := range 3 {
			sub := submission(store.Receive, "a", 3, r.clock(), list)
			sub.Messages = sub.Messages[i : i+1]
			if _, err := r.store.Accept(context.Background(), sub); err != nil {
				r.t.Fatal(err)
			}
		}
		return wanted(submission(store.Receive, "a", 3, r.clock(), list))
	}
	t.Run("the cover letter is put off", func(t *testing.T) {
		t.Parallel()
		r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Reply: "451 later"}}})
		want := hand(r)
		w := r.worker()
		r.once(w)
		r.arrived(nil)
		r.later(time.Minute)
		r.once(w)
		r.arrived(want)
	})
	t.Run("the cover letter is refused", func(t *testing.T) {
		t.Parallel()
		r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Reply: "554 no"}}})
		hand(r)
		r.drain(r.worker())
		r.arrived(nil)
		if got := r.states("a-2@example.org"); got != "refused" {
			t.Errorf("a patch is %s", got)
		}
	})
	t.Run("the cover letter is of unknown fate", func(t *testing.T) {
		t.Parallel()
		r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Drop: true, Keep: true}}})
		want := hand(r)
		w := r.worker()
		r.drain(w)
		r.arrived(append(want[:1:1], mailtest.Wanted{ID: "a-1@example.org"}, mailtest.Wanted{ID: "a-2@example.org"}))
		if err := r.store.Settle(context.Background(), r.queue()[0].Message, "", store.Arrived, r.clock()); err != nil {
			t.Fatal(err)
		}
		r.drain(w)
		r.arrived(want)
	})
	t.Run("the earlier revision was refused", func(t *testing.T) {
		t.Parallel()
		r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Reply: "554 no"}}})
		hand(r)
		w := r.worker()
		r.drain(w)
		sub := submission(store.Receive, "a", 2, r.clock(), list)
		m := &sub.Messages[1]
		m.MessageID, m.Subject = "b-0@example.org", "[PATCH v2 0/3] a"
		m.Relayed = []byte(strings.Replace(string(m.Relayed), "a-1@example.org", "b-0@example.org", 1))
		sub.Messages = sub.Messages[1:]
		if _, err := r.store.Accept(context.Background(), sub); err != nil {
			t.Fatal(err)
		}
		r.once(w)
		if got := r.states("b-0@example.org"); got != "accepted" {
			t.Errorf("the next revision, which replies to it, is %s", got)
		}
	})
}

func TestReflectAndNotice(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{})
	reflected := r.hand(store.Reflect, "r", 3, kim)
	w := r.worker()
	r.once(w)
	r.arrived(wanted(reflected))
	notice := r.hand(store.Notice, "n", 1, kim)
	r.once(w)
	if got := r.server.Messages(); len(got) != 4 || !strings.Contains(string(got[3].Data), notice.Messages[0].MessageID) {
		t.Errorf("%d mails arrived", len(got))
	}
	r.fed()
	if q := r.queue(); len(q) != 0 || r.feed.calls != 0 {
		t.Errorf("left in the queue: %+v; the feed was called %d times", q, r.feed.calls)
	}
}

// A notice whose text was wiped is nothing to send.
func TestWipedNotice(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Drop: true}}})
	r.hand(store.Notice, "n", 1, kim)
	w := r.worker()
	r.once(w)
	if err := r.store.Settle(context.Background(), r.queue()[0].Message, "", store.Resend, r.clock()); err != nil {
		t.Fatal(err)
	}
	r.server.Heal()
	r.drain(w)
	r.arrived(nil)
	if q := r.queue(); len(q) != 0 {
		t.Errorf("left in the queue: %+v", q)
	}
}

// The feed gets what it lacks when it can be written again, and nothing twice.
func TestFeedComesBack(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{})
	r.feed.broken = true
	sub := r.hand(store.Receive, "a", 2, list)
	w := r.worker()
	r.once(w)
	r.arrived(wanted(sub))
	r.fed()
	r.feed.broken = false
	r.drain(w)
	r.arrived(wanted(sub))
	r.fed("a-0@example.org", "a-1@example.org")
	if !strings.Contains(r.feed.mails[0], "\nList-Id: <kprep.lists.example.org>\n") || !strings.Contains(r.feed.mails[0], "From: Kim <"+kim+">\n") {
		t.Errorf("the feed has\n%s", r.feed.mails[0])
	}
}

func TestPauses(t *testing.T) {
	t.Parallel()
	last := time.Duration(0)
	for tries := range 30 {
		d := pause(tries, false)
		if d < last || d < time.Minute || d > 24*time.Hour {
			t.Errorf("after %d tries it waits %v, before it was %v", tries, d, last)
		}
		last = d
	}
	if last != 24*time.Hour {
		t.Errorf("in the end it waits %v", last)
	}
	if d := pause(20, true); d != longestOutage {
		t.Errorf("for a mail server that is away it waits %v", d)
	}
	if d := pause(1, false, "450 greylisted", "450 try again in 15 minutes"); d != 15*time.Minute {
		t.Errorf("where it is asked to wait 15 minutes it waits %v", d)
	}
	if d := pause(1, false, "try again in 999999 hours"); d != 24*time.Hour {
		t.Errorf("where it is asked to wait for ever it waits %v", d)
	}
}
