package store

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/pgtest"
	"github.com/kprep/kprep/sendmail"
)

// contract is what both databases keep.
func contract() map[string]func(*testing.T, *Store) {
	return map[string]func(*testing.T, *Store){
		"a series is claimed as it was accepted":          testClaim,
		"what is known is not accepted again":             testKnown,
		"a conflict accepts nothing":                      testConflict,
		"a reflected series can be received":              testReflected,
		"one claim holds a series":                        testClaimOnce,
		"a lost lease makes what was in flight unknown":   testLeaseLost,
		"the operator settles what is unknown":            testSettle,
		"the operator settles while somebody works":       testSettleMeanwhile,
		"what is left is due again":                       testRelease,
		"what comes message by message leaves in order":   testThread,
		"the feed takes what was accepted":                testFeedLater,
		"the text of a notice is wiped":                   testWipe,
		"many workers claim each once":                    testClaimers,
		"the same series at once is accepted once":        testAcceptOnce,
		"nobody takes an enrolment from another":          testEnrol,
		"guesses void a challenge":                        testGuesses,
		"challenges expire":                               testExpiry,
		"a further key waits and can be stopped":          testFurtherKey,
		"a key takes the place of another":                testRotate,
		"one of several first keys is first":              testFirstKeys,
		"a nonce counts once":                             testNonce,
		"what happens too often is refused":               testCount,
		"fates are told to whom they belong":              testFates,
		"what is under way is known":                      testUnderway,
		"a secret is the same to all":                     testSecret,
		"text that PostgreSQL does not take is made safe": testHostileText,
	}
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	t.Run("several instances start at once", func(t *testing.T) {
		t.Parallel()
		testMigrate(t, filepath.Join(t.TempDir(), "q"))
	})
	t.Run("spellings become one identity", func(t *testing.T) {
		t.Parallel()
		testFold(t, filepath.Join(t.TempDir(), "q"))
	})
	for name, test := range contract() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, opened(t, filepath.Join(t.TempDir(), "queue?%41 #.db")))
		})
	}
}

func TestPostgres(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t)
	t.Run("contract", func(t *testing.T) { // returns when all are done, before the cluster stops
		fresh := cluster.Database(t, "fresh")
		t.Run("several instances start at once", func(t *testing.T) {
			t.Parallel()
			testMigrate(t, fresh)
		})
		old := cluster.Database(t, "old")
		t.Run("spellings become one identity", func(t *testing.T) {
			t.Parallel()
			testFold(t, old)
		})
		n := 0
		for _, mode := range []string{"cache_statement", "exec"} { // pgx's own, and one for poolers
			for name, test := range contract() {
				n++
				url := cluster.Database(t, fmt.Sprintf("t%d", n)) + "&default_query_exec_mode=" + mode
				t.Run(mode+"/"+name, func(t *testing.T) {
					t.Parallel()
					test(t, opened(t, url))
				})
			}
		}
	})
}

func opened(t *testing.T, location string) *Store {
	t.Helper()
	s, err := Open(t.Context(), location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

var epoch = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)

func after(d time.Duration) time.Time { return epoch.Add(d) }

// series is a submission of n messages for two recipients.
func series(kind Kind, n int) *Submission {
	sub := &Submission{Identity: "kim@example.org", Selector: "default", Key: "SHA256:k", Kind: kind, Client: "c", Received: epoch}
	for i := range n {
		id := fmt.Sprintf("%d@example.org", i)
		sub.Messages = append(sub.Messages, Message{
			MessageID: id, Subject: "[PATCH] " + id, Raw: []byte("raw " + id), Relayed: []byte("relayed " + id),
			EnvelopeFrom: "relay@example.net", BodyHash: "h" + id, Feed: FeedNone,
			Deliveries: []Delivery{{Recipient: "list@example.net", State: sendmail.Pending}, {Recipient: "ann@example.net", State: sendmail.Pending}},
		})
	}
	return sub
}

func accept(t *testing.T, s *Store, sub *Submission) []int {
	t.Helper()
	known, err := s.Accept(t.Context(), sub)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func claim(t *testing.T, s *Store, owner string, now time.Time) *Submission {
	t.Helper()
	sub, err := s.Claim(t.Context(), owner, time.Minute, now)
	if err != nil {
		t.Fatal(err)
	}
	return sub
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got error %v, want %v", err, want)
	}
}

func testClaim(t *testing.T, s *Store) {
	sub := series(Receive, 3)
	if known := accept(t, s, sub); known != nil {
		t.Errorf("known: %v", known)
	}
	got := claim(t, s, "a", epoch)
	want := *sub
	want.Owner, want.Attempts, want.due = "a", 1, got.due
	if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", *got, want)
	}
}

func testKnown(t *testing.T, s *Store) {
	accept(t, s, series(Receive, 2))
	if known := accept(t, s, series(Receive, 3)); !slices.Equal(known, []int{0, 1}) {
		t.Errorf("known: %v, want 0 and 1", known)
	}
	if known := accept(t, s, series(Receive, 3)); !slices.Equal(known, []int{0, 1, 2}) {
		t.Errorf("known: %v, want all", known)
	}
	claim(t, s, "a", epoch)
	if second := claim(t, s, "a", epoch); second == nil || len(second.Messages) != 1 || second.Messages[0].MessageID != "2@example.org" {
		t.Errorf("the second submission is %+v, want the new message alone", second)
	}
	if third := claim(t, s, "a", epoch); third != nil {
		t.Errorf("a third submission: %+v", third)
	}
}

func testConflict(t *testing.T, s *Store) {
	accept(t, s, series(Receive, 1))
	claim(t, s, "a", epoch)
	sub := series(Receive, 3)
	sub.Messages[0].BodyHash = "other"
	sub.Messages[0], sub.Messages[2] = sub.Messages[2], sub.Messages[0]
	_, err := s.Accept(t.Context(), sub)
	if conflict := (*ConflictError)(nil); !errors.As(err, &conflict) || conflict.Index != 2 || conflict.MessageID != "0@example.org" {
		t.Fatalf("got %v, want a conflict about the third message", err)
	}
	if left := claim(t, s, "a", epoch); left != nil {
		t.Errorf("queued: %+v", left)
	}
	if known := accept(t, s, series(Receive, 3)); !slices.Equal(known, []int{0}) {
		t.Errorf("known: %v: the refused ones were remembered", known)
	}
}

func testReflected(t *testing.T, s *Store) {
	accept(t, s, series(Reflect, 1))
	if known := accept(t, s, series(Receive, 1)); known != nil {
		t.Errorf("known: %v", known)
	}
	accept(t, s, series(Receive, 2))
	if known := accept(t, s, series(Reflect, 2)); !slices.Equal(known, []int{0, 1}) {
		t.Errorf("known: %v: what was received can be reflected by whoever has a copy", known)
	}
}

func testClaimOnce(t *testing.T, s *Store) {
	accept(t, s, series(Receive, 1))
	first := claim(t, s, "a", epoch)
	if second := claim(t, s, "b", after(59*time.Second)); second != nil {
		t.Fatalf("claimed twice: %+v", second)
	}
	must(t, s.Renew(t.Context(), first, after(2*time.Minute)))
	if second := claim(t, s, "b", after(90*time.Second)); second != nil {
		t.Fatalf("claimed in spite of the renewal: %+v", second)
	}
	if second := claim(t, s, "b", after(2*time.Minute)); second == nil || second.Attempts != 2 {
		t.Fatalf("not taken over: %+v", second)
	}
	wants(t, s.Renew(t.Context(), first, after(time.Hour)), ErrLeaseLost)
	_, err := s.Release(t.Context(), first, after(time.Hour))
	wants(t, err, ErrLeaseLost)
}

func receipt(recipient string, state sendmail.State) []sendmail.Receipt {
	return []sendmail.Receipt{{Recipient: recipient, State: state, Code: 250, Reply: "so", Step: sendmail.AtDot, Time: epoch}}
}

func states(m Message) string {
	var list []string
	for _, d := range m.Deliveries {
		list = append(list, string(d.State))
	}
	return strings.Join(list, " ")
}

func testLeaseLost(t *testing.T, s *Store) {
	accept(t, s, series(Receive, 2))
	a := claim(t, s, "a", epoch)
	first, second := a.Messages[0].ID, a.Messages[1].ID
	must(t, s.Depart(t.Context(), a, first, []string{"list@example.net"}, epoch))
	wants(t, s.Depart(t.Context(), a, first, []string{"list@example.net"}, epoch), ErrLeaseLost) // it is under way
	b := claim(t, s, "b", after(time.Hour))
	if got := states(b.Messages[0]); got != "unknown pending" {
		t.Fatalf("after the crash: %s", got)
	}
	wants(t, s.Depart(t.Context(), b, first, []string{"ann@example.net", "list@example.net"}, epoch), ErrLeaseLost)
	wants(t, s.Depart(t.Context(), a, second, []string{"list@example.net"}, epoch), ErrLeaseLost)
	wants(t, s.Record(t.Context(), a, second, receipt("list@example.net", sendmail.Deferred)), ErrLeaseLost)
	must(t, s.Record(t.Context(), a, first, receipt("list@example.net", sendmail.Accepted))) // a was not dead after all
	must(t, s.Depart(t.Context(), b, first, []string{"ann@example.net"}, epoch))
	wants(t, s.Record(t.Context(), a, first, receipt("ann@example.net", sendmail.Refused)), ErrLeaseLost)
	c := claim(t, s, "c", after(2*time.Hour))
	if got := states(c.Messages[0]) + ", " + states(c.Messages[1]); got != "accepted unknown, pending pending" {
		t.Errorf("in the end: %s", got)
	}
}

func testSettle(t *testing.T, s *Store) {
	accept(t, s, series(Receive, 1))
	a := claim(t, s, "a", epoch)
	id := a.Messages[0].ID
	wants(t, s.Settle(t.Context(), id, "", Resend, epoch), ErrNotUnknown)
	must(t, s.Depart(t.Context(), a, id, []string{"list@example.net", "ann@example.net"}, epoch))
	b := claim(t, s, "b", after(time.Hour))
	if done, err := s.Release(t.Context(), b, after(time.Hour)); !done || err != nil {
		t.Fatalf("done %v, %v: what is unknown is nobody's to do", done, err)
	}
	if again := claim(t, s, "b", after(3*time.Hour)); again != nil {
		t.Fatalf("claimed: %+v", again)
	}
	queue, err := s.Queue(t.Context(), 10)
	must(t, err)
	if len(queue) != 1 || queue[0].Message != id || len(queue[0].Deliveries) != 2 {
		t.Fatalf("the queue is %+v", queue)
	}
	must(t, s.Settle(t.Context(), id, "ann@example.net", Drop, after(time.Hour)))
	must(t, s.Settle(t.Context(), id, "", Resend, after(time.Hour)))
	c := claim(t, s, "c", after(2*time.Hour))
	if c == nil || states(c.Messages[0]) != "pending refused" {
		t.Fatalf("settled: %+v", c)
	}
	// The one who had it in flight before the decision has nothing to say now.
	wants(t, s.Record(t.Context(), a, id, receipt("list@example.net", sendmail.Accepted)), ErrLeaseLost)
}

// What is settled while the series is claimed does not wait for the pause that
// the claim ends with.
func testSettleMeanwhile(t *testing.T, s *Store) {
	accept(t, s, series(Receive, 2))
	a := claim(t, s, "a", epoch)
	must(t, s.Depart(t.Context(), a, a.Messages[0].ID, []string{"list@example.net", "ann@example.net"}, epoch))
	b := claim(t, s, "b", after(time.Hour))
	must(t, s.Settle(t.Context(), b.Messages[0].ID, "", Arrived, after(time.Hour)))
	if stolen := claim(t, s, "c", after(time.Hour)); stolen != nil {
		t.Fatal("a settled delivery ended the claim of another")
	}
	if done, err := s.Release(t.Context(), b, after(24*time.Hour)); done || err != nil {
		t.Fatal(done, err)
	}
	c := claim(t, s, "c", after(time.Hour))
	if c == nil || states(c.Messages[0]) != "accepted accepted" {
		t.Fatalf("settled: %+v", c)
	}
	if done, err := s.Release(t.Context(), c, after(24*time.Hour)); done || err != nil {
		t.Fatal(done, err)
	}
	if early := claim(t, s, "d", after(23*time.Hour)); early != nil {
		t.Fatal("a decision of long ago makes it due again")
	}
}

func testRelease(t *testing.T, s *Store) {
	sub := series(Receive, 1)
	sub.Messages[0].Feed = FeedDue
	accept(t, s, sub)
	a := claim(t, s, "a", epoch)
	id := a.Messages[0].ID
	must(t, s.Depart(t.Context(), a, id, []string{"list@example.net"}, epoch))
	must(t, s.Record(t.Context(), a, id, append(receipt("list@example.net", sendmail.Accepted), receipt("ann@example.net", sendmail.Deferred)...)))
	release := func(sub *Submission, next time.Time, want bool) {
		t.Helper()
		if done, err := s.Release(t.Context(), sub, next); done != want || err != nil {
			t.Fatalf("done %v, %v, want %v", done, err, want)
		}
	}
	release(a, after(time.Minute), false)
	if early := claim(t, s, "a", after(59*time.Second)); early != nil {
		t.Fatal("claimed before it is due")
	}
	b := claim(t, s, "b", after(time.Minute))
	if got := states(b.Messages[0]); got != "accepted deferred" {
		t.Errorf("states: %s", got)
	}
	if d := b.Messages[0].Deliveries[0]; d.Code != 250 || d.Reply != "so" || d.Step != sendmail.AtDot || !d.Time.Equal(epoch) {
		t.Errorf("the receipt came back as %+v", d)
	}
	must(t, s.Record(t.Context(), b, id, receipt("ann@example.net", sendmail.Refused)))
	release(b, after(2*time.Minute), false) // the feed lacks it
	c := claim(t, s, "c", after(2*time.Minute))
	must(t, s.MarkFed(t.Context(), id, "c0ffee"))
	release(c, after(3*time.Minute), true)
	if queue, err := s.Queue(t.Context(), 10); err != nil || len(queue) != 0 {
		t.Errorf("the queue is %+v, %v", queue, err)
	}
}

func testWipe(t *testing.T, s *Store) {
	accept(t, s, series(Notice, 1))
	accept(t, s, series(Notice, 1)) // notices have no identity of their own to be known by
	a := claim(t, s, "a", epoch)
	id := a.Messages[0].ID
	must(t, s.Record(t.Context(), a, id, append(receipt("list@example.net", sendmail.Refused), receipt("ann@example.net", sendmail.Refused)...)))
	if done, err := s.Release(t.Context(), a, epoch); !done || err != nil {
		t.Fatal(done, err)
	}
	var size int
	must(t, s.db.QueryRowContext(t.Context(), "SELECT length(raw) + length(relayed) FROM messages WHERE id = $1", id).Scan(&size))
	if size != 0 {
		t.Errorf("%d bytes are left of a mail with a challenge", size)
	}
}

func testClaimers(t *testing.T, s *Store) {
	const submissions, workers = 40, 8
	for i := range submissions {
		sub := series(Receive, 2)
		for j := range sub.Messages {
			sub.Messages[j].MessageID = fmt.Sprintf("%d-%d@example.org", i, j)
		}
		accept(t, s, sub)
	}
	var lock sync.Mutex
	claims := map[int64]int{}
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for {
				sub, err := s.Claim(context.Background(), fmt.Sprint(w), time.Minute, epoch)
				if err != nil {
					t.Error(err)
				}
				if sub == nil {
					return
				}
				lock.Lock()
				claims[sub.ID]++
				lock.Unlock()
			}
		})
	}
	group.Wait()
	for id, n := range claims {
		if n != 1 {
			t.Errorf("submission %d was claimed %d times", id, n)
		}
	}
	if len(claims) != submissions {
		t.Errorf("%d of %d were claimed", len(claims), submissions)
	}
}

func testAcceptOnce(t *testing.T, s *Store) {
	const clients = 8
	var group sync.WaitGroup
	var lock sync.Mutex
	fresh := 0
	for c := range clients {
		group.Go(func() {
			sub := series(Receive, 5)
			if c%2 == 1 {
				slices.Reverse(sub.Messages)
			}
			known, err := s.Accept(context.Background(), sub)
			if err != nil {
				t.Error(err)
			}
			lock.Lock()
			fresh += 5 - len(known)
			lock.Unlock()
		})
	}
	group.Wait()
	if fresh != 5 {
		t.Errorf("%d messages were accepted, want 5", fresh)
	}
}

func testHostileText(t *testing.T, s *Store) {
	sub := series(Receive, 1)
	sub.Messages[0].Subject = "nul \x00, bytes \xff\xfe"
	accept(t, s, sub)
	a := claim(t, s, "a", epoch)
	r := receipt("list@example.net", sendmail.Refused)
	r[0].Reply = "550 \xc3\x28\x00"
	must(t, s.Record(t.Context(), a, a.Messages[0].ID, r))
}
