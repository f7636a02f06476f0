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
	pins, err := j.Pins.Of(j.result.Identity)
	if err != nil {
		return err
	}
	candidates := offered(j.message, j.claim, j.result.Algorithm, j.result.Identity)
	for _, pin := range pins {
		if pin.Algorithm == j.result.Algorithm {
			candidates = append(candidates, pin.Key)
		}
	}
	at := slices.IndexFunc(candidates, func(key string) bool {
		return verifyWith(j.result.Algorithm, []byte(key), j.claim.value, j.digest) == nil
	})
	switch {
	case at >= 0:
		j.result.offered = candidates[at]
		if j.result.Fingerprint, err = Fingerprint(j.result.Algorithm, []byte(candidates[at])); err != nil {
			return err
		}
		if j.checkTime(); j.result.Status == Pass {
			return j.judgePin(ctx, pins)
		}
	case len(candidates) > 0:
		j.fail(BadSig, "%v", errBadSignature)
	default:
		j.fail(NoKey, "no key of %s is known", patchmail.PrintableLine(j.result.Identity))
	}
	return nil
}

// checkOwnGPG judges by gpg's own keyring. A key whose owner gpg knows is as
// good as that of any keyring; another one merely got there, and is remembered
// like those that come by mail.
func (j *judge) checkOwnGPG(ctx context.Context) error {
	if err := j.checkSignature(ctx, nil); err != nil || j.result.Status != Pass {
		return err
	}
	j.result.Key = "(default keyring)/" + j.result.Fingerprint
	if j.vouched || j.AsPatatt {
		j.result.Trust = Kept
		return nil
	}
	j.note("gpg has the key, and does not know whose it is")
	if j.Pins == nil {
		j.result.Trust = Seen
		return nil
	}
	pins, err := j.Pins.Of(j.result.Identity)
	if err != nil {
		return err
	}
	return j.judgePin(ctx, pins)
}

// judgePin says what it means that this key signed, which no keyring has.
func (j *judge) judgePin(ctx context.Context, pins []Pin) error {
	shown := patchmail.PrintableLine(j.result.Identity)
	j.result.fits = true
	at := slices.IndexFunc(pins, func(p Pin) bool { return p.Fingerprint == j.result.Fingerprint })
	if at >= 0 {
		j.result.Known = &pins[at]
	}
	if at >= 0 && pins[at].State == PinRevoked {
		j.failRevoked()
		return nil
	}
	kept, err := knows(ctx, j.Keyrings, j.result.Identity, j.result.Selector)
	switch {
	case err != nil:
		return err
	case kept: // whoever keeps the keyring knows better than chance
		j.fail(NoKey, "a keyring has other keys of %s than the one it is signed with", shown)
	case at < 0 && len(pins) > 0:
		j.result.Changed = true
		j.fail(BadSig, "%v", &ChangedError{Identity: j.result.Identity, Fingerprint: j.result.Fingerprint, Known: pins})
	case at < 0:
		return j.judgeFirst(ctx)
	case pins[at].State == PinConfirmed:
		j.result.Trust = Confirmed
	default:
		j.result.Trust = Seen
	}
	return nil
}

func (j *judge) failRevoked() {
	j.fail(BadSig, "you revoked the key %s", j.result.Fingerprint)
}

// checkRevoked refuses a key of a keyring that the user has revoked.
func (j *judge) checkRevoked() error {
	pins, err := j.Pins.Of(j.result.Identity)
	if err == nil && slices.ContainsFunc(pins, func(p Pin) bool { return p.Fingerprint == j.result.Fingerprint && p.State == PinRevoked }) {
		j.failRevoked()
	}
	return err
}

// judgeFirst judges the first message by an identity of which no key is known.
func (j *judge) judgeFirst(ctx context.Context) error {
	j.checkWeaknesses()
	if j.result.Status == Pass {
		j.checkIdentity()
	}
	if j.result.Status != Pass {
		return nil
	}
	shown := patchmail.PrintableLine(j.result.Identity)
	earlier, err := j.Past.keys(ctx, j.result.Identity, j.report.MessageID)
	if err != nil {
		return err
	}
	for _, e := range earlier {
		if e.fingerprint != j.result.Fingerprint {
			j.result.Changed = true
			j.fail(BadSig, "another key came with earlier mail of %s: %s, in %s since %s in %s", shown, e.fingerprint,
				messages(e.count), e.first.Format(time.DateOnly), patchmail.PrintableLine(e.where))
			return nil
		}
	}
	alike, err := j.alike(ctx)
	if err != nil {
		return err
	}
	if why := j.unpinnable(); why != "" {
		j.fail(NoKey, "it is the first by the key %s, which is not remembered: %s", j.result.Fingerprint, why)
	} else {
		j.result.Trust = FirstUse
		j.fail(NoKey, "it is the first that %s signed with the key %s", shown, j.result.Fingerprint)
	}
	for _, e := range earlier {
		j.note("the same key came with %s since %s in %s", messages(e.count), e.first.Format(time.DateOnly), patchmail.PrintableLine(e.where))
	}
	for _, other := range alike {
		j.note("it may be taken for %s, who is somebody else", patchmail.PrintableLine(other))
	}
	return nil
}

func messages(n int) string {
	if n == 1 {
		return "1 message"
	}
	return fmt.Sprintf("%d messages", n)
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
	case date.IsZero() || j.result.Made.Sub(date).Abs() > near:
		return "it was not signed at the date of the message"
	case len(j.report.MessageID) > maxID:
		return "its message-id is very long"
	}
	return ""
}

// maxID bounds what a stranger has written into the files of pins; RFC 5322
// bounds a line by it.
const maxID = 998

// Somebody signs by habit who has signed so many messages, the last of them
// within that time.
const (
	habitCount = 3
	habitTime  = 365 * day
)

// checkDowngrade notes when somebody who signs has not: an attacker who cannot
// sign would leave the signature out. Replies count only with a patch.
func (v *Verifier) checkDowngrade(ctx context.Context, m message, c *canonical, report *Report) error {
	if v.Pins == nil || v.AsPatatt || isReply(m) && (c == nil || len(c.info.Patch) == 0) {
		return nil
	}
	people := append(slices.Clone(report.Senders), strings.ToLower(report.Email))
	slices.Sort(people)
	for _, person := range slices.Compact(people) {
		why, err := v.habit(ctx, person)
		if err != nil {
			return err
		}
		if why != "" {
			report.Downgraded = true
			report.Notes = append(report.Notes, patchmail.PrintableLine(person)+" "+why+", and this one is not signed")
		}
	}
	return nil
}

// habit says how it is known that somebody signs, "" when it is not.
func (v *Verifier) habit(ctx context.Context, person string) (string, error) {
	if _, err := v.Pins.file(person); err != nil { // nobody who could sign
		return "", nil
	}
	pins, err := v.Pins.Of(person)
	if err != nil {
		return "", err
	}
	for _, pin := range pins {
		if pin.State != PinRevoked && pin.Count >= habitCount && (v.Now.IsZero() || v.Now.Sub(pin.Last.Time) < habitTime) {
			return fmt.Sprintf("has signed %d messages before", pin.Count), nil
		}
	}
	if kept, err := knows(ctx, v.Keyrings, person, ""); !kept {
		return "", err
	}
	return "has a key in a keyring", nil
}

func isReply(m message) bool {
	for _, subject := range m.values("subject") {
		if text := unfold(subject); len(text) >= 3 && strings.EqualFold(text[:3], "re:") {
			return true
		}
	}
	return false
}
