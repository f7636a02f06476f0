package loadtest

import (
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/internal/pgtest"
)

// settings for clients behind a proxy, with standard limits.
const proxied = "\ttrustedProxy = 127.0.0.0/8\n"

func TestLoadOnSQLite(t *testing.T) {
	small(t)
	testLoad(t, "SQLite", "service.db", 1)
}

func TestLoadOnPostgres(t *testing.T) {
	small(t)
	testLoad(t, "PostgreSQL", pgtest.Start(t, "fsync=on").Database(t, "load"), 2)
}

// testLoad has many clients submit at once. Nothing may be lost or doubled, or
// leave out of order, and the feed has everything.
func testLoad(t *testing.T, kind, database string, instances int) {
	server := mailtest.Start(t, mailtest.Options{})
	s := newService(t, database, instances, server, proxied)
	clients := enrolAll(t, s, 0, sized(4, 50))
	patches := sized(3, 10)
	submissions := make([][]*series, len(clients))
	for i, c := range clients {
		for range sized(2, 4) {
			submissions[i] = append(submissions[i], c.series(patches))
		}
	}
	var lock sync.Mutex
	begun, answered := map[string]time.Time{}, []time.Duration{}
	begin := time.Now()
	var group sync.WaitGroup
	for i, c := range clients {
		group.Go(func() {
			for _, series := range submissions[i] {
				body := series.request()
				start := time.Now()
				status, answer, err := c.post(s.at(i), body)
				if err != nil || status != http.StatusOK {
					t.Errorf("%s: %d %+v %v", series.name, status, answer, err)
					return
				}
				lock.Lock()
				begun[series.name], answered = start, append(answered, time.Since(start))
				lock.Unlock()
			}
		})
	}
	group.Wait()
	accepted := time.Since(begin)
	if t.Failed() {
		return
	}
	all := slices.Concat(submissions...)
	notices := 2 * len(clients) // challenges, and news of keys
	// Looking at the queue is work too, which would count.
	waitFor(t, "the mail", 5*time.Minute, func() bool { return len(server.Messages()) >= len(all)*(patches+1)+notices })
	waitFor(t, "the queue to be empty", 5*time.Minute, func() bool { return len(s.queue()) == 0 })
	checkArrived(t, server, all)
	checkFeed(t, s, all)
	var mailed []time.Duration
	last := begin
	for name, messages := range arrived(server) {
		at := messages[len(messages)-1].Arrived
		mailed = append(mailed, at.Sub(begun[name]))
		if at.After(last) {
			last = at
		}
	}
	if len(mailed) == 0 {
		t.Fatal("nothing was mailed")
	}
	t.Logf("%s, %d instances: %d series of %d messages by %d clients at once", kind, instances, len(all), patches+1, len(clients))
	t.Logf("taken over: %.1f series/s; answer after %v (p50), %v (p99)", float64(len(all))/accepted.Seconds(), percentile(answered, 50), percentile(answered, 99))
	t.Logf("mailed: %.1f series/s; whole series after %v (p50), %v (p99)", float64(len(all))/last.Sub(begin).Seconds(), percentile(mailed, 50), percentile(mailed, 99))
	for n := range instances {
		t.Logf("instance %d had at most %d MB in memory", n, s.at(n).peakMemory(t))
	}
}

// percentile is the smallest value that p percent do not exceed.
func percentile(values []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)*p+99)/100-1].Round(time.Millisecond)
}
