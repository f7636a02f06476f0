package sendmail

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/emersion/go-sasl"
)

// A Credential is a user name and a password, from wherever they come.
type Credential struct {
	Username string
	Password string
	Fields   any // the helper's complete answer, for Approve and Reject
}

// String hides the password.
func (c Credential) String() string { return fmt.Sprintf("credential of %q", c.Username) }

// redact takes the password out of what a server says, in the forms in which
// the server got it.
func (c Credential) redact(text string) string {
	if c.Password == "" {
		return text
	}
	encode := base64.StdEncoding.EncodeToString
	for _, secret := range []string{
		encode([]byte("\x00" + c.Username + "\x00" + c.Password)), encode([]byte(c.Password)), c.Password,
	} {
		text = strings.ReplaceAll(text, secret, "[password]")
	}
	return text
}

// GoString is String.
func (c Credential) GoString() string { return c.String() }

// Credentials are a credential helper, in practice git credential
// (spec/mail.md 1.4). Host has ":port" only where a port is configured, as git
// send-email does it, so that both find the same entry.
type Credentials interface {
	Fill(ctx context.Context, protocol, host, username string) (Credential, error)
	Approve(ctx context.Context, c Credential) error
	Reject(ctx context.Context, c Credential) error
}

// A login tries one mechanism. Its Next never returns (nil, nil): go-smtp's
// client would take that for success without having seen a 235.
type login = sasl.Client

// mechanisms are those that kprep can speak, best first.
var mechanisms = []struct {
	name string
	new  func(c Credential) login
}{
	{"PLAIN", func(c Credential) login { return sasl.NewPlainClient("", c.Username, c.Password) }},
	{"LOGIN", func(c Credential) login { return &loginClient{answers: []string{c.Username, c.Password}} }},
}

// A loginClient answers the questions of LOGIN by their position: servers
// disagree on their wording, and some encode it.
type loginClient struct{ answers []string }

func (l *loginClient) Start() (string, []byte, error) { return "LOGIN", nil, nil }

func (l *loginClient) Next([]byte) ([]byte, error) {
	if len(l.answers) == 0 {
		return nil, errors.New("the server asks more than a user name and a password")
	}
	answer := []byte(l.answers[0])
	l.answers = l.answers[1:]
	return answer, nil
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
