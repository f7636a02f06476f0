package attest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// checkPinned judges by the keys that are remembered, and by the one that comes
// with the signature.
func (j *judge) checkPinned(ctx context.Context) error {
	identity := strings.ToLower(j.result.Identity)
	kept, err := knows(ctx, j.Keyrings, identity)
	if err != nil {
		return err
	}
	if kept { // whoever keeps the keyring knows better than chance
		j.fail(NoKey, "a keyring has other keys of %s than the one it is signed with", patchmail.PrintableLine(identity))
		return nil
	}
	pins, err := j.Pins.Of(identity)
	if err != nil {
		return err
	}
	candidates := j.offered()
	for _, pin := range pins {
		if pin.Algorithm == j.result.Algorithm {
			candidates = append(candidates, []byte(pin.Key))
		}
	}
	for _, key := range candidates {
		if verifyWith(j.result.Algorithm, key, j.claim.value, j.digest) == nil {
			j.result.offered = key
			j.checkTime()
			if j.result.Status == Pass {
				j.judgePin(pins)
			}
			return nil
		}
	}
	if len(candidates) > 0 {
		j.fail(BadSig, "%v", errBadSignature)
	} else {
		j.fail(NoKey, "no key of %s is known", patchmail.PrintableLine(identity))
	}
	return nil
}

// judgePin says what it means that the key signed.
func (j *judge) judgePin(pins []Pin) {
	var err error
	if j.result.Fingerprint, err = Fingerprint(j.result.Algorithm, j.result.offered); err != nil {
		j.fail(Error, "%s", patchmail.PrintableLine(err.Error()))
		return
	}
	at := slices.IndexFunc(pins, func(p Pin) bool { return p.Fingerprint == j.result.Fingerprint })
	switch {
	case at < 0 && len(pins) > 0:
		changed := &ChangedError{Identity: j.result.Identity, Fingerprint: j.result.Fingerprint, Known: pins}
		j.result.Changed = true
		j.fail(BadSig, "%v", changed)
	case at < 0:
		j.checkWeaknesses()
		j.checkIdentity()
		if j.result.Status != Pass {
			return
		}
		if why := j.unpinnable(); why != "" {
			j.fail(NoKey, "it is the first by the key %s, which is not remembered: %s", j.result.Fingerprint, why)
			return
		}
		j.result.Trust = FirstUse
		j.fail(NoKey, "it is the first that %s signed with the key %s", patchmail.PrintableLine(j.result.Identity), j.result.Fingerprint)
	case pins[at].State == PinRevoked:
		j.fail(BadSig, "you revoked the key %s", j.result.Fingerprint)
	case pins[at].State == PinConfirmed:
		j.result.Trust = Confirmed
	default:
		j.result.Trust = Seen
	}
}

// unpinnable says why a key must not be remembered by this message, "" when it
// may be.
func (j *judge) unpinnable() string {
	date := j.date()
	switch {
	case j.result.Trimmed:
		return "there is text that it did not sign"
	case !slices.Contains(slices.Concat(j.report.Senders, j.report.Originally), strings.ToLower(j.result.Identity)):
		return "the message was sent by somebody else"
	case date.IsZero() || j.result.Made.Sub(date).Abs() > staleness:
		return "it was not signed at the date of the message"
	}
	return ""
}

// Somebody signs by habit who has signed so many messages, the last of them
// within that time.
const (
	habitCount = 3
	habitTime  = 365 * 24 * time.Hour
)

// checkDowngrade notes when somebody who always signs has not: an attacker who
// cannot sign would leave the signature out.
func (v *Verifier) checkDowngrade(report *Report) error {
	if v.Pins == nil || v.AsPatatt {
		return nil
	}
	for _, sender := range append(report.Senders, strings.ToLower(report.Email)) {
		if _, err := v.Pins.file(sender); err != nil {
			continue
		}
		pins, err := v.Pins.Of(sender)
		if err != nil {
			return err
		}
		for _, pin := range pins {
			if pin.State != PinRevoked && pin.Count >= habitCount && (v.Now.IsZero() || v.Now.Sub(pin.Last.Time) < habitTime) {
				report.Notes = append(report.Notes, fmt.Sprintf("%s has signed %d messages before, and not this one", patchmail.PrintableLine(sender), pin.Count))
				return nil
			}
		}
	}
	return nil
}
