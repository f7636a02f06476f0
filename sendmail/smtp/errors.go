package smtp

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
	"time"
)

// A LookupError reports a server whose name has no address.
type LookupError struct {
	Host string
	Err  *net.DNSError
}

func (e *LookupError) Error() string {
	return fmt.Sprintf("look up the mail server %s: name resolution failed: %v", Harmless(e.Host), Harmless(e.Err.Error()))
}
func (e *LookupError) Unwrap() error { return e.Err }

// A ConnectError reports a server that cannot be reached, or a connection that
// broke before anything was said about a message.
type ConnectError struct {
	Addr string // host:port
	Step string // what was under way; "" while connecting
	Err  error
}

func (e *ConnectError) Error() string {
	if e.Step == "" {
		return fmt.Sprintf("connect to the mail server %s: %v", Harmless(e.Addr), Harmless(Reason(e.Err)))
	}
	return fmt.Sprintf("talk to the mail server %s, at %s: %v", Harmless(e.Addr), e.Step, Harmless(Reason(e.Err)))
}
func (e *ConnectError) Unwrap() error { return e.Err }

// Reason is why a connection failed, without its addresses: the message around
// it names the server.
func Reason(err error) string {
	if timedOut(err) {
		return "the server is silent"
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

func timedOut(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// A PlainTextError reports a connection that would send mail, or a password, in
// the clear to another machine.
type PlainTextError struct {
	Host     string
	Password bool
}

func (e *PlainTextError) Error() string {
	if e.Password {
		return fmt.Sprintf("the password for %s would travel in the clear: set sendemail.smtpEncryption to ssl or tls", Harmless(e.Host))
	}
	return fmt.Sprintf("mail to %s would travel in the clear: set sendemail.smtpEncryption to ssl or tls, "+
		"or to none if that is what you want", Harmless(e.Host))
}

// A StartTLSError reports a connection that could not be secured as the Config
// requires. No password and no mail was sent.
type StartTLSError struct {
	Host, Reason string
	Code         int // of the reply to STARTTLS; 0 when it is not the reason
}

func (e *StartTLSError) Error() string {
	return fmt.Sprintf("secure the connection to %s: %s", Harmless(e.Host), e.Reason)
}

// A CertificateError reports a server that could not prove to be the
// configured one. No password and no mail was sent.
type CertificateError struct {
	Host                string
	Reason              string
	Names               []string // whom the certificate is for
	NotBefore, NotAfter time.Time
	Err                 error
}

func (e *CertificateError) Error() string {
	names := "no host"
	if len(e.Names) > 0 {
		names = Harmless(strings.Join(e.Names, ", "))
	}
	return fmt.Sprintf("the certificate of %s is not to be trusted: %s (it is for %s, valid from %s to %s)", Harmless(e.Host), e.Reason,
		names, e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly))
}
func (e *CertificateError) Unwrap() error { return e.Err }

// tlsError says what went wrong in a handshake.
func tlsError(c Config, err error) error {
	var broken *net.OpError
	var alert tls.AlertError
	var bad *tls.CertificateVerificationError
	switch {
	case errors.As(err, &bad) && len(bad.UnverifiedCertificates) > 0:
		return certificateError(c.Host, bad)
	case errors.Is(err, io.EOF) || timedOut(err) || errors.Is(err, context.Canceled) || errors.As(err, &broken) && !errors.As(err, &alert):
		return &ConnectError{Addr: c.address(), Step: "TLS handshake", Err: err}
	}
	return &StartTLSError{Host: c.Host, Reason: "TLS handshake: " + Harmless(Reason(err))}
}

func certificateError(host string, bad *tls.CertificateVerificationError) error {
	c := bad.UnverifiedCertificates[0]
	e := &CertificateError{Host: host, Names: c.DNSNames, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Err: bad}
	for _, ip := range c.IPAddresses {
		e.Names = append(e.Names, ip.String())
	}
	var invalid x509.CertificateInvalidError
	var wrong x509.HostnameError
	var stranger x509.UnknownAuthorityError
	switch {
	case errors.As(bad, &wrong):
		e.Reason = "it is for another host"
	case errors.As(bad, &invalid) && invalid.Reason == x509.Expired:
		e.Reason = "it has expired or is not valid yet"
	case errors.As(bad, &stranger) && c.Issuer.String() == c.Subject.String():
		e.Reason = "it is self-signed"
	case errors.As(bad, &stranger):
		e.Reason = "nobody known has signed it"
	default:
		e.Reason = Harmless(bad.Err.Error())
	}
	return e
}

// A ReplyError reports a server that said no before any message.
type ReplyError struct {
	Host  string
	Step  string
	Code  int
	Reply string
}

func (e *ReplyError) Error() string {
	return fmt.Sprintf("the mail server %s answered %d %s at %s", Harmless(e.Host), e.Code, Harmless(e.Reply), e.Step)
}

// A LoginError reports that the server did not let the user in.
type LoginError struct {
	Host, User string
	Code       int // of the reply; 0 when no login was tried
	Reason     string
}

func (e *LoginError) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("log in to %s as %s: %s", Harmless(e.Host), Harmless(e.User), Harmless(e.Reason))
	}
	return fmt.Sprintf("log in to %s as %s: the server answered %d %s", Harmless(e.Host), Harmless(e.User), e.Code, Harmless(e.Reason))
}

// Temporary says whether what kept us from a server may pass by itself: a name
// server without an answer, a server that cannot be reached or hangs up, a 4xx.
// Silence is not among them: it has been waited for already.
func Temporary(err error) bool {
	var lookup *LookupError
	var connect *ConnectError
	var secure *StartTLSError
	var reply *ReplyError
	var login *LoginError
	switch {
	case errors.As(err, &lookup):
		return !lookup.Err.IsNotFound && !lookup.Err.IsTimeout
	case errors.As(err, &connect):
		return !timedOut(connect.Err)
	case errors.As(err, &secure):
		return secure.Code/100 == 4
	case errors.As(err, &reply):
		return reply.Code/100 == 4
	case errors.As(err, &login):
		return login.Code/100 == 4
	}
	return false
}
