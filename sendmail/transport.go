package sendmail

import (
	"context"
	"fmt"
)

// A Transport takes messages to the next hop. It is used by one goroutine.
type Transport interface {
	// String names the next hop for the confirmation screen and the plan; it
	// holds no secrets.
	String() string

	// Authorize obtains what the transport needs from the user or a
	// credential helper. It touches no network and is to be called before the
	// last confirmation; Prepare does it when nobody did.
	Authorize(ctx context.Context) error

	// Prepare gets ready for the messages of a plan, of which some may have
	// left already: it connects and logs in. Their Raw is not filled in. After
	// an error nothing was sent.
	Prepare(ctx context.Context, messages []Outgoing) (Abilities, error)

	// Send carries m, which has the given index in the plan, to recipients,
	// some or all of m.Recipients. An empty from leaves the sender to the
	// transport, where it can.
	//
	// Immediately before the point of no return, the final dot or the start
	// of the command, before is called with the recipients concerned; unless
	// it succeeds the message does not leave.
	//
	// The receipts are one per recipient. Without receipts, nothing of m was
	// tried, and the error says why. With receipts, an error says why nothing
	// more can be sent; it takes nothing from them.
	Send(ctx context.Context, from string, index int, m Outgoing, recipients []string,
		before func(recipients []string) error) ([]Receipt, error)

	// Close says good-bye. What was accepted stays accepted if it fails.
	Close() error
}

// A wholesale transport takes all messages of a send together: either all of
// them left, or none.
type wholesale interface {
	Transport

	// SendAll carries the messages to all their recipients. before is called
	// once, as by Send; receipts and error are as those of Send.
	SendAll(ctx context.Context, messages []Numbered, before func() error) ([]Receipt, error)

	// Via names the service, which can be asked later what it has.
	Via() string
}

// A Numbered is a message with its index in the plan.
type Numbered struct {
	Index int
	Outgoing
}

// Abilities are what the next hop says it can take.
type Abilities struct {
	EightBit bool  // 8-bit text (8BITMIME)
	UTF8     bool  // addresses outside of ASCII (SMTPUTF8)
	MaxSize  int64 // bytes of a message on the wire; 0 when not known

	MaxRecipients int // of one transaction; 0 when not known

	RenamesIDs bool // gives messages other message-ids, and names them in its answer to the dot
}

// A NoTransportError reports that the configuration names no way to send.
type NoTransportError struct {
	Identity string
	Endpoint bool // a web endpoint was asked for
}

func (e *NoTransportError) Error() string {
	if e.Endpoint {
		return "no web endpoint is configured: set kprep.endpoint to its URL"
	}
	section := "sendemail"
	if e.Identity != "" {
		section += "." + e.Identity
	}
	return fmt.Sprintf("no way to send mail is configured: set %s.smtpServer (with smtpServerPort, smtpEncryption "+
		"and smtpUser as your provider says) or sendemail.sendmailCmd; or set kprep.endpoint to the URL of your project's web endpoint", section)
}

// OpenTransport chooses the way out in the order of spec/mail.md 1.3:
// sendmailCmd, smtpServer as the absolute path of a program, smtpServer as a
// host, the web endpoint; but UseEndpoint comes first. Neither localhost nor a sendmail found on the machine is ever tried
// unasked; with nothing configured it returns a [NoTransportError]. Settings
// that can only fail are errors here. Nothing is connected to yet.
//
// A nil creds means that there is no credential helper.
func OpenTransport(s Settings, creds Credentials) (Transport, error) {
	switch {
	case s.Insecure && !s.Unchecked():
		return nil, &UncheckedError{Insecure: true}
	case s.ByEndpoint():
		return newWeb(s)
	case s.UseEndpoint:
		return nil, &NoTransportError{Identity: s.Identity, Endpoint: true}
	case s.Command != "":
		return newCommand(s.Command, s)
	case s.serverIsProgram():
		return newProgram(s.Server, s)
	case s.Server != "":
		return newSMTP(s, creds)
	}
	return nil, &NoTransportError{Identity: s.Identity}
}
