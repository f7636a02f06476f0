package delivery

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// send sends a message to everybody to whom it can go now, in as many
// transactions as that takes. off are recipients who have to wait.
func (j *job) send(ctx context.Context, m *store.Message, off map[string]bool) error {
	if reason := j.impossible(m); reason != "" {
		return j.refuse(ctx, m, open(m), reason)
	}
	if err := j.refuseForeign(ctx, m); err != nil {
		return err
	}
	form, err := j.form(m)
	if err != nil {
		return j.refuse(ctx, m, open(m), err.Error())
	}
	tried := map[string]bool{}
	reconnected := false
	for ctx.Err() == nil {
		to := j.recipients(m, func(r string) bool { return off[r] || tried[r] || j.waiting[r] })
		if len(to) == 0 {
			return nil
		}
		got, err := j.transport.Send(ctx, m.EnvelopeFrom, 0, sendmail.Outgoing{ID: m.MessageID, Subject: m.Subject, Raw: form}, to,
			func(to []string) error { return j.Store.Depart(ctx, j.sub, m.ID, to, j.Now()) })
		if recordErr := j.record(ctx, m, got); recordErr != nil {
			return recordErr
		}
		if errors.Is(err, store.ErrLeaseLost) {
			return errLost
		}
		if err != nil {
			return &outage{err}
		}
		deferred, taken := judge(got)
		if len(deferred) > 0 {
			worst := deferred[0]
			for _, r := range deferred {
				if r.AboutSession() {
					worst = r
				}
			}
			switch {
			case worst.AboutSession() && !reconnected && (worst.Code == 0 || worst.Code == 421) && sendmail.AskedFor(worst.Reply) == 0:
				reconnected = true
				continue
			case worst.AboutSession():
				return &outage{fmt.Errorf("<%s> could not be sent now: %s", m.MessageID, worst.Reply)}
			case taken > 0 && sendmail.TooMany(deferred):
				j.able.MaxRecipients = taken
				continue
			}
		}
		for _, r := range deferred {
			tried[r.Recipient] = true
			j.put = append(j.put, r.Reply)
		}
	}
	return ctx.Err()
}

// judge returns the receipts of those who were put off, and how many have the
// message.
func judge(got []sendmail.Receipt) (deferred []sendmail.Receipt, taken int) {
	for _, r := range got {
		switch r.State {
		case sendmail.Deferred:
			deferred = append(deferred, r)
		case sendmail.Accepted:
			taken++
		}
	}
	return deferred, taken
}

// impossible says why the mail server at hand can never take a message, "" when
// it may.
func (j *job) impossible(m *store.Message) string {
	size := int64(len(m.Relayed) + bytes.Count(m.Relayed, []byte("\n"))) // as SIZE counts
	switch {
	case len(m.Relayed) == 0:
		return "its text was wiped when it was done with"
	case j.able.MaxSize > 0 && size > j.able.MaxSize:
		return fmt.Sprintf("the mail server takes messages of at most %d bytes, and it has %d", j.able.MaxSize, size)
	case !j.able.UTF8 && (!isASCII(m.EnvelopeFrom) || patchmail.NeedsUTF8(m.Relayed)):
		return "the mail server does not take addresses outside of ASCII"
	}
	return ""
}

// refuseForeign refuses recipients that the mail server cannot take.
func (j *job) refuseForeign(ctx context.Context, m *store.Message) error {
	var foreign []string
	for _, to := range open(m) {
		if !j.able.UTF8 && !isASCII(to) {
			foreign = append(foreign, to)
		}
	}
	return j.refuse(ctx, m, foreign, "the mail server does not take addresses outside of ASCII")
}

// form is the form of a message that the mail server takes.
func (j *job) form(m *store.Message) ([]byte, error) {
	if j.able.EightBit {
		return m.Relayed, nil
	}
	return patchmail.SevenBit(m.Relayed)
}

// recipients are those for one transaction: not more than the mail server takes,
// and addresses outside of ASCII by themselves, so that others do not need a
// next hop that takes them.
func (j *job) recipients(m *store.Message, off func(string) bool) []string {
	var ascii, foreign []string
	for _, to := range open(m) {
		switch {
		case off(to):
		case isASCII(to):
			ascii = append(ascii, to)
		default:
			foreign = append(foreign, to)
		}
	}
	if len(ascii) == 0 {
		ascii = foreign
	}
	if limit := j.able.MaxRecipients; limit > 0 && len(ascii) > limit {
		ascii = ascii[:limit]
	}
	return ascii
}

// refuse records a refusal that was decided here.
func (j *job) refuse(ctx context.Context, m *store.Message, recipients []string, reason string) error {
	var all []sendmail.Receipt
	for _, to := range recipients {
		all = append(all, sendmail.Receipt{Recipient: to, State: sendmail.Refused, Step: sendmail.AtLocal, Reply: patchmail.PrintableLine(reason)})
	}
	return j.record(ctx, m, all)
}

// recordPause is between tries to write down what must not be lost.
const recordPause = time.Second

// record keeps what became of a message, in the store and here. An interrupt
// does not keep it from that, and a database that is away gets time to come
// back: what it does not learn it has to call unknown.
func (j *job) record(ctx context.Context, m *store.Message, got []sendmail.Receipt) error {
	if len(got) == 0 {
		return nil
	}
	for i := range got {
		got[i].Time = j.Now()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	err := j.Store.Record(ctx, j.sub, m.ID, got)
	for err != nil && !errors.Is(err, store.ErrLeaseLost) && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(recordPause):
			err = j.Store.Record(ctx, j.sub, m.ID, got)
		}
	}
	for _, r := range got {
		level := slog.LevelInfo
		if r.State != sendmail.Accepted {
			level = slog.LevelWarn
		}
		j.Log.Log(ctx, level, "mail", slog.Int64("submission", j.sub.ID), slog.String("message-id", m.MessageID), slog.String("recipient", r.Recipient),
			slog.String("state", string(r.State)), slog.String("step", string(r.Step)), slog.Int("code", r.Code), slog.String("reply", r.Reply))
		if j.Sent != nil {
			j.Sent(r.State)
		}
		for i := range m.Deliveries {
			if d := &m.Deliveries[i]; d.Recipient == r.Recipient {
				d.State, d.Step, d.Code, d.Reply, d.Time = r.State, r.Step, r.Code, r.Reply, r.Time
			}
		}
	}
	if errors.Is(err, store.ErrLeaseLost) {
		return errLost
	}
	if err != nil {
		return fmt.Errorf("record what became of <%s>: %w", m.MessageID, err)
	}
	return nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}
