package inbox

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// Servers is the source that public-inbox servers are: those that keep the same
// lists, of which the first that answers counts. It is not for several
// goroutines.
type Servers struct {
	URLs     []string // of the inboxes, such as https://lore.kernel.org/all/; see [ServerURL]
	Tracking Tracking
	Agent    string // User-Agent
	// Offline keeps them from being asked; what they said before counts.
	Offline bool
	// CacheDir keeps what they said; "" for no cache.
	CacheDir string
	// Expire is for how long a thread that was fetched is not fetched again.
	Expire   time.Duration
	Timeouts Timeouts
	Now      time.Time
	Probe    *Probe           // nil asks them as they stand there
	Waiting  func(url string) // is told once of each that takes long; may be nil

	client *http.Client
	order  []string                 // the URLs as they are asked; nil before anybody was
	down   map[string]error         // servers that could not be reached, which are not tried again
	skills map[string]skills        // by URL
	waited map[string]time.Duration // for each of them
	told   map[string]bool          // those of which Waiting was told
}

// ErrOffline means that a server was not asked.
var ErrOffline = errors.New("it is not asked while offline")

// Name is the URL of the first.
func (s *Servers) Name() string { return s.URLs[0] }

// Remote is true.
func (s *Servers) Remote() bool { return true }

// Find implements [Source]. Each message-id takes a request, all the rest
// together one, and then another one finds replies that no reference leads to.
func (s *Servers) Find(ctx context.Context, q Query, broken func(error)) (Answer, error) {
	answer := Answer{AsOf: s.Now}
	err := s.collect(ctx, &answer, requests(q), broken)
	if err != nil && (len(answer.Messages) == 0 || !errors.Is(err, ErrOffline)) {
		return Answer{}, err
	}
	known := map[string]bool{}
	for _, m := range answer.Messages {
		known[m.ID] = true
	}
	var lost Answer
	err = s.collect(ctx, &lost, subjectRequests(slices.Concat(q.Select(answer.Messages), q.Near)), broken)
	var more []request
	for _, m := range lost.Messages {
		if _, reply := patchmail.BaseSubject(m.Line); reply && !known[m.ID] && len(more) < maxLost {
			more = append(more, threadRequest(m.ID))
		}
	}
	if err == nil {
		err = s.collect(ctx, &answer, more, broken)
	}
	if ctx.Err() != nil {
		return Answer{}, ctx.Err()
	}
	if err != nil && !errors.Is(err, ErrNoSearch) && !errors.Is(err, ErrOffline) {
		broken(fmt.Errorf("look for replies without references: %w", err))
	}
	return answer, nil
}

// maxLost is how many replies without references are followed.
const maxLost = 20

// collect adds what some requests find to an answer. ErrOffline comes after all
// of them, for one or more that nothing is known of.
func (s *Servers) collect(ctx context.Context, answer *Answer, all []request, broken func(error)) error {
	var offline error
	for _, r := range all {
		got, err := s.get(ctx, r, broken)
		if errors.Is(err, ErrOffline) {
			offline = err
			continue
		}
		if err != nil {
			return err
		}
		answer.Messages = append(answer.Messages, got.Messages...)
		if got.AsOf.Before(answer.AsOf) {
			answer.AsOf = got.AsOf
		}
		if got.Stale != nil {
			answer.Stale = got.Stale
		}
	}
	return offline
}

// get answers one request: from the cache as long as that is fresh, else from
// the first server that answers, else from the cache however old it is.
func (s *Servers) get(ctx context.Context, r request, broken func(error)) (Answer, error) {
	kept := s.newest(r)
	if kept != nil && r.keeps && !kept.None && s.Now.Sub(kept.Fetched) < s.Expire { // what was not there may be any moment
		if messages, err := s.read(kept, broken); err == nil {
			return Answer{Messages: messages, AsOf: kept.Fetched}, nil
		}
	}
	err := ErrOffline
	if !s.Offline {
		var messages []*Message
		if messages, err = s.ask(ctx, r, broken); err == nil {
			return Answer{Messages: messages, AsOf: s.Now}, nil
		}
	}
	if ctx.Err() == nil && kept != nil {
		if messages, readErr := s.read(kept, broken); readErr == nil {
			return Answer{Messages: messages, AsOf: kept.Fetched, Stale: err}, nil
		}
	}
	return Answer{}, err
}

// ask asks one server after the other until one answers.
func (s *Servers) ask(ctx context.Context, r request, broken func(error)) ([]*Message, error) {
	var failed []error
	for _, url := range s.inOrder(ctx) {
		if err := s.down[url]; err != nil {
			failed = append(failed, err)
			continue
		}
		got, err := s.fetch(ctx, url, r)
		var messages []*Message
		if err == nil {
			messages, err = s.read(got, broken)
		}
		if err == nil {
			s.keep(r, got)
			return messages, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if unreachable(err) {
			if s.down == nil {
				s.down = map[string]error{}
			}
			s.down[url] = err
		}
		failed = append(failed, err)
	}
	return nil, errors.Join(failed...)
}

// newest is the newest of what the servers said before, nil for nothing.
func (s *Servers) newest(r request) *reply {
	var newest *reply
	for _, url := range s.URLs {
		if kept := s.kept(url, r); kept != nil && (newest == nil || kept.Fetched.After(newest.Fetched)) {
			newest = kept
		}
	}
	return newest
}
