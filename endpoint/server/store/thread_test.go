package store

import (
	"slices"
	"testing"
	"time"

	"github.com/kprep/kprep/sendmail"
)

// What comes message by message leaves in that order, to each recipient.
func testThread(t *testing.T, s *Store) {
	const list, ann, zoe = "list@example.net", "ann@example.net", "zoe@example.net"
	hand := func(thread, identity string, kind Kind, id string, more ...string) {
		sub := series(kind, 1)
		for _, to := range more {
			sub.Messages[0].Deliveries = append(sub.Messages[0].Deliveries, Delivery{Recipient: to})
		}
		sub.Thread, sub.Identity = thread, identity
		sub.Messages[0].MessageID, sub.Messages[0].Feed = id, FeedNone
		accept(t, s, sub)
	}
	// claimed are those that can be claimed, and nothing else can be then.
	claimed := func(now time.Time, want ...string) []*Submission {
		t.Helper()
		var all []*Submission
		for _, id := range want {
			sub := claim(t, s, "a", now)
			if sub == nil || sub.Messages[0].MessageID != id {
				t.Fatalf("claimed %+v, want %s", sub, id)
			}
			all = append(all, sub)
		}
		if more := claim(t, s, "a", now); more != nil {
			t.Fatalf("claimed too: %+v", more)
		}
		return all
	}
	record := func(sub *Submission, recipient string, state sendmail.State, now time.Time) {
		t.Helper()
		if state == sendmail.Unknown {
			must(t, s.Depart(t.Context(), sub, sub.Messages[0].ID, []string{recipient}, now))
		}
		must(t, s.Record(t.Context(), sub, sub.Messages[0].ID, []sendmail.Receipt{{Recipient: recipient, State: state, Time: now}}))
	}
	release := func(sub *Submission, due time.Time, want bool) {
		t.Helper()
		if done, err := s.Release(t.Context(), sub, due); done != want || err != nil {
			t.Fatal(done, err)
		}
	}
	waiting := func(sub *Submission, want ...string) {
		t.Helper()
		if !slices.Equal(sub.Waiting, want) {
			t.Errorf("%s has to wait for %q, want %q", sub.Messages[0].MessageID, sub.Waiting, want)
		}
	}
	hand("0@kim", "kim@example.org", Receive, "0@kim")
	hand("0@kim", "kim@example.org", Receive, "1@kim")
	hand("0@kim", "kim@example.org", Receive, "2@kim", zoe)
	hand("0@kim", "ann@example.org", Receive, "9@ann") // somebody else's business
	hand("0@kim", "kim@example.org", Reflect, "r@kim")
	hand("", "kim@example.org", Notice, "n@service")
	hand("8@kim", "kim@example.org", Receive, "8@kim")
	all := claimed(epoch, "0@kim", "9@ann", "r@kim", "n@service", "8@kim")
	for _, other := range all[1:] {
		record(other, list, sendmail.Accepted, epoch)
		record(other, ann, sendmail.Accepted, epoch)
		release(other, epoch, true)
	}
	first := all[0]
	if first.Thread != "0@kim" {
		t.Errorf("the thread is %q", first.Thread)
	}
	waiting(first)

	// Who is put off waits; others do not, but nothing overtakes what was not tried.
	record(first, list, sendmail.Deferred, epoch)
	record(first, ann, sendmail.Deferred, epoch)
	release(first, after(5*time.Second), false)
	claimed(epoch)
	first = claimed(after(5*time.Second), "0@kim")[0]
	record(first, ann, sendmail.Accepted, after(5*time.Second))
	release(first, after(time.Hour), false)
	second := claimed(after(6*time.Second), "1@kim")[0]
	waiting(second, list)
	record(second, ann, sendmail.Accepted, after(6*time.Second))
	release(second, after(6*time.Second), false)
	third := claimed(after(7*time.Second), "2@kim")[0] // and not the second, which has nobody to go to
	waiting(third, list)
	record(third, ann, sendmail.Accepted, after(7*time.Second))
	record(third, zoe, sendmail.Accepted, after(7*time.Second))
	release(third, after(7*time.Second), false)
	first = claimed(after(time.Hour), "0@kim")[0]
	record(first, list, sendmail.Accepted, after(time.Hour))
	release(first, epoch, true)

	// What follows a message of unknown fate waits for an operator, for a time.
	second = claimed(after(time.Hour), "1@kim")[0]
	waiting(second)
	record(second, list, sendmail.Unknown, after(time.Hour))
	release(second, epoch, true)
	claimed(after(time.Hour))
	claimed(after(time.Hour + HoldBack - time.Second))
	third = claimed(after(time.Hour+HoldBack), "2@kim")[0]
	waiting(third)
	release(third, epoch, false)
	must(t, s.Settle(t.Context(), second.Messages[0].ID, "", Drop, after(2*time.Hour)))
	third = claimed(after(2*time.Hour-time.Second), "2@kim")[0]
	waiting(third)
	release(third, after(3*time.Hour), false)
	release(claimed(after(2*time.Hour), "1@kim")[0], epoch, true)
}

// The feed takes what was accepted for somebody, once that is known.
func testFeedLater(t *testing.T, s *Store) {
	sub := series(Receive, 2)
	for i := range sub.Messages {
		sub.Messages[i].Feed = FeedDue
	}
	accept(t, s, sub)
	a := claim(t, s, "a", epoch)
	refused, unknown := a.Messages[0].ID, a.Messages[1].ID
	must(t, s.Record(t.Context(), a, refused, append(receipt("list@example.net", sendmail.Refused), receipt("ann@example.net", sendmail.Refused)...)))
	must(t, s.Record(t.Context(), a, unknown, append(receipt("list@example.net", sendmail.Unknown), receipt("ann@example.net", sendmail.Refused)...)))
	if done, err := s.Release(t.Context(), a, epoch); !done || err != nil {
		t.Fatalf("done %v, %v: nobody took anything", done, err)
	}
	must(t, s.Settle(t.Context(), unknown, "", Arrived, epoch))
	b := claim(t, s, "b", epoch)
	if b == nil || states(b.Messages[1]) != "accepted refused" {
		t.Fatalf("settled: %+v", b)
	}
	if done, err := s.Release(t.Context(), b, epoch); done || err != nil {
		t.Fatalf("done %v, %v: the feed lacks it", done, err)
	}
	must(t, s.MarkFed(t.Context(), unknown, "c0ffee"))
	if done, err := s.Release(t.Context(), claim(t, s, "b", epoch), epoch); !done || err != nil {
		t.Fatal(done, err)
	}
}
