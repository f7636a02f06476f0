package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

var vectorsDir = filepath.Join("testdata", "patatt")

// A vector is one entry of the manifest; testdata/patatt/README.md explains it.
type vector struct {
	File, Case, Identity, Selector, Keyring, Expected, Reason, Unsigned string

	Algo          Algorithm
	TrimBody      bool   `json:"trim_body"`
	SignTime      int64  `json:"sign_time"`
	PrivateKey    string `json:"private_key"`
	Deterministic bool
	Canonical     *struct {
		Body  []byte `json:"canonical_body_base64"`
		Input []byte `json:"hash_input_base64"`
	}
}

func vectors(t *testing.T) []vector {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(vectorsDir, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	var manifest struct{ Vectors []vector }
	if err := json.Unmarshal(text, &manifest); err != nil {
		t.Fatal(err)
	}
	if len(manifest.Vectors) != 226 {
		t.Fatalf("%d vectors", len(manifest.Vectors))
	}
	return manifest.Vectors
}

func readVector(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(vectorsDir, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// testPrograms run with nothing of the user's.
func testPrograms(t *testing.T) Programs {
	t.Helper()
	home, err := os.MkdirTemp("", "kp") // sockets of gpg-agent have short names
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	return Programs{Env: gittest.Env(home), Scratch: filepath.Join(home, "scratch")}.withDefaults()
}

// patatt's own answer to every vector.
func TestVectorsAsPatatt(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "gpg")
	programs := testPrograms(t)
	for _, v := range vectors(t) {
		verifier := Verifier{Keyrings: []Keyring{DirKeyring(filepath.Join(vectorsDir, v.Keyring))},
			Programs: programs, TrimBody: v.TrimBody, AsPatatt: true}
		report, err := verifier.Check(context.Background(), readVector(t, v.File))
		if err != nil {
			t.Errorf("%s: %v", v.File, err)
			continue
		}
		want := v.Expected
		if want == "EXCEPTION" { // patatt gives up: an identity that is no address
			want = "ERROR"
		}
		if got := report.Status().String(); got != want {
			t.Errorf("%s: got %s, want %s (%s): %+v", v.File, got, want, v.Reason, report.Signatures)
		}
	}
}

func TestVectorsCanonicalForm(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, v := range vectors(t) {
		if v.Canonical == nil {
			continue
		}
		seen++
		m, err := parseMessage(readVector(t, v.File))
		if err != nil {
			t.Fatal(err)
		}
		c, err := canonicalise(context.Background(), m, nil)
		if err != nil {
			t.Fatal(err)
		}
		cl, err := parseClaim(m.values("x-developer-signature")[0])
		if err != nil {
			t.Fatal(err)
		}
		input := append(c.headerInput(splitNames(cl.tags["h"])), "x-developer-signature:"...)
		if input = append(input, cl.signed...); !bytes.Equal(input, v.Canonical.Input) {
			t.Errorf("%s: header\n got %q\nwant %q", v.File, input, v.Canonical.Input)
		}
		if !bytes.Equal(c.body, v.Canonical.Body) {
			t.Errorf("%s: body\n got %q\nwant %q", v.File, c.body, v.Canonical.Body)
		}
	}
	if seen < 100 {
		t.Errorf("only %d vectors have a canonical form", seen)
	}
}

// Signed again at the same time, by the same key, a message has the same bytes.
func TestVectorsSignedAgain(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "ssh-keygen")
	programs := testPrograms(t)
	signed := 0
	for _, v := range vectors(t) {
		if !v.Deterministic {
			continue
		}
		signed++
		signer := &Signer{Identity: v.Identity, Selector: v.Selector, name: v.PrivateKey, key: vectorKey(t, programs, v)}
		if v.Case == "identity-from-author-no-selector" || v.Case == "identity-unset-inbody-from" {
			signer.Identity = ""
		}
		got, err := signer.Sign(context.Background(), readVector(t, v.Unsigned), time.Unix(v.SignTime, 0))
		if err != nil {
			t.Errorf("%s: %v", v.File, err)
		} else if want := readVector(t, v.File); !bytes.Equal(got, want) {
			t.Errorf("%s:\n got %q\nwant %q", v.File, got, want)
		}
	}
	if signed != 83 {
		t.Errorf("%d vectors were signed again, want 83", signed)
	}
}

func vectorKey(t *testing.T, programs Programs, v vector) signingKey {
	t.Helper()
	text := readVector(t, v.PrivateKey)
	if v.Algo == Ed25519 {
		key, err := parseEd25519(text)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	decoded, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, decoded, 0o600); err != nil {
		t.Fatal(err)
	}
	return &opensshKey{programs: programs, name: v.PrivateKey, file: file}
}
