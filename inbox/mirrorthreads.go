package inbox

import (
	"context"
	"errors"
	"maps"
	"slices"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
)

// maxSubject is how many mails with one subject are looked at.
const maxSubject = 200

// threads reads the threads that a query asks for, and what may be of them.
func (m *Mirror) threads(ctx context.Context, q Query, broken func(error)) ([]*Message, error) {
	epochs, err := findEpochs(m.Dir)
	if err != nil {
		return nil, err
	}
	t := threadReader{mirror: m, epochs: map[string]epoch{}, broken: broken, seen: map[int64]bool{}, asked: map[int64]bool{}}
	for _, e := range epochs {
		t.epochs[e.name] = e
	}
	var keys []int64
	for _, id := range q.IDs {
		keys = append(keys, keyOf(tieID, id), keyOf(tieParent, id))
	}
	for _, id := range q.ChangeIDs {
		keys = append(keys, keyOf(tieChange, id))
	}
	for _, id := range q.PatchIDs {
		keys = append(keys, keyOf(tiePatch, id))
	}
	near := map[string]*Message{}
	for _, m := range q.Near {
		near[m.ID] = m
	}
	for len(keys) > 0 || len(near) > 0 {
		known := len(t.messages)
		for len(keys) > 0 {
			if keys, err = t.step(ctx, keys); err != nil {
				return nil, err
			}
		}
		found := t.messages[known:]
		for _, m := range found {
			delete(near, m.ID)
		}
		found = append(slices.Clone(found), slices.Collect(maps.Values(near))...)
		clear(near)
		for _, m := range found {
			more, err := t.bySubject(ctx, m)
			if err != nil {
				return nil, err
			}
			keys = append(keys, more...)
		}
	}
	return t.messages, nil
}

// A threadReader goes from mail to mail along the ties of the index.
type threadReader struct {
	mirror   *Mirror
	epochs   map[string]epoch
	broken   func(error)
	messages []*Message
	seen     map[int64]bool // mails that were read
	asked    map[int64]bool // keys that were looked up
}

// step reads the mails that have one of the keys, and returns the keys by which
// they lead on.
func (t *threadReader) step(ctx context.Context, keys []int64) ([]int64, error) {
	fresh := t.unasked(keys)
	found, err := t.read(ctx, fresh)
	if err != nil {
		return nil, err
	}
	var next []int64
	for _, m := range found {
		next = append(next, keyOf(tieParent, m.ID))
		for _, id := range m.Parents {
			next = append(next, keyOf(tieID, id), keyOf(tieParent, id))
		}
	}
	return next, nil
}

func (t *threadReader) unasked(keys []int64) []int64 {
	var fresh []int64
	for _, k := range keys {
		if !t.asked[k] {
			t.asked[k] = true
			fresh = append(fresh, k)
		}
	}
	return fresh
}

// read reads the mails that have one of the keys, and were not read before.
func (t *threadReader) read(ctx context.Context, keys []int64) ([]*Message, error) {
	places, err := t.mirror.index.lookUp(ctx, keys)
	if err != nil {
		return nil, err
	}
	var found []*Message
	for _, p := range places {
		if t.seen[p.n] {
			continue
		}
		t.seen[p.n] = true
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, err := t.mail(p)
		if err != nil {
			t.broken(&MailError{File: t.epochs[p.epoch].dir + ":" + string(p.blob), Err: err})
			continue
		}
		found = append(found, m)
	}
	t.messages = append(t.messages, found...)
	return found, nil
}

func (t *threadReader) mail(p place) (*Message, error) {
	e := t.epochs[p.epoch]
	object, err := t.mirror.repo(e).Read(string(p.blob))
	if errors.As(err, new(*gitrepo.MissingError)) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	m, err := Parse(Mail{Raw: object.Data, File: t.mirror.Dir}, t.mirror.Tracking)
	if err != nil {
		return nil, err
	}
	m.Raw = object.Data
	return m, nil
}

// bySubject looks for what [patchmail.Threads] needs to see whether a subject
// puts a reply somewhere: for a message the keys of replies to its subject that
// answer nothing here; for such a reply it reads the messages with its subject.
func (t *threadReader) bySubject(ctx context.Context, m *Message) ([]int64, error) {
	base, reply := patchmail.BaseSubject(m.Line)
	if base == "" {
		return nil, nil
	}
	if reply {
		lost, err := t.lost(ctx, m)
		if err == nil && lost {
			_, err = t.read(ctx, t.unasked([]int64{keyOf(tieSubject, base)}))
		}
		return nil, err
	}
	places, err := t.mirror.index.lookUp(ctx, t.unasked([]int64{keyOf(tieReply, base)}))
	if err != nil {
		return nil, err
	}
	var keys []int64
	for _, p := range places[:min(len(places), maxSubject)] {
		if t.seen[p.n] {
			continue
		}
		candidate, err := t.mail(p)
		if err != nil {
			continue // the index is of another time than the repository
		}
		if lost, err := t.lost(ctx, candidate); err != nil {
			return nil, err
		} else if lost {
			keys = append(keys, keyOf(tieID, candidate.ID))
		}
	}
	return keys, nil
}

// lost is true of a message that answers nothing that is here.
func (t *threadReader) lost(ctx context.Context, m *Message) (bool, error) {
	var keys []int64
	for _, id := range m.Parents {
		keys = append(keys, keyOf(tieID, id))
	}
	slices.Sort(keys)
	places, err := t.mirror.index.lookUp(ctx, slices.Compact(keys))
	return len(places) == 0, err
}
