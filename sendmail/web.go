package sendmail

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/sendmail/smtp"
)

// A Web is the transport over a web submission endpoint: one request takes all
// messages to the service, which mails each to all whom its headers name. Its
// receipts say that the service has taken a message over.
type Web struct {
	client    *endpoint.Client
	reflect   bool
	grace     time.Duration
	waiting   func(step string, limit time.Duration) // nil: nobody wants to know
	described bool
	service   *endpoint.Service // nil: it cannot tell
}

// webAnswer is how long a service has for its answer (spec/mail.md 4.4, F50).
func (s Settings) webLimits() endpoint.Limits {
	l, standard := s.limits(), endpoint.StandardLimits()
	answer := standard.Answer
	if s.ReplyLimit > 0 {
		scaled := time.Duration(float64(answer) * float64(s.ReplyLimit) / float64(smtp.StandardLimits().Command))
		answer = max(scaled, min(answer, s.ReplyLimit))
	}
	return endpoint.Limits{Connect: l.Connect, TLS: l.TLS, Write: l.Write, Answer: answer}
}

func newWeb(s Settings) (*Web, error) {
	w := &Web{reflect: s.Reflect, grace: s.limits().Grace}
	c := endpoint.Config{URL: s.Endpoint, Agent: s.Agent, Limits: s.webLimits(), Trace: s.Trace,
		Waiting: func(step string, limit time.Duration) {
			if w.waiting != nil {
				w.waiting(step, limit)
			}
		}}
	if s.WebCA != "" {
		pem, err := os.ReadFile(s.WebCA)
		if err != nil {
			return nil, fmt.Errorf("configuration http.sslCAInfo: %w", err)
		}
		c.Roots = x509.NewCertPool()
		if !c.Roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("configuration http.sslCAInfo: %s holds no certificate", clean(s.WebCA))
		}
	}
	var err error
	w.client, err = endpoint.NewClient(c)
	return w, err
}

func (w *Web) watch(waiting func(step string, limit time.Duration)) { w.waiting = waiting }

// String names the service.
func (w *Web) String() string { return clean("the web endpoint " + w.client.URL()) }

// Via is the service's URL.
func (w *Web) Via() string { return w.client.URL() }

// Client is for other requests to the service.
func (w *Web) Client() *endpoint.Client { return w.client }

// Authorize does nothing: the messages are signed.
func (w *Web) Authorize(context.Context) error { return nil }

// Close does nothing.
func (w *Web) Close() error { return nil }

// Describe asks the service once what it does; nil when it cannot tell.
func (w *Web) Describe(ctx context.Context) (*endpoint.Service, error) {
	if w.described {
		return w.service, nil
	}
	var err error
	if w.service, err = w.client.Describe(ctx); err != nil {
		return nil, err
	}
	w.described = true
	return w.service, nil
}

// Tells says that the service, once described, can be asked later what it has.
func (w *Web) Tells() bool { return w.service != nil }

// Prepare finds out whether the service is there, and what it takes.
func (w *Web) Prepare(ctx context.Context, messages []Outgoing) (Abilities, error) {
	able := Abilities{EightBit: true, UTF8: true}
	service, err := w.Describe(ctx)
	if err != nil || service == nil {
		return able, err
	}
	able.MaxSize = service.MaxMessage
	if n := service.MaxMessages; n > 0 && len(messages) > n {
		return able, fmt.Errorf("the web endpoint takes at most %d messages at a time, and these are %d", n, len(messages))
	}
	return able, nil
}

// Send carries one message.
func (w *Web) Send(ctx context.Context, _ string, index int, m Outgoing, recipients []string,
	before func(recipients []string) error) ([]Receipt, error) {
	m.Recipients = recipients
	return w.SendAll(ctx, []Numbered{{index, m}}, func() error { return before(recipients) })
}

// SendAll carries all messages in one request. An interrupt ends it as long as
// its end is here; then it leaves it the time of grace.
func (w *Web) SendAll(ctx context.Context, messages []Numbered, before func() error) ([]Receipt, error) {
	request := endpoint.Request{Action: endpoint.ActionReceive}
	if w.reflect {
		request.Action = endpoint.ActionReflect
	}
	var ids []string
	for _, m := range messages {
		request.Messages = append(request.Messages, string(m.Raw))
		ids = append(ids, m.ID)
	}
	call, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	var out atomic.Bool
	defer context.AfterFunc(ctx, func() {
		if out.Load() {
			time.AfterFunc(w.grace, cancel)
		} else {
			cancel()
		}
	})()
	defer context.AfterFunc(smtp.Hurry(ctx), cancel)()
	answer, err := w.client.Submit(call, request, func() error {
		out.Store(true)
		if err := ctx.Err(); err != nil {
			return err
		}
		return before()
	})
	return w.receipts(messages, ids, answer, err)
}

// receipts tell what an answer means for each message.
func (w *Web) receipts(messages []Numbered, ids []string, answer endpoint.Answer, err error) ([]Receipt, error) {
	code, otherwise := 200, Accepted
	reply := answer.Message
	refused, unclear := (*endpoint.RefusedError)(nil), (*endpoint.UnclearError)(nil)
	switch {
	case errors.As(err, &refused):
		answer, code, reply, otherwise = refused.Answer, refused.Status, refused.Error(), Refused
		if answer.RetryAfter > 0 {
			otherwise = Deferred
		}
	case errors.As(err, &unclear):
		code, reply, otherwise = unclear.Status, unclear.Error(), Unknown
	case err != nil:
		return nil, err // nothing left
	}
	fates, ok := answer.FatesOf(ids)
	if ok && refused != nil && !slices.ContainsFunc(fates, keptAnyway) {
		// The whole is refused for one reason, or put off, whichever message it names.
		if len(fates) > 0 && !strings.Contains(answer.Message, answer.Messages[0].Reason) {
			reply += ": " + answer.Messages[0].Reason
		}
		fates = nil
	}
	if !ok {
		otherwise, fates, reply = Unknown, nil, "what the web endpoint says of the messages makes no sense"
	}
	var all []Receipt
	for i, m := range messages {
		state, said, fate := otherwise, reply, endpoint.Fate{}
		if fates != nil {
			fate = fates[i]
			state, said = stateOf(fate, otherwise)
		}
		for _, to := range m.Recipients {
			r := Receipt{Message: m.Index, Recipient: to, State: state, Step: AtEndpoint, Code: code, Reply: clean(said), Time: time.Now(), Via: w.client.URL()}
			if words, no := fate.Refused[to]; no && state == Accepted {
				r.State, r.Reply = Refused, clean(words)
			}
			all = append(all, r)
		}
	}
	return all, nil
}

// keptAnyway says that a message was, or may have been, taken though the
// request was refused.
func keptAnyway(f endpoint.Fate) bool { return f.State != "" && f.State != endpoint.Rejected }

// stateOf is what became of a message for all its recipients. Of one that a
// successful answer passes over nothing is known; one that is refused by an
// answer that asks to wait is not refused for good.
func stateOf(f endpoint.Fate, otherwise State) (State, string) {
	if f.State == endpoint.Rejected && otherwise == Deferred {
		return Deferred, "the web endpoint puts it off: " + f.Reason
	}
	switch f.State {
	case endpoint.Queued:
		return Accepted, "the web endpoint will mail it"
	case endpoint.Mailed:
		return Accepted, "the web endpoint has mailed it"
	case endpoint.Rejected:
		return Refused, "the web endpoint refuses it: " + f.Reason
	case "":
		if otherwise == Refused || otherwise == Deferred {
			return otherwise, "the web endpoint took nothing of the series"
		}
	}
	return Unknown, "the web endpoint does not know what became of it"
}
