package attest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// Where kprep judges otherwise than patatt, and why.
func TestVectorsStrict(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "gpg")
	differs := map[string]Status{
		"openpgp/plain-rsa.eml":                  BadSig, // no user id of the key names the signer
		"ed25519/identity-needs-quoting.eml":     BadSig, // signed by somebody else than author and sender
		"odd/two-signatures.eml":                 BadSig, // so is the second
		"tampered/openpgp-signature-damaged.eml": BadSig, // not a missing key
		"odd/version-2.eml":                      BadSig,
		"odd/algo-suffix-ignored.eml":            Error,
		"odd/identity-without-at.eml":            Error, // patatt raises an exception
		"odd/duplicate-from-before.eml":          BadSig,
		"odd/duplicate-subject-before.eml":       BadSig,
	}
	programs := testPrograms(t)
	for _, v := range vectors(t) {
		verifier := Verifier{Keyrings: []Keyring{DirKeyring(filepath.Join(vectorsDir, v.Keyring))}, Programs: programs, TrimBody: v.TrimBody}
		report, err := verifier.Check(context.Background(), readVector(t, v.File))
		if err != nil {
			t.Errorf("%s: %v", v.File, err)
			continue
		}
		want, differs := differs[v.File]
		if got := report.Status(); differs && got != want || !differs && got.String() != v.Expected {
			t.Errorf("%s: got %s, patatt says %s (%s): %+v", v.File, got, v.Expected, v.Reason, report.Signatures)
		}
	}
}

// testSigner signs for Jane with a fixed key.
func testSigner(t testing.TB) (*Signer, string) {
	t.Helper()
	key, err := parseEd25519([]byte("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="))
	if err != nil {
		t.Fatal(err)
	}
	return &Signer{Identity: "jane@example.org", name: "ed25519:test", key: key}, key.public()
}

// A memoryKeyring has one ed25519 key, for everybody.
type memoryKeyring string

func (k memoryKeyring) String() string { return "memory" }

func (k memoryKeyring) find(context.Context, string) (*KeyFile, error) {
	return &KeyFile{Data: []byte(k), Source: "memory"}, nil
}

func (k memoryKeyring) holds(context.Context, string) (bool, error) { return true, nil }

func (k memoryKeyring) identities(context.Context) ([]string, error) { return nil, nil }

var signingTime = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)

const datedMail = "From: Jane Dév <jane@example.org>\nDate: Thu, 2 Jan 2025 03:04:05 +0000\nMessage-ID: <1@example.org>\n" +
	"Subject: [PATCH] fix: leak\n\nText.\n---\n f | 1 +\n\ndiff --git a/f b/f\n+x\n"

func TestStrictRefusals(t *testing.T) {
	t.Parallel()
	signer, public := testSigner(t)
	check := func(raw []byte, now time.Time) *Report {
		report, err := (&Verifier{Keyrings: []Keyring{memoryKeyring(public)}, Now: now}).Check(context.Background(), raw)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	signed, err := signer.Sign(context.Background(), []byte(datedMail), signingTime)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(raw string) []byte {
		signed, err := signer.Sign(context.Background(), []byte(raw), signingTime)
		if err != nil {
			t.Fatal(err)
		}
		return signed
	}
	stranger := sign(strings.Replace(datedMail, "jane@", "zoe@", 1))
	passedOn := sign(strings.Replace(datedMail, "\n\nText", "\n\nFrom: Zoe Zed <zoe@example.org>\n\nText", 1))
	for _, tc := range []struct {
		name string
		raw  string
		now  time.Time
		want Status
	}{
		{"as it was signed", string(signed), signingTime, Pass},
		{"by a clock a little behind", string(signed), signingTime.Add(-time.Minute), Pass},
		{"in the future", string(signed), signingTime.Add(-time.Hour), BadSig},
		{"a second Message-ID", strings.Replace(string(signed), "Message-ID", "Message-ID: <2@example.org>\nMessage-ID", 1), signingTime, BadSig},
		{"not signed", datedMail, signingTime, NoSig},
		{"by another than the author", string(stranger), signingTime, BadSig},
		{"with an unsigned header that calls the signer the sender", "X-Original-From: jane@example.org\n" + string(stranger), signingTime, BadSig},
		{"by who passes a patch on", string(passedOn), signingTime, Pass},
		{"after a list has rewritten From", strings.Replace("X-Original-From: Jane <jane@example.org>\n"+string(passedOn), "From: Jane Dév <jane@", "From: Jane via list <list@", 1), signingTime, Pass},
	} {
		if got := check([]byte(tc.raw), tc.now); got.Status() != tc.want {
			t.Errorf("%s: %v, want %v: %+v", tc.name, got.Status(), tc.want, got.Signatures)
		}
	}
}

// What git would take for the end of the header would move our fields into the
// body.
func TestSignRefusals(t *testing.T) {
	t.Parallel()
	signer, _ := testSigner(t)
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"a line that is no field": {"From: Jane Dév <jane@example.org>\nnonsense\nSubject: s\n\nText.\n", ErrNotMail},
		"a name with a blank":     {"From: Jane Dév <jane@example.org>\nTwo words: x\nSubject: s\n\nText.\n", ErrNotMail},
		"no author":               {"Subject: s\n\nText.\n", ErrNoAuthor},
		"a parenthesis no end":    {"From: (22@\nSubject: s\n\nText.\n", ErrNoAuthor},
		"a quote without end":     {"From: \"Jane <jane@example.org>\nSubject: s\n\nText.\n", ErrNoAuthor},
	} {
		if signed, err := signer.Sign(context.Background(), []byte(tc.raw), signingTime); !errors.Is(err, tc.want) {
			t.Errorf("%s: %q, %v", name, signed, err)
		}
		if signed, err := signer.SignAll(context.Background(), [][]byte{[]byte(datedMail), []byte(tc.raw)}, signingTime); !errors.Is(err, tc.want) || signed != nil {
			t.Errorf("%s, as the second of two: %d are signed, %v", name, len(signed), err)
		}
	}
	mailbox := "From 0123abcd Mon Sep 17 00:00:00 2001\n" + datedMail
	if _, err := signer.Sign(context.Background(), []byte(mailbox), signingTime); err != nil {
		t.Errorf("as git format-patch writes it: %v", err)
	}
}

// Whatever is signed verifies, nothing but the two fields is added, and to sign
// again changes nothing. A change to any byte of the signed fields is found.
func FuzzSign(f *testing.F) {
	f.Add([]byte(datedMail), uint16(3), byte(1))
	f.Add([]byte(plainMail), uint16(70), byte(32))
	f.Add([]byte("From: a@b\r\nSubject: x\r\n\r\nbody\r\n"), uint16(30), byte(128))
	files, _ := filepath.Glob(filepath.Join(vectorsDir, "unsigned", "*.eml"))
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, uint16(len(raw)-9), byte(4))
	}
	signer, public := testSigner(f)
	signer.Identity = ""
	verifier := &Verifier{Keyrings: []Keyring{memoryKeyring(public)}, AsPatatt: true}
	f.Fuzz(func(t *testing.T, raw []byte, at uint16, flip byte) {
		signed, err := signer.Sign(context.Background(), raw, signingTime)
		if err != nil {
			return
		}
		report, err := verifier.Check(context.Background(), signed)
		if err != nil || report.Status() != Pass {
			if _, _, ok := strings.Cut(report.Email, "@"); !ok || errors.As(keyPathError(report), new(*IdentityError)) {
				return // there is no key for such an identity
			}
			t.Fatalf("%q is signed, and then %v %+v", raw, err, report)
		}
		again, err := signer.Sign(context.Background(), signed, signingTime)
		if err != nil || !bytes.Equal(again, signed) {
			t.Fatalf("signed again\n got %q, %v\nwant %q", again, err, signed)
		}
		checkChanged(t, verifier, signed, int(at), flip)
	})
}

func keyPathError(r *Report) error {
	_, err := KeyPath(Ed25519, r.Email, "")
	return err
}

// checkChanged changes one byte. Where the canonical form differs then, the
// signature must not hold.
func checkChanged(t *testing.T, verifier *Verifier, signed []byte, at int, flip byte) {
	changed := bytes.Clone(signed)
	changed[at%len(changed)] ^= flip
	if flip == 0 {
		return
	}
	report, err := verifier.Check(context.Background(), changed)
	if err != nil || report.Status() != Pass {
		return
	}
	if before, after := signedForm(t, signed), signedForm(t, changed); before != after {
		t.Fatalf("a change at %d is not found:\n%q\n%q", at%len(changed), before, after)
	}
}

// signedForm is what a reader takes for signed: author, title, body and the
// time, computed by git alone.
func signedForm(t *testing.T, raw []byte) string {
	t.Helper()
	m, err := parseMessage(raw)
	if err != nil {
		t.Fatal(err)
	}
	info, err := gitrepo.ReadMailinfo(context.Background(), gitrepo.Options{}, m.bytes())
	if err != nil {
		t.Fatal(err)
	}
	c, err := parseClaim(m.values("x-developer-signature")[0])
	if err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("%q %q %q %q %s", info.Author, info.Email, info.Subject, canonicalBody(info), c.signed)
	for _, id := range m.values("message-id") {
		text += string(relax(id))
	}
	return text
}

func TestBounds(t *testing.T) {
	t.Parallel()
	for name, raw := range map[string]string{
		"empty":                   "",
		"no body":                 "From: a@b\nSubject: x\n\n",
		"no header":               "\nbody\n",
		"a fold of nothing":       " x\nFrom: a@b\n\nbody\n",
		"header alone":            "From: a@b\n",
		"very many fields":        strings.Repeat("A: b\n", maxFields+10) + "\nbody\n",
		"very many signatures":    "From: Jane D <a@b>\nSubject: s\n" + strings.Repeat("X-Developer-Signature: a=b\n", maxSignatures+1) + "\nbody\n",
		"a From that crashes git": "From: " + strings.Repeat("(", 1_000_000) + " <a@b>\nSubject: s\n\nbody\n",
		"a very long subject":     "From: Jane D <a@b>\nSubject: " + strings.Repeat("[x]", 1_000_000) + "s\n\nbody\n",
		"a very long one":         "From: Jane D <a@b>\nSubject: s\nX-Developer-Signature: " + strings.Repeat("a", maxTags+1) + "\n\nbody\n",
	} {
		if report, err := new(Verifier).Check(context.Background(), []byte(raw)); err == nil {
			t.Errorf("%s: %+v, want an error", name, report)
		}
	}
}

// What would take long by patatt's ways: many fields, many names, many lines.
func BenchmarkCheckLarge(b *testing.B) {
	signer, public := testSigner(b)
	raw := strings.Replace(datedMail, "\n\n", "\n"+strings.Repeat("X-A: b\n", 5000)+"\n", 1) + strings.Repeat("+line \r\n", 500_000)
	signed, err := signer.Sign(context.Background(), []byte(raw), signingTime)
	if err != nil {
		b.Fatal(err)
	}
	verifier := Verifier{Keyrings: []Keyring{memoryKeyring(public)}}
	b.SetBytes(int64(len(signed)))
	for b.Loop() {
		if report, err := verifier.Check(context.Background(), signed); err != nil || report.Status() != Pass {
			b.Fatal(report, err)
		}
	}
}
