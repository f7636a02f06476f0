package smtp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Security says what a connection must be like before anything of value is
// said over it.
type Security int

const (
	Loopback    Security = iota // in the clear, and only to this machine
	Clear                       // in the clear
	StartTLS                    // STARTTLS, which must be offered and granted
	ImplicitTLS                 // TLS from the first byte
)

// A Config says how to get to a server.
type Config struct {
	Host     string // name or address
	Port     string // decimal
	Security Security
	TLS      *tls.Config // for StartTLS and ImplicitTLS; its ServerName is what the certificate must be for
	Name     string      // to say in EHLO; "": the address of our end as a literal, as the machine's name is nobody's business
	Limits   Limits
	Trace    func(line string)                                                    // told what is said and answered, but for messages and logins; nil: nobody
	Dialer   func(ctx context.Context, network, address string) (net.Conn, error) // nil: a net.Dialer

	// Waiting is told what is waited for next, such as "greeting", "RCPT" or
	// "final dot", and for how long at most; nil: nobody is.
	Waiting func(step string, limit time.Duration)
}

func (c Config) wait(step string, limit time.Duration) {
	if c.Waiting != nil {
		c.Waiting(step, limit)
	}
}

func (c Config) address() string { return net.JoinHostPort(c.Host, c.Port) }

// Extensions are what a server says it can do.
type Extensions struct {
	EightBit      bool     // 8BITMIME
	UTF8          bool     // SMTPUTF8
	Pipelining    bool     // PIPELINING
	MaxSize       int64    // bytes of a message (SIZE); 0: not said
	MaxMessages   int      // of a connection (LIMITS MAILMAX); 0: not said
	MaxRecipients int      // of a message (LIMITS RCPTMAX); 0: not said
	Mechanisms    []string // of AUTH, upper case, in the server's order

	startTLS, size bool
}

// A Client is one connection to a server. It is used by one goroutine.
type Client struct {
	config     Config
	wire       *wire
	secure     bool // TLS, or it does not leave the machine
	extensions Extensions
	unfinished bool // a transaction was begun: RSET comes first
	closed     bool
}

// Dial connects, secures the connection as c.Security demands, and says EHLO.
//
// Errors: [LookupError], [ConnectError], [ReplyError], [PlainTextError],
// [StartTLSError], [CertificateError]; [Temporary] tells which may pass.
func Dial(ctx context.Context, c Config) (*Client, error) {
	dialer := c.Dialer
	if dialer == nil {
		dialer = (&net.Dialer{}).DialContext
	}
	dialing, cancel := context.WithTimeout(ctx, c.Limits.Connect)
	defer cancel()
	c.wait("connection", c.Limits.Connect)
	conn, err := dialer(dialing, "tcp", c.address())
	if err != nil {
		if lookup := (*net.DNSError)(nil); errors.As(err, &lookup) {
			return nil, &LookupError{Host: c.Host, Err: lookup}
		}
		return nil, &ConnectError{Addr: c.address(), Err: err}
	}
	client := &Client{config: c, wire: newWire(conn), secure: isLoopback(conn)}
	client.wire.trace = c.Trace
	defer client.wire.guard(ctx, 0)()
	if err := client.open(ctx); err != nil {
		client.Close()
		return nil, err
	}
	return client, nil
}

func (c *Client) open(ctx context.Context) error {
	switch {
	case c.config.Security == ImplicitTLS:
		if err := c.handshake(ctx); err != nil {
			return err
		}
	case c.config.Security == Loopback && !c.secure:
		return &PlainTextError{Host: c.config.Host}
	}
	greeting, err := c.reply("greeting", c.config.Limits.Greeting)
	if err := c.expect("greeting", 220, greeting, err); err != nil {
		return err
	}
	if err := c.hello(); err != nil || c.config.Security != StartTLS {
		return err
	}
	if err := c.startTLS(ctx); err != nil {
		return err
	}
	return c.hello() // what was offered in the clear counts for nothing
}

// isLoopback says whether the other end is this machine.
func isLoopback(conn net.Conn) bool {
	a, ok := conn.RemoteAddr().(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

// hello says EHLO, and HELO to a server that does not know it.
func (c *Client) hello() error {
	reply, err := c.command("EHLO " + c.name())
	if err == nil && slices.Contains([]int{500, 501, 502, 504}, reply.Code) {
		reply, err = c.command("HELO " + c.name())
		reply.Text, _, _ = strings.Cut(reply.Text, "\n")
	}
	if err := c.expect("EHLO", 250, reply, err); err != nil {
		return err
	}
	c.extensions = parseExtensions(reply.Text)
	return nil
}

func (c *Client) name() string {
	if c.config.Name != "" {
		return c.config.Name
	}
	if a, ok := c.wire.conn.LocalAddr().(*net.TCPAddr); ok {
		if ip4 := a.IP.To4(); ip4 != nil {
			return "[" + ip4.String() + "]"
		}
		return "[IPv6:" + a.IP.String() + "]"
	}
	return "[127.0.0.1]"
}

// parseExtensions reads the reply to EHLO. Its first line is a greeting.
//
// QUIRK: keywords come in any case, which RFC 5321 4.1.1.1 allows, and AUTH
// also as "AUTH=PLAIN LOGIN".
func parseExtensions(reply string) Extensions {
	var e Extensions
	_, lines, _ := strings.Cut(reply, "\n")
	for line := range strings.SplitSeq(lines, "\n") {
		words := strings.Fields(strings.ToUpper(strings.Replace(line, "=", " ", 1)))
		if len(words) == 0 {
			continue
		}
		switch words[0] {
		case "8BITMIME":
			e.EightBit = true
		case "SMTPUTF8":
			e.UTF8 = true
		case "PIPELINING":
			e.Pipelining = true
		case "STARTTLS":
			e.startTLS = true
		case "SIZE":
			e.size = true
			if len(words) > 1 {
				e.MaxSize, _ = strconv.ParseInt(words[1], 10, 64)
			}
		case "AUTH":
			for _, m := range words[1:] {
				if !slices.Contains(e.Mechanisms, m) {
					e.Mechanisms = append(e.Mechanisms, m)
				}
			}
		case "LIMITS":
			e.limits(strings.Fields(strings.ToUpper(line))[1:])
		}
	}
	return e
}

func (e *Extensions) limits(words []string) {
	for _, word := range words {
		name, value, _ := strings.Cut(word, "=")
		n, err := strconv.Atoi(value)
		switch {
		case err != nil || n < 1:
		case name == "MAILMAX":
			e.MaxMessages = n
		case name == "RCPTMAX":
			e.MaxRecipients = n
		}
	}
}

// Extensions is what the server said last.
func (c *Client) Extensions() Extensions { return c.extensions }

// Usable says whether the connection may carry another message.
func (c *Client) Usable() bool { return !c.closed }

// Quit says good-bye, waits a short while for the answer, and closes.
func (c *Client) Quit() {
	if !c.closed {
		c.wire.stopAt(time.Now().Add(c.config.Limits.Quit)) // also after an interrupt
		if c.wire.say(c.config.Limits.Quit, []byte("QUIT\r\n")) == nil {
			c.wire.reply(c.config.Limits.Quit)
		}
		c.Close()
	}
}

// Close closes without a word.
func (c *Client) Close() {
	c.closed = true
	c.wire.conn.Close()
}

// command says one line and reads the answer.
func (c *Client) command(line string) (Reply, error) {
	if err := c.wire.say(c.config.Limits.Command, []byte(line+"\r\n")); err != nil {
		return Reply{}, err
	}
	step := "AUTH"
	if !c.wire.secret {
		step = verb(line)
	}
	return c.reply(step, c.config.Limits.Command)
}

// verb is what a line asks for.
func verb(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}

// reply reads the answer to a step.
func (c *Client) reply(step string, limit time.Duration) (Reply, error) {
	c.config.wait(step, limit)
	return c.wire.reply(limit)
}

// expect types what is not the answer wanted to a step before any message.
func (c *Client) expect(step string, code int, reply Reply, err error) error {
	switch {
	case err != nil:
		return &ConnectError{Addr: c.config.address(), Step: step, Err: err}
	case reply.Code != code:
		return &ReplyError{Host: c.config.Host, Step: step, Code: reply.Code, Reply: reply.Text}
	}
	return nil
}
