package sendmail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// A LookupError reports a server whose name has no address.
type LookupError struct {
	Host string
	Err  error
}

func (e *LookupError) Error() string {
	return fmt.Sprintf("look up the mail server %s: name resolution failed: %v", clean(e.Host), clean(e.Err.Error()))
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
		return fmt.Sprintf("connect to the mail server %s: %v", clean(e.Addr), clean(netReason(e.Err)))
	}
	return fmt.Sprintf("talk to the mail server %s, at %s: %v", clean(e.Addr), e.Step, clean(netReason(e.Err)))
}
func (e *ConnectError) Unwrap() error { return e.Err }

// netReason is why a connection failed, without its addresses: the message
// around it names the server.
func netReason(err error) string {
	if op := (*net.OpError)(nil); errors.As(err, &op) && op.Err != nil {
		return op.Err.Error()
	}
	return err.Error()
}

// A PlainTextError reports settings that would send mail, or a password, in
// the clear to another machine.
type PlainTextError struct {
	Host     string
	Password bool
}

func (e *PlainTextError) Error() string {
	if e.Password {
		return fmt.Sprintf("the password for %s would travel in the clear: set sendemail.smtpEncryption to ssl or tls", clean(e.Host))
	}
	return fmt.Sprintf("mail to %s would travel in the clear: set sendemail.smtpEncryption to ssl or tls, "+
		"or to none if that is what you want", clean(e.Host))
}

// A StartTLSError reports a connection that could not be secured by STARTTLS,
// which the settings require. No password and no mail was sent.
type StartTLSError struct{ Host, Reason string }

func (e *StartTLSError) Error() string {
	return fmt.Sprintf("secure the connection to %s: %s", clean(e.Host), e.Reason)
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
		names = clean(strings.Join(e.Names, ", "))
	}
	return fmt.Sprintf("the certificate of %s is not to be trusted: %s (it is for %s, valid from %s to %s)", clean(e.Host), e.Reason,
		names, e.NotBefore.Format(time.DateOnly), e.NotAfter.Format(time.DateOnly))
}
func (e *CertificateError) Unwrap() error { return e.Err }

// tlsError says what went wrong in a handshake.
func tlsError(host string, err error) error {
	var bad *tls.CertificateVerificationError
	if !errors.As(err, &bad) || len(bad.UnverifiedCertificates) == 0 {
		return &StartTLSError{Host: host, Reason: "TLS handshake: " + clean(err.Error())}
	}
	c := bad.UnverifiedCertificates[0]
	e := &CertificateError{Host: host, Names: c.DNSNames, NotBefore: c.NotBefore, NotAfter: c.NotAfter, Err: err}
	for _, ip := range c.IPAddresses {
		e.Names = append(e.Names, ip.String())
	}
	var invalid x509.CertificateInvalidError
	var wrong x509.HostnameError
	var stranger x509.UnknownAuthorityError
	switch {
	case errors.As(err, &wrong):
		e.Reason = "it is for another host"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		e.Reason = "it has expired or is not valid yet"
	case errors.As(err, &stranger) && c.Issuer.String() == c.Subject.String():
		e.Reason = "it is self-signed"
	case errors.As(err, &stranger):
		e.Reason = "nobody known has signed it"
	default:
		e.Reason = clean(bad.Err.Error())
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
	return fmt.Sprintf("the mail server %s answered %d %s at %s", clean(e.Host), e.Code, clean(e.Reply), e.Step)
}

// A LoginError reports that the server did not let the user in.
type LoginError struct {
	Host, User string
	Code       int // of the reply; 0 when no login was tried
	Reason     string
}

func (e *LoginError) Error() string {
	if e.Code == 0 {
		return fmt.Sprintf("log in to %s as %s: %s", clean(e.Host), clean(e.User), clean(e.Reason))
	}
	return fmt.Sprintf("log in to %s as %s: the server answered %d %s", clean(e.Host), clean(e.User), e.Code, clean(e.Reason))
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
