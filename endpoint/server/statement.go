package server

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/store"
)

// maxStatementMail bounds a mail with a statement, an OpenPGP signature
// included.
const maxStatementMail = 256 << 10

// A stated is a statement whose signature holds.
type stated struct {
	endpoint.Statement
	key store.Key
}

// open checks a signed statement: who signed it, that it was made for this
// purpose and this service, and lately. keys looks up those that may have
// signed; invalid is what to say of a mail that is no such statement.
func (x *exchange) open(ctx context.Context, mail string, purpose endpoint.Purpose, invalid string, keys func(context.Context, signer) ([]store.Key, error)) (stated, error) {
	if mail == "" || len(mail) > maxStatementMail {
		return stated{}, refuse(http.StatusBadRequest, "%s", invalid)
	}
	l, err := readLetter(mail)
	if err != nil {
		return stated{}, refuse(http.StatusBadRequest, "%s: %s", invalid, err)
	}
	who, err := whoSigned(l)
	if err != nil {
		return stated{}, err
	}
	candidates, err := keys(ctx, who)
	if err != nil {
		return stated{}, err
	}
	s, malformed := endpoint.ParseStatement(purpose, strings.ReplaceAll(string(l.text), "\r\n", "\n"))
	key, signature, err := x.signedBy(ctx, l, who, candidates, false)
	if err != nil {
		if malformed == nil && ofAnother(s, candidates) {
			err = keyRefusal(store.ErrTaken, who.identity, who.selector)
		}
		return stated{}, err
	}
	x.identity = key.Identity
	if malformed != nil || strings.TrimSpace(l.subject) != string(purpose) || !l.plain() {
		return stated{}, refuse(http.StatusBadRequest, "%s", invalid)
	}
	return stated{s, key}, x.checkStatement(s, l, key, signature, invalid)
}

// ofAnother says that a statement, which none of some keys has signed, names a
// key that is none of them either.
func ofAnother(s endpoint.Statement, keys []store.Key) bool {
	return s.Key != "" && len(keys) > 0 && !slices.ContainsFunc(keys, func(k store.Key) bool { return k.Fingerprint == s.Key })
}

// checkStatement compares what a statement says with what is so.
func (x *exchange) checkStatement(s endpoint.Statement, l *letter, key store.Key, signature attest.Signature, invalid string) error {
	senders, err := l.addresses("From")
	if err != nil || len(senders) != 1 || !strings.EqualFold(senders[0].Mailbox, key.Identity) {
		return refuse(http.StatusBadRequest, "%s: it is not from %s", invalid, key.Identity)
	}
	full := s.Purpose != endpoint.PurposeVerify // b4's clients sign a challenge and nothing else
	for _, f := range []struct {
		name, says, is string
		wanted         bool
	}{
		{"endpoint", s.URL, x.URL.String(), full},
		{"identity", s.Identity, key.Identity, full},
		{"selector", s.Selector, key.Selector, false},
		{"key", s.Key, key.Fingerprint, full},
	} {
		same := f.says == f.is || f.name == "identity" && strings.EqualFold(f.says, f.is)
		if (f.wanted || f.says != "") && !same {
			return refuse(http.StatusForbidden, "%s: it names the %s %q, and this is %q", invalid, f.name, shown(f.says), f.is)
		}
	}
	if full && (s.Nonce == "" || len(s.Nonce) > 128) {
		return refuse(http.StatusBadRequest, "%s: it has no nonce", invalid)
	}
	limit := statementAge
	if !full {
		limit += challengeLife
	}
	if age := x.now().Sub(signature.Made); age > limit {
		return refuse(http.StatusForbidden, "%s: it was signed %s ago, at %s", invalid, age.Round(time.Second), when(signature.Made))
	}
	return nil
}

// once makes sure that a statement was not seen before.
func (x *exchange) once(ctx context.Context, s stated) error {
	fresh, err := x.store.UseNonce(ctx, s.key.Identity, s.Nonce, x.now().Add(2*statementAge))
	if err == nil && !fresh {
		return refuse(http.StatusConflict, "This statement was used before")
	}
	return err
}

// verifiable are the keys that wait for the answer to a challenge, and the one
// that has got it.
func (x *exchange) verifiable(ctx context.Context, who signer) ([]store.Key, error) {
	keys, err := x.store.Keys(ctx, who.identity)
	var list []store.Key
	for _, k := range keys {
		if k.State != store.Revoked && k.Selector == who.selector {
			list = append(list, k)
		}
	}
	return list, err
}

// standing are the keys that count for who signed, or will.
func (x *exchange) standing(ctx context.Context, who signer) ([]store.Key, error) {
	k, err := x.enrolled(ctx, who)
	if k.State == store.Waiting {
		err = nil
	}
	return []store.Key{k}, err
}

// counting is the key that counts for who signed.
func (x *exchange) counting(ctx context.Context, who signer) ([]store.Key, error) {
	k, err := x.enrolled(ctx, who)
	return []store.Key{k}, err
}
