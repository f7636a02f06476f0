package attest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/patchmail"
)

// A Status is the outcome for a signature or a message, worse ones being
// larger.
type Status int

// The outcomes, with patatt's words.
const (
	Pass   Status = iota
	NoSig         // nothing is signed
	NoKey         // the key is not known
	Error         // the signature cannot be understood
	BadSig        // the signature does not hold
)

func (s Status) String() string {
	return [...]string{"PASS", "NOSIG", "NOKEY", "ERROR", "BADSIG"}[s]
}

// ExitCode is that of "patatt validate".
func (s Status) ExitCode() int { return [...]int{0, 4, 8, 16, 32}[s] }

// MarshalText writes the outcome in lower case.
func (s Status) MarshalText() ([]byte, error) { return []byte(strings.ToLower(s.String())), nil }

// A Verifier checks the signatures of messages.
type Verifier struct {
	Keyrings []Keyring // asked in order
	Programs Programs
	// OwnGPG has gpg look in the user's own keyring for OpenPGP keys that no
	// keyring has.
	OwnGPG bool
	// TrimBody checks only as much of the body as was signed (l=). Whoever
	// believes such a pass must drop the rest.
	TrimBody bool
	// PlusPart lets kim@example.org sign as kim+lists@example.org too.
	PlusPart bool
	// AsPatatt judges as patatt 0.7.1 does, with its weaknesses; Pins and Now
	// do not count then.
	AsPatatt bool
	// Pins are the keys that were seen before, for identities that no keyring
	// knows; nil for none.
	Pins *Pins
	// Past finds earlier mail of somebody who signs for the first time; nil
	// when there is none to look into.
	Past *Past
	// Staleness is how long after its date a message may be signed, zero for
	// any time.
	Staleness time.Duration
	// Now is what times are compared with; zero for nothing.
	Now time.Time
}

// A Report is what Check found.
type Report struct {
	Author, Email string   // of the patch, as git would take them
	Senders       []string // addresses in From, in lower case
	Originally    []string // addresses in X-Original-From, where a list has rewritten From
	Subject       string   // without prefixes
	MessageID     string   // without angle brackets; "" when it has none
	Signatures    []Signature
	Downgraded    bool     // it is not signed, and by somebody who signs
	Notes         []string // what to know of the message as a whole
}

// Status is the worst of all signatures, NoSig when there is none.
func (r *Report) Status() Status {
	if len(r.Signatures) == 0 {
		return NoSig
	}
	worst := Pass
	for _, s := range r.Signatures {
		worst = max(worst, s.Status)
	}
	return worst
}

// A Trust says why a key counts as somebody's.
type Trust string

// The reasons to take a key for somebody's.
const (
	Untrusted Trust = ""          // nothing says so
	Kept      Trust = "keyring"   // a keyring has it
	Confirmed Trust = "confirmed" // the user said so
	Seen      Trust = "seen"      // it signed for the identity before
	FirstUse  Trust = "first-use" // no key of the identity is known
)

// A Signature is the outcome for one signature of a message.
type Signature struct {
	Status      Status
	Algorithm   Algorithm // "" when it is unknown
	Identity    string    // who signed, as the signature has it
	Selector    string
	Made        time.Time // zero when it does not say
	Headers     []string  // that are signed, in lower case
	Trust       Trust     // of a signature that passed
	Key         string    // where the key was found
	Fingerprint string    // of the key, once it is known: "SHA256:…" or OpenPGP's in hexadecimal
	Changed     bool      // the key is none of those that are remembered for the identity
	Stale       bool      // it was made too long after the date of the message
	Trimmed     bool      // text behind the signed part was left out
	Known       *Pin      // what was remembered of the key before, nil for nothing
	Reasons     []string  // why it does not pass, or what to know when it does

	name    string // of the author, when that is who signed
	offered string // the public key that came with the signature, for Pins
	fits    bool   // what is remembered of keys is about this signature
}

// Pin is what Pins would remember of the key of a signature that it fits; false
// where a keyring was asked instead, or where no key is known.
func (s Signature) Pin(state PinState, at Sighting) (Pin, bool) {
	return Pin{Algorithm: s.Algorithm, Fingerprint: s.Fingerprint, Selector: s.Selector, Key: s.offered, State: state, First: at, Last: at}, s.fits
}

// NotSigned names, for people, what of a message this signature does not cover.
func (s Signature) NotSigned() []string {
	var list []string
	for _, h := range [][]string{{"To", "to"}, {"Cc", "cc"}, {"Date", "date"}, {"Message-ID", "message-id"}, {"the thread", "in-reply-to", "references"}} {
		if slices.ContainsFunc(h[1:], func(name string) bool { return !slices.Contains(s.Headers, name) }) {
			list = append(list, h[0])
		}
	}
	return append(list, "the revision and number in the subject")
}

// Check checks every signature of a message. It returns ErrNotMail for what is
// no mail, and an error when a program or a keyring cannot be used at all; all
// that is wrong with the message itself is in the Report.
func (v *Verifier) Check(ctx context.Context, raw []byte) (*Report, error) {
	m, err := parseMessage(raw)
	if err != nil {
		return nil, err
	}
	report := &Report{Senders: addresses(m, "from"), Originally: addresses(m, "x-original-from"), MessageID: messageID(m)}
	raws := m.values(strings.ToLower(signatureField))
	if len(raws) > maxSignatures {
		return nil, fmt.Errorf("the message has more than %d signatures", maxSignatures)
	}
	c, err := canonicalise(ctx, m, v.Programs.Env)
	if len(raws) == 0 {
		if err != nil && !errors.Is(err, ErrNoAuthor) {
			return nil, err
		}
		if c != nil {
			report.Author, report.Email, report.Subject = c.info.Author, c.info.Email, c.info.Subject
		}
		return report, v.checkDowngrade(ctx, m, c, report)
	}
	if err != nil {
		return nil, err
	}
	report.Author, report.Email, report.Subject = c.info.Author, c.info.Email, c.info.Subject
	claims := make([]claim, len(raws))
	for i, value := range raws {
		if claims[i], err = parseClaim(value); err != nil {
			return nil, err
		}
		if _, given := claims[i].tags["i"]; !given {
			claims[i].tags["i"] = lastFrom(m)
		}
	}
	for _, cl := range claims {
		j := &judge{Verifier: v, message: m, canonical: c, asked: cl, claim: cl, report: report}
		if v.AsPatatt {
			j.claim = firstOf(claims, cl)
		}
		if err := j.check(ctx); err != nil {
			return nil, err
		}
		report.Signatures = append(report.Signatures, j.result)
	}
	return report, nil
}

// firstOf is the claim that patatt examines for each one by an identity.
//
// QUIRK: it is the first by that identity.
func firstOf(claims []claim, asked claim) claim {
	for _, c := range claims {
		if c.tags["i"] == asked.tags["i"] {
			return c
		}
	}
	return asked
}

// lastFrom is the address in the last From, which git takes.
func lastFrom(m message) string {
	froms := m.values("from")
	if len(froms) == 0 {
		return ""
	}
	return firstAddress(froms[len(froms)-1])
}

func firstAddress(value []byte) string {
	list, err := patchmail.ParseAddressList(unfold(value))
	if err != nil || len(list) == 0 {
		return ""
	}
	return list[0].Mailbox
}

func addresses(m message, name string) []string {
	var list []string
	for _, value := range m.values(name) {
		if address := firstAddress(value); address != "" {
			list = append(list, strings.ToLower(address))
		}
	}
	return list
}

func unfold(value []byte) string {
	return strings.TrimSpace(strings.NewReplacer("\r", "", "\n", "").Replace(string(value)))
}

func messageID(m message) string {
	ids := m.values("message-id")
	if len(ids) == 0 {
		return ""
	}
	return strings.Trim(unfold(ids[len(ids)-1]), "<>")
}

// parseTime reads t=, zero when it is not there or no time.
func parseTime(tag string) time.Time {
	seconds, err := strconv.ParseInt(tag, 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}
