package sendmail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/sendmail/smtp"
)

func (t *SMTP) authenticates() bool {
	return t.settings.User != "" && !slices.Equal(t.settings.Auth, []string{"NONE"})
}

// Authorize obtains the password: sendemail.smtpPass, else from the helper.
func (t *SMTP) Authorize(ctx context.Context) error {
	if !t.authenticates() {
		return nil
	}
	if c := t.credential; c != nil && (c.Expires.IsZero() || time.Now().Before(c.Expires)) {
		return nil
	}
	if t.settings.Password != "" {
		t.credential = &Credential{Username: t.settings.User, Password: t.settings.Password}
		return nil
	}
	return t.fill(ctx)
}

func (t *SMTP) fill(ctx context.Context) error {
	t.credential, t.approved = nil, false
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

// connect leaves a client that may send, or none. A password that the server
// refuses for good is asked for again, once.
func (t *SMTP) connect(ctx context.Context) error {
	if err := t.Authorize(ctx); err != nil {
		return err
	}
	err := t.open(ctx)
	if !t.rejected(err) {
		return err
	}
	if forgetErr := t.forget(ctx); forgetErr != nil {
		return fmt.Errorf("%w (and the password could not be forgotten: %v)", err, forgetErr)
	}
	if fillErr := t.fill(ctx); fillErr != nil {
		return fmt.Errorf("%w (%v)", err, fillErr)
	}
	err = t.open(ctx)
	if t.rejected(err) {
		if forgetErr := t.forget(ctx); forgetErr != nil {
			return fmt.Errorf("%w (and the password could not be forgotten: %v)", err, forgetErr)
		}
	}
	return err
}

// rejected says whether the server refused a password of the helper for good.
func (t *SMTP) rejected(err error) bool {
	var refused *LoginError
	return errors.As(err, &refused) && isRefusal(refused.Code) && t.fromHelper()
}

func (t *SMTP) forget(ctx context.Context) error {
	c := *t.credential
	t.credential = nil
	return t.creds.Reject(ctx, c)
}

func (t *SMTP) open(ctx context.Context) error {
	client, err := smtp.Dial(ctx, t.config)
	if plain := (*PlainTextError)(nil); errors.As(err, &plain) {
		plain.Password = t.settings.User != ""
	}
	if err != nil {
		return err
	}
	if err := t.login(ctx, client); err != nil {
		client.Close()
		return err
	}
	t.client, t.sent = client, 0
	return nil
}

func (t *SMTP) login(ctx context.Context, client *smtp.Client) error {
	if !t.authenticates() {
		return nil
	}
	c := *t.credential
	chosen, err := t.choose(client.Extensions().Mechanisms, c)
	if err != nil {
		return err
	}
	err = client.Auth(ctx, c.Username, chosen.new(c, t.config))
	if refused := (*LoginError)(nil); errors.As(err, &refused) {
		refused.Reason = c.redact(refused.Reason)
	}
	if err != nil || !t.fromHelper() || t.approved {
		return err
	}
	t.approved = true
	if err := t.creds.Approve(ctx, c); err != nil {
		return fmt.Errorf("store the password of %s: %w", clean(c.Username), err)
	}
	return nil
}

// choose returns the best mechanism that both sides speak and the user allows.
func (t *SMTP) choose(offered []string, c Credential) (mechanism, error) {
	allowed := t.settings.allowed(c)
	for _, m := range allowed {
		if slices.Contains(offered, m.name) {
			return m, nil
		}
	}
	reason := fmt.Sprintf("the server offers %s; allowed are %s", strings.Join(offered, " "), names(allowed))
	if len(offered) == 0 {
		reason = "the server offers no login; leave sendemail.smtpUser unset if it needs none"
	}
	return mechanism{}, &LoginError{Host: t.settings.Server, User: c.Username, Reason: reason}
}
