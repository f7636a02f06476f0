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
	"sync/atomic"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func TestKeyPath(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ identity, selector, want string }{
		{"Jane@Example.org", "", "ed25519/example.org/jane/default"},
		{"team+lead@example.org", "Desk.2", "ed25519/example.org/team%2Blead/desk.2"},
		{"a b/c@x@y", "é", "ed25519/x%40y/a+b%2Fc/%C3%A9"},
		{"jane", "", ""},
		{"@example.org", "", ""},
		{"jane@", "", ""},
		{"..@example.org", "", ""},
		{"jane@..", "", ""},
		{"jane@example.org", "..", ""},
		{"jane@example.org", ".", ""},
		{strings.Repeat("x", 256) + "@example.org", "", ""},
	} {
		got, err := KeyPath(Ed25519, tc.identity, tc.selector)
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("KeyPath(%q, %q) = %q, %v, want %q", tc.identity, tc.selector, got, err, tc.want)
		}
	}
}

// Every kind of keyring, in the order of the configuration: more than one
// keyringsrc counts.
func TestKeyrings(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	const jane = "ed25519/example.org/jane/"
	r.Write(".keys/"+jane+"20250101", "committed")
	if err := os.Symlink("20250101", filepath.Join(r.Dir, ".keys", jane+"default")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../../../../outside", filepath.Join(r.Dir, ".keys", jane+"out")); err != nil {
		t.Fatal(err)
	}
	r.Commit("keys")
	r.Write(".local-keys/"+jane+"local", "local")
	r.Write(".keys/"+jane+"dirty", "dirty")
	r.Git("checkout", "-q", "--orphan", "keys")
	r.Git("rm", "-q", "-r", "--cached", ".")
	r.Write(jane+"meta", "meta")
	r.Git("add", jane+"meta")
	r.Git("commit", "-q", "-m", "keys")
	r.Git("update-ref", "refs/meta/keyring", "HEAD")
	r.Git("checkout", "-q", "-f", "main")
	one, two := t.TempDir(), t.TempDir()
	for file, text := range map[string]string{
		filepath.Join(one, jane, "one"):                                                        "one",
		filepath.Join(two, jane, "two"):                                                        "two",
		filepath.Join(two, filepath.FromSlash(hashedPath(jane+"hashed"))):                      "hashed",
		filepath.Join(two, filepath.FromSlash(hashedPath("openpgp/example.org/hash/default"))): "hashed",
		// Beside what refs/meta/keyring has, as a patch could bring it along.
		filepath.Join(r.Dir, jane, "planted"): "planted",
	} {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r.Git("config", "patatt.keyringsrc", one)
	r.Git("config", "--add", "patatt.keyringsrc", two)
	r.Git("config", "--add", "patatt.keyringsrc", "ref:"+filepath.Join(one, "gone")+"::x")
	ctx := context.Background()
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	config, err := repo.Config()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	settings, err := ReadSettings(config, "", func(key string) string { return map[string]string{"HOME": home}[key] })
	if err != nil {
		t.Fatal(err)
	}
	settings.Programs.Env = r.Env
	rings, closeRings, err := settings.OpenKeyrings(ctx, repo)
	if err != nil {
		t.Fatal(err)
	}
	defer closeRings()
	for selector, want := range map[string]string{
		"20250101": "committed HEAD:.keys/", "default": "committed HEAD:.keys/", "local": "local (not committed)",
		"dirty": "dirty (not committed)", "meta": "meta refs/meta/keyring:", "one": "one " + one, "two": "two " + two, "hashed": "hashed by-hash",
	} {
		key, err := findKey(ctx, rings, jane+selector)
		content, where, _ := strings.Cut(want, " ")
		if err != nil || key == nil || string(key.Data) != content || !strings.Contains(key.Source, where) {
			t.Errorf("%s: %+v, %v, want %s", selector, key, err, want)
		}
	}
	for _, none := range []string{"none", "one/more", "planted"} {
		if key, err := findKey(ctx, rings, jane+none); key != nil || err != nil {
			t.Errorf("%s: %+v, %v", none, key, err)
		}
	}
	for identity, want := range map[string]bool{"jane@example.org": true, "zoe@example.org": false, "hash@example.org": true, "..@example.org": false} {
		if got, err := knows(ctx, rings, identity, ""); got != want || err != nil {
			t.Errorf("knows(%s) = %v, %v", identity, got, err)
		}
	}
}

func TestNewKey(t *testing.T) {
	t.Parallel()
	s := Settings{DataDir: t.TempDir(), Key: "ed25519:test"}
	random := func(b byte) *bytes.Reader { return bytes.NewReader(bytes.Repeat([]byte{b}, 32)) }
	first, err := s.NewKey(random(1), "test", "jane@example.org", false)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(first.Private); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("private key: %v, %v", info, err)
	}
	if _, err := s.NewKey(random(2), "test", "jane@example.org", false); !errors.As(err, new(*KeyExistsError)) {
		t.Errorf("written over: %v", err)
	}
	if _, err := s.NewKey(random(2), "other", "jane@example.org", false); err != nil {
		t.Error(err)
	}
	key, err := findKey(context.Background(), []Keyring{DirKeyring(filepath.Join(s.DataDir, "public"))}, "ed25519/example.org/jane/default")
	if err != nil || key == nil {
		t.Fatal(key, err)
	}
	if f, _ := Fingerprint(Ed25519, key.Data); f != first.Fingerprint {
		t.Errorf("the default key is %s, want the first, %s", f, first.Fingerprint)
	}
	signer, err := s.Signer("")
	if err != nil || signer.Algorithm() != Ed25519 {
		t.Errorf("%v, %v", signer, err)
	}
	keys, err := s.OwnKeys()
	if err != nil || len(keys) != 2 || keys[1].Name != "test" || keys[1].Fingerprint != first.Fingerprint {
		t.Errorf("%+v, %v", keys, err)
	}
	for _, name := range []string{"", "..", "a/b", "/etc/x", "a;b", "a b"} {
		if _, err := s.NewKey(random(3), name, "jane@example.org", true); err == nil {
			t.Errorf("%q is taken for a name", name)
		}
	}
}

func TestSignerRefusals(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]error{"": ErrNoSigningKey, "none": new(KeyError), "x509:a": new(KeyError), "ed25519:": new(KeyError), "ed25519:../x": new(KeyError), "ed25519:gone": new(KeyError)} {
		_, err := Settings{Key: key, DataDir: t.TempDir()}.Signer("")
		if keyError := (*KeyError)(nil); err == nil || want == ErrNoSigningKey && err != want || want != ErrNoSigningKey && !errors.As(err, &keyError) {
			t.Errorf("%q: %v", key, err)
		}
	}
	signer := &Signer{key: &opensshKey{programs: testPrograms(t), name: "openssh:gone", file: "/nowhere/key"}}
	if _, err := signer.Sign(context.Background(), []byte(datedMail), signingTime); !errors.As(err, new(*SignError)) {
		t.Errorf("a key that is not there: %v", err)
	}
}

// Keyrings that name their keys say whose they are; a detached HEAD is a place
// as good as a branch, and one without commits is none.
func TestKeyringIdentities(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	ctx := context.Background()
	open := func() refKeyring {
		repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { repo.Close() })
		return refKeyring{repo: repo, dir: ".keys"}
	}
	if list, err := open().identities(ctx); len(list) > 0 || err != nil {
		t.Errorf("without a commit: %q, %v", list, err)
	}
	if key, err := open().find(ctx, "ed25519/example.org/jane/x"); key != nil || err != nil {
		t.Errorf("without a commit: %+v, %v", key, err)
	}
	r.Write(".keys/ed25519/example.org/jane/x", "key")
	r.Write(".keys/openpgp/work.example.org/zoe%2Bx/default", "key")
	r.Commit("keys")
	r.Git("checkout", "-q", "--detach")
	want := []string{"jane@example.org", "zoe+x@work.example.org"}
	for name, ring := range map[string]Keyring{"of git": open(), "a folder": DirKeyring(filepath.Join(r.Dir, ".keys"))} {
		if list, err := ring.identities(ctx); !slices.Equal(list, want) || err != nil {
			t.Errorf("%s: %q, %v", name, list, err)
		}
		if key, err := ring.find(ctx, "ed25519/example.org/jane/x"); key == nil || string(key.Data) != "key" {
			t.Errorf("%s: %+v, %v", name, key, err)
		}
	}
	if list, err := DirKeyring(filepath.Join(r.Dir, "gone")).identities(ctx); len(list) > 0 || err != nil {
		t.Errorf("no folder: %q, %v", list, err)
	}
}

// Of several processes that make a key of one name at once one does.
func TestNewKeyAtOnce(t *testing.T) {
	t.Parallel()
	s := Settings{DataDir: t.TempDir(), Key: "ed25519:test"}
	var made atomic.Int32
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			_, err := s.NewKey(bytes.NewReader(bytes.Repeat([]byte{byte(i)}, 32)), "test", "jane@example.org", false)
			if err == nil {
				made.Add(1)
			} else if !errors.As(err, new(*KeyExistsError)) {
				t.Error(err)
			}
		})
	}
	group.Wait()
	keys, err := s.OwnKeys()
	if made.Load() != 1 || err != nil || len(keys) != 1 || len(keys[0].Kept) != 1 {
		t.Fatalf("%d were made: %+v, %v", made.Load(), keys, err)
	}
	private, err := s.readEd25519("test", "")
	if err != nil || private.public() != keys[0].Public {
		t.Errorf("the halves do not fit: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.DataDir, "private", ".*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}
