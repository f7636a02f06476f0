package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

func authCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "auth",
		Category: groupSetUp,
		Usage:    "enrol your key with a web endpoint",
		Description: "A web endpoint (kprep.endpoint) mails series on for those whose keys it knows. It\n" +
			"mails a challenge to your address, and your key signs it.",
		Subcommands: []*cli.Command{authNewCommand(e), authVerifyCommand(e), authRotateCommand(e), authRevokeCommand(e), authStatusCommand(e)},
	}
}

func yesFlag() cli.Flag {
	return &cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"}
}

// authFlags are the words that 'b4 send' has for two actions of 'kprep auth'.
func authFlags() []cli.Flag {
	const category = "instead of sending, as in 'kprep auth'"
	return []cli.Flag{
		&cli.BoolFlag{Category: category, Name: "web-auth-new", Usage: "auth new"},
		&cli.StringFlag{Category: category, Name: "web-auth-verify", Usage: "auth verify `CHALLENGE`"},
	}
}

// authLine is the command line for what authFlags ask for; nil when they do not.
func authLine(c *cli.Context) ([]string, error) {
	if err := exclusive(c, "web-auth-new", "web-auth-verify"); err != nil {
		return nil, err
	}
	switch {
	case c.Bool("web-auth-new"):
		return []string{"auth", "new"}, nil
	case c.IsSet("web-auth-verify"):
		return []string{"auth", "verify", "--", c.String("web-auth-verify")}, nil
	}
	return nil, nil
}

func authNewCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "new",
		Usage:       "ask a web endpoint to know your key",
		Description: "Sends the public half of the key that signs. The answer comes by mail.",
		Flags:       []cli.Flag{yesFlag()},
		Action: func(c *cli.Context) error {
			m, err := e.ownMember(c)
			if err != nil {
				return err
			}
			if err := endpoint.Takes(m.service, m.key.Algorithm); err != nil {
				return err
			}
			e.showKey(m, m.key)
			if err := e.agree(c, "Enrol it?"); err != nil {
				return err
			}
			name, _ := m.config.Get("user.name")
			answer, err := m.client.Enrol(c.Context, m.key, name)
			return e.answered(answer, err, "a challenge is on its way to %s; answer it with 'kprep auth verify CHALLENGE'", m.key.Identity)
		},
	}
}

func authVerifyCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "verify",
		Usage:       "answer the challenge of a web endpoint",
		ArgsUsage:   "CHALLENGE",
		Description: "Signs the challenge that was mailed to you. With - it is read from standard input.",
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			challenge, err := e.challenge(c.Context, words[0])
			if err != nil {
				return err
			}
			m, err := e.member(c.Context)
			if err != nil {
				return err
			}
			stamp, err := e.stamp()
			if err != nil {
				return err
			}
			answer, err := m.client.Verify(c.Context, m.key, challenge, stamp)
			return e.answered(answer, err, "as soon as the key counts, 'kprep send --reflect --use-web-endpoint' mails a series to yourself alone, to see how it arrives")
		},
	}
}

// challenge is one word, on the command line or on standard input.
func (e *env) challenge(ctx context.Context, word string) (string, error) {
	if word == "-" {
		const most = 4096
		text, err := io.ReadAll(io.LimitReader(e.input(ctx), most))
		if err != nil {
			return "", fmt.Errorf("read the challenge: %w", err)
		}
		word = strings.TrimSpace(string(text))
	}
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", usagef("auth verify", "a challenge is one word, not %q", word)
	}
	return word, nil
}

func authRotateCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "rotate",
		Usage:     "put another key into the place of the one that signs now",
		ArgsUsage: "KEY",
		Description: "KEY is as in patatt.signingkey, such as ed25519:NAME; a bare NAME is a key of\n" +
			"'kprep key new'. Both keys sign, so that no challenge is needed.",
		Flags: []cli.Flag{
			yesFlag(),
			&cli.StringFlag{Name: "selector", Usage: "call the new key `NAME` (default that of an ed25519 key)"},
			&cli.BoolFlag{Name: "configure", Usage: "have this repository sign with it from then on"},
		},
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			return e.rotate(c, words[0])
		},
	}
}

func (e *env) rotate(c *cli.Context, name string) error {
	m, err := e.member(c.Context)
	if err != nil {
		return err
	}
	switch {
	case m.service == nil:
		return errNoRotation
	case c.Bool("configure") && m.repo == nil:
		return usagef("auth rotate", "--configure wants a repository")
	}
	next, err := m.another(c.Context, name, c.String("selector"))
	if err != nil {
		return err
	}
	if next.Fingerprint == m.key.Fingerprint {
		return usagef("auth rotate", "%s signs already", name)
	}
	if err := endpoint.Takes(m.service, next.Algorithm); err != nil {
		return err
	}
	e.showKey(m, next)
	e.notef("instead of %s %s", m.key.Selector, m.key.Fingerprint)
	if err := e.agree(c, "Replace it?"); err != nil {
		return err
	}
	stamp, err := e.stamp()
	if err != nil {
		return err
	}
	answer, err := m.client.Rotate(c.Context, m.key, next, stamp)
	if err := e.answered(answer, err, "the old key is not taken any more"); err != nil {
		return err
	}
	for _, s := range [][2]string{{"patatt.signingkey", keyName(name)}, {"patatt.selector", next.Selector}} {
		if !c.Bool("configure") {
			e.notef("to sign with the new one: git config --global %s %s", s[0], s[1])
		} else if err := m.repo.SetConfig(c.Context, s[0], s[1]); err != nil {
			return fmt.Errorf("the key is replaced, but not configured: %w", err)
		}
	}
	return nil
}

// errNoRotation means that keys cannot be replaced by their own word.
var errNoRotation = errors.New("this web endpoint does not say that it can replace keys")

func authRevokeCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "revoke",
		Usage:       "have a web endpoint forget the key that signs",
		Description: "Nothing that the key signs is taken any more.",
		Flags:       []cli.Flag{yesFlag()},
		Action: func(c *cli.Context) error {
			m, err := e.ownMember(c)
			if err != nil {
				return err
			}
			e.showKey(m, m.key)
			if err := e.agree(c, "Withdraw it?"); err != nil {
				return err
			}
			stamp, err := e.stamp()
			if err != nil {
				return err
			}
			answer, err := m.client.Revoke(c.Context, m.key, stamp)
			return e.answered(answer, err, newKeyHint)
		},
	}
}

// A member is what enrolment is about: a service, and a key of the user's.
type member struct {
	*attestation
	client  *endpoint.Client
	service *endpoint.Service // nil: it cannot tell
	key     endpoint.Key
}

// member opens the key that signs and asks the service what it does.
func (e *env) member(ctx context.Context) (*member, error) {
	a, err := e.attestation(ctx, "")
	if err != nil {
		return nil, err
	}
	m := &member{attestation: a}
	mail, err := sendmail.ReadSettings(a.config, "", true)
	if err != nil {
		return nil, err
	}
	mail.Agent = agent()
	if m.client, err = submission.EndpointClient(mail); err != nil {
		return nil, err
	}
	if m.key, err = m.keyOf(ctx, a.settings); err != nil {
		return nil, err
	}
	m.service, err = m.client.Describe(ctx)
	return m, err
}

// ownMember is member for a verb without arguments, which is about the key that
// signs.
func (e *env) ownMember(c *cli.Context) (*member, error) {
	if _, err := args(c, 0); err != nil {
		return nil, err
	}
	return e.member(c.Context)
}

// another is a key that signs not yet.
func (m *member) another(ctx context.Context, name, selector string) (endpoint.Key, error) {
	settings := m.settings
	settings.Key = keyName(name)
	if kind, id, _ := strings.Cut(settings.Key, ":"); kind == string(attest.Ed25519) && !strings.Contains(id, "/") {
		settings.Selector = id
	}
	if selector != "" {
		settings.Selector = selector
	}
	return m.keyOf(ctx, settings)
}

// keyName is a key as patatt.signingkey has it.
func keyName(name string) string {
	if !strings.Contains(name, ":") {
		return string(attest.Ed25519) + ":" + name
	}
	return name
}

func (m *member) keyOf(ctx context.Context, settings attest.Settings) (endpoint.Key, error) {
	signer, err := settings.Signer(m.gitDir())
	if err != nil {
		return endpoint.Key{}, err
	}
	if signer.Identity == "" {
		return endpoint.Key{}, usagef("auth", "say who you are, by user.email or patatt.identity")
	}
	return submission.EndpointKey(ctx, signer)
}

// stamp makes a statement new.
func (e *env) stamp() (endpoint.Stamp, error) {
	random, err := e.randomHex(32)
	return endpoint.Stamp{Now: e.now(), Random: random}, err
}

// showKey tells which key is meant, and where.
func (e *env) showKey(m *member, k endpoint.Key) {
	e.notef("web endpoint %s", m.client.URL())
	if m.service != nil {
		e.notef("             %s", m.service.Name)
	}
	e.notef("identity     %s", k.Identity)
	e.notef("key          %s, selector %s, %s", k.Algorithm, k.Selector, k.Fingerprint)
}

// agree asks, unless --yes has.
func (e *env) agree(c *cli.Context, question string) error {
	if c.Bool("yes") {
		return nil
	}
	return e.confirm(c.Context, question, "nothing was sent; --yes does not ask")
}

// answered prints what a service says, and what comes next.
func (e *env) answered(answer endpoint.Answer, err error, next string, args ...any) error {
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(e.stdout, answer.Text()); err != nil {
		return err
	}
	e.notef(next, args...)
	return nil
}
