package attest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// A judge examines one signature.
type judge struct {
	*Verifier
	message   message
	canonical *canonical
	report    *Report
	asked     claim // says whose key is looked up
	claim     claim // is examined: the same one, except as patatt

	digest  []byte
	vouched bool // gpg knows whose the key is
	result  Signature
}

// fail ends the examination with a reason.
func (j *judge) fail(s Status, format string, args ...any) {
	j.result.Status = s
	j.result.Reasons = append(j.result.Reasons, fmt.Sprintf(format, args...))
}

func (j *judge) note(format string, args ...any) {
	j.result.Reasons = append(j.result.Reasons, fmt.Sprintf(format, args...))
}

// check fills in the result. Its error is about keyrings and programs alone.
func (j *judge) check(ctx context.Context) error {
	tags := j.asked.tags
	j.result = Signature{Identity: tags["i"], Selector: tags["s"], Made: parseTime(j.claim.tags["t"])}
	var known bool
	if j.result.Algorithm, known = algorithmOf(tags["a"], !j.AsPatatt); !known {
		j.fail(Error, "the algorithm %q is unknown", patchmail.PrintableLine(tags["a"]))
		return nil
	}
	if j.result.Identity == "" {
		j.fail(Error, "the signature does not say whose it is")
		return nil
	}
	name, err := KeyPath(j.result.Algorithm, tags["i"], tags["s"])
	if err != nil {
		j.fail(Error, "%s", patchmail.PrintableLine(err.Error()))
		return nil
	}
	key, err := findKey(ctx, j.Keyrings, name)
	if err != nil {
		return err
	}
	err = j.checkKey(ctx, key)
	if err == nil && j.result.Status == Pass && !j.AsPatatt {
		err = j.checkMore()
	}
	if j.result.Status != Pass && j.result.Trust != FirstUse {
		j.result.Trust = Untrusted
	}
	return err
}

// checkMore is what kprep wants of a good signature, and patatt does not.
func (j *judge) checkMore() error {
	j.checkWeaknesses()
	if j.result.Status == Pass {
		j.checkIdentity()
	}
	if j.result.Status == Pass && j.Pins != nil && !j.result.fits {
		return j.checkRevoked()
	}
	return nil
}

// checkKey judges with a key of a keyring, or with what else is known.
func (j *judge) checkKey(ctx context.Context, key *KeyFile) error {
	switch {
	case key != nil:
		j.result.Trust, j.result.Key = Kept, key.Source
		if j.checkContent() {
			return j.checkSignature(ctx, key.Data)
		}
		return nil
	case j.result.Algorithm == OpenPGP && j.OwnGPG:
		if j.checkContent() {
			return j.checkOwnGPG(ctx)
		}
		return nil
	case j.Pins != nil && !j.AsPatatt && j.result.Algorithm != OpenPGP:
		if j.checkContent() {
			return j.checkPinned(ctx)
		}
		return nil
	}
	j.fail(NoKey, "no key of %s is known", patchmail.PrintableLine(j.result.Identity))
	return nil
}

// checkContent checks what needs no key, and makes the digest.
func (j *judge) checkContent() bool {
	tags := j.claim.tags
	names := splitNames(tags["h"])
	if !slices.Contains(names, "from") || !slices.Contains(names, "subject") {
		j.fail(BadSig, "author and subject are not signed")
		return false
	}
	j.result.Headers = names
	body := j.canonical.body
	if length, given := tags["l"]; j.TrimBody && given {
		n, err := strconv.Atoi(length)
		if err != nil || n < 0 || n > len(body) {
			j.fail(BadSig, "the body is shorter than what was signed")
			return false
		}
		j.result.Trimmed = n < len(body)
		body = body[:n]
	}
	if bodyHash(body) != tags["bh"] {
		j.fail(BadSig, "the body is not what was signed")
		return false
	}
	j.digest = j.canonical.digest(names, j.claim.signed)
	return true
}

// checkSignature checks with a key as a keyring has it; nil is the user's own
// keyring of gpg.
func (j *judge) checkSignature(ctx context.Context, key []byte) error {
	var err error
	if j.result.Algorithm == OpenPGP {
		var s *pgpSignature
		if s, err = verifyOpenPGP(ctx, j.Programs.withDefaults(), key, j.claim.value, j.digest); err == nil {
			j.result.Fingerprint, j.result.Made = s.fingerprint, s.made
			var named bool
			if j.vouched, named = s.users[strings.ToLower(j.result.Identity)]; !named && !j.AsPatatt {
				err = fmt.Errorf("no user id of the key %s names %s", s.fingerprint, j.result.Identity)
			}
		}
	} else if err = verifyWith(j.result.Algorithm, key, j.claim.value, j.digest); err == nil {
		j.result.Fingerprint, _ = Fingerprint(j.result.Algorithm, key)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.As(err, new(*ProgramError)):
		return err
	case err == nil:
		j.checkTime()
	case errors.Is(err, errNoPublicKey), j.AsPatatt && j.result.Algorithm == OpenPGP && !errors.Is(err, errOtherMessage):
		// QUIRK: patatt takes every failure of gpg for a missing key.
		j.fail(NoKey, "%s", patchmail.PrintableLine(err.Error()))
	default:
		j.fail(BadSig, "%s", patchmail.PrintableLine(err.Error()))
	}
	return nil
}

// verifyWith checks with a key that needs no program.
func verifyWith(a Algorithm, key []byte, value string, digest []byte) error {
	if a == Ed25519 {
		return verifyEd25519(key, value, digest)
	}
	return verifyOpenSSH(key, value, digest)
}

// clockSkew is how far a clock may be ahead of ours.
const clockSkew = 10 * time.Minute

func (j *judge) checkTime() {
	if j.result.Algorithm != OpenPGP && j.claim.tags["t"] == "" {
		j.fail(BadSig, "the signature has no time")
	}
}

// checkWeaknesses refuses what patatt lets pass though it should not:
// "attestation", section 9.
func (j *judge) checkWeaknesses() {
	for _, name := range []string{"from", "subject", "message-id"} {
		if n := len(j.canonical.fields[name]); n > 1 {
			j.fail(BadSig, "the message has %d %s headers, and mail programs may show another one than was signed", n, name)
		}
	}
	if v, given := j.claim.tags["v"]; given && v != "1" {
		j.fail(BadSig, "the signature has the unknown version %q", patchmail.PrintableLine(v))
	}
	if j.result.Made.IsZero() {
		j.fail(BadSig, "the time of the signature cannot be read")
	}
	if !j.Now.IsZero() && j.result.Made.After(j.Now.Add(clockSkew)) {
		const minute = "2006-01-02 15:04 UTC"
		j.fail(BadSig, "the signature was made in the future, at %s, and it is %s here: one of the two clocks is wrong",
			j.result.Made.UTC().Format(minute), j.Now.UTC().Format(minute))
	}
}

// near is how far the time of a signature may be from the date of a message
// that a key is learnt from.
const near = 30 * day

const day = 24 * time.Hour

// checkIdentity compares who signed with whose message it is.
func (j *judge) checkIdentity() {
	identity := strings.ToLower(j.result.Identity)
	author := strings.ToLower(j.report.Email)
	shown := patchmail.PrintableLine(j.result.Identity)
	// Who sends a patch of another says so in the body; else From is the author.
	passedOn := !slices.Contains(j.report.Senders, author)
	signer := func(address string) bool {
		return address == identity || j.PlusPart && withoutPlus(address) == identity
	}
	sent := slices.ContainsFunc(j.report.Senders, signer) || slices.Contains(j.report.Originally, identity)
	switch {
	case !signer(author) && !(passedOn && sent):
		j.fail(BadSig, "it is signed by %s, and is by %s", shown, patchmail.PrintableLine(j.report.Email))
		return
	case !signer(author):
		j.note("%s signed a patch of %s", shown, patchmail.PrintableLine(j.report.Email))
	default:
		j.result.name = j.report.Author
	}
	if j.result.Trimmed {
		j.note("text behind what was signed has to be dropped")
	}
	date := j.date()
	switch apart := j.result.Made.Sub(date); {
	case date.IsZero():
	case j.Staleness > 0 && apart > j.Staleness:
		j.result.Stale = true
		j.fail(BadSig, "it was signed %d days after its date, and more than %d are too many", apart/day, j.Staleness/day)
	case -apart > near: // the date is not signed
		j.note("its date is %d days after it was signed: it may be old mail that was sent again", -apart/day)
	}
}

// withoutPlus cuts what follows a plus sign in the local part off an address.
func withoutPlus(address string) string {
	at := strings.LastIndexByte(address, '@')
	if plus := strings.IndexByte(address, '+'); plus > 0 && plus < at {
		return address[:plus] + address[at:]
	}
	return address
}

// date is the one of the message, zero when it cannot be read.
func (j *judge) date() time.Time {
	dates := j.message.values("date")
	if len(dates) != 1 {
		return time.Time{}
	}
	date, err := mail.ParseDate(unfold(dates[0]))
	if err != nil {
		return time.Time{}
	}
	return date
}

// offered returns the public keys that come with a signature of an identity, as
// keyrings would have them. That they fit the signature shows that the sender
// has the private ones, and nothing else.
func offered(m message, c claim, a Algorithm, identity string) []string {
	if a == OpenPGP { // which carries none
		return nil
	}
	if a == OpenSSH {
		s, err := parseSSHSignature(c.value)
		if err != nil {
			return nil
		}
		return []string{s.key.Type() + " " + base64.StdEncoding.EncodeToString(s.key.Marshal())}
	}
	var keys []string
	for _, value := range m.values(strings.ToLower(keyField)) {
		tags := parseTags(value)
		if tags["a"] == string(Ed25519) && strings.EqualFold(tags["i"], identity) && len(keys) < maxSignatures {
			keys = append(keys, tags["pk"])
		}
	}
	return keys
}
