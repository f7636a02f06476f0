package server

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/relay"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// receive takes over a series, for the list or for its author alone: all of it
// or nothing.
func (x *exchange) receive(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	if len(r.Messages) == 0 {
		return nil, refuse(http.StatusBadRequest, "Missing the messages array")
	}
	if len(r.Messages) > x.Limits.Messages {
		return nil, refuse(http.StatusRequestEntityTooLarge, "The series has %d messages, and %d may come in one request", len(r.Messages), x.Limits.Messages)
	}
	kind := store.Receive
	if r.Action == endpoint.ActionReflect {
		kind = store.Reflect
	}
	c := &checking{exchange: x, kind: kind}
	sub, err := c.all(ctx, r.Messages)
	if c.end != nil {
		defer c.end(context.WithoutCancel(ctx))
	}
	if err != nil {
		return nil, err
	}
	if x.DryRun && kind == store.Receive {
		return success("Dry run: would have sent %d messages for %s/%s", len(r.Messages), sub.Identity, sub.Selector), nil
	}
	return x.accept(ctx, sub)
}

// accept puts a checked series into the store, and tells what is known of it.
func (x *exchange) accept(ctx context.Context, sub *store.Submission) (*endpoint.Answer, error) {
	// Only what is new counts: others have copies of what was mailed.
	known, err := x.store.Accept(ctx, sub, hourly(store.Limit{Scope: "messages of " + sub.Identity, Most: x.Limits.Received})...)
	if conflict := (*store.ConflictError)(nil); errors.As(err, &conflict) {
		return nil, about(conflict.Index, sub.Messages[conflict.Index].Subject, sub.Messages[conflict.Index].MessageID,
			refuse(http.StatusConflict, "%s", conflict.Error()))
	}
	if err != nil {
		return nil, x.tooOften(err)
	}
	fates, err := x.fates(ctx, sub, known)
	if err != nil {
		return nil, err
	}
	x.messages = len(sub.Messages) - len(known)
	done := "Sent"
	if sub.Kind == store.Reflect {
		done = "Reflected"
	}
	answer := success("%s %d messages for %s/%s", done, len(sub.Messages), sub.Identity, sub.Selector)
	if len(known) > 0 {
		answer.Message = success("%s; %d of them were received before and are not mailed again", answer.Message, len(known)).Message
	}
	answer.Messages = fates
	return answer, nil
}

// fates are those of the messages of a submission; only what is known from
// before can be anything but queued.
func (x *exchange) fates(ctx context.Context, sub *store.Submission, known []int) ([]endpoint.Fate, error) {
	fates := make([]endpoint.Fate, len(sub.Messages))
	var ids []string
	for i, m := range sub.Messages {
		fates[i] = endpoint.Fate{MessageID: m.MessageID, Subject: patchmail.PrintableLine(m.Subject), State: endpoint.Queued}
		if slices.Contains(known, i) {
			ids = append(ids, m.MessageID)
		}
	}
	entries, err := x.store.Fates(ctx, sub.Identity, ids)
	if err != nil {
		return nil, err
	}
	for n, i := range known {
		fates[i] = fate(entries[n], sub.Messages[i].MessageID)
		fates[i].Known = true
	}
	return fates, nil
}

// fate is what is known of a message, nil for nothing.
func fate(e *store.Entry, messageID string) endpoint.Fate {
	if e == nil {
		return endpoint.Fate{MessageID: messageID, State: endpoint.Absent}
	}
	f := endpoint.Fate{MessageID: messageID, Subject: patchmail.PrintableLine(e.Subject), State: endpoint.Mailed}
	n := map[sendmail.State]int{}
	for _, d := range e.Deliveries {
		n[d.State]++
		if d.State == sendmail.Refused {
			if f.Refused == nil {
				f.Refused = map[string]string{}
			}
			f.Refused[d.Recipient] = patchmail.PrintableLine(d.Reply)
		}
	}
	switch {
	case n[sendmail.Unknown] > 0:
		f.State = endpoint.Unsure
	case n[sendmail.Pending]+n[sendmail.Deferred]+n[sendmail.InFlight] > 0:
		f.State = endpoint.Queued
	case n[sendmail.Refused] > 0 && n[sendmail.Accepted] == 0:
		f.State, f.Reason = endpoint.Rejected, "the mail server refused every recipient"
	}
	return f
}

// about says which message is refused, unless it is for a while and may be
// taken later.
func about(index int, subject, messageID string, r *refusal) *refusal {
	if r.after > 0 {
		return r
	}
	subject = shown(subject)
	reason := r.message
	r.message = refuse(0, "Message %d (%s): %s", index+1, subject, reason).message
	r.fates = []endpoint.Fate{{MessageID: messageID, Subject: subject, State: endpoint.Rejected, Reason: reason}}
	return r
}

// A checking is the examination of one series.
type checking struct {
	*exchange
	kind store.Kind
	who  signer
	key  store.Key
	ids  []string                    // that the messages have by their own account
	end  func(context.Context) error // of the note that messages are under way

	thread string // that the first message belongs to
}

// all checks every message; the first failure is that of the series.
func (c *checking) all(ctx context.Context, messages []string) (*store.Submission, error) {
	var sub *store.Submission
	seen := map[string]int{}
	for _, text := range messages {
		c.ids = append(c.ids, claimedID(text))
	}
	for i, text := range messages {
		m, l, err := c.one(ctx, i, text)
		if err == nil {
			if first, twice := seen[m.MessageID]; twice {
				err = refuse(http.StatusBadRequest, "It has the message-id of message %d", first+1)
			}
		}
		if err != nil {
			r := asRefusal(err)
			if l == nil {
				return nil, about(i, "", "", r)
			}
			return nil, about(i, l.subject, l.messageID(), r)
		}
		if i == 0 {
			sub = &store.Submission{Identity: c.key.Identity, Selector: c.key.Selector, Key: c.key.Fingerprint, Kind: c.kind,
				Client: c.blind(c.network), Received: c.now(), Thread: c.thread}
		}
		seen[m.MessageID] = i
		sub.Messages = append(sub.Messages, m)
	}
	return sub, nil
}

// one checks a message, and renders what leaves. The letter is returned as soon
// as there is one.
func (c *checking) one(ctx context.Context, index int, text string) (store.Message, *letter, error) {
	if int64(len(text)) > c.Limits.Message {
		return store.Message{}, nil, refuse(http.StatusRequestEntityTooLarge, "It is larger than %d bytes", c.Limits.Message)
	}
	l, err := readLetter(text)
	if err != nil {
		return store.Message{}, nil, refuse(http.StatusBadRequest, "Invalid message payload: %s", err)
	}
	if err := c.signature(ctx, index, l); err != nil {
		return store.Message{}, l, err
	}
	if !l.isPatch() {
		return store.Message{}, l, refuse(http.StatusBadRequest, "This service only accepts patches")
	}
	if err := c.header(l); err != nil {
		return store.Message{}, l, err
	}
	m, err := c.render(l)
	return m, l, err
}

// signature checks who signed, who has to be the same for all messages.
func (c *checking) signature(ctx context.Context, index int, l *letter) error {
	who, err := whoSigned(l)
	if err != nil {
		return err
	}
	if index > 0 && (who.identity != c.who.identity || who.selector != c.who.selector || who.claim.Algorithm != c.who.claim.Algorithm) {
		return refuse(http.StatusBadRequest, "We only support a single signing identity across patch series.")
	}
	if index == 0 {
		if c.end, err = c.store.Begin(ctx, who.identity, c.ids, c.now().Add(2*c.Limits.Work)); err != nil {
			return err
		}
		if c.key, err = c.enrolled(ctx, who); err != nil {
			return err
		}
		c.who, c.identity = who, who.identity
	}
	_, signature, err := c.signedBy(ctx, l, who, []store.Key{c.key}, true)
	if err != nil {
		return err
	}
	if age := c.now().Sub(signature.Made); age > c.MaxAge {
		return refuse(http.StatusForbidden, "Signature validation failed: it was made at %s, more than %s ago", when(signature.Made), c.MaxAge.Round(time.Second))
	}
	for _, name := range append([]string{"message-id"}, c.Demanded...) {
		// Without it, whoever has a copy could send it again under another id.
		if len(l.header[http.CanonicalHeaderKey(name)]) > 0 && !slices.Contains(signature.Headers, name) {
			return refuse(http.StatusForbidden, "Signature validation failed: the header field %s is not signed", name)
		}
	}
	return nil
}

// header checks the fields that make it a mail of this person to a list.
func (c *checking) header(l *letter) error {
	for _, name := range []string{"From", "Date", "Subject", "Message-Id"} {
		switch n := len(l.header[name]); {
		case n == 0:
			return refuse(http.StatusBadRequest, "Message is missing some required headers: it has no %s", name)
		case n > 1:
			return refuse(http.StatusBadRequest, "Message has %d header fields %s", n, name)
		}
	}
	if l.messageID() == "" {
		return refuse(http.StatusBadRequest, "Its Message-Id is none")
	}
	if _, err := l.header.Date(); err != nil {
		return refuse(http.StatusBadRequest, "Its Date is none")
	}
	from, err := l.addresses("From")
	switch {
	case err != nil:
		return refuse(http.StatusBadRequest, "Invalid address in From: %s", shown(err.Error()))
	case len(from) != 1:
		return refuse(http.StatusBadRequest, "Message may only contain a single From: address.")
	case !sameMailbox(from[0].Mailbox, c.key.Identity):
		return refuse(http.StatusForbidden, "From header invalid for identity %s: %s", c.key.Identity, shown(from[0].Mailbox))
	}
	return nil
}

// render makes the letter that leaves, and checks where it goes.
func (c *checking) render(l *letter) (store.Message, error) {
	by := relay.Key{Identity: c.key.Identity, Selector: c.key.Selector}
	if err := c.recipients(l); err != nil {
		return store.Message{}, err
	}
	letter, err := c.Mail.Relay(l.raw, by)
	if err == nil && c.kind == store.Reflect {
		letter, err = c.Mail.Reflect(l.raw, by)
	}
	feed := store.FeedNone
	if err == nil && c.Feed && c.kind == store.Receive {
		feed = store.FeedDue
		_, err = c.Mail.Archive(l.raw, by)
	}
	if err != nil {
		return store.Message{}, refuse(http.StatusBadRequest, "It cannot be mailed: %s", shown(err.Error()))
	}
	if c.thread == "" {
		c.thread = letter.Thread
	}
	m := store.Message{MessageID: l.messageID(), Subject: l.subject, Raw: l.raw, Relayed: letter.Raw, EnvelopeFrom: letter.From,
		BodyHash: contentHash(l), Feed: feed}
	for _, mailbox := range letter.Recipients {
		m.Deliveries = append(m.Deliveries, store.Delivery{Recipient: mailbox, State: sendmail.Pending})
	}
	return m, nil
}

// recipients checks that To and Cc name a list, and not too many others, unless
// none of them gets the letter. Whom the service adds does not count.
func (c *checking) recipients(l *letter) error {
	total, foreign := 0, 0
	for _, name := range []string{"To", "Cc"} {
		list, err := l.addresses(name)
		if err != nil {
			return refuse(http.StatusBadRequest, "Invalid address in %s: %s", name, shown(err.Error()))
		}
		for _, a := range list {
			mailbox, _, err := a.Envelope()
			if err != nil {
				return refuse(http.StatusBadRequest, "Invalid address in %s: %s", name, shown(err.Error()))
			}
			total++
			if !slices.ContainsFunc(c.Destinations, func(d *regexp.Regexp) bool { return d.MatchString(mailbox) }) {
				foreign++
			}
		}
	}
	switch {
	case c.kind == store.Reflect: // it goes to the identity
	case foreign == total:
		return refuse(http.StatusForbidden, "Destinations must include a mailing list we recognize.")
	case total > c.Limits.Recipients, foreign > c.Limits.Foreign:
		return refuse(http.StatusForbidden, "It goes to %d recipients, %d of them no mailing list we recognize; the limits are %d and %d",
			total, foreign, c.Limits.Recipients, c.Limits.Foreign)
	}
	return nil
}

// contentHash tells two messages of one message-id apart, by what is signed:
// what only the transport changes does not count.
func contentHash(l *letter) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(l.subject), " ") + "\x00" + strings.TrimRight(string(l.text), "\r\n")))
	return hex.EncodeToString(sum[:])
}
