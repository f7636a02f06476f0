package delivery

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"math/rand/v2"

	"github.com/kprep/kprep/endpoint/server/feed"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/internal/pgtest"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// Variables of the environment of a worker in a process of its own.
const (
	queueVariable = "KPREP_TEST_QUEUE"
	mailVariable  = "KPREP_TEST_MAIL"
	feedVariable  = "KPREP_TEST_FEED"
)

// TestMain is the worker in a process of its own, when that is what was started.
func TestMain(m *testing.M) {
	if location := os.Getenv(queueVariable); location != "" {
		if err := workUntilKilled(location); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

func workUntilKilled(location string) error {
	ctx := context.Background()
	s, err := store.Open(ctx, location)
	if err != nil {
		return err
	}
	f, err := feed.Open(ctx, feed.Settings{Dir: os.Getenv(feedVariable), Committer: patchmail.Address{Name: "Rig", Mailbox: "devnull@relay.example.net"}})
	if err != nil {
		return err
	}
	New(Options{Store: s, Open: opener("127.0.0.1", os.Getenv(mailVariable)), Service: service(), Feed: f, Owner: strconv.Itoa(os.Getpid()), AtOnce: 2,
		Lease: time.Second, Poll: 5 * time.Millisecond, Now: time.Now, Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}).Run(ctx)
	return nil
}

func TestKilledOnSQLite(t *testing.T) {
	t.Parallel()
	testKilled(t, filepath.Join(t.TempDir(), "queue.db"), 1)
}

func TestKilledOnPostgres(t *testing.T) {
	t.Parallel()
	testKilled(t, pgtest.Start(t).Database(t, "killed"), 2)
}

// crashes is how often workers are killed; KPREP_CRASHES asks for more.
func crashes(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("KPREP_CRASHES"))
	if err != nil {
		n = 15
	}
	return n
}

// testKilled kills workers at random moments. Nothing may arrive twice, and what
// the queue calls accepted must have; what it calls unknown is settled by
// looking at what arrived, and then everybody has everything.
func testKilled(t *testing.T, location string, instances int) {
	r := newRig(t, location, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Pause: 3 * time.Millisecond}}})
	r.now = time.Now()
	dir := filepath.Join(t.TempDir(), "feed")
	var series []*store.Submission
	for i := range crashes(t) * 2 {
		series = append(series, r.hand(store.Receive, fmt.Sprintf("s%d", i), 4, list, ann))
	}
	for range crashes(t) {
		var group sync.WaitGroup
		for range instances {
			group.Go(func() {
				cmd := exec.Command(os.Args[0])
				cmd.Env = append(os.Environ(), queueVariable+"="+location, mailVariable+"="+r.server.Port(), feedVariable+"="+dir)
				if err := cmd.Start(); err != nil {
					t.Error(err)
					return
				}
				time.Sleep(20*time.Millisecond + rand.N(250*time.Millisecond)) // where it is then is the matter of chance that this is about
				cmd.Process.Kill()
				cmd.Wait()
			})
		}
		group.Wait()
		r.settle()
	}
	f, err := feed.Open(context.Background(), feed.Settings{Dir: dir, Committer: service().From})
	if err != nil {
		t.Fatal(err)
	}
	w := r.worker()
	w.Feed = f
	for range 50 { // leases run out, and what was in flight becomes unknown
		r.later(time.Hour)
		r.once(w)
		r.settle()
		if len(r.queue()) == 0 {
			break
		}
	}
	r.checkAll(series)
	commits, err := f.Append(context.Background(), r.archived(series), r.clock())
	if err != nil || len(commits) != len(series)*4 {
		t.Fatal(len(commits), err)
	}
	if got := count(t, dir); got != len(commits) {
		t.Errorf("the feed has %d mails of %d", got, len(commits))
	}
}

// settle decides on what is of unknown fate by what has arrived, as an operator
// does who reads the mail server's log.
func (r *rig) settle() {
	r.t.Helper()
	copies := map[string]int{}
	for _, m := range r.server.Messages() {
		for _, to := range m.To {
			copies[idOf(m.Data)+" "+to]++
		}
	}
	for _, e := range r.queue() {
		for _, d := range e.Deliveries {
			n := copies[e.MessageID+" "+d.Recipient]
			if n > 1 || d.State == sendmail.Accepted && n != 1 {
				r.t.Errorf("%s has %s %d times, and the queue says %s", d.Recipient, e.MessageID, n, d.State)
			}
			if d.State != sendmail.Unknown {
				continue
			}
			decision := store.Resend
			if n == 1 {
				decision = store.Arrived
			}
			if err := r.store.Settle(context.Background(), e.Message, d.Recipient, decision, r.clock()); err != nil {
				r.t.Error(err)
			}
		}
	}
}

// checkAll looks at each series by itself.
func (r *rig) checkAll(series []*store.Submission) {
	r.t.Helper()
	bySeries := map[string][]mailtest.Message{}
	for _, m := range r.server.Messages() {
		name := seriesOf(idOf(m.Data))
		bySeries[name] = append(bySeries[name], m)
	}
	for _, sub := range series {
		if err := mailtest.CheckSeries(bySeries[seriesOf(sub.Messages[0].MessageID)], wanted(sub)); err != nil {
			r.t.Error(err)
		}
	}
	if q := r.queue(); len(q) != 0 {
		r.t.Errorf("left in the queue: %+v", q)
	}
}

// Several workers on one database send each series once, and in order.
func TestInstancesShareTheQueue(t *testing.T) {
	t.Parallel()
	r := newRig(t, pgtest.Start(t).Database(t, "shared"), mailtest.Options{})
	r.now = time.Now()
	var series []*store.Submission
	for i := range 30 {
		series = append(series, r.hand(store.Receive, fmt.Sprintf("s%d", i), 4, list, ann))
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var group sync.WaitGroup
	for i := range 2 {
		w := r.worker()
		w.Owner, w.AtOnce = fmt.Sprint("instance ", i), 3
		group.Go(func() { w.Run(ctx) })
	}
	r.until(func() bool { return len(r.queue()) == 0 })
	stop()
	group.Wait()
	r.checkAll(series)
	if n := len(r.feed.ids()); n != 120 {
		t.Errorf("the feed has %d mails", n)
	}
}

// until waits, not for ever.
func (r *rig) until(done func() bool) {
	r.t.Helper()
	for range 3000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	r.t.Fatal("it does not come to an end")
}

// Who is told to stop finishes the message in flight, records it, and leaves the
// rest to others at once.
func TestShutdown(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDot, Message: 1, Pause: 300 * time.Millisecond}}})
	sub := r.hand(store.Receive, "a", 3, list)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.worker().Run(ctx)
	}()
	r.until(func() bool { return r.states("a-0@example.org") == "in-flight" })
	stop()
	<-done
	if got := r.states("a-0@example.org") + " " + r.states("a-1@example.org"); got != "accepted pending" {
		t.Errorf("the messages are %s", got)
	}
	r.fed("a-0@example.org")
	if q := r.queue(); len(q) != 3 || q[0].Owner != "" || q[0].Due.After(r.clock()) {
		t.Errorf("the queue is %+v", q)
	}
	r.drain(r.worker())
	r.arrived(wanted(sub))
}

// Who lost the lease does not write the final dot.
func TestLostLease(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{Faults: []mailtest.Fault{{At: mailtest.AtDATA, Message: 1, Pause: 500 * time.Millisecond}}})
	sub := r.hand(store.Receive, "a", 2, list)
	slow := r.worker()
	var group sync.WaitGroup
	group.Go(func() { r.once(slow) })
	r.until(func() bool { return len(r.server.Lines()) > 2 }) // it has said MAIL
	r.later(slow.Lease + time.Second)
	r.once(r.worker())
	group.Wait()
	r.arrived(wanted(sub))
	if q := r.queue(); len(q) != 0 {
		t.Errorf("left in the queue: %+v", q)
	}
}

// A lease is renewed as long as the work takes.
func TestLeaseIsRenewed(t *testing.T) {
	t.Parallel()
	r := fileRig(t, mailtest.Options{})
	sub := r.hand(store.Receive, "a", 2, list)
	departing, goOn := make(chan struct{}, len(sub.Messages)), make(chan struct{})
	slow := r.worker()
	open := slow.Open
	slow.Open = func() (sendmail.Transport, error) {
		transport, err := open()
		return &slowTransport{transport, departing, goOn}, err
	}
	ticks := make(chan time.Time)
	slow.tick = func(time.Duration) (<-chan time.Time, func()) { return ticks, func() {} }
	var group sync.WaitGroup
	group.Go(func() { r.once(slow) })
	<-departing
	for range 5 {
		r.later(slow.Lease / 2)
		ticks <- r.clock() // is taken when the last one was acted upon
		ticks <- r.clock()
		if n := r.once(r.worker()); n != 0 {
			t.Errorf("another worker took over what is worked on")
		}
	}
	if got := r.states("a-0@example.org"); got != "in-flight" {
		t.Errorf("it is %s", got)
	}
	close(goOn)
	group.Wait()
	r.arrived(wanted(sub))
	if got := r.states("a-0@example.org"); got != "accepted" {
		t.Errorf("it is %s", got)
	}
}

// A slowTransport stops before each final dot: it says so, and goes on when it
// is told to.
type slowTransport struct {
	sendmail.Transport
	departing, goOn chan struct{}
}

func (s *slowTransport) Send(ctx context.Context, from string, index int, m sendmail.Outgoing, recipients []string, before func([]string) error) ([]sendmail.Receipt, error) {
	return s.Transport.Send(ctx, from, index, m, recipients, func(to []string) error {
		err := before(to)
		s.departing <- struct{}{}
		<-s.goOn
		return err
	})
}
