package sendmail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// isLoopback says whether a configured host can only be this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// tlsConfig verifies chain, name and dates against the configured host name.
// A certPath that is "" would switch this off in git; it is refused here.
func tlsConfig(s Settings) (*tls.Config, error) {
	c := &tls.Config{ServerName: s.Server, MinVersion: tls.VersionTLS12}
	if s.CertPath != nil {
		if *s.CertPath == "" {
			return nil, errors.New("sendemail.smtpSSLCertPath is empty, which asks not to check the server's certificate: " +
				"unset it, or name a file with the certificate to trust")
		}
		roots, err := readRoots(*s.CertPath)
		if err != nil {
			return nil, fmt.Errorf("sendemail.smtpSSLCertPath: %w", err)
		}
		c.RootCAs = roots
	}
	if s.ClientCert != "" {
		key := s.ClientKey
		if key == "" {
			key = s.ClientCert // one file may hold both
		}
		pair, err := tls.LoadX509KeyPair(s.ClientCert, key)
		if err != nil {
			return nil, fmt.Errorf("sendemail.smtpSSLClientCert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// readRoots reads a file with certificates, or all such files of a folder.
func readRoots(path string) (*x509.CertPool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files := []string{path}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, e := range entries {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	roots, found := x509.NewCertPool(), false
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			if info.IsDir() {
				continue // dangling links and subfolders are usual there
			}
			return nil, err
		}
		found = roots.AppendCertsFromPEM(text) || found
	}
	if !found {
		return nil, fmt.Errorf("no certificate in %s", path)
	}
	return roots, nil
}

// dial connects and secures. The wire that it returns is one whose next line
// is a greeting.
func (t *SMTP) dial(ctx context.Context) (*wire, error) {
	addr := net.JoinHostPort(t.settings.Server, t.port)
	dialCtx, cancel := context.WithTimeout(ctx, t.limits.connect)
	defer cancel()
	conn, err := t.dialer(dialCtx, "tcp", addr)
	if err != nil {
		var lookup *net.DNSError
		if errors.As(err, &lookup) {
			return nil, &LookupError{Host: t.settings.Server, Err: lookup}
		}
		return nil, &ConnectError{Addr: addr, Err: err}
	}
	w := newWire(conn, t.limits.write)
	stop := context.AfterFunc(ctx, func() { w.stopAt(time.Now()) })
	defer stop()
	switch t.settings.Encryption {
	case ImplicitTLS:
		w, err = t.secure(ctx, conn)
	case StartTLS:
		w, err = t.startTLS(ctx, w)
	default:
		err = t.checkPlain(conn)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return w, nil
}

// checkPlain refuses text in the clear to a "localhost" that is elsewhere.
func (t *SMTP) checkPlain(conn net.Conn) error {
	if t.settings.Encryption == None && t.settings.User == "" {
		return nil
	}
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok && a.IP.IsLoopback() {
		return nil
	}
	return &PlainTextError{Host: t.settings.Server, Password: t.settings.User != ""}
}

func (t *SMTP) secure(ctx context.Context, conn net.Conn) (*wire, error) {
	ctx, cancel := context.WithTimeout(ctx, t.limits.tls)
	defer cancel()
	secured := tls.Client(conn, t.tls)
	if err := secured.HandshakeContext(ctx); err != nil {
		return nil, tlsError(t.settings.Server, err)
	}
	return newWire(secured, t.limits.write), nil
}

// startTLS speaks the conversation up to STARTTLS, which must be offered and
// granted, and secures it. go-smtp could do it, but only under the name
// "localhost" and without a look at what an attacker put behind the answer.
func (t *SMTP) startTLS(ctx context.Context, w *wire) (*wire, error) {
	host := t.settings.Server
	text := textproto.NewConn(w)
	exchange := func(step string, limit time.Duration, command string, code int) (string, error) {
		w.SetDeadline(time.Now().Add(limit))
		if command != "" {
			if err := text.PrintfLine("%s", command); err != nil {
				return "", &ConnectError{Addr: net.JoinHostPort(host, t.port), Err: err}
			}
		}
		got, reply, err := text.ReadResponse(code)
		var refusal *textproto.Error
		if errors.As(err, &refusal) {
			return "", &ReplyError{Host: host, Step: step, Code: got, Reply: clean(reply)}
		}
		if err != nil {
			return "", &ConnectError{Addr: net.JoinHostPort(host, t.port), Step: step, Err: err}
		}
		return reply, nil
	}
	if _, err := exchange("greeting", t.limits.greeting, "", 220); err != nil {
		return nil, err
	}
	offer, err := exchange("EHLO", t.limits.command, "EHLO "+t.helloName(w), 250)
	if err != nil {
		return nil, err
	}
	if !offersKeyword(offer, "STARTTLS") {
		return nil, &StartTLSError{Host: host, Reason: "the server does not offer STARTTLS"}
	}
	if _, err := exchange("STARTTLS", t.limits.command, "STARTTLS", 220); err != nil {
		var refusal *ReplyError
		if errors.As(err, &refusal) {
			return nil, &StartTLSError{Host: host, Reason: fmt.Sprintf("the server answered %d %s", refusal.Code, refusal.Reply)}
		}
		return nil, err
	}
	// RFC 3207, 4: nothing may be said before the handshake.
	if len(w.pending) > 0 || w.in.Buffered() > 0 || text.R.Buffered() > 0 {
		return nil, &StartTLSError{Host: host, Reason: "somebody wrote into the connection before it was secured"}
	}
	w.SetDeadline(time.Time{})
	secured, err := t.secure(ctx, w.Conn)
	if err != nil {
		return nil, err
	}
	secured.pending = []byte("220 secured\r\n")
	return secured, nil
}

// offersKeyword looks for a keyword in the reply to EHLO, after its first line.
func offersKeyword(reply, keyword string) bool {
	_, lines, _ := strings.Cut(reply, "\n")
	for line := range strings.SplitSeq(lines, "\n") {
		if fields := strings.Fields(line); len(fields) > 0 && strings.EqualFold(fields[0], keyword) {
			return true
		}
	}
	return false
}

// helloName is what to say in EHLO: sendemail.smtpDomain, else the address of
// our end as a literal. The machine's name is nobody's business.
func (t *SMTP) helloName(c net.Conn) string {
	if t.settings.Domain != "" {
		return t.settings.Domain
	}
	if a, ok := c.LocalAddr().(*net.TCPAddr); ok {
		if ip4 := a.IP.To4(); ip4 != nil {
			return "[" + ip4.String() + "]"
		}
		return "[IPv6:" + a.IP.String() + "]"
	}
	return "[127.0.0.1]"
}
