package loadtest

import (
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/internal/pgtest"
)

func TestKilledOnSQLite(t *testing.T) {
	small(t)
	testKilled(t, "service.db", 1)
}

func TestKilledOnPostgres(t *testing.T) {
	small(t)
	testKilled(t, pgtest.Start(t).Database(t, "killed"), 2)
}

// troubles are those of a mail server that is no friend: every now and then it
// breaks off at some step, with the message kept or not, or takes its time. It
// puts nothing off: the service would come back in minutes.
func troubles(messages int) []mailtest.Fault {
	kinds := []mailtest.Fault{
		{At: mailtest.AtMAIL, Drop: true},
		{At: mailtest.AtDot, Pause: 300 * time.Millisecond},
		{At: mailtest.AtDot, Drop: true, Keep: true},
		{At: mailtest.AtBody, Drop: true},
		{At: mailtest.AtDot, Drop: true},
	}
	var all []mailtest.Fault
	for n := 7; n < messages; n += 23 {
		f := kinds[len(all)%len(kinds)]
		f.Message, f.Times = n, 1
		all = append(all, f)
	}
	return append(all, mailtest.Fault{At: mailtest.AtDot, Pause: 2 * time.Millisecond}) // so that kills hit what is in flight
}

// testKilled kills instances at random moments while clients submit. Each sends
// the same bytes again until it has an answer. What was answered by success
// arrives once, or is of unknown fate, and then never leaves again by itself.
func testKilled(t *testing.T, database string, instances int) {
	server := mailtest.Start(t, mailtest.Options{Faults: troubles(20_000)})
	s := newService(t, database, instances, server, proxied+"\ttakeover = 2s\n\tmessagesPerIdentity = 100000\n\trequestsPerNetwork = 100000\n")
	clients := enrolAll(t, s, 0, sized(4, 12))
	var stop atomic.Bool
	var lost, known, handed atomic.Int64 // requests without an answer, messages received again, messages
	submitted := make([][]*series, len(clients))
	var group sync.WaitGroup
	for i, c := range clients {
		group.Go(func() {
			for !stop.Load() {
				series := c.series(sized(3, 10))
				submitted[i] = append(submitted[i], series)
				again, doubles := c.insist(s, series)
				lost.Add(int64(again))
				known.Add(int64(doubles))
				handed.Add(int64(len(series.texts)))
				pause(server, &handed)
			}
		})
	}
	kills := sized(3, 100)
	for range kills {
		time.Sleep(50*time.Millisecond + rand.N(600*time.Millisecond)) // where it is then is the matter of chance that this is about
		s.replace(rand.IntN(instances))
	}
	stop.Store(true)
	group.Wait()
	if t.Failed() {
		return
	}
	var all []*series
	for _, list := range submitted {
		all = append(all, list...)
	}
	unknown := s.drain(all)
	checkArrived(t, server, all)
	checkFeed(t, s, all)
	t.Logf("%d kills: %d series, %d requests without an answer, %d messages received again, %d deliveries of unknown fate", kills, len(all), lost.Load(), known.Load(), unknown)
}

// pause is a moment, and up to some seconds while there is much to do.
func pause(server *mailtest.Server, submitted *atomic.Int64) {
	const much = 200
	time.Sleep(rand.N(300 * time.Millisecond))
	for end := time.Now().Add(3 * time.Second); time.Now().Before(end) && submitted.Load()-int64(len(server.Messages())) > much; {
		time.Sleep(50 * time.Millisecond)
	}
}

// insist submits a series until there is an answer, and returns how often there
// was none, and how many messages the service had already.
func (c *client) insist(s *service, series *series) (lost, known int) {
	body := series.request()
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		status, answer, err := c.post(s.at(rand.Int()), body)
		if err != nil {
			lost++
			continue
		}
		if status != http.StatusOK || len(answer.Messages) != len(series.texts) {
			c.t.Errorf("%s: %d %+v", series.name, status, answer)
			return lost, known
		}
		for _, fate := range answer.Messages {
			if fate.Known {
				known++
			}
		}
		return lost, known
	}
	c.t.Errorf("%s: there is no answer", series.name)
	return lost, known
}

// drain has all mailed, deciding on what is of unknown fate as an operator does
// who looks at what arrived, and returns how many decisions that took.
func (s *service) drain(all []*series) (unknown int) {
	s.t.Helper()
	s.rest()
	s.mail.Heal()
	before := s.doubtful()
	time.Sleep(3 * time.Second) // longer than a lease: whoever would send it again by itself does
	if after := s.doubtful(); !maps.Equal(before, after) {
		s.t.Errorf("copies of what is of unknown fate were\n%v, and are\n%v", before, after)
	}
	limit := time.Now().Add(5 * time.Minute)
	for queue := s.queue(); len(queue) > 0; queue = s.queue() {
		if time.Now().After(limit) {
			s.t.Fatalf("the queue is not empty: %+v", queue)
		}
		copies := s.copies()
		for _, m := range queue {
			for _, d := range m.Deliveries {
				if d.State != "unknown" {
					continue
				}
				decision := "--resend"
				if copies[delivery{m.MessageID, d.Recipient}] > 0 {
					decision = "--arrived"
				}
				s.settle(m.Message, d.Recipient, decision)
				unknown++
			}
		}
		s.rest()
	}
	return unknown
}

// rest waits until nothing is left that the service does by itself.
func (s *service) rest() {
	s.t.Helper()
	var left []queued
	for end := time.Now().Add(5 * time.Minute); time.Now().Before(end); time.Sleep(300 * time.Millisecond) {
		queue := s.queue()
		stuck := map[string]bool{} // series with something unknown
		for _, m := range queue {
			if m.has("unknown") {
				stuck[nameOf(m.MessageID)] = true
			}
		}
		left = slices.DeleteFunc(queue, func(m queued) bool { return stuck[nameOf(m.MessageID)] && !m.has("in-flight") })
		if len(left) == 0 {
			return
		}
	}
	s.t.Fatalf("the service does not come to rest; left are %+v", left)
}

func nameOf(id string) string {
	if found := seriesID.FindStringSubmatch(id); found != nil {
		return found[1]
	}
	return ""
}

// A delivery is of one message to one recipient.
type delivery struct{ id, recipient string }

// copies counts what arrived.
func (s *service) copies() map[delivery]int {
	all := map[delivery]int{}
	for _, m := range s.mail.Messages() {
		for _, to := range m.To {
			all[delivery{idOf(m.Data), to}]++
		}
	}
	return all
}

// doubtful are the copies of what is of unknown fate, of which there may be one.
func (s *service) doubtful() map[delivery]int {
	s.t.Helper()
	all := map[delivery]int{}
	queue, copies := s.queue(), s.copies()
	for _, m := range queue {
		for _, d := range m.Deliveries {
			if d.State == "unknown" {
				all[delivery{m.MessageID, d.Recipient}] = copies[delivery{m.MessageID, d.Recipient}]
			}
		}
	}
	for d, n := range copies {
		if n > 1 {
			s.t.Errorf("%s has %s %d times", d.recipient, d.id, n)
		}
	}
	return all
}
