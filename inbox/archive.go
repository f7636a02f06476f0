package inbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// An Archive is all the sources that are configured, in that order.
type Archive struct {
	Sources []Source
	Lists   Preference // which copy of a message counts
	Offline bool       // its servers are not asked
	// Fresh is for how long nothing newer is looked for: a server is not asked
	// when mirrors that are no older have everything that was asked for.
	Fresh time.Duration
	Now   time.Time
}

// A Result is what an archive has of the threads that were asked for.
type Result struct {
	Messages []*Message // each once, ordered by date, then by message-id
	Sources  []Status   // of those that were asked, in the order of the sources
}

// A Status says what became of asking one source.
type Status struct {
	Name   string
	Remote bool
	AsOf   time.Time // when it last took in what was new; zero when that is unknown
	Count  int       // of the messages it has
	Stale  error     // why an older answer of a server has to do
	Err    error     // why it gave no answer
}

// Because names the source in front of an error of its, once.
func (s *Status) Because(err error) string {
	if errors.As(err, new(*ServerError)) { // which of several servers it was is in there
		return err.Error()
	}
	return fmt.Sprintf("%s: %v", s.Name, err)
}

// A NoAnswerError means that what was asked for was in none of the sources that
// answered, and that others did not: nothing is known then.
type NoAnswerError struct{ Failed []Status }

func (e *NoAnswerError) Error() string {
	var words []string
	for _, s := range e.Failed {
		words = append(words, s.Because(s.Err))
	}
	return "no answer from " + strings.Join(words, "; ")
}

// Unwrap gives the causes.
func (e *NoAnswerError) Unwrap() []error {
	var all []error
	for _, s := range e.Failed {
		all = append(all, s.Err)
	}
	return all
}

// Find puts together what the sources have of the threads asked for. A source
// that fails does not keep the others from answering: it is in the statuses.
// Where nothing was found and a source failed, that is a *NoAnswerError.
// Servers are asked last, and see [Archive.Fresh].
func (a *Archive) Find(ctx context.Context, q Query, broken func(error)) (*Result, error) {
	s := search{archive: a, ctx: ctx, query: q, broken: broken}
	for _, source := range a.Sources {
		s.answers = append(s.answers, &sourceAnswer{source: source, asking: map[string]bool{}, has: map[string]bool{}, near: map[string]bool{}})
	}
	s.ask(false)
	if !s.suffices() {
		s.ask(true)
		s.ask(false)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return s.result()
}

// A search collects what the sources answer.
type search struct {
	archive *Archive
	ctx     context.Context
	query   Query
	broken  func(error)
	answers []*sourceAnswer
}

type sourceAnswer struct {
	source Source
	Answer
	asked       bool
	err         error
	asking, has map[string]bool // message-ids
	near        map[string]bool // of messages of others that it was told of
}

// rounds is how often sources are asked for what others have: a thread can go
// from one to the next.
const rounds = 3

// ask asks the sources that are remote, or those that are not, first for what
// is searched for, then for the threads of what others found.
func (s *search) ask(remote bool) {
	for range rounds {
		news := false
		for _, a := range s.answers {
			if a.source.Remote() != remote || a.err != nil {
				continue
			}
			found := s.found()
			q := Query{IDs: a.unknown(neighbours(found, remote)), Near: a.others(found)}
			if !a.asked {
				q.ChangeIDs, q.PatchIDs = s.query.ChangeIDs, s.query.PatchIDs
				q.IDs = append(q.IDs, a.unknown(s.query.IDs)...)
			}
			news = s.askOne(a, q) || news
		}
		if !news {
			return
		}
	}
}

// askOne is true when the source has messages that it was not known to have.
func (s *search) askOne(a *sourceAnswer, q Query) bool {
	if q.Empty() {
		return false
	}
	answer, err := a.source.Find(s.ctx, q, s.broken)
	again := a.asked
	a.asked = true
	if err != nil {
		if len(a.Messages) == 0 || !errors.Is(err, ErrOffline) { // else it is about what nobody asked it for before
			a.err = err
		}
		return false
	}
	for _, id := range q.IDs {
		a.asking[id] = true
	}
	for _, m := range q.Near {
		a.near[m.ID] = true
	}
	before := a.Messages
	for _, m := range answer.Messages {
		if !a.has[m.ID] {
			before = append(before, m)
		}
	}
	news := len(before) > len(a.Messages)
	if was := a.Answer; again {
		answer.Stale = cmp.Or(answer.Stale, was.Stale)
		if was.AsOf.Before(answer.AsOf) {
			answer.AsOf = was.AsOf
		}
	}
	a.Answer, a.Messages = answer, before
	for _, m := range before {
		a.has[m.ID] = true
	}
	return news
}

// unknown are the ids that the source does not have and was not asked for.
func (a *sourceAnswer) unknown(ids []string) []string {
	var left []string
	seen := map[string]bool{}
	for _, id := range ids {
		if !a.asking[id] && !a.has[id] && !seen[id] {
			seen[id] = true
			left = append(left, id)
		}
	}
	return left
}

// others are the messages that the source does not have, none if it was told of all
// of them.
func (a *sourceAnswer) others(found []*Message) []*Message {
	var all []*Message
	news := false
	for _, m := range found {
		if !a.has[m.ID] {
			all = append(all, m)
			news = news || !a.near[m.ID]
		}
	}
	if !news {
		return nil
	}
	return all
}

// neighbours are the message-ids by which other sources may have more of what
// was found: all of it and what it answers, or for a server, where each takes a
// request of its own, what the threads begin with.
func neighbours(found []*Message, remote bool) []string {
	var ids []string
	if !remote {
		for _, m := range found {
			ids = append(append(ids, m.ID), m.Parents...)
		}
		return ids
	}
	for _, tree := range Threads(found) {
		top := tree.ID
		if tree.Post >= 0 && len(found[tree.Post].Parents) > 0 {
			top = found[tree.Post].Parents[0]
		}
		ids = append(ids, top)
	}
	return ids
}

// found is what all sources have by now of the threads asked for, each message
// once.
func (s *search) found() []*Message {
	var all []*Message
	for _, a := range s.answers {
		all = append(all, a.Messages...)
	}
	return s.archive.Lists.unique(s.query.Select(all)) // copies can differ in what they are found by
}

// suffices is true when a server would have nothing to add: mirrors that are
// fresh have everything asked for.
func (s *search) suffices() bool {
	var fresh []*Message
	for _, a := range s.answers {
		if a.Mirror && a.err == nil && s.archive.Now.Sub(a.AsOf) <= s.archive.Fresh {
			fresh = append(fresh, a.Messages...)
		}
	}
	return s.query.answered(fresh)
}

func (s *search) result() (*Result, error) {
	r := &Result{Messages: s.found()}
	var failed []Status
	for _, a := range s.answers {
		if !a.asked {
			continue
		}
		status := Status{Name: a.source.Name(), Remote: a.source.Remote(), AsOf: a.AsOf, Count: len(a.Messages), Stale: a.Stale, Err: a.err}
		r.Sources = append(r.Sources, status)
		if status.Err != nil {
			failed = append(failed, status)
		}
	}
	if len(r.Messages) == 0 && len(failed) > 0 {
		return nil, &NoAnswerError{Failed: failed}
	}
	return r, nil
}
