package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// signatureState is what is known of who sent a reply.
type signatureState struct {
	Status attest.Status `json:"status"`
	Text   string        `json:"text"` // for people
}

// A sourceCheck checks the signatures of replies, each once.
type sourceCheck struct {
	env     *env
	job     *takingJob
	verify  *attest.Verifier // nil until the first is checked
	close   func()
	checked map[int]*checkedMail // by post
}

// check checks the signature of a reply that has one.
func (s *sourceCheck) check(ctx context.Context, post int) (*checkedMail, error) {
	if one, known := s.checked[post]; known {
		return one, nil
	}
	if s.verify == nil {
		a, err := s.env.attestation(ctx, "")
		if err != nil {
			return nil, err
		}
		v, closeIt, err := s.env.verifier(ctx, a)
		if err != nil {
			return nil, err
		}
		s.verify, s.close = v, closeIt
	}
	m := s.job.mail.messages[post]
	one := &checkedMail{file: m.File, number: m.Number, list: m.List, message: m}
	if one.report, one.err = s.verify.Check(ctx, m.Raw); ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.checked[post] = one
	return one, nil
}

// isSure says whether a key that is known to be the sender's, rather than the first
// that was seen, has signed a reply.
func (s *sourceCheck) isSure(ctx context.Context, post int) (bool, error) {
	if s.job.settings.policy == policyOff || !attest.HasSignature(s.job.mail.messages[post].Raw) {
		return false, nil
	}
	one, err := s.check(ctx, post)
	if err != nil || one.status() != attest.Pass {
		return false, err
	}
	sure := func(sig attest.Signature) bool {
		return (sig.Trust == attest.Kept || sig.Trust == attest.Confirmed) && slices.Contains(sig.Headers, "message-id") // so that it is no copy elsewhere
	}
	return isSender(one, s.job.mail.posts[post].From) && slices.ContainsFunc(one.report.Signatures, sure), nil
}

// states checks the replies that give something, by post. With the policy off
// nothing is checked.
func (s *sourceCheck) states(ctx context.Context) (map[int]signatureState, error) {
	states := map[int]signatureState{}
	if s.job.settings.policy == policyOff {
		return states, nil
	}
	var signed []int
	for _, f := range s.job.found {
		if _, known := states[f.Post]; known || f.Fate == trailers.Present || f.Fate == trailers.Repeated {
			continue
		}
		states[f.Post] = signatureState{attest.NoSig, "not signed"}
		if attest.HasSignature(s.job.mail.messages[f.Post].Raw) {
			signed = append(signed, f.Post)
		}
	}
	defer s.env.progress.doing("")
	var checked []*checkedMail
	for i, post := range signed {
		s.env.progress.count("checking signatures", i, len(signed))
		one, err := s.check(ctx, post)
		if err != nil {
			return nil, err
		}
		checked = append(checked, one)
	}
	if len(checked) > 0 {
		s.env.rememberKeys(s.verify.Pins, checked)
	}
	for i, post := range signed {
		states[post] = stateOf(checked[i], s.job.mail.posts[post].From)
	}
	return states, nil
}

// isSender says whether those who have signed a mail are whom it is from. A patch
// may be signed by its author, whom the text names; a trailer counts by its sender.
func isSender(m *checkedMail, from patchmail.Address) bool {
	return !slices.ContainsFunc(m.report.Signatures, func(sig attest.Signature) bool {
		return patchmail.Address{Mailbox: sig.Identity}.Key() != from.Key()
	})
}

func stateOf(m *checkedMail, from patchmail.Address) signatureState {
	state := signatureState{Status: m.status()}
	switch {
	case m.err != nil:
		state.Text = fmt.Sprintf("the signature cannot be checked: %v", m.err)
	case state.Status == attest.Pass && !isSender(m, from):
		state.Status = attest.BadSig
		state.Text = fmt.Sprintf("the signature does not count: it is of %s, and the mail is from %s", m.report.Signatures[0].Identity, from.Mailbox)
	case state.Status == attest.Pass:
		state.Text = "signed " + signedBy(m.report.Signatures[0])
	default:
		state.Text = "the signature does not count (" + state.Status.String() + ")"
		for _, s := range m.report.Signatures {
			for _, reason := range s.Reasons {
				if s.Status == state.Status {
					state.Text += ": " + reason
				}
			}
		}
	}
	return state
}

// warnForged says loudly where another may be writing in somebody's name.
func (e *env) warnForged(job *takingJob) {
	warned := map[int]bool{}
	for _, f := range job.found {
		if m := job.mail.messages[f.Post]; job.signed[f.Post].Status == attest.BadSig && !warned[f.Post] {
			warned[f.Post] = true
			e.warnf("the signature of <%s> does not hold: somebody else may be writing as %s", m.ID, m.From)
		}
	}
}

// An unsignedError refuses trailers whose mails are not signed by a known key.
type unsignedError struct {
	messages []*inbox.Message
	states   []signatureState
}

func (e *unsignedError) Error() string {
	text := "the policy hardfail takes nothing from mail that is not signed with a known key:"
	for i, m := range e.messages {
		text += fmt.Sprintf("\n<%s> from %s: %s", m.ID, m.From, e.states[i].Text)
	}
	return text
}

// checkPolicy returns an *unsignedError where the policy refuses what is to be
// taken.
func (job *takingJob) checkPolicy(taken []trailers.Found) error {
	if job.settings.policy != policyHard {
		return nil
	}
	refused := &unsignedError{}
	seen := map[int]bool{}
	for _, f := range taken {
		state, checked := job.signed[f.Post]
		if seen[f.Post] || checked && state.Status == attest.Pass {
			continue
		}
		seen[f.Post] = true
		refused.messages, refused.states = append(refused.messages, job.mail.messages[f.Post]), append(refused.states, state)
	}
	if len(refused.messages) == 0 {
		return nil
	}
	return refused
}
