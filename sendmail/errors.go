package sendmail

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/sendmail/smtp"
)

// What keeps an SMTP server from being used; package smtp describes each.
type (
	LookupError      = smtp.LookupError
	ConnectError     = smtp.ConnectError
	PlainTextError   = smtp.PlainTextError
	StartTLSError    = smtp.StartTLSError
	CertificateError = smtp.CertificateError
	ReplyError       = smtp.ReplyError
	LoginError       = smtp.LoginError
)

// A UTF8Error reports messages whose headers name addresses outside of ASCII,
// for a server that does not take those (SMTPUTF8). Nothing was sent.
type UTF8Error struct{ Messages []string }

func (e *UTF8Error) Error() string {
	return fmt.Sprintf("the server does not take addresses outside of ASCII, which are in the headers of %s", strings.Join(e.Messages, ", "))
}

// A TooLargeError reports messages above the size that the server announced.
// Nothing was sent.
type TooLargeError struct {
	Limit    int64
	Messages []string // "name (bytes)"
}

func (e *TooLargeError) Error() string {
	return fmt.Sprintf("the server takes messages of at most %d bytes; too large: %s", e.Limit, strings.Join(e.Messages, ", "))
}
