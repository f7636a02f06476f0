package main

import (
	"context"
	"fmt"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/trailers"
)

// signatureState is what is known of who sent a reply.
type signatureState struct {
	Status attest.Status `json:"status"`
	Text   string        `json:"text"` // for people
}

// checkSources checks the signatures of the replies that give something, by post.
// With the policy off nothing is checked.
func (e *env) checkSources(ctx context.Context, job *takingJob) (map[int]signatureState, error) {
	states := map[int]signatureState{}
	if job.settings.policy == policyOff {
		return states, nil
	}
	var signed []int
	for _, f := range job.found {
		if _, known := states[f.Post]; known || f.Fate == trailers.Present || f.Fate == trailers.Repeated {
			continue
		}
		states[f.Post] = signatureState{attest.NoSig, "not signed"}
		if attest.HasSignature(job.mail.messages[f.Post].Raw) {
			signed = append(signed, f.Post)
		}
	}
	if len(signed) == 0 {
		return states, nil
	}
	a, err := e.attestation(ctx, "")
	if err != nil {
		return nil, err
	}
	v, closeIt, err := e.verifier(ctx, a)
	if err != nil {
		return nil, err
	}
	defer closeIt()
	var checked []*checkedMail
	for _, post := range signed {
		m := job.mail.messages[post]
		one := &checkedMail{file: m.File, number: m.Number, list: m.List, message: m}
		if one.report, one.err = v.Check(ctx, m.Raw); ctx.Err() != nil {
			return nil, ctx.Err()
		}
		checked = append(checked, one)
	}
	e.rememberKeys(v.Pins, checked)
	for i, post := range signed {
		states[post] = stateOf(checked[i])
	}
	return states, nil
}

func stateOf(m *checkedMail) signatureState {
	state := signatureState{Status: m.status()}
	switch {
	case m.err != nil:
		state.Text = fmt.Sprintf("the signature cannot be checked: %v", m.err)
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
