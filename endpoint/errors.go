package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A NotSentError reports a request that certainly did not get through as a
// whole: nothing came of it, and it may be sent again.
type NotSentError struct {
	URL       string
	Reason    string
	Untrusted bool // the service could not prove to be the one that was asked
	Temporary bool // it may pass by itself
}

func (e *NotSentError) Error() string {
	return fmt.Sprintf("the web endpoint %s: %s", harmless(e.URL), harmless(e.Reason))
}

// A RefusedError is a definite no to a whole request, except to the messages
// that Answer.Messages says were taken all the same.
type RefusedError struct {
	Status int // of HTTP
	Answer Answer
}

func (e *RefusedError) Error() string {
	text := "the web endpoint refuses"
	if e.Answer.RetryAfter > 0 {
		text += fmt.Sprintf(", but says to try again in %d seconds", e.Answer.RetryAfter)
	}
	if said := strings.TrimSpace(e.Answer.Message); said != "" {
		text += ": " + harmless(said)
	}
	return text
}

// An UnclearError reports a request that was out, and of which nobody knows
// what came.
type UnclearError struct {
	Status int    // of HTTP; 0 when no answer came
	Reason string // harmless
	Text   string // of the answer; "" when none came
}

func (e *UnclearError) Error() string {
	switch text := strings.TrimSpace(e.Text); {
	case e.Status == 0:
		return "the web endpoint was told everything, but " + e.Reason
	case text == "":
		return fmt.Sprintf("the web endpoint answers %d: %s", e.Status, e.Reason)
	default:
		return fmt.Sprintf("the web endpoint answers %d: %s: %s", e.Status, e.Reason, head(harmless(text)))
	}
}

// Text is what the service says, fit for a terminal.
func (a Answer) Text() string { return harmless(a.Message) }

// notSent tells why a request did not leave.
func notSent(url string, err error) error {
	e := &NotSentError{URL: url, Reason: broken(err)}
	var lookup *net.DNSError
	var certificate *tls.CertificateVerificationError
	var op *net.OpError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &certificate):
		e.Untrusted, e.Reason = true, "its certificate is not to be trusted: "+certificate.Err.Error()
		if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
			e.Reason = "its certificate has expired, or is not valid yet"
		}
	case errors.As(err, &lookup):
		e.Reason, e.Temporary = "name resolution failed: "+lookup.Error(), lookup.IsTemporary && !lookup.IsTimeout
	case errors.As(err, &op):
		e.Temporary = !op.Timeout()
	}
	return e
}

// broken is why a connection ended, without the addresses.
func broken(err error) string {
	var op *net.OpError
	var wait net.Error
	switch {
	case errors.Is(err, errNoAnswer):
		return errNoAnswer.Error()
	case errors.Is(err, context.Canceled):
		return "the wait for it was interrupted"
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return "the connection ended"
	case errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &wait) && wait.Timeout():
		return "it is silent"
	case errors.As(err, &op) && op.Err != nil:
		return harmless(op.Err.Error())
	}
	text := err.Error()
	if _, reason, ok := strings.Cut(text, `": `); ok && strings.HasPrefix(text, "Post ") { // as net/url writes it
		text = reason
	}
	return harmless(text)
}

// harmless makes text from a service fit for a terminal: one line, cut. What is
// harmless already stays the same.
func harmless(text string) string {
	const most = 512
	cut := func(s string) string {
		return strings.TrimSpace(strings.ToValidUTF8(s[:min(len(s), most)], ""))
	}
	return cut(patchmail.PrintableLine(cut(text)))
}

// head is the beginning of a text that may be a whole page.
func head(text string) string {
	const most = 120
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
