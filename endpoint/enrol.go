package endpoint

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// A Signer makes signatures over mail, as package attest does.
type Signer interface {
	Sign(ctx context.Context, raw []byte, now time.Time) ([]byte, error)
}

// A Key is one of the user's own, as a service is told of it.
type Key struct {
	Identity    string
	Selector    string // "default" when the signatures name none
	Algorithm   string // ed25519, openpgp or openssh
	Public      string // as keyrings have it
	Fingerprint string
	Signer      Signer
}

// A Stamp makes a statement new: its time, and what nobody can guess.
type Stamp struct {
	Now    time.Time
	Random string // for message-id and nonce
}

// An AlgorithmError reports a key of a kind that the service does not take.
type AlgorithmError struct {
	Algorithm string
	Takes     []string // that it says it takes; nil: it is of b4's kind, which cannot say
}

func (e *AlgorithmError) Error() string {
	if e.Takes == nil {
		return fmt.Sprintf("the web endpoint does not say that it takes keys of kind %s", e.Algorithm)
	}
	return fmt.Sprintf("the web endpoint takes keys of kind %q, not %s", e.Takes, e.Algorithm)
}

// Takes says whether a service enrols keys of that kind. One of b4's kind, nil,
// does not tell: b4 itself enrols all but OpenSSH's.
func Takes(s *Service, algorithm string) error {
	if s == nil && algorithm != "openssh" {
		return nil
	}
	if s == nil {
		return &AlgorithmError{Algorithm: algorithm}
	}
	if slices.Contains(s.Algorithms, algorithm) {
		return nil
	}
	return &AlgorithmError{Algorithm: algorithm, Takes: append([]string{}, s.Algorithms...)}
}

// Enrol asks the service for a challenge, which it mails to the identity of the
// key. Name is for its greeting. Errors are those of [Client.Do], here as below.
func (c *Client) Enrol(ctx context.Context, k Key, name string) (Answer, error) {
	return c.Do(ctx, Request{Action: ActionNew, Name: name, Identity: k.Identity, Selector: k.Selector, PublicKey: k.Public})
}

// Verify answers a challenge.
func (c *Client) Verify(ctx context.Context, k Key, challenge string, at Stamp) (Answer, error) {
	s := c.statement(PurposeVerify, k)
	s.Challenge = challenge
	return c.state(ctx, ActionVerify, s, k, at)
}

// Revoke withdraws a key: nothing that it signs is taken any more.
func (c *Client) Revoke(ctx context.Context, k Key, at Stamp) (Answer, error) {
	s := c.statement(PurposeDelete, k)
	s.Nonce = at.Random
	return c.state(ctx, ActionDelete, s, k, at)
}

// Rotate puts another key into the place of one that is enrolled; both sign.
func (c *Client) Rotate(ctx context.Context, old, next Key, at Stamp) (Answer, error) {
	s := c.statement(PurposeRotate, old)
	s.Nonce, s.NewSelector, s.NewKey = at.Random, next.Selector, next.Fingerprint
	msg, err := signed(ctx, s, old, at)
	if err != nil {
		return Answer{}, err
	}
	proof, err := signed(ctx, s, next, at)
	if err != nil {
		return Answer{}, err
	}
	return c.Do(ctx, Request{Action: ActionRotate, Msg: msg, Proof: proof, PublicKey: next.Public, Selector: next.Selector})
}

// ErrNoFates means that a service does not say what became of messages.
var ErrNoFates = errors.New("the web endpoint does not tell what became of messages")

// Status asks what became of messages; of none, whether the key is enrolled. The
// fates are in the order of ids. It returns ErrNoFates when the service does not
// answer for each of them.
func (c *Client) Status(ctx context.Context, k Key, ids []string, at Stamp) ([]Fate, error) {
	s := c.statement(PurposeStatus, k)
	s.Nonce, s.Messages = at.Random, ids
	answer, err := c.state(ctx, ActionStatus, s, k, at)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	fates, ok := answer.FatesOf(ids)
	if !ok || fates == nil {
		return nil, ErrNoFates
	}
	for _, f := range fates {
		if f.State == "" {
			return nil, ErrNoFates
		}
	}
	return fates, nil
}

func (c *Client) statement(p Purpose, k Key) Statement {
	return Statement{Purpose: p, URL: c.URL(), Identity: k.Identity, Selector: k.Selector, Key: k.Fingerprint}
}

// state signs a statement and sends it.
func (c *Client) state(ctx context.Context, action string, s Statement, k Key, at Stamp) (Answer, error) {
	msg, err := signed(ctx, s, k, at)
	if err != nil {
		return Answer{}, err
	}
	return c.Do(ctx, Request{Action: action, Msg: msg})
}

func signed(ctx context.Context, s Statement, k Key, at Stamp) (string, error) {
	_, domain, _ := strings.Cut(k.Identity, "@")
	mail, err := s.Mail(at.Random+"@"+domain, at.Now)
	if err != nil {
		return "", err
	}
	msg, err := k.Signer.Sign(ctx, mail, at.Now)
	return string(msg), err
}
