package attest

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

func TestClaims(t *testing.T) {
	t.Parallel()
	signature := func(tags string) string { return "X-Developer-Signature: " + tags + "\n" }
	for name, c := range map[string]struct {
		header string
		want   []Claim
	}{
		"none":             {"", nil},
		"all tags":         {signature("v=1; a=ed25519-sha256; i=kim@example.org; s=laptop; b="), []Claim{{Ed25519, "kim@example.org", "laptop"}}},
		"From is meant":    {signature("a=openpgp-sha256; b="), []Claim{{OpenPGP, "jane@example.org", ""}}},
		"two":              {signature("a=x; i=a@b") + signature("a=openssh-sha256; i=c@d"), []Claim{{"", "a@b", ""}, {OpenSSH, "c@d", ""}}},
		"a folded one":     {"x-developer-signature: a=openssh-sha256;\n i=kim@\n example.org; b=\n", []Claim{{OpenSSH, "kim@example.org", ""}}},
		"no author at all": {strings.Repeat("X: y\n", 3), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := Claims([]byte("From: Jane <jane@example.org>\n" + c.header + "\nText.\n"))
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %+v, %v, want %+v", got, err, c.want)
			}
		})
	}
	if _, err := Claims([]byte("no mail")); !errors.Is(err, ErrNotMail) {
		t.Errorf("got %v, want ErrNotMail", err)
	}
	if _, err := Claims([]byte("From: a@b\n" + signature(strings.Repeat("x", maxTags)) + "\nText.\n")); err == nil {
		t.Error("an endless signature was read")
	}
}

func TestGivenKey(t *testing.T) {
	t.Parallel()
	signer, public := testSigner(t)
	raw, err := signer.Sign(t.Context(), []byte(datedMail), signingTime)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		claim Claim
		want  Status
	}{
		"the claim of the mail": {Claim{Ed25519, "Jane@Example.org", "default"}, Pass},
		"another person":        {Claim{Ed25519, "kim@example.org", ""}, NoKey},
		"another selector":      {Claim{Ed25519, "jane@example.org", "laptop"}, NoKey},
		"another algorithm":     {Claim{OpenSSH, "jane@example.org", ""}, NoKey},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ring, err := GivenKey(c.claim, KeyFile{Data: []byte(public), Source: "given"})
			if err != nil {
				t.Fatal(err)
			}
			report, err := (&Verifier{Keyrings: []Keyring{ring}}).Check(t.Context(), raw)
			if err != nil || report.Status() != c.want {
				t.Errorf("got %+v, %v, want %s", report, err, c.want)
			}
		})
	}
	if _, err := GivenKey(Claim{Ed25519, "nobody", ""}, KeyFile{}); !errors.As(err, new(*IdentityError)) {
		t.Errorf("got %v, want an *IdentityError", err)
	}
}

func TestPlusPart(t *testing.T) {
	t.Parallel()
	signer, public := testSigner(t)
	for name, c := range map[string]struct {
		from, inBody string
		want         Status
	}{
		"the identity":                         {"jane@example.org", "", Pass},
		"with a plus part":                     {"jane+lists@example.org", "", Pass},
		"with two":                             {"jane+a+b@example.org", "", Pass},
		"the part of another":                  {"janet+jane@example.org", "", BadSig},
		"nothing but a part":                   {"+jane@example.org", "", BadSig},
		"another domain":                       {"jane+x@example.net", "", BadSig},
		"a patch of another":                   {"jane@example.org", "From: Kim <kim@example.org>\n\n", Pass},
		"a patch of another, with a plus part": {"jane+lists@example.org", "From: Kim <kim@example.org>\n\n", Pass},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mail := strings.Replace(datedMail, "jane@example.org", c.from, 1)
			mail = strings.Replace(mail, "\n\n", "\n\n"+c.inBody, 1)
			raw, err := signer.Sign(t.Context(), []byte(mail), signingTime)
			if err != nil {
				t.Fatal(err)
			}
			check := func(plus bool) Status {
				report, err := (&Verifier{Keyrings: []Keyring{memoryKeyring(public)}, PlusPart: plus}).Check(t.Context(), raw)
				if err != nil {
					t.Fatal(err)
				}
				return report.Status()
			}
			if got := check(true); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if strings.Contains(c.from, "+") && check(false) != BadSig {
				t.Error("it counts where it was not asked for")
			}
		})
	}
}

func TestReadPGPKey(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "gpg")
	programs := testPrograms(t)
	home, err := os.MkdirTemp("", "kp") // sockets of gpg-agent have short names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		programs.run(context.Background(), "gpgconf", nil, "--homedir", home, "--kill", "all")
		os.RemoveAll(home)
	})
	gpg := func(args ...string) []byte {
		t.Helper()
		ran := programs.run(context.Background(), "gpg", nil, append([]string{"--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
		if ran.err != nil {
			t.Fatalf("gpg %q: %v: %s", args, ran.err, ran.said())
		}
		return ran.stdout
	}
	for _, name := range []string{"Kim <Kim@example.org>", "Jane <jane@example.org>"} {
		gpg("--quick-generate-key", name, "ed25519", "sign", "0")
	}
	key, err := ReadPGPKey(t.Context(), programs, gpg("--armor", "--export", "kim@example.org"))
	if err != nil || len(key.Fingerprint) != 40 || !slices.Equal(key.Users, []string{"Kim <Kim@example.org>"}) ||
		!slices.Equal(key.Addresses, []string{"kim@example.org"}) || !strings.HasPrefix(string(key.Data), "-----BEGIN PGP PUBLIC KEY BLOCK-----") {
		t.Errorf("got %+v, %v", key, err)
	}
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"two keys":      {gpg("--armor", "--export"), "2 OpenPGP keys"},
		"no key":        {[]byte("-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----\n"), "0 OpenPGP keys"},
		"text":          {[]byte("hello"), "0 OpenPGP keys"},
		"a private key": {gpg("--armor", "--export-secret-keys", "kim@example.org"), "private key"},
	} {
		t.Run(name, func(t *testing.T) {
			if key, err := ReadPGPKey(t.Context(), programs, c.data); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %+v, %v, want %q", key, err, c.want)
			}
		})
	}
}
