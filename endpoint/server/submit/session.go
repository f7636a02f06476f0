package submit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"

	"github.com/emersion/go-smtp"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/intake"
	"github.com/kprep/kprep/patchmail"
	sending "github.com/kprep/kprep/sendmail/smtp"
)

// A session is one connection; it has one message at a time.
type session struct {
	ctx      context.Context
	options  Options
	acceptor Acceptor
	client   netip.Addr

	recipients []patchmail.Address
}

func (s *session) Reset()                               { s.recipients = nil }
func (s *session) Logout() error                        { return nil }
func (s *session) Mail(string, *smtp.MailOptions) error { return nil } // the service writes its own sender

// Rcpt takes whom the header may name.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	a, err := patchmail.ParseAddress(to)
	if err != nil {
		return say(553, smtp.EnhancedCode{5, 1, 3}, "this is no mailbox")
	}
	s.recipients = append(s.recipients, a)
	return nil
}

// Data hands the message in. The answer is an error in any case, as only that
// has a text of its own.
func (s *session) Data(r io.Reader) error {
	body, err := intake.Receive(r, s.options.wire(), s.options.Scratch)
	switch disk := (*intake.DiskError)(nil); {
	case errors.Is(err, intake.ErrTooLarge):
		return say(552, smtp.EnhancedCode{5, 3, 4}, "the message is too large")
	case errors.As(err, &disk):
		return s.later(err)
	case err != nil:
		return err
	}
	defer body.Close()
	ctx, cancel := context.WithTimeout(s.ctx, s.options.Work)
	defer cancel()
	release, err := s.acceptor.Hold(ctx, body.Size)
	if err != nil {
		return s.later(err)
	}
	defer release()
	raw, err := body.Bytes()
	if err != nil {
		return s.later(err)
	}
	// A line end that is none hides lines from one reader and shows them to
	// another.
	text := bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n"))
	if bytes.IndexByte(text, '\r') >= 0 || bytes.Count(raw, []byte("\n")) != bytes.Count(raw, []byte("\r\n")) {
		return say(550, smtp.EnhancedCode{5, 5, 2}, "lines have to end with CR and LF, which stand nowhere else")
	}
	action, reason := purpose(text, s.recipients)
	if reason != "" {
		return say(550, smtp.EnhancedCode{5, 7, 1}, reason)
	}
	answer, status := s.acceptor.Accept(ctx, endpoint.Request{Action: action, Messages: []string{string(text)}}, s.client)
	return reply(answer, status)
}

// later has the client come back: what keeps the service from its work is not
// the client's fault.
func (s *session) later(cause error) error {
	s.options.Log.Error("mail", slog.String("cause", cause.Error()))
	return say(451, smtp.EnhancedCode{4, 3, 0}, "the service cannot work on this at the moment, and has kept nothing of it")
}

// reply says in SMTP what was said in HTTP.
func reply(answer endpoint.Answer, status int) *smtp.SMTPError {
	text := answer.Message
	if len(answer.Messages) == 1 && answer.Messages[0].Reason != "" {
		text = answer.Messages[0].Reason // without saying of which message
	}
	switch {
	case status == http.StatusOK && answer.Result == endpoint.Success:
		if len(answer.Messages) != 1 {
			return say(250, smtp.EnhancedCode{2, 0, 0}, text)
		}
		fate := answer.Messages[0]
		if fate.Known {
			return say(250, smtp.EnhancedCode{2, 0, 0}, fmt.Sprintf("<%s> was received before: it is %s, and not mailed again", fate.MessageID, fate.State))
		}
		return say(250, smtp.EnhancedCode{2, 0, 0}, fmt.Sprintf("<%s> is %s", fate.MessageID, fate.State))
	case status == http.StatusTooManyRequests:
		if answer.RetryAfter > 0 {
			text = fmt.Sprintf("%s; try again in %d seconds", text, answer.RetryAfter)
		}
		return say(451, smtp.EnhancedCode{4, 7, 0}, text)
	case status == http.StatusRequestTimeout || status >= 500:
		return say(451, smtp.EnhancedCode{4, 3, 0}, text)
	case status == http.StatusRequestEntityTooLarge:
		return say(552, smtp.EnhancedCode{5, 3, 4}, text)
	}
	return say(550, smtp.EnhancedCode{5, 7, 1}, text)
}

// longest is how much of a text a line of SMTP carries: RFC 5321, section
// 4.5.3.1.5, less code and line end.
const longest = 490

func say(code int, enhanced smtp.EnhancedCode, text string) *smtp.SMTPError {
	text = sending.Harmless(text)
	text = strings.Map(func(r rune) rune { // the client need not know UTF-8
		if r > '~' {
			return '?'
		}
		return r
	}, text)
	return &smtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: text[:min(len(text), longest)]}
}
