package submission

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/sendmail"
)

// A Signing says how the messages are signed before they leave. The zero value
// is: not at all, for no reason that anybody gave.
type Signing struct {
	Signer *attest.Signer // nil: not signed
	Not    string         // why not, for people; "" when signed
	Idle   []string       // keys that could, where none is configured
	Err    error          // why the configured key cannot be used, which stops a send

	must *Signing // how they are signed where nothing unsigned is taken; nil: the same
}

// On is how messages are signed on a way: a web endpoint takes nothing
// unsigned, whatever the configuration says of series in general.
func (s Signing) On(endpoint bool) Signing {
	if endpoint && s.must != nil {
		return *s.must
	}
	return s
}

// String is such as "signed by ed25519:20250102 as jane@example.org", or
// "not signed: no key is configured".
func (s Signing) String() string {
	switch {
	case s.Signer != nil:
		return fmt.Sprintf("signed by %s as %s", s.Signer.Key(), s.Signer.Identity)
	case s.Err != nil:
		return fmt.Sprintf("not signed: %v", s.Err)
	case s.Not == "":
		return "not signed"
	}
	return "not signed: " + s.Not
}

// A SigningError reports a key that does not sign. Nothing was sent.
type SigningError struct {
	Err        error
	ByEndpoint bool // that takes nothing unsigned
}

func (e *SigningError) Error() string { return e.Err.Error() }
func (e *SigningError) Unwrap() error { return e.Err }

// sign gives every message its signature: the last thing that is done to it.
func (s *Submission) sign(ctx context.Context) error {
	if s.Signing.Signer == nil {
		return nil
	}
	var raw []byte
	for i := range s.Messages {
		m := &s.Messages[i]
		if s.signed != nil {
			s.signed(i, len(s.Messages))
		}
		var err error
		if raw, err = m.raw.AppendTo(raw[:0]); err != nil {
			return err
		}
		signed, err := s.Signing.Signer.Sign(ctx, raw, s.now)
		if err != nil {
			return &SigningError{fmt.Errorf("%s: %w", m.Name, err), s.Mail.ByEndpoint()}
		}
		m.raw, m.Size = s.kept.Keep(signed), len(signed)
	}
	return nil
}

// Signer is who signs by which key, as the journal keeps it; nil for nobody.
func (s *Submission) Signer() *sendmail.Signer {
	by := s.Signing.Signer
	if by == nil {
		return nil
	}
	return &sendmail.Signer{Key: by.Key(), Algorithm: string(by.Algorithm()), Identity: by.Identity, Selector: by.Selector}
}

// signatures finds what keeps a signature from being believed.
func (s *Submission) signatures() []Problem {
	signer := s.Signing.Signer
	if signer == nil {
		return nil
	}
	var all []Problem
	if !strings.EqualFold(signer.Identity, s.Sender.Mailbox) && !s.Mail.ByEndpoint() { // which refuses it
		all = append(all, Problem{Name: "signer", Next: "set patatt.identity, or sendemail.from",
			Text: fmt.Sprintf("From is %s and the messages are signed as %s: who checks them will not believe that", s.Sender.Mailbox, signer.Identity)})
	}
	if s.Mail.RenamesIDs() && !s.Mail.ByEndpoint() {
		all = append(all, Problem{Name: "signer", Text: "the server gives messages new message-ids, which are signed: no signature will hold"})
	}
	return all
}

// bindSigner has the signer sign for the sender where no identity is
// configured: it would else sign for the author of each patch.
func (s *Submission) bindSigner(signing Signing) {
	signing = signing.On(s.Mail.ByEndpoint())
	if signing.Signer != nil && signing.Signer.Identity == "" {
		bound := *signing.Signer
		bound.Identity = s.Sender.Mailbox
		signing.Signer = &bound
	}
	s.Signing = signing
}

// SigningOf opens the key that the settings name. Unsigned says that the user
// wants none this time.
func SigningOf(settings attest.Settings, gitDir string, unsigned bool) Signing {
	switch {
	case unsigned:
		return Signing{Not: "--no-sign"}
	case settings.NoSign:
		settings.NoSign = false
		must := SigningOf(settings, gitDir, false)
		return Signing{Not: "b4.send-no-patatt-sign", must: &must}
	}
	signer, err := settings.Signer(gitDir)
	switch {
	case errors.Is(err, attest.ErrNoSigningKey):
		idle := &attest.IdleKeysError{}
		errors.As(err, &idle)
		return Signing{Not: "no key is configured", Idle: idle.Names}
	case err != nil:
		return Signing{Err: err}
	}
	return Signing{Signer: signer}
}
