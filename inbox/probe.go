package inbox

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/durable"
)

// A Probe finds out which of the servers that keep the same lists answers first, and
// has them asked in that order.
type Probe struct {
	Timeout time.Duration // after which one counts as down
	TTL     time.Duration // for how long the order is believed
}

// A probed order is kept beside what the servers said.
type probed struct {
	At   time.Time
	URLs []string // as they were configured
	Took []time.Duration
}

// inOrder are the servers in the order in which they are to be asked.
func (s *Servers) inOrder(ctx context.Context) []string {
	if s.order != nil {
		return s.order
	}
	s.order = s.URLs
	if s.Probe == nil || len(s.URLs) < 2 {
		return s.order
	}
	known, file := s.probedBefore()
	if known == nil {
		known = &probed{At: s.Now, URLs: s.URLs, Took: s.probe(ctx)}
		if text, err := json.Marshal(known); err == nil && file != "" && ctx.Err() == nil && os.MkdirAll(s.CacheDir, 0o700) == nil {
			_ = durable.Write(file, text, 0o600) // it is a cache
		}
	}
	took := map[string]time.Duration{}
	for i, url := range known.URLs {
		took[url] = known.Took[i]
	}
	s.order = slices.Clone(s.URLs)
	slices.SortStableFunc(s.order, func(a, b string) int { return cmp.Compare(took[a], took[b]) })
	return s.order
}

// probedBefore is what is known of these servers, nil for nothing, and the file for
// it, "" for none.
func (s *Servers) probedBefore() (known *probed, file string) {
	if s.CacheDir == "" {
		return nil, ""
	}
	sum := sha256.Sum256([]byte("probe\n" + strings.Join(s.URLs, "\n")))
	file = filepath.Join(s.CacheDir, hex.EncodeToString(sum[:16]))
	text, err := os.ReadFile(file)
	var was probed
	if err != nil || json.Unmarshal(text, &was) != nil || !slices.Equal(was.URLs, s.URLs) || len(was.Took) != len(was.URLs) ||
		was.At.After(s.Now) || s.Now.Sub(was.At) > s.Probe.TTL {
		return nil, file
	}
	return &was, file
}

// probe measures all servers at once. One that gives no answer takes longer than any
// other.
func (s *Servers) probe(ctx context.Context) []time.Duration {
	took := make([]time.Duration, len(s.URLs))
	client := newClient(s.Timeouts)
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for i, url := range s.URLs {
		all.Go(func() {
			begun := time.Now()
			if took[i] = s.Probe.Timeout; s.answers(ctx, client, url) {
				took[i] = min(took[i]-1, time.Since(begun))
			}
		})
	}
	all.Wait()
	return took
}

func (s *Servers) answers(ctx context.Context, client *http.Client, url string) bool {
	ctx, cancel := context.WithTimeout(ctx, s.Probe.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return false
	}
	req.Header.Set("User-Agent", s.Agent)
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode < http.StatusInternalServerError
}
