package attest

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// signedBy signs a mail by a key whose seed is made of one byte.
func signedBy(t *testing.T, seed byte, mail string) []byte {
	t.Helper()
	key := seededKey(t, seed)
	signer := &Signer{Identity: "jane@example.org", name: "ed25519:test", key: key}
	raw, err := signer.Sign(context.Background(), []byte(mail), signingTime)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func seededKey(t *testing.T, seed byte) ed25519Key {
	t.Helper()
	settings := Settings{DataDir: t.TempDir()}
	made, err := settings.NewKey(bytes.NewReader(bytes.Repeat([]byte{seed}, 32)), "test", "jane@example.org", false)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(made.Private)
	if err != nil {
		t.Fatal(err)
	}
	key, err := parseEd25519(text)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// meet checks a mail as the verb does, and notes what it may.
func meet(t *testing.T, pins *Pins, raw []byte, rings ...Keyring) Signature {
	t.Helper()
	report, err := (&Verifier{Keyrings: rings, Pins: pins, Now: signingTime}).Check(context.Background(), raw)
	if err != nil {
		t.Fatal(err)
	}
	if len(report.Signatures) != 1 {
		t.Fatalf("%d signatures", len(report.Signatures))
	}
	s := report.Signatures[0]
	if err := note(pins, s, Sighting{Time: signingTime, MessageID: report.MessageID}); err != nil {
		t.Fatal(err)
	}
	return s
}

// note records one signature.
func note(pins *Pins, s Signature, at Sighting) error {
	changed, err := pins.Note(s.Identity, []Meeting{{s, at}})
	if err == nil && changed[0] != nil {
		err = changed[0]
	}
	return err
}

func TestTrustOnFirstUse(t *testing.T) {
	t.Parallel()
	pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
	another := strings.Replace(datedMail, "<1@", "<2@", 1)
	want := func(what string, s Signature, status Status, trust Trust) {
		t.Helper()
		if s.Status != status || s.Trust != trust {
			t.Errorf("%s: %v %q, want %v %q: %q", what, s.Status, s.Trust, status, trust, s.Reasons)
		}
	}
	first := meet(t, pins, signedBy(t, 1, datedMail))
	want("the first message", first, NoKey, FirstUse)
	want("the next", meet(t, pins, signedBy(t, 1, another)), Pass, Seen)
	known, err := pins.Of("Jane@Example.org")
	if err != nil || len(known) != 1 || known[0].Count != 2 || known[0].First.MessageID != "1@example.org" || known[0].Last.MessageID != "2@example.org" {
		t.Errorf("known: %+v, %v", known, err)
	}
	for range 2 {
		meet(t, pins, signedBy(t, 1, datedMail))
		meet(t, pins, signedBy(t, 1, another))
	}
	if known, _ := pins.Of("jane@example.org"); known[0].Count != 2 {
		t.Errorf("2 messages that are checked again count for %d", known[0].Count)
	}

	changed := meet(t, pins, signedBy(t, 2, another))
	want("another key", changed, BadSig, Untrusted)
	if !changed.Changed || !strings.Contains(changed.Reasons[0], first.Fingerprint) || !strings.Contains(changed.Reasons[0], changed.Fingerprint) {
		t.Errorf("what is said of another key: %q", changed.Reasons)
	}
	if known, _ := pins.Of("jane@example.org"); len(known) != 1 {
		t.Errorf("it is on record: %+v", known)
	}
	second := seededKey(t, 2)
	if err := pins.Add("jane@example.org", Pin{Algorithm: Ed25519, Fingerprint: changed.Fingerprint, Key: second.public(), State: PinConfirmed, First: Sighting{Time: signingTime}}); err != nil {
		t.Fatal(err)
	}
	want("once it is confirmed", meet(t, pins, signedBy(t, 2, another)), Pass, Confirmed)
	want("the first still counts", meet(t, pins, signedBy(t, 1, another)), Pass, Seen)

	if err := pins.Set("jane@example.org", first.Fingerprint, PinRevoked); err != nil {
		t.Fatal(err)
	}
	want("once it is revoked", meet(t, pins, signedBy(t, 1, another)), BadSig, Untrusted)
	if err := pins.Set("jane@example.org", changed.Fingerprint, PinRevoked); err != nil {
		t.Fatal(err)
	}
	if err := pins.Set("jane@example.org", changed.Fingerprint, PinConfirmed); !errors.As(err, new(*RevokedError)) {
		t.Errorf("a revoked key is trusted again: %v", err)
	}
	want("a third key after all are revoked", meet(t, pins, signedBy(t, 3, another)), BadSig, Untrusted)
	if err := pins.Set("jane@example.org", "SHA256:none", PinConfirmed); !errors.As(err, new(*PinError)) {
		t.Errorf("a key that is not there: %v", err)
	}
	if list, err := pins.Identities(); err != nil || !slices.Equal(list, []string{"jane@example.org"}) {
		t.Errorf("identities: %q, %v", list, err)
	}
}

// Two processes meet two keys of one person at the same time: the second is
// told.
func TestFirstUseTwice(t *testing.T) {
	t.Parallel()
	pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
	check := func(seed byte) Signature {
		report, err := (&Verifier{Pins: pins}).Check(context.Background(), signedBy(t, seed, datedMail))
		if err != nil {
			t.Fatal(err)
		}
		return report.Signatures[0]
	}
	one, two := check(1), check(2)
	if err := note(pins, one, Sighting{}); err != nil {
		t.Fatal(err)
	}
	if err := note(pins, two, Sighting{}); !errors.As(err, new(*ChangedError)) {
		t.Errorf("the second key: %v", err)
	}
	if known, err := pins.Of("jane@example.org"); err != nil || len(known) != 1 {
		t.Errorf("%+v, %v", known, err)
	}

	// In one go, too, and what is good counts all the same.
	pins = &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
	at := func(id string) Sighting { return Sighting{Time: signingTime, MessageID: id} }
	changed, err := pins.Note("jane@example.org", []Meeting{{one, at("1")}, {two, at("2")}, {one, at("3")}, {one, at("1")}})
	if err != nil || len(changed) != 1 || changed[1] == nil || changed[1].Fingerprint != two.Fingerprint {
		t.Errorf("%v, %v", changed, err)
	}
	if known, err := pins.Of("jane@example.org"); err != nil || len(known) != 1 || known[0].Count != 2 {
		t.Errorf("%+v, %v", known, err)
	}
}

// A body that goes on behind what was signed passes when it is trimmed, and
// teaches nothing.
func TestNoPinFromTrimmed(t *testing.T) {
	t.Parallel()
	pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
	raw := append(signedBy(t, 1, datedMail), "footer\n"...)
	for trim, want := range map[bool]Status{false: BadSig, true: NoKey} {
		report, err := (&Verifier{Pins: pins, TrimBody: trim}).Check(context.Background(), raw)
		if err != nil || report.Status() != want || report.Signatures[0].Trust != Untrusted {
			t.Errorf("trim %v: %v %+v", trim, err, report)
		}
	}
}

// What must never be remembered.
func TestNoPin(t *testing.T) {
	t.Parallel()
	signed := string(signedBy(t, 1, datedMail))
	key := "X-Developer-Key: "
	for _, tc := range []struct {
		name, raw string
		rings     []Keyring
		want      Status
	}{
		{"a damaged message", strings.Replace(signed, "+x", "+y", 1), nil, BadSig},
		{"a key that does not fit", strings.Replace(signed, "pk=", "pk=AAAA", 1), nil, BadSig},
		{"without the key", signed[:strings.Index(signed, key)] + signed[strings.Index(signed, "\n\n")+1:], nil, NoKey},
		{"two Froms", "From: Zoe <z@example.org>\n" + signed, nil, BadSig},
		{"a stranger for the sender", strings.Replace(strings.Replace(signed, "From: Jane Dév <jane@", "From: Zoe <z@", 1), "\n\nText", "\n\nFrom: Jane Dév <jane@example.org>\n\nText", 1), nil, NoKey},
		{"signed long after its date", strings.Replace(signed, "2 Jan 2025", "2 Jan 2024", 1), nil, NoKey},
		{"without a date", strings.Replace(signed, "Date", "X-Date", 1), nil, NoKey},
		{"an identity that a keyring knows otherwise", signed, []Keyring{otherKeyring{}}, NoKey},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
			if s := meet(t, pins, []byte(tc.raw), tc.rings...); s.Status != tc.want || s.Trust != Untrusted {
				t.Errorf("%v %q %q, want %v", s.Status, s.Trust, s.Reasons, tc.want)
			}
			if list, err := pins.Identities(); err != nil || len(list) > 0 {
				t.Errorf("remembered: %q, %v", list, err)
			}
		})
	}
}

// An otherKeyring has keys of everybody, under selectors that nobody uses.
type otherKeyring struct{}

func (otherKeyring) String() string                                 { return "other" }
func (otherKeyring) find(context.Context, string) (*KeyFile, error) { return nil, nil }
func (otherKeyring) holds(context.Context, string) (bool, error)    { return true, nil }
func (otherKeyring) identities(context.Context) ([]string, error)   { return nil, nil }

// A lost pin would be a silent first use.
func TestDamagedPins(t *testing.T) {
	t.Parallel()
	pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
	meet(t, pins, signedBy(t, 1, datedMail))
	file, err := pins.file("jane@example.org")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", `{"version":2}`} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := pins.Of("jane@example.org"); err == nil {
			t.Errorf("%q is taken for no keys", text)
		}
		if _, err := (&Verifier{Pins: pins}).Check(context.Background(), signedBy(t, 1, datedMail)); err == nil {
			t.Errorf("%q: the check goes on", text)
		}
	}
}

func TestPinsAtOnce(t *testing.T) {
	t.Parallel()
	pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
	raw := signedBy(t, 1, datedMail)
	s := meet(t, pins, raw)
	s.Status = Pass
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if err := note(pins, s, Sighting{Time: signingTime.Add(time.Duration(i)), MessageID: strings.Repeat("x", i+2)}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if known, err := pins.Of("jane@example.org"); err != nil || len(known) != 1 || known[0].Count != 21 {
		t.Errorf("%+v, %v", known, err)
	}
}

// The key of OpenSSH comes with the signature itself, that of ed25519 beside it;
// OpenPGP brings none.
func TestFirstUseOfEachKind(t *testing.T) {
	t.Parallel()
	for file, want := range map[string]Trust{"ed25519/plain.eml": FirstUse, "openssh/plain.eml": FirstUse, "openssh/plain-rsa.eml": FirstUse,
		"openssh/plain-ecdsa.eml": FirstUse, "openpgp/plain.eml": Untrusted, "tampered/openssh-body-changed.eml": Untrusted} {
		pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
		report, err := (&Verifier{Pins: pins}).Check(context.Background(), readVector(t, file))
		if err != nil || report.Signatures[0].Trust != want {
			t.Errorf("%s: %v %+v", file, err, report)
		}
	}
}

// An identity that always signs, and then does not.
func TestDowngrade(t *testing.T) {
	t.Parallel()
	pins := &Pins{Dir: filepath.Join(t.TempDir(), "keys")}
	for i := range habitCount {
		report, err := (&Verifier{Pins: pins, Now: signingTime}).Check(context.Background(), []byte(datedMail))
		if err != nil || len(report.Notes) > 0 {
			t.Errorf("after %d: %v %+v", i, err, report)
		}
		meet(t, pins, signedBy(t, 1, strings.Replace(datedMail, "<1@", "<"+strings.Repeat("1", i+1)+"@", 1)))
	}
	report, err := (&Verifier{Pins: pins, Now: signingTime}).Check(context.Background(), []byte(datedMail))
	if err != nil || report.Status() != NoSig || len(report.Notes) != 1 {
		t.Errorf("%v %+v", err, report)
	}
	report, err = (&Verifier{Pins: pins, Now: signingTime.Add(2 * habitTime)}).Check(context.Background(), []byte(datedMail))
	if err != nil || len(report.Notes) != 0 {
		t.Errorf("years later: %v %+v", err, report)
	}
}
