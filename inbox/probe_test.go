package inbox_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
)

// Of servers with the same lists the one that answers first is asked first, and that
// is believed for a while. Nobody is measured unasked, or offline.
func TestProbe(t *testing.T) {
	t.Parallel()
	var measured atomic.Int32
	server := func(late time.Duration, status int) *fakeServer {
		return fake(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead {
				measured.Add(1)
				select {
				case <-time.After(late):
				case <-r.Context().Done():
				}
				w.WriteHeader(status)
				return
			}
			w.Write(gzipped(letterA))
		})
	}
	// The second is fast, the others are slow, failing, and away.
	slow, fast, failing := server(time.Hour, 200), server(0, 404), server(0, 502)
	dir := t.TempDir()
	for _, tc := range []struct {
		why      string
		age      time.Duration
		probe    *inbox.Probe
		offline  bool
		from     string
		measured int32
	}{
		{why: "as they stand there", from: slow.URL},
		{why: "measured", probe: &inbox.Probe{Timeout: time.Second, TTL: time.Hour}, from: fast.URL, measured: 3},
		{why: "known", age: 59 * time.Minute, probe: &inbox.Probe{Timeout: time.Second, TTL: time.Hour}, from: fast.URL, measured: 3},
		{why: "too old", age: 61 * time.Minute, probe: &inbox.Probe{Timeout: time.Second, TTL: time.Hour}, from: fast.URL, measured: 6},
		{why: "by a clock that was set back", age: -time.Hour, probe: &inbox.Probe{Timeout: time.Second, TTL: time.Hour}, from: fast.URL, measured: 9},
		{why: "offline", probe: &inbox.Probe{Timeout: time.Second, TTL: 0}, offline: true, measured: 9},
	} {
		s := servers(slow.URL + "/l/")
		s.URLs = append(s.URLs, "http://127.0.0.1:1/l/", failing.URL+"/l/", fast.URL+"/l/")
		s.Probe, s.Offline, s.CacheDir, s.Now = tc.probe, tc.offline, dir, time.Now().Add(tc.age)
		got, err := s.Find(t.Context(), queryA, failOnBroken(t))
		if tc.offline {
			if measured.Load() != tc.measured {
				t.Errorf("%s: measured %d times", tc.why, measured.Load())
			}
			continue
		}
		if err != nil || len(got.Messages) != 1 || got.Messages[0].File != tc.from+"/l/a@example.org/" || measured.Load() != tc.measured {
			t.Errorf("%s: %+v, %v; measured %d times, want %d", tc.why, got, err, measured.Load(), tc.measured)
		}
	}
}
