package sendmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/emersion/go-smtp"
)

// Send carries one message in one transaction. Recipients that the server
// refuses do not keep it from the others.
func (t *SMTP) Send(ctx context.Context, from string, index int, m Outgoing, recipients []string,
	before func(recipients []string) error) ([]Receipt, error) {
	if err := t.batch(ctx); err != nil {
		return nil, err
	}
	reused := t.client != nil
	if !reused {
		if err := t.connect(ctx); err != nil {
			return nil, err
		}
	}
	x := &transaction{t: t, from: from, index: index, raw: crlf(m.Raw), recipients: recipients, before: before}
	if reason := x.unable(); reason != "" {
		return receipts(index, recipients, Deferred, AtLocal, 0, reason), nil
	}
	err := x.guarded(ctx, x.mail)
	if err != nil && reused && t.goneAway(err) {
		// The server closed an idle connection, or has had enough messages
		// over it. Nothing of this one was said yet.
		t.drop()
		if err := t.connect(ctx); err != nil {
			return nil, err
		}
		err = x.guarded(ctx, x.mail)
	}
	if err != nil {
		return x.failed(AtMail, recipients, err), nil
	}
	t.sent++
	return x.finish(ctx)
}

// batch ends the connection after the configured number of messages.
func (t *SMTP) batch(ctx context.Context) error {
	if t.client == nil || t.settings.BatchSize == 0 || t.sent < t.settings.BatchSize {
		return nil
	}
	t.Close()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t.settings.ReloginDelay):
		return nil
	}
}

// goneAway says whether err means the connection, not the message.
func (t *SMTP) goneAway(err error) bool {
	var reply *smtp.SMTPError
	return !errors.As(err, &reply) || reply.Code == 421
}

// A transaction is one message from MAIL to the answer to the dot.
type transaction struct {
	t          *SMTP
	from       string
	index      int
	raw        []byte // CRLF
	recipients []string
	before     func([]string) error
}

// unable says why the connection at hand cannot take the message. Run has
// asked for Abilities, but a reconnect may have led to another server.
func (x *transaction) unable() string {
	a := x.t.able
	switch {
	case !a.EightBit && !isASCII(string(x.raw)):
		return "the server no longer takes 8-bit text"
	case a.MaxSize > 0 && int64(len(x.raw)) > a.MaxSize:
		return fmt.Sprintf("the server takes at most %d bytes", a.MaxSize)
	case !a.UTF8 && x.needsUTF8():
		return "the server does not take addresses outside of ASCII"
	}
	return ""
}

func (x *transaction) needsUTF8() bool {
	if !isASCII(x.from) {
		return true
	}
	for _, r := range x.recipients {
		if !isASCII(r) {
			return true
		}
	}
	return false
}

// guarded runs a step so that an interrupt leaves it the time of grace.
func (x *transaction) guarded(ctx context.Context, step func() error) error {
	w := x.t.wire
	stop := context.AfterFunc(ctx, func() { w.stopAt(time.Now().Add(x.t.limits.grace)) })
	defer stop()
	return step()
}

// mail says MAIL. go-smtp adds BODY=8BITMIME whenever the server offers it,
// which is allowed for 7-bit text as well.
func (x *transaction) mail() error {
	return x.t.client.Mail(x.from, &smtp.MailOptions{Size: int64(len(x.raw)), UTF8: x.needsUTF8()})
}

// finish goes on after MAIL.
func (x *transaction) finish(ctx context.Context) (all []Receipt, err error) {
	x.guarded(ctx, func() error {
		taken, rest := x.rcpt()
		all = rest
		if len(taken) > 0 {
			var carried []Receipt
			carried, err = x.data(taken)
			all = append(all, carried...)
		}
		return nil
	})
	return all, err
}

// rcpt names the recipients. It returns those that were taken and receipts for
// the others.
func (x *transaction) rcpt() (taken []string, rest []Receipt) {
	for i, r := range x.recipients {
		err := x.t.client.Rcpt(r, nil)
		if err == nil {
			taken = append(taken, r)
			continue
		}
		rest = append(rest, x.receipts(AtRcpt, []string{r}, err)...)
		if x.t.goneAway(err) || isGarbage(err) {
			x.t.drop()
			others := append(taken, x.recipients[i+1:]...)
			return nil, append(rest, x.receipts(AtRcpt, others, err)...)
		}
	}
	if len(taken) == 0 {
		x.reset()
	}
	return taken, rest
}

// data writes the message. The dot decides: before it everything that goes
// wrong is deferred, after it everything but an answer is unknown.
func (x *transaction) data(taken []string) ([]Receipt, error) {
	w, err := x.t.client.Data()
	if err != nil {
		return x.failed(AtData, taken, err), nil
	}
	d := &dotted{before: func() error { return x.before(taken) }}
	x.t.wire.message = d
	_, err = w.Write(x.raw)
	var answer *smtp.DataResponse
	if err == nil {
		answer, err = w.CloseWithResponse()
	}
	if x.t.wire != nil {
		x.t.wire.message = nil
	}
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		return receipts(x.index, taken, Accepted, AtDot, 250, answer.StatusText), nil
	case d.beforeErr != nil:
		x.t.drop()
		return receipts(x.index, taken, Deferred, AtData, 0, "the journal could not be written"), d.beforeErr
	case !d.dotSent:
		x.t.drop()
		return x.receipts(AtData, taken, err), nil
	case errors.As(err, &reply) && reply.Code/100 == 2:
		return receipts(x.index, taken, Accepted, AtDot, reply.Code, replyText(reply)), nil
	case errors.As(err, &reply) && (reply.Code/100 == 4 || reply.Code/100 == 5):
		if reply.Code == 421 {
			x.t.drop()
		}
		return x.receipts(AtDot, taken, err), nil
	}
	x.t.drop()
	return receipts(x.index, taken, Unknown, AtDot, 0, "no answer to the final dot: "+netReason(err)), nil
}

// failed makes the receipts of a step before the dot and gets the connection
// ready for the next message, or drops it.
func (x *transaction) failed(step Step, recipients []string, err error) []Receipt {
	all := x.receipts(step, recipients, err)
	if x.t.goneAway(err) || isGarbage(err) {
		x.t.drop()
	} else {
		x.reset()
	}
	return all
}

// receipts reads an error as what it says about the recipients, none of which
// can have been served.
func (x *transaction) receipts(step Step, recipients []string, err error) []Receipt {
	var reply *smtp.SMTPError
	if !errors.As(err, &reply) {
		return receipts(x.index, recipients, Deferred, step, 0, "connection lost: "+netReason(err))
	}
	state := Deferred
	if reply.Code/100 == 5 && !isAboutSession(reply.Code) {
		state = Refused
	}
	return receipts(x.index, recipients, state, step, reply.Code, replyText(reply))
}

// isAboutSession finds refusals that end when the user corrects the settings:
// 530 login or STARTTLS needed, 538 encryption needed (RFC 4954 section 6, RFC
// 3207 section 4).
func isAboutSession(code int) bool { return code == 530 || code == 538 }

// isGarbage finds replies that have no place there, such as 250 to DATA.
func isGarbage(err error) bool {
	var reply *smtp.SMTPError
	return errors.As(err, &reply) && reply.Code/100 != 4 && reply.Code/100 != 5
}

// reset ends an unfinished transaction.
func (x *transaction) reset() {
	if x.t.client != nil && x.t.client.Reset() != nil {
		x.t.drop()
	}
}

// crlf turns LF line ends into CRLF; checkWire has made sure that there is no
// CR, and that a last line end is there.
func crlf(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n")) }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}
