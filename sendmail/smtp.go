package sendmail

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail/smtp"
)

// An SMTP is the transport over an SMTP server. It keeps one connection, and
// opens another one when that is gone or has carried as many messages as the
// settings, the server or experience allow.
type SMTP struct {
	settings Settings
	creds    Credentials
	config   smtp.Config

	credential *Credential
	approved   bool

	blind []string // recipients whom a trace does not name

	client  *smtp.Client // nil: not connected
	sent    int          // messages begun over this connection
	learned int          // messages after which the server had enough; 0: not known
	ended   int          // messages of the last connection that the server ended at MAIL
}

func newSMTP(s Settings, creds Credentials) (*SMTP, error) {
	t := &SMTP{settings: s, creds: creds, config: smtp.Config{Host: s.Server, Name: s.Domain, Limits: s.limits()}}
	if s.Trace != nil {
		t.config.Trace = func(line string) { s.Trace(clean(Discreet(t.blind, t.redact(line)))) }
	}
	switch s.Encryption {
	case ImplicitTLS, StartTLS:
		var err error
		if t.config.TLS, err = tlsConfig(s); err != nil {
			return nil, err
		}
		t.config.Security = smtp.StartTLS
		if s.Encryption == ImplicitTLS {
			t.config.Security = smtp.ImplicitTLS
		}
	default:
		clear := s.Encryption == None && s.User == ""
		if !clear && !isLoopback(s.Server) {
			return nil, &PlainTextError{Host: s.Server, Password: s.User != ""}
		}
		if clear {
			t.config.Security = smtp.Clear
		}
	}
	port := s.Port
	if port == "" {
		port = "25" // as git send-email
		if s.Encryption == ImplicitTLS {
			port = "465"
		}
	}
	number, err := net.LookupPort("tcp", port)
	if err != nil || number == 0 {
		return nil, fmt.Errorf("sendemail.smtpServerPort: %q is neither a number nor the name of a service", clean(port))
	}
	t.config.Port = strconv.Itoa(number)
	if t.authenticates() && len(s.allowed(Credential{})) == 0 {
		return nil, &LoginError{Host: s.Server, User: s.User,
			Reason: "sendemail.smtpAuth allows only " + strings.Join(s.Auth, ", ") + ", and kprep speaks " + names(mechanisms())}
	}
	return t, nil
}

// watch has the next connection tell what it waits for.
func (t *SMTP) watch(waiting func(step string, limit time.Duration)) { t.config.Waiting = waiting }

// limits are the standard ones, scaled to the time that the user gives a
// server for its answer to a command.
func (s Settings) limits() smtp.Limits {
	l := smtp.StandardLimits()
	if s.ReplyLimit > 0 {
		l = l.Scaled(s.ReplyLimit)
	}
	return l
}

// String is such as "me@example.org at mail.example.org:587 (starttls)".
func (t *SMTP) String() string {
	how := string(t.settings.Encryption)
	if t.config.TLS == nil {
		how = "in the clear"
	} else if t.config.TLS.InsecureSkipVerify {
		how += ", its certificate is not checked"
	}
	who := ""
	if t.authenticates() {
		who = t.settings.User + " at "
	}
	return clean(fmt.Sprintf("%s%s (%s)", who, net.JoinHostPort(t.settings.Server, t.config.Port), how))
}

// Prepare connects and logs in.
func (t *SMTP) Prepare(ctx context.Context, messages []Outgoing) (Abilities, error) {
	t.blind = nil
	for _, m := range messages {
		t.blind = append(t.blind, m.Bcc...)
	}
	slices.Sort(t.blind)
	t.blind = slices.Compact(t.blind)
	if t.client == nil {
		if err := t.connect(ctx); err != nil {
			return Abilities{}, err
		}
	}
	return t.abilities(), nil
}

func (t *SMTP) abilities() Abilities {
	e := t.client.Extensions()
	return Abilities{EightBit: e.EightBit, UTF8: e.UTF8, MaxSize: e.MaxSize, MaxRecipients: e.MaxRecipients, RenamesIDs: t.settings.RenamesIDs()}
}

// Send carries one message in one transaction, once. Recipients that the
// server refuses do not keep it from the others.
func (t *SMTP) Send(ctx context.Context, from string, index int, m Outgoing, recipients []string,
	before func(recipients []string) error) ([]Receipt, error) {
	if err := t.batch(ctx); err != nil {
		return nil, err
	}
	if t.client == nil {
		if err := t.connect(ctx); err != nil {
			return nil, err
		}
	}
	if reason := t.unable(from, m, recipients); reason != "" {
		return receipts(index, recipients, Deferred, AtLocal, 0, reason), nil
	}
	outcomes, err := t.client.Send(ctx, smtp.Message{From: from, To: recipients, Data: m.Raw, BeforeDot: before})
	t.learn(outcomes)
	if !t.client.Usable() {
		t.client = nil
	}
	var all []Receipt
	for _, o := range outcomes {
		all = append(all, t.receipt(index, o, manyTaken(outcomes)))
	}
	return all, err
}

// betweenLogins is no step that a server has a part in: the user wants the pause.
const betweenLogins = "smtpReloginDelay"

// perConnection is how many messages a connection may carry; 0: any number.
func (t *SMTP) perConnection() int {
	least := 0
	for _, n := range []int{t.settings.BatchSize, t.learned, t.client.Extensions().MaxMessages} {
		if n > 0 && (least == 0 || n < least) {
			least = n
		}
	}
	return least
}

// batch ends a connection that has carried enough.
func (t *SMTP) batch(ctx context.Context) error {
	if t.client == nil {
		return nil
	}
	if n := t.perConnection(); n == 0 || t.sent < n {
		return nil
	}
	t.Close()
	if t.settings.ReloginDelay > 0 && t.config.Waiting != nil {
		t.config.Waiting(betweenLogins, t.settings.ReloginDelay)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(t.settings.ReloginDelay):
		return nil
	}
}

// learn counts what the connection carried, and remembers after how many
// messages the server ends one: when it says so, or when it does so twice.
func (t *SMTP) learn(outcomes []smtp.Outcome) {
	o := outcomes[0]
	if o.Step != smtp.AtMail {
		t.sent++
		return
	}
	if t.client.Usable() || t.sent == 0 || errors.Is(o.Err, os.ErrDeadlineExceeded) {
		return
	}
	text := strings.ToLower(o.Reply.Text)
	if t.ended == t.sent || strings.Contains(text, "too many") || strings.Contains(text, "limit") {
		t.learned = t.sent
	}
	t.ended = t.sent
}

// unable says why the connection at hand cannot take the message. Run has
// asked for Abilities, but a reconnect may have led to another server.
func (t *SMTP) unable(from string, m Outgoing, recipients []string) string {
	a := t.abilities()
	size := int64(wireSize(m.Raw))
	switch {
	case !a.EightBit && !isASCII(m.Raw):
		return "the server no longer takes 8-bit text"
	case a.MaxSize > 0 && size > a.MaxSize:
		return fmt.Sprintf("the server takes at most %d bytes", a.MaxSize)
	case !a.UTF8 && (patchmail.NeedsUTF8(m.Raw) || !isASCII(from+strings.Join(recipients, ""))):
		return "the server does not take addresses outside of ASCII"
	}
	return ""
}

// manyTaken says that the server took some recipients, so that it may have
// refused the others for their number.
func manyTaken(outcomes []smtp.Outcome) bool {
	for _, o := range outcomes {
		if o.Step == smtp.AtData || o.Step == smtp.AtDot {
			return true
		}
	}
	return false
}

// receipt judges an outcome. The dot decides: before it, everything but a
// definite no is deferred; after it, everything but an answer is unknown.
func (t *SMTP) receipt(index int, o smtp.Outcome, many bool) Receipt {
	state, text := Deferred, o.Reply.Text
	class := o.Reply.Code / 100
	switch {
	case o.Accepted():
		state = Accepted
	case o.Step == smtp.AtDot && o.Err != nil:
		state, text = Unknown, "no answer to the final dot: "+smtp.Reason(o.Err)
	case o.Step == smtp.AtDot && class != 4 && class != 5:
		state, text = Unknown, "no answer to the final dot, but "+o.Reply.String()
	case o.Err != nil:
		text = "connection lost: " + smtp.Reason(o.Err)
	case o.Step == smtp.AtRcpt && o.Reply.Code == 552 && many:
		// RFC 5321 4.5.3.1.10: older servers mean 452, too many recipients.
	case class == 5 && !isAboutSession(o.Reply.Code):
		state = Refused
	}
	text = t.redact(text)
	r := receipts(index, []string{o.Recipient}, state, Step(o.Step), o.Reply.Code, text)[0]
	r.silent = errors.Is(o.Err, os.ErrDeadlineExceeded)
	return r
}

// redact takes the password out of what a server says.
func (t *SMTP) redact(text string) string {
	if t.credential == nil {
		return text
	}
	return t.credential.redact(text)
}

// isAboutSession finds refusals that end when the user corrects the settings:
// 530 login or STARTTLS needed, 538 encryption needed (RFC 4954 section 6, RFC
// 3207 section 4).
func isAboutSession(code int) bool { return code == 530 || code == 538 }

// Close says QUIT; a server that does not answer in time changes nothing.
func (t *SMTP) Close() error {
	if t.client != nil {
		t.client.Quit()
		t.client = nil
	}
	return nil
}

// wireSize is the size of a message with CRLF line ends, as SIZE counts it.
func wireSize(raw []byte) int { return len(raw) + bytes.Count(raw, []byte("\n")) }

func isASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}
