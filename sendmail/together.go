package sendmail

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// A PartlySentError reports a message that some of its recipients are done
// with, and that a web endpoint would mail to all of them.
type PartlySentError struct{ Name string }

func (e *PartlySentError) Error() string {
	return fmt.Sprintf("some recipients of %s are done with, and a web endpoint would mail it to all of them", clean(e.Name))
}

// ErrUnsigned reports a send whose messages are not signed, so that no web
// endpoint can know whose they are.
var ErrUnsigned = errors.New("the messages are not signed, and a web endpoint takes only what is")

// together sends everything that is open at once, with patience.
func (r *run) together(ctx context.Context, t wholesale) error {
	for pauses := 0; ; pauses++ {
		messages, err := r.whole()
		if err != nil || len(messages) == 0 {
			return err
		}
		var departing []record
		for _, m := range messages {
			departing = append(departing, record{Message: m.Index, Recipients: m.Recipients, Step: AtEndpoint, Via: t.Via()})
			r.progress(r.event(m.Index))
		}
		first := messages[0].Index
		r.current = first
		got, err := t.SendAll(ctx, messages, func() error { return r.j.departAll(departing...) })
		if logErr := r.j.Append(got...); logErr != nil {
			return errors.Join(err, logErr)
		}
		if err != nil {
			if again, err := r.afterError(ctx, first, pauses, err); !again {
				return err
			}
			continue
		}
		r.tellAll(got)
		why, deferred := worstOf(got)
		pause, worthwhile := r.policy.pauseAfter(pauses, replies(got)...)
		if !deferred || !worthwhile || ctx.Err() != nil {
			r.stopped = why
			return nil
		}
		if err := r.pause(ctx, first, pause, why); err != nil {
			return err
		}
	}
}

// whole are the messages that are open, for all of their recipients.
func (r *run) whole() ([]Numbered, error) {
	if r.j.plan.Signer == nil {
		return nil, ErrUnsigned
	}
	var all []Numbered
	for i := range r.j.plan.Messages {
		open := r.j.open(i)
		if len(open) == 0 {
			continue
		}
		m, err := r.j.Message(i)
		if err != nil {
			return nil, err
		}
		if len(open) < len(m.Recipients) {
			return nil, &PartlySentError{Name: m.Name}
		}
		all = append(all, Numbered{i, m})
	}
	return all, nil
}

// tellAll reports what became of each message.
func (r *run) tellAll(got []Receipt) {
	alike := !slices.ContainsFunc(got, func(o Receipt) bool { return o.State != got[0].State || o.Reply != got[0].Reply })
	for len(got) > 0 {
		n := 1
		for n < len(got) && got[n].Message == got[0].Message {
			n++
		}
		e := r.event(got[0].Message)
		e.Done, e.Receipts, e.Alike = true, got[:n], alike
		r.progress(e)
		got = got[n:]
	}
}

// worstOf says why a send is not complete, "" when it is, and whether another
// try may help.
func worstOf(got []Receipt) (why string, deferred bool) {
	found := map[State]string{}
	for _, r := range got {
		if found[r.State] == "" {
			found[r.State] = answer(r)
		}
	}
	switch {
	case found[Unknown] != "":
		return "it is not known what became of the series: " + found[Unknown], false
	case found[Refused] != "" && found[Accepted] == "":
		return found[Refused], false
	case found[Deferred] != "":
		return "the series could not be sent now: " + found[Deferred], true
	}
	return "", false
}
