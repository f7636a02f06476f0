package store

import (
	"testing"
	"time"

	"github.com/kprep/kprep/sendmail"
)

// What comes message by message leaves in that order.
func testThread(t *testing.T, s *Store) {
	hand := func(thread, identity string, kind Kind, id string) {
		sub := series(kind, 1)
		sub.Thread, sub.Identity = thread, identity
		sub.Messages[0].MessageID, sub.Messages[0].Feed = id, FeedNone
		accept(t, s, sub)
	}
	hand("0@kim", "kim@example.org", Receive, "0@kim")
	hand("0@kim", "kim@example.org", Receive, "1@kim")
	hand("0@kim", "ann@example.org", Receive, "9@ann") // somebody else's business
	hand("", "kim@example.org", Notice, "n@service")
	hand("8@kim", "kim@example.org", Receive, "8@kim")
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
	first := claimed(epoch, "0@kim", "9@ann", "n@service", "8@kim")[0]
	if first.Thread != "0@kim" {
		t.Errorf("the thread is %q", first.Thread)
	}
	must(t, s.Record(t.Context(), first, first.Messages[0].ID, append(receipt("list@example.net", sendmail.Deferred), receipt("ann@example.net", sendmail.Accepted)...)))
	if done, err := s.Release(t.Context(), first, after(30*time.Second)); done || err != nil {
		t.Fatal(done, err)
	}
	claimed(epoch) // the second waits for the first, not for its turn
	again := claimed(after(30*time.Second), "0@kim")[0]
	must(t, s.Record(t.Context(), again, again.Messages[0].ID, receipt("list@example.net", sendmail.Accepted)))
	if done, err := s.Release(t.Context(), again, epoch); !done || err != nil {
		t.Fatal(done, err)
	}
	second := claimed(after(30*time.Second), "1@kim")[0]
	hand("0@kim", "kim@example.org", Receive, "2@kim")
	must(t, s.Depart(t.Context(), second, second.Messages[0].ID, []string{"list@example.net"}, after(time.Minute)))
	must(t, s.Record(t.Context(), second, second.Messages[0].ID, []sendmail.Receipt{
		{Recipient: "list@example.net", State: sendmail.Unknown, Time: after(time.Minute)}, {Recipient: "ann@example.net", State: sendmail.Accepted, Time: epoch}}))
	if done, err := s.Release(t.Context(), second, epoch); !done || err != nil {
		t.Fatal(done, err)
	}
	if sub, err := s.Claim(t.Context(), "a", HoldBack, after(50*time.Second)); sub != nil || err != nil {
		t.Fatalf("what follows a message of unknown fate was claimed: %+v, %v", sub, err)
	}
	must(t, s.Settle(t.Context(), second.Messages[0].ID, "", Drop, after(50*time.Second)))
	for _, id := range []string{"1@kim", "2@kim"} {
		sub := claim(t, s, "a", after(50*time.Second))
		if sub == nil || sub.Messages[0].MessageID != id {
			t.Fatalf("claimed %+v, want %s", sub, id)
		}
		if done, err := s.Release(t.Context(), sub, epoch); done != (id == "1@kim") || err != nil {
			t.Fatal(done, err)
		}
	}
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
