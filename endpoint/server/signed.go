package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/patchmail"
)

// A signer is who is said to have signed a mail.
type signer struct {
	claim    attest.Claim
	identity string // canonical
	selector string
}

// whoSigned reads the one signature of a mail, without checking it.
func whoSigned(l *letter) (signer, error) {
	claims, err := attest.Claims(l.raw)
	switch {
	case errors.Is(err, attest.ErrNotMail):
		return signer{}, refuse(http.StatusBadRequest, "Signature validation failed: Not a valid RFC2822 message")
	case err != nil:
		return signer{}, refuse(http.StatusBadRequest, "Signature validation failed: %s", shown(err.Error()))
	case len(claims) == 0:
		return signer{}, refuse(http.StatusUnauthorized, "Signature validation failed: Message is not signed")
	case len(claims) > 1:
		return signer{}, refuse(http.StatusBadRequest, "Signature validation failed: the message has %d signatures, and one is wanted", len(claims))
	}
	s := signer{claim: claims[0]}
	if s.identity, err = canonical(claims[0].Identity); err != nil {
		return signer{}, err
	}
	s.selector, err = selector(claims[0].Selector)
	return s, err
}

// signedBy finds out which of some keys has signed a mail. Of several it tries
// the newest first, and not many.
func (x *exchange) signedBy(ctx context.Context, l *letter, who signer, keys []store.Key, plusPart bool) (store.Key, attest.Signature, error) {
	const most = 20
	failure := refuse(http.StatusUnauthorized, "Signature validation failed: No match for this identity")
	tried := 0
	for _, k := range slices.Backward(keys) {
		if k.Algorithm != string(who.claim.Algorithm) || tried == most {
			continue
		}
		tried++
		signature, err := x.checkSignature(ctx, l, who, k, plusPart)
		if err != nil {
			return store.Key{}, signature, err
		}
		if signature.Status == attest.Pass {
			return k, signature, nil
		}
		reasons := make([]string, len(signature.Reasons))
		for i, reason := range signature.Reasons {
			reasons[i] = patchmail.PrintableLine(reason)
		}
		failure = refuse(http.StatusForbidden, "Signature validation failed: %s", strings.Join(reasons, "; "))
	}
	return store.Key{}, attest.Signature{}, failure
}

func (x *exchange) checkSignature(ctx context.Context, l *letter, who signer, k store.Key, plusPart bool) (attest.Signature, error) {
	ring, err := attest.GivenKey(who.claim, attest.KeyFile{Data: k.Public, Source: k.Fingerprint})
	if err != nil {
		return attest.Signature{}, refuse(http.StatusBadRequest, "Signature validation failed: %s", shown(err.Error()))
	}
	verifier := attest.Verifier{Keyrings: []attest.Keyring{ring}, Programs: x.Programs, PlusPart: plusPart, Now: x.now()}
	report, err := verifier.Check(ctx, l.raw)
	switch {
	case ctx.Err() != nil:
		return attest.Signature{}, broken(ctx.Err())
	case errors.As(err, new(*attest.ProgramError)):
		return attest.Signature{}, broken(err)
	case err != nil:
		return attest.Signature{}, refuse(http.StatusBadRequest, "Signature validation failed: %s", shown(err.Error()))
	case len(report.Signatures) != 1:
		return attest.Signature{}, refuse(http.StatusBadRequest, "Signature validation failed: the message has %d signatures", len(report.Signatures))
	}
	return report.Signatures[0], nil
}

// enrolled finds the key that counts for who signed. One that still waits is
// returned with the refusal of it.
func (x *exchange) enrolled(ctx context.Context, who signer) (store.Key, error) {
	keys, err := x.store.Keys(ctx, who.identity)
	if err != nil {
		return store.Key{}, err
	}
	unknown := refuse(http.StatusUnauthorized, "No matching key, please complete web auth first.")
	missing := unknown
	for _, k := range keys {
		switch {
		case k.Selector != who.selector || k.Algorithm != string(who.claim.Algorithm):
		case k.Counts(x.now()):
			return k, nil
		case k.State == store.Waiting:
			return k, refuse(http.StatusForbidden, "The key %s of %s counts from %s on, because another key was there before it", k.Fingerprint, k.Identity, when(k.ActiveFrom))
		case k.State == store.Revoked:
			missing = refuse(http.StatusGone, "The key %s of %s was revoked; enrol another one", k.Fingerprint, k.Identity)
		default: // it may be in the place of one that was revoked
			missing = unknown
		}
	}
	return store.Key{}, missing
}

func when(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }
