package attest

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"
)

func TestCheckDKIM(t *testing.T) {
	t.Parallel()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	var signed bytes.Buffer
	mail := strings.ReplaceAll(datedMail, "\n", "\r\n")
	options := &dkim.SignOptions{Domain: "example.org", Selector: "one", Signer: key, HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}
	if err := dkim.Sign(&signed, strings.NewReader(mail), options); err != nil {
		t.Fatal(err)
	}
	raw := strings.ReplaceAll(signed.String(), "\r\n", "\n") // as mailboxes have it
	keys, err := ReadDKIMKeys(strings.NewReader("# keys\n\nOne._domainkey.Example.org. v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(key.Public().(ed25519.PublicKey)) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name, raw string
		keys      DKIMKeys
		want      []DKIMResult
	}{
		{"good", raw, keys, []DKIMResult{{"example.org", true, ""}}},
		{"without the key", raw, nil, []DKIMResult{{"example.org", false, ""}}},
		{"damaged", strings.Replace(raw, "\n+x", "\n+y", 1), keys, []DKIMResult{{"example.org", true, "body hash did not verify"}}},
		{"none", datedMail, keys, nil},
	} {
		got, err := CheckDKIM([]byte(tc.raw), tc.keys)
		if err != nil || len(got) != len(tc.want) || len(got) == 1 && got[0] != tc.want[0] {
			t.Errorf("%s: %+v, %v, want %+v", tc.name, got, err, tc.want)
		}
	}
	for _, bad := range []string{"one._domainkey.example.org", "example.org v=DKIM1"} {
		if _, err := ReadDKIMKeys(strings.NewReader(bad)); err == nil {
			t.Errorf("%q is taken for a key", bad)
		}
	}
	if _, err := CheckDKIM([]byte(strings.Repeat("DKIM-Signature: v=1; d=x\n", 100)+"\nbody\n"), keys); err != nil {
		t.Errorf("many signatures: %v", err)
	}
}
