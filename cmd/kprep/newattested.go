package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
)

// attestationPolicy reads b4's word for what becomes of mail whose signature
// does not hold: "off", "check", "softfail" or "hardfail".
func attestationPolicy(get func(key string) (string, bool)) (string, error) {
	words := []string{"off", "check", "softfail", "hardfail"}
	for _, key := range []string{"kprep.attestation-policy", "b4.attestation-policy"} {
		word, ok := get(key)
		if ok && !slices.Contains(words, word) {
			return "", fmt.Errorf("configuration %s: %q is none of %s", key, word, strings.Join(words, ", "))
		}
		if ok {
			return word, nil
		}
	}
	return "softfail", nil
}

// attested checks the signatures of a series that is to be taken over, and says
// what came of it. With the policy "hardfail" every message has to pass.
func (e *env) attested(ctx context.Context, s *inbox.Series, raws [][]byte) error {
	a, err := e.attestation(ctx, "")
	if err != nil {
		return err
	}
	policy, err := attestationPolicy(a.config.Get)
	if err != nil || policy == "off" {
		return err
	}
	checked, err := e.checkSigned(ctx, a, s, raws)
	if err != nil {
		return err
	}
	worst := attest.Pass
	for _, m := range checked {
		worst = max(worst, m.status())
		if verdict := m.status(); verdict != attest.Pass && verdict != attest.NoSig {
			e.warnf("%s: %s", verdict, patchmail.PrintableLine(m.title()+m.reasons()))
		}
	}
	for _, together := range checkSeries(checked) {
		for _, problem := range together.report.Problems {
			e.warnf("%s", patchmail.PrintableLine(problem))
		}
	}
	e.warnOfChanges(checked)
	switch first := checked[0].report; {
	case worst == attest.NoSig && !slices.ContainsFunc(checked, func(m *checkedMail) bool { return len(m.report.Signatures) > 0 }):
		e.notef("the mails are not signed")
	case worst == attest.Pass && first != nil && len(first.Signatures) > 0:
		e.notef("the mails are signed %s", patchmail.PrintableLine(signedBy(first.Signatures[0])))
	case worst == attest.NoSig:
		e.warnf("some of the mails are not signed, and others are")
	}
	if worst != attest.Pass && policy == "hardfail" {
		return &mailedError{reason: "not every message has a good signature, and b4.attestation-policy is hardfail", hint: "'kprep verify' says more, 'kprep key trust' makes a key count"}
	}
	return nil
}

// reasons say why a message did not pass.
func (m *checkedMail) reasons() string {
	var words []string
	if m.err != nil {
		words = append(words, m.err.Error())
	}
	if m.report != nil {
		for _, s := range m.report.Signatures {
			words = append(words, s.Reasons...)
		}
	}
	if len(words) == 0 {
		return ""
	}
	return ": " + strings.Join(words, "; ")
}

// checkSigned checks the messages of a series as verify does, and remembers the
// keys.
func (e *env) checkSigned(ctx context.Context, a *attestation, s *inbox.Series, raws [][]byte) ([]*checkedMail, error) {
	rings, closeRings, err := a.settings.OpenKeyrings(ctx, a.repo)
	if err != nil {
		return nil, err
	}
	defer closeRings()
	v := &attest.Verifier{Keyrings: rings, Programs: a.settings.Programs, Now: e.now(), Staleness: a.settings.Staleness,
		OwnGPG: true, TrimBody: a.settings.TrimBody, Past: e.past(a)}
	if v.Pins, err = attest.UserPins(e.getenv, e.now); err != nil {
		return nil, err
	}
	var checked []*checkedMail
	for i, m := range s.Messages() {
		c := &checkedMail{file: m.File, number: m.Number, message: m}
		c.subject, c.list = headerFacts(raws[i])
		if c.report, c.err = v.Check(ctx, raws[i]); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		checked = append(checked, c)
	}
	e.rememberKeys(v.Pins, checked)
	return checked, nil
}
