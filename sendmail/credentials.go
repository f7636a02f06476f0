package sendmail

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-sasl"

	"github.com/kprep/kprep/sendmail/smtp"
)

// A Credential is a user name and a password, from wherever they come.
type Credential struct {
	Username string
	Password string
	Bearer   bool      // the password is an access token of OAuth 2.0
	Expires  time.Time // when the password is of no use any more; zero: not known
	Fields   any       // the helper's complete answer, for Approve and Reject
}

// String hides the password.
func (c Credential) String() string { return fmt.Sprintf("credential of %q", c.Username) }

// GoString is String.
func (c Credential) GoString() string { return c.String() }

// redact takes the password out of what a server says, in the forms in which
// the server got it.
func (c Credential) redact(text string) string {
	if c.Password == "" {
		return text
	}
	secrets := []string{c.Password, base64.StdEncoding.EncodeToString([]byte(c.Password))}
	for _, m := range mechanisms() {
		_, first, err := m.new(c, smtp.Config{}).Start()
		if err == nil && len(first) > 0 {
			secrets = append(secrets, base64.StdEncoding.EncodeToString(first))
		}
	}
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) }) // one may be part of another
	for _, secret := range secrets {
		text = strings.ReplaceAll(text, secret, "[password]")
	}
	return text
}

// Credentials are a credential helper, in practice git credential
// (spec/mail.md 1.4). Host has ":port" only where a port is configured, as git
// send-email does it, so that both find the same entry.
type Credentials interface {
	Fill(ctx context.Context, protocol, host, username string) (Credential, error)
	Approve(ctx context.Context, c Credential) error
	Reject(ctx context.Context, c Credential) error
}

// A mechanism is a way to log in.
type mechanism struct {
	name   string
	bearer bool // it wants a token
	new    func(Credential, smtp.Config) sasl.Client
}

// mechanisms are those that kprep can speak, best first. Over TLS, CRAM-MD5 is
// not better than PLAIN: it makes the server keep the password itself.
func mechanisms() []mechanism {
	return []mechanism{
		{"PLAIN", false, func(c Credential, _ smtp.Config) sasl.Client { return smtp.Plain(c.Username, c.Password) }},
		{"LOGIN", false, func(c Credential, _ smtp.Config) sasl.Client { return smtp.Login(c.Username, c.Password) }},
		{"CRAM-MD5", false, func(c Credential, _ smtp.Config) sasl.Client { return smtp.CramMD5(c.Username, c.Password) }},
		{"OAUTHBEARER", true, func(c Credential, to smtp.Config) sasl.Client {
			return smtp.OAuthBearer(c.Username, c.Password, to.Host, to.Port)
		}},
		{"XOAUTH2", true, func(c Credential, _ smtp.Config) sasl.Client { return smtp.XOAuth2(c.Username, c.Password) }},
	}
}

// allowed are the mechanisms that may be tried with c: those of
// sendemail.smtpAuth; where it is not set, those that suit c.
func (s Settings) allowed(c Credential) []mechanism {
	var all []mechanism
	for _, m := range mechanisms() {
		if slices.Contains(s.Auth, m.name) || len(s.Auth) == 0 && m.bearer == c.Bearer {
			all = append(all, m)
		}
	}
	return all
}

func names(all []mechanism) string {
	var words []string
	for _, m := range all {
		words = append(words, m.name)
	}
	return strings.Join(words, ", ")
}

// isRefusal tells a wrong name or password from everything else that a server
// may have against AUTH: only the former may make a helper forget a password.
func isRefusal(code int) bool {
	switch code {
	case 500, 501, 502, 503, 504, // this command, now
		523, 530, 538: // encryption, order (RFC 4954 section 6)
		return false
	}
	return code/100 == 5
}
