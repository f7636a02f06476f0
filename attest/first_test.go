package attest

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

func checkOne(t *testing.T, v *Verifier, raw []byte) Signature {
	t.Helper()
	report, err := v.Check(context.Background(), raw)
	if err != nil || len(report.Signatures) != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	return report.Signatures[0]
}

// Earlier mail says whether a first use is one.
func TestPast(t *testing.T) {
	t.Parallel()
	numbered := func(n string) string { return strings.Replace(datedMail, "<1@", "<"+n+"@", 1) }
	old := strings.Replace(numbered("7"), "2 Jan 2025", "1 Jan 2024", 1)
	for _, tc := range []struct {
		name    string
		past    [][]byte
		status  Status
		trust   Trust
		changed bool
		said    string
	}{
		{"no mail", nil, NoKey, FirstUse, false, "it is the first"},
		{"the message itself", [][]byte{signedBy(t, 1, datedMail)}, NoKey, FirstUse, false, "it is the first"},
		{"the same key", [][]byte{signedBy(t, 1, old), signedBy(t, 1, numbered("8")), signedBy(t, 1, old)}, NoKey, FirstUse, false, "the same key came with 2 messages since 2024-01-01 in mbox"},
		{"another key", [][]byte{signedBy(t, 1, old), signedBy(t, 2, numbered("8"))}, BadSig, Untrusted, true, "another key came with earlier mail of jane@example.org: "},
		{"unsigned mail", [][]byte{[]byte(old)}, NoKey, FirstUse, false, "it is the first"},
		{"a key of somebody else", [][]byte{[]byte(strings.ReplaceAll(string(signedBy(t, 2, old)), "jane@", "zoe@"))}, NoKey, FirstUse, false, "it is the first"},
		{"noise", [][]byte{nil, []byte("x"), []byte("\n" + signatureField + ": a=b")}, NoKey, FirstUse, false, "it is the first"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			walks := 0
			past := &Past{Walk: func(_ context.Context, visit func([]byte, string)) error {
				walks++
				for _, raw := range tc.past {
					visit(raw, "mbox")
				}
				return nil
			}}
			v := &Verifier{Pins: &Pins{Dir: t.TempDir()}, Past: past, Now: signingTime}
			for range 2 {
				s := checkOne(t, v, signedBy(t, 1, datedMail))
				if s.Status != tc.status || s.Trust != tc.trust || s.Changed != tc.changed || !strings.Contains(strings.Join(s.Reasons, "\n"), tc.said) {
					t.Errorf("%v %q, changed %v: %q", s.Status, s.Trust, s.Changed, s.Reasons)
				}
				if tc.said == "it is the first" && len(s.Reasons) > 1 {
					t.Errorf("more is said: %q", s.Reasons)
				}
			}
			if walks != 1 {
				t.Errorf("the mail was read %d times", walks)
			}
		})
	}
}

func TestAlike(t *testing.T) {
	t.Parallel()
	jane := person{"jane.roe@example.org", "Jane Roe"}
	for _, tc := range []struct {
		name string
		who  person
		want bool
	}{
		{"a figure for a letter", person{"jane.r0e@example.org", ""}, true},
		{"Cyrillic letters", person{"jаnе.roe@example.org", ""}, true},
		{"a domain in A-labels", person{"jane.roe@xn--xample-2of.org", ""}, true}, // Cyrillic е
		{"two letters that look like one", person{"jane.roe@exarnple.org", ""}, true},
		{"an accent", person{"jané.roe@example.org", ""}, true},
		{"a letter that cannot be seen", person{"jane.roe@exam\u200bple.org", ""}, true},
		{"a slip", person{"jane.roe@exampel.org", ""}, true},
		{"one more letter", person{"janee.roe@example.org", ""}, true},
		{"another domain", person{"jane.roe@example.com", ""}, true},
		{"the same name", person{"x@elsewhere.example", "JANE ROE"}, true},
		{"a name that looks the same", person{"x@elsewhere.example", "Jаne Roe"}, true},
		{"a colleague", person{"zoe@example.org", "Zoe Zed"}, false},
		{"a first name alone", person{"x@elsewhere.example", "Jane"}, false},
		{"a stranger", person{"someone@kernel.example", ""}, false},
	} {
		alike := false
		for _, rule := range []func(a, b person) bool{looksSame, nearlySame, sameName, sameLocal} {
			alike = alike || rule(tc.who, jane)
		}
		if alike != tc.want {
			t.Errorf("%s: %+v: %v, want %v", tc.name, tc.who, alike, tc.want)
		}
	}
	if nearlySame(person{"dan@kernel.org", ""}, person{"don@kernel.org", ""}) {
		t.Error("in short names every letter counts")
	}
}

// Whoever looks like somebody whose key is known is pointed out when first met.
func TestAlikeIsTold(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*Verifier){
		"remembered": func(v *Verifier) {
			other := strings.NewReplacer("jane@example.org", "janet@examp1e.org", "Jane Dév", "Janet Roe").Replace(datedMail)
			signer := &Signer{Identity: "janet@examp1e.org", key: seededKey(t, 9)}
			raw, err := signer.Sign(context.Background(), []byte(other), signingTime)
			if err != nil {
				t.Fatal(err)
			}
			meet(t, v.Pins, raw)
		},
		"in a keyring": func(v *Verifier) {
			v.Keyrings = []Keyring{namedKeyring{"janet@examp1e.org"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := &Verifier{Pins: &Pins{Dir: t.TempDir()}, Now: signingTime}
			arrange(v)
			identity := "janet@example.org"
			raw, err := (&Signer{Identity: identity, key: seededKey(t, 1)}).Sign(context.Background(), []byte(strings.Replace(datedMail, "jane@", "janet@", 1)), signingTime)
			if err != nil {
				t.Fatal(err)
			}
			s := checkOne(t, v, raw)
			if s.Trust != FirstUse || !slices.Contains(s.Reasons, "it may be taken for janet@examp1e.org, who is somebody else") {
				t.Errorf("%q: %q", s.Trust, s.Reasons)
			}
		})
	}
}

// A namedKeyring names people, and has no keys that fit.
type namedKeyring []string

func (namedKeyring) String() string                                 { return "named" }
func (namedKeyring) find(context.Context, string) (*KeyFile, error) { return nil, nil }
func (namedKeyring) holds(context.Context, string) (bool, error)    { return false, nil }
func (k namedKeyring) identities(context.Context) ([]string, error) { return k, nil }

// What the user revoked is refused whoever has it in a keyring.
func TestRevokedInKeyring(t *testing.T) {
	t.Parallel()
	v := &Verifier{Pins: &Pins{Dir: t.TempDir()}, Now: signingTime}
	first := meet(t, v.Pins, signedBy(t, 1, datedMail))
	if err := v.Pins.Set("jane@example.org", first.Fingerprint, PinRevoked); err != nil {
		t.Fatal(err)
	}
	v.Keyrings = []Keyring{memoryKeyring(seededKey(t, 1).public())}
	if s := checkOne(t, v, signedBy(t, 1, datedMail)); s.Status != BadSig || s.Trust != Untrusted {
		t.Errorf("%v %q %q", s.Status, s.Trust, s.Reasons)
	}
	v.AsPatatt = true
	if s := checkOne(t, v, signedBy(t, 1, datedMail)); s.Status != Pass {
		t.Errorf("as patatt: %v %q", s.Status, s.Reasons)
	}
}

func TestStaleness(t *testing.T) {
	t.Parallel()
	dated := func(date string) []byte { return signedBy(t, 1, strings.Replace(datedMail, "2 Jan 2025", date, 1)) }
	keyring := []Keyring{memoryKeyring(seededKey(t, 1).public())}
	for _, tc := range []struct {
		name, date string
		limit      time.Duration
		want       Status
		said       string
	}{
		{"signed on its day", "2 Jan 2025", 30 * day, Pass, ""},
		{"within the limit", "4 Dec 2024", 30 * day, Pass, ""},
		{"beyond it", "1 Dec 2024", 30 * day, BadSig, "it was signed 32 days after its date, and more than 30 are too many"},
		{"without a limit", "1 Dec 2020", 0, Pass, ""},
		{"sent again", "1 Dec 2026", 30 * day, Pass, "it may be old mail that was sent again"},
	} {
		s := checkOne(t, &Verifier{Keyrings: keyring, Staleness: tc.limit}, dated(tc.date))
		if s.Status != tc.want || s.Stale != (tc.want == BadSig) || !strings.Contains(strings.Join(s.Reasons, "\n"), tc.said) || tc.said == "" && len(s.Reasons) > 0 {
			t.Errorf("%s: %v, stale %v: %q", tc.name, s.Status, s.Stale, s.Reasons)
		}
	}
}

// Whoever signs patches need not sign what they say about those of others.
func TestDowngradeOfReplies(t *testing.T) {
	t.Parallel()
	v := &Verifier{Pins: &Pins{Dir: t.TempDir()}, Keyrings: []Keyring{otherKeyring{}}, Now: signingTime}
	reply := "From: Jane Dév <jane@example.org>\nSubject: Re: [PATCH] fix: leak\n\nGood.\n"
	for name, tc := range map[string]struct {
		raw  string
		want bool
	}{
		"a patch":              {datedMail, true},
		"a reply":              {reply, false},
		"a reply with a patch": {strings.Replace(datedMail, "[PATCH]", "Re: [PATCH]", 1), true},
		"a cover letter":       {strings.Replace(reply, "Re: [PATCH]", "[PATCH 0/2]", 1), true},
		"a name that is none":  {strings.Replace(datedMail, "jane@example.org", "..@..", 1), false},
	} {
		report, err := v.Check(context.Background(), []byte(tc.raw))
		if err != nil || report.Downgraded != tc.want || len(report.Notes) > 0 != tc.want {
			t.Errorf("%s: %v %+v", name, err, report)
		}
	}
}

// A key that merely got into gpg's keyring is remembered like those that come
// by mail: another one is refused.
func TestPinsOfOpenPGP(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "gpg")
	programs := testPrograms(t)
	gpg := func(stdin string, args ...string) string {
		t.Helper()
		run := programs.run(context.Background(), "gpg", []byte(stdin), append([]string{"--batch", "--quiet"}, args...)...)
		if run.err != nil {
			t.Fatal(run)
		}
		return string(run.stdout)
	}
	make := func(uid string) string {
		t.Helper()
		gpg("", "--passphrase", "", "--quick-generate-key", uid, "ed25519", "sign")
		_, rest, _ := strings.Cut(gpg("", "--with-colons", "--list-keys", "="+uid), "\nfpr:::::::::")
		fingerprint, _, _ := strings.Cut(rest, ":")
		gpg(fingerprint+":2:\n", "--import-ownertrust") // nobody's
		gpg("", "--check-trustdb")
		return fingerprint
	}
	defer programs.run(context.Background(), "gpgconf", nil, "--kill", "all")
	v := &Verifier{OwnGPG: true, Programs: programs, Pins: &Pins{Dir: filepath.Join(t.TempDir(), "keys")}}
	date := time.Now().UTC().Format(time.RFC1123Z)
	check := func(key, id string) Signature {
		t.Helper()
		raw := strings.NewReplacer("Thu, 2 Jan 2025 03:04:05 +0000", date, "<1@", "<"+id+"@").Replace(datedMail)
		signer := &Signer{Identity: "jane@example.org", key: &openpgpKey{programs: programs, name: key, id: key}}
		signed, err := signer.Sign(context.Background(), []byte(raw), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		s := checkOne(t, v, signed)
		if err := note(v.Pins, s, Sighting{MessageID: id}); err != nil {
			t.Fatal(err)
		}
		return s
	}
	one, two := make("Jane One <jane@example.org>"), make("Jane Two <jane@example.org>")
	if s := check(one, "1"); s.Status != NoKey || s.Trust != FirstUse {
		t.Errorf("first: %v %q %q", s.Status, s.Trust, s.Reasons)
	}
	if s := check(one, "2"); s.Status != Pass || s.Trust != Seen || s.Known == nil || s.Known.Count != 1 {
		t.Errorf("again: %v %q %q", s.Status, s.Trust, s.Reasons)
	}
	if s := check(two, "3"); s.Status != BadSig || !s.Changed {
		t.Errorf("another key: %v %q %q", s.Status, s.Trust, s.Reasons)
	}
	// What gpg knows of one user id says nothing about another of the same key.
	three := make("Zoe Zed <zoe@example.org>")
	gpg(three+":6:\n", "--import-ownertrust")
	gpg("", "--check-trustdb")
	gpg("", "--passphrase", "", "--quick-add-uid", three, "Jane Three <jane@example.org>")
	gpg("", "--quick-revoke-uid", three, "Zoe Zed <zoe@example.org>")
	raw := strings.Replace(datedMail, "Thu, 2 Jan 2025 03:04:05 +0000", date, 1)
	signed, err := (&Signer{Identity: "zoe@example.org", key: &openpgpKey{programs: programs, id: three}}).Sign(context.Background(), []byte(strings.Replace(raw, "jane@", "zoe@", 1)), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if s := checkOne(t, v, signed); s.Status != BadSig {
		t.Errorf("a revoked user id: %v %q %q", s.Status, s.Trust, s.Reasons)
	}
}

func TestUserIDs(t *testing.T) {
	t.Parallel()
	listing := "pub:f:255:22:AB:1:::-:::scSC::::::23::0:\nfpr:::::::::ABCD:\n" +
		"uid:f::::1::H::Zoe Zed <Zoe@example.org>::::::::::0:\nuid:-::::1::H::Jane <jane@example.org>::::::::::0:\n" +
		"uid:r::::1::H::Old <old@example.org>::::::::::0:\nuid:u::::1::H::bare@example.org::::::::::0:\n"
	got := pgpUsers([]byte(listing))
	want := map[string]bool{"zoe@example.org": true, "jane@example.org": false, "bare@example.org": true}
	if len(got) != len(want) {
		t.Errorf("%v, want %v", got, want)
	}
	for address, valid := range want {
		if is, there := got[address]; !there || is != valid {
			t.Errorf("%s: %v, %v", address, there, is)
		}
	}
}

func TestJudgeSeries(t *testing.T) {
	t.Parallel()
	part := func(id string, number int, identity, key string) Part {
		r := &Report{}
		if identity != "" {
			r.Signatures = []Signature{{Identity: identity, Fingerprint: key}}
		}
		return Part{ID: id, Number: number, Report: r}
	}
	for _, tc := range []struct {
		name  string
		parts []Part
		want  []string
	}{
		{"as one program sends it", []Part{part("20250102-x-v1-0-ab@host", 0, "j@x", "K"), part("20250102-x-v1-1-ab@host", 1, "J@x", "K"), part("20250102-x-v1-10-ab@host", 10, "j@x", "K")}, nil},
		{"by git send-email", []Part{part("20250102030405.99-1-j@x", 0, "j@x", "K"), part("20250102030405.99-2-j@x", 1, "j@x", "K")}, nil},
		{"by git format-patch --thread", []Part{part("cover.1735787045.git.j@example.org", 0, "j@x", "K"), part("ab12cd.1735787045.git.j@example.org", 1, "j@x", "K")}, nil},
		{"not signed", []Part{part("a1@x", 1, "", ""), part("a2@x", 2, "", "")}, nil},
		{"one not signed", []Part{part("a0@x", 0, "j@x", "K"), part("a1@x", 1, "", "")}, []string{"not all are signed by the same: the cover letter by j@x; patch 1 not signed"}},
		{"by two people", []Part{part("a1@x", 1, "j@x", "K"), part("a2@x", 2, "z@x", "L")}, []string{"not all are signed by the same: patch 1 by j@x; patch 2 by z@x"}},
		{"with two keys", []Part{part("a1@x", 1, "j@x", "K"), part("a2@x", 2, "j@x", "L")}, []string{"not all are signed with the same key: patch 1 K; patch 2 L"}},
		{"by ids of two origins", []Part{part("a1@x", 1, "j@x", "K"), part("evil@y", 2, "j@x", "K")}, []string{"the message-ids have nothing in common: the messages may not have been sent together"}},
		{"the same id twice", []Part{part("a1@x", 1, "j@x", "K"), part("a1@x", 2, "j@x", "K")}, []string{"the message-ids have nothing in common: the messages may not have been sent together"}},
	} {
		got := JudgeSeries(tc.parts)
		if !slices.Equal(got.Problems, tc.want) {
			t.Errorf("%s: %q, want %q", tc.name, got.Problems, tc.want)
		}
		if len(tc.want) == 0 && tc.name != "not signed" && (got.Identity != "j@x" || got.Fingerprint != "K") {
			t.Errorf("%s: %+v", tc.name, got)
		}
	}
	if got := JudgeSeries([]Part{{ID: "a1@x", Number: 1}, part("a2@x", 2, "j@x", "K")}); got.Status != Error {
		t.Errorf("one that cannot be read: %+v", got)
	}
}
