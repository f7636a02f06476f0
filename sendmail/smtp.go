package sendmail

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"
)

// An SMTP is the transport over an SMTP server. It keeps one connection and
// opens another one when the server has closed it between two messages, or
// after sendemail.smtpBatchSize messages.
type SMTP struct {
	settings Settings
	creds    Credentials
	port     string
	tls      *tls.Config
	limits   limits
	dialer   func(ctx context.Context, network, addr string) (net.Conn, error)

	credential *Credential
	approved   bool

	wire   *wire // nil: not connected
	client *smtp.Client
	able   Abilities // what the server said when connecting
	sent   int       // messages over this connection
}

func newSMTP(s Settings, creds Credentials) (*SMTP, error) {
	t := &SMTP{settings: s, creds: creds, port: s.Port, limits: standardLimits(), dialer: (&net.Dialer{}).DialContext}
	if s.ReplyLimit > 0 {
		t.limits.command = s.ReplyLimit
	}
	switch s.Encryption {
	case ImplicitTLS, StartTLS:
		var err error
		if t.tls, err = tlsConfig(s); err != nil {
			return nil, err
		}
	default:
		if !isLoopback(s.Server) && (s.Encryption == NotSet || s.User != "") {
			return nil, &PlainTextError{Host: s.Server, Password: s.User != ""}
		}
	}
	if t.port == "" {
		t.port = "25" // as git send-email
		if s.Encryption == ImplicitTLS {
			t.port = "465"
		}
	}
	number, err := net.LookupPort("tcp", t.port)
	if err != nil {
		return nil, fmt.Errorf("sendemail.smtpServerPort: %q is neither a number nor the name of a service", clean(t.port))
	}
	t.port = strconv.Itoa(number)
	if s.User != "" && len(t.allowed()) == 0 {
		return nil, &LoginError{Host: s.Server, User: s.User,
			Reason: "sendemail.smtpAuth allows only " + strings.Join(s.Auth, ", ") + ", and kprep speaks PLAIN and LOGIN"}
	}
	return t, nil
}

// String is such as "me@example.org at mail.example.org:587 (starttls)".
func (t *SMTP) String() string {
	how := string(t.settings.Encryption)
	if t.tls == nil {
		how = "in the clear"
	}
	who := ""
	if t.authenticates() {
		who = t.settings.User + " at "
	}
	return clean(fmt.Sprintf("%s%s (%s)", who, net.JoinHostPort(t.settings.Server, t.port), how))
}

func (t *SMTP) authenticates() bool {
	return t.settings.User != "" && !slices.Equal(t.settings.Auth, []string{"NONE"})
}

// allowed are the mechanisms that the settings leave.
func (t *SMTP) allowed() []string {
	if slices.Equal(t.settings.Auth, []string{"NONE"}) {
		return []string{"NONE"}
	}
	var names []string
	for _, m := range mechanisms {
		if len(t.settings.Auth) == 0 || slices.Contains(t.settings.Auth, m.name) {
			names = append(names, m.name)
		}
	}
	return names
}

// Authorize obtains the password: sendemail.smtpPass, else from the helper.
func (t *SMTP) Authorize(ctx context.Context) error {
	if !t.authenticates() || t.credential != nil {
		return nil
	}
	if t.settings.Password != "" {
		t.credential = &Credential{Username: t.settings.User, Password: t.settings.Password}
		return nil
	}
	return t.fill(ctx)
}

func (t *SMTP) fill(ctx context.Context) error {
	t.approved = false
	missing := &LoginError{Host: t.settings.Server, User: t.settings.User, Reason: "there is no password"}
	if t.creds == nil {
		return missing
	}
	host := t.settings.Server
	if t.settings.Port != "" {
		host += ":" + t.settings.Port
	}
	c, err := t.creds.Fill(ctx, "smtp", host, t.settings.User)
	if err != nil {
		return fmt.Errorf("ask for the password of %s: %w", clean(t.settings.User), err)
	}
	if c.Password == "" {
		return missing
	}
	if c.Username == "" {
		c.Username = t.settings.User
	}
	t.credential = &c
	return nil
}

// fromHelper says whether another password can be asked for.
func (t *SMTP) fromHelper() bool { return t.creds != nil && t.settings.Password == "" }

// Prepare connects and logs in.
func (t *SMTP) Prepare(ctx context.Context, _ []Outgoing) (Abilities, error) {
	if t.client == nil {
		if err := t.connect(ctx); err != nil {
			return Abilities{}, err
		}
	}
	return t.able, nil
}

// abilities reads the extensions once: after a RSET, go-smtp's client says
// EHLO again only to answer the question.
func (t *SMTP) abilities() Abilities {
	var a Abilities
	a.EightBit, _ = t.client.Extension("8BITMIME")
	a.UTF8, _ = t.client.Extension("SMTPUTF8")
	if size, ok := t.client.MaxMessageSize(); ok {
		a.MaxSize = int64(size)
	}
	return a
}

// connect leaves a client that may send, or nothing. A password that the
// server refuses for good is asked for again, once.
func (t *SMTP) connect(ctx context.Context) error {
	if err := t.Authorize(ctx); err != nil {
		return err
	}
	err := t.open(ctx)
	var refused *LoginError
	if !errors.As(err, &refused) || !isRefusal(refused.Code) || !t.fromHelper() {
		return err
	}
	if err := t.creds.Reject(ctx, *t.credential); err != nil {
		return fmt.Errorf("%w (and the password could not be forgotten: %v)", refused, err)
	}
	t.credential = nil
	if err := t.fill(ctx); err != nil {
		return fmt.Errorf("%w (%v)", refused, err)
	}
	err = t.open(ctx)
	if errors.As(err, &refused) && isRefusal(refused.Code) {
		rejected := *t.credential
		t.credential = nil
		if err := t.creds.Reject(ctx, rejected); err != nil {
			return fmt.Errorf("%w (and the password could not be forgotten: %v)", refused, err)
		}
	}
	return err
}

func (t *SMTP) open(ctx context.Context) error {
	w, err := t.dial(ctx)
	if err != nil {
		return err
	}
	t.wire, t.client, t.sent = w, smtp.NewClient(w), 0
	stop := context.AfterFunc(ctx, func() { w.stopAt(time.Now()) })
	defer stop()
	if err := t.hello(); err != nil {
		t.drop()
		return err
	}
	t.able = t.abilities()
	if err := t.login(ctx); err != nil {
		t.drop()
		return err
	}
	t.client.CommandTimeout, t.client.SubmissionTimeout = t.limits.command, t.limits.final
	return nil
}

func (t *SMTP) hello() error {
	t.client.CommandTimeout = t.limits.greeting
	err := t.client.Hello(t.helloName(t.wire))
	if !t.wire.spoken {
		return t.broken("greeting", err)
	}
	return t.broken("EHLO", err)
}

// broken types what the client says about a command before any message.
func (t *SMTP) broken(step string, err error) error {
	var reply *smtp.SMTPError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &reply):
		return &ReplyError{Host: t.settings.Server, Step: step, Code: reply.Code, Reply: clean(replyText(reply))}
	}
	return &ConnectError{Addr: net.JoinHostPort(t.settings.Server, t.port), Step: step, Err: err}
}

func (t *SMTP) login(ctx context.Context) error {
	if !t.authenticates() {
		return nil
	}
	c := *t.credential
	offered, refusal := t.wantedMechanism()
	if refusal != "" {
		return &LoginError{Host: t.settings.Server, User: c.Username, Reason: refusal}
	}
	t.client.CommandTimeout = t.limits.command
	err := t.client.Auth(offered(c))
	var reply *smtp.SMTPError
	if errors.As(err, &reply) {
		return &LoginError{Host: t.settings.Server, User: c.Username, Code: reply.Code, Reason: clean(c.redact(replyText(reply)))}
	}
	if err != nil {
		return t.broken("AUTH", err)
	}
	if t.wire.lastCode != "235" {
		return &LoginError{Host: t.settings.Server, User: c.Username, Reason: "the server never said that the login succeeded"}
	}
	if t.fromHelper() && !t.approved {
		t.approved = true
		if err := t.creds.Approve(ctx, c); err != nil {
			return fmt.Errorf("store the password of %s: %w", clean(c.Username), err)
		}
	}
	return nil
}

// wantedMechanism is the best one that both sides speak and the user allows,
// or the reason why there is none.
func (t *SMTP) wantedMechanism() (func(Credential) login, string) {
	allowed := t.allowed()
	for _, m := range mechanisms {
		if slices.Contains(allowed, m.name) && t.client.SupportsAuth(m.name) {
			return m.new, ""
		}
	}
	_, offer := t.client.Extension("AUTH")
	if offer == "" {
		return nil, "the server offers no login; leave sendemail.smtpUser unset if it needs none"
	}
	return nil, fmt.Sprintf("the server offers %s; allowed are %s", offer, strings.Join(allowed, ", "))
}

// drop forgets the connection without a word.
func (t *SMTP) drop() {
	if t.wire != nil {
		t.wire.Close()
	}
	t.wire, t.client = nil, nil
}

// Close says QUIT; a server that does not answer in time changes nothing.
func (t *SMTP) Close() error {
	if t.client != nil {
		t.wire.stopAt(time.Now().Add(t.limits.quit))
		t.client.Quit()
		t.drop()
	}
	return nil
}

// replyText is a reply as the server wrote it, less the code.
func replyText(e *smtp.SMTPError) string {
	if e.EnhancedCode == smtp.EnhancedCodeNotSet {
		return e.Message
	}
	return fmt.Sprintf("%d.%d.%d %s", e.EnhancedCode[0], e.EnhancedCode[1], e.EnhancedCode[2], e.Message)
}
