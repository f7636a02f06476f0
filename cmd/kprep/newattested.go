package main

import (
	"context"
	"slices"
	"strings"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
)

// attested checks the signatures of a series that is to be taken over, and says
// what came of it. With the policy "hardfail" every message has to pass.
func (e *env) attested(ctx context.Context, s *inbox.Series, raws [][]byte) error {
	base, err := settingsCommit(ctx, e.repo)
	if err != nil {
		return err
	}
	settings, err := project.Load(ctx, e.repo, base)
	if err != nil {
		return err
	}
	policy, err := attestationPolicy(settings)
	if err != nil || policy == policyOff {
		return err
	}
	checked, err := e.checkSigned(ctx, s, raws)
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
	if worst != attest.Pass && policy == policyHard {
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
func (e *env) checkSigned(ctx context.Context, s *inbox.Series, raws [][]byte) ([]*checkedMail, error) {
	a, err := e.attestation(ctx, "")
	if err != nil {
		return nil, err
	}
	v, closeIt, err := e.verifier(ctx, a)
	if err != nil {
		return nil, err
	}
	defer closeIt()
	defer e.progress.doing("")
	var checked []*checkedMail
	for i, m := range s.Messages() {
		e.progress.count("checking signatures", i, len(raws))
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
