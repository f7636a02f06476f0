package endpoint

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// Limits are how long each step may take (spec/mail.md 4.4, F50).
type Limits struct {
	Connect time.Duration
	TLS     time.Duration // the handshake
	Write   time.Duration // one piece of a request
	Answer  time.Duration // all of the answer, once the request is out
}

// StandardLimits are those of spec/mail.md 4.2 and 4.4.
func StandardLimits() Limits {
	return Limits{Connect: 30 * time.Second, TLS: 30 * time.Second, Write: 3 * time.Minute, Answer: time.Minute}
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// A Config says where a service is and how to talk to it.
type Config struct {
	URL     string
	Agent   string         // for User-Agent
	Roots   *x509.CertPool // whom a service's certificate may be signed by; nil: whom the system trusts
	Limits  Limits         // zero: StandardLimits
	Waiting func(step string, limit time.Duration)
	Trace   func(line string) // told what is asked and answered; nil: nobody
}

// A Client talks to one service, over a connection of its own for each
// request: nothing is ever sent twice by itself, and nothing anywhere else.
type Client struct {
	config Config
	http   *http.Client
}

// A URLError reports an address that nothing is sent to.
type URLError struct{ URL, Reason string }

func (e *URLError) Error() string {
	return fmt.Sprintf("the web endpoint %s: %s", harmless(e.URL), e.Reason)
}

// NewClient returns a *URLError for an address that is neither https nor on
// this machine. Nothing is connected to.
func NewClient(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "":
		return nil, &URLError{c.URL, "it is no URL"}
	case u.User != nil:
		return nil, &URLError{u.Redacted(), "there is no login, so no name or password belongs into it"}
	case u.Fragment != "":
		return nil, &URLError{c.URL, "nothing may stand behind a #"}
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, &URLError{c.URL, "http is for this machine only, others have to be reached by https"}
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, &URLError{c.URL, "it does not begin with https://"}
	}
	if c.Limits == (Limits{}) {
		c.Limits = StandardLimits()
	}
	return &Client{config: c, http: &http.Client{
		Transport:     transport(c, u.Scheme == "http"),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func transport(c Config, here bool) *http.Transport {
	dialer := &net.Dialer{Timeout: c.Limits.Connect}
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := dialer.DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			if remote, ok := conn.RemoteAddr().(*net.TCPAddr); here && ok && !remote.IP.IsLoopback() {
				conn.Close()
				return nil, errors.New("this name leads to another machine, which has to be reached by https")
			}
			return &steadyConn{Conn: conn, limit: c.Limits.Write}, nil
		},
		TLSClientConfig:        &tls.Config{RootCAs: c.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:    c.Limits.TLS,
		DisableKeepAlives:      true, // a connection that went stale would make a fate unknown
		DisableCompression:     true,
		MaxResponseHeaderBytes: 64 << 10,
	}
}

// A steadyConn gives each piece that is written its time.
type steadyConn struct {
	net.Conn
	limit time.Duration
}

func (c *steadyConn) Write(p []byte) (int, error) {
	if err := c.SetWriteDeadline(time.Now().Add(c.limit)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}

// URL is where the service is.
func (c *Client) URL() string { return c.config.URL }

// Do asks the service for something that may be asked for again. Its errors are
// those of [Client.Submit].
func (c *Client) Do(ctx context.Context, r Request) (Answer, error) {
	return c.Submit(ctx, r, func() error { return nil })
}

// Submit posts a request. Immediately before its last byte may leave, before is
// called; unless it succeeds the byte stays here, and its error comes back.
//
// The answer is one that says success. Otherwise the error is a *NotSentError
// when the service cannot have had the whole request, a *RefusedError when it
// said no, and an *UnclearError when the request was out and nobody knows what
// came of it. When ctx ends, so does the request.
func (c *Client) Submit(ctx context.Context, r Request, before func() error) (Answer, error) {
	body, err := r.encode()
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	up := &upload{rest: body, before: before, sent: func() {
		c.waiting("answer", c.config.Limits.Answer)
		timer := time.AfterFunc(c.config.Limits.Answer, func() { cancel(errNoAnswer) })
		context.AfterFunc(ctx, func() { timer.Stop() })
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.config.URL, up)
	if err != nil {
		return Answer{}, err
	}
	request.ContentLength = int64(len(body))
	request.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"application/json"}, "User-Agent": {c.config.Agent}}
	c.waiting("connection", c.config.Limits.Connect)
	c.trace("> POST %s: %s, %d bytes", c.config.URL, r.Action, len(body))
	response, err := c.http.Do(request)
	if err != nil {
		out, own := up.stop()
		switch {
		case own != nil:
			return Answer{}, own
		case !out:
			return Answer{}, notSent(c.config.URL, cause(ctx, err))
		}
		return Answer{}, &UnclearError{Reason: broken(cause(ctx, err))}
	}
	defer response.Body.Close()
	// A service may answer before it has read it all: then it has read no more.
	out, own := up.stop()
	if own != nil {
		return Answer{}, own
	}
	if !out {
		timer := time.AfterFunc(c.config.Limits.Answer, func() { cancel(errNoAnswer) })
		defer timer.Stop()
	}
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	c.trace("< %d %s", response.StatusCode, text)
	answer, err := judge(response, text, cause(ctx, err))
	if unclear := (*UnclearError)(nil); !out && (err == nil || errors.As(err, &unclear)) {
		return Answer{}, &NotSentError{URL: c.config.URL, Reason: fmt.Sprintf("it answers %d before it has read the request", response.StatusCode)}
	}
	return answer, err
}

func (c *Client) waiting(step string, limit time.Duration) {
	if c.config.Waiting != nil {
		c.config.Waiting(step, limit)
	}
}

func (c *Client) trace(format string, args ...any) {
	if c.config.Trace != nil {
		c.config.Trace(harmless(fmt.Sprintf(format, args...)))
	}
}

var errNoAnswer = errors.New("no answer came in time")

// cause is why ctx ended where that is the reason for err.
func cause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}
