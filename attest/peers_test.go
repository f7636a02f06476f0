package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// A peerWorld is a repository whose user has a key of every kind and a keyring
// with their public halves.
type peerWorld struct {
	t       *testing.T
	repo    *gittest.Repo
	keyring string
	patatt  []string
}

func newPeerWorld(t *testing.T) *peerWorld {
	t.Helper()
	gittest.Peer(t, "git", "gpg", "ssh-keygen")
	w := &peerWorld{t: t, patatt: gittest.Patatt(t), repo: gittest.New(t)}
	home, err := os.MkdirTemp("", "kp") // sockets of gpg-agent have short names
	if err != nil {
		t.Fatal(err)
	}
	w.repo.Env = append(gittest.Env(home), "PYTHONWARNINGS=ignore")
	t.Cleanup(func() {
		w.run(nil, "gpgconf", "--kill", "all")
		os.RemoveAll(home)
	})
	w.keyring = filepath.Join(home, "keyring")
	w.repo.Git("config", "user.email", "jane@example.org")
	w.repo.Git("config", "patatt.keyringsrc", w.keyring)

	w.run(nil, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(home, "ssh"))
	public, err := os.ReadFile(filepath.Join(home, "ssh.pub"))
	if err != nil {
		t.Fatal(err)
	}
	w.keep(OpenSSH, public)
	w.run(nil, "gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", "Jane Dév <jane@example.org>", "ed25519", "sign")
	w.keep(OpenPGP, w.run(nil, "gpg", "--batch", "--armor", "--export", "jane@example.org"))
	w.run(nil, w.patatt[0], append(w.patatt[1:], "genkey", "-n", "test")...)
	public, err = os.ReadFile(filepath.Join(home, ".local", "share", "patatt", "public", "test.pub"))
	if err != nil {
		t.Fatal(err)
	}
	w.keep(Ed25519, public)
	return w
}

// keep puts a key of Jane into the keyring.
func (w *peerWorld) keep(a Algorithm, key []byte) {
	w.t.Helper()
	name, err := KeyPath(a, "jane@example.org", "")
	if err != nil {
		w.t.Fatal(err)
	}
	file := filepath.Join(w.keyring, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(file, key, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// fingerprint is the one of Jane's OpenPGP key: by her address patatt cannot
// sign.
func (w *peerWorld) fingerprint() string {
	w.t.Helper()
	listing := string(w.run(nil, "gpg", "--batch", "--with-colons", "--list-keys", "jane@example.org"))
	_, rest, _ := strings.Cut(listing, "\nfpr:::::::::")
	fingerprint, _, _ := strings.Cut(rest, ":")
	return fingerprint
}

func (w *peerWorld) run(stdin []byte, program string, args ...string) []byte {
	w.t.Helper()
	out, err := w.try(stdin, program, args...)
	if err != nil {
		w.t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return out
}

func (w *peerWorld) try(stdin []byte, program string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = w.repo.Dir, w.repo.Env, bytes.NewReader(stdin)
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok {
		out = append(out, exit.Stderr...)
	}
	return out, err
}

// settings reads what the repository is configured for.
func (w *peerWorld) settings() (*gitrepo.Repo, Settings) {
	w.t.Helper()
	repo, err := gitrepo.Open(context.Background(), w.repo.Dir, gitrepo.Options{Env: w.repo.Env})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { repo.Close() })
	config, err := repo.Config()
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := ReadSettings(config, "", func(key string) string {
		return Settings{Programs: Programs{Env: w.repo.Env}}.variable(key)
	})
	if err != nil {
		w.t.Fatal(err)
	}
	s.Programs.Env, s.Programs.Scratch = w.repo.Env, filepath.Join(repo.CommonDir, "scratch")
	return repo, s
}

// What one program signs the other accepts, with each kind of key.
func TestRoundTripsWithPatatt(t *testing.T) {
	t.Parallel()
	w := newPeerWorld(t)
	home := filepath.Dir(w.keyring)
	mail := []byte("From: Jane Dév <jane@example.org>\nTo: list@example.org\nSubject: [PATCH v2 1/3] fix: leak\n" +
		"Message-ID: <1@example.org>\nDate: Thu, 2 Jan 2025 03:04:05 +0000\n\nText.\n\nSigned-off-by: Jane Dév <jane@example.org>\n---\n f | 1 +\n\ndiff --git a/f b/f\n+x \n-- \n2.39\n\n")
	for _, key := range []string{"ed25519:test", "openssh:" + filepath.Join(home, "ssh"), "openssh:" + filepath.Join(home, "ssh.pub"), "openpgp:" + w.fingerprint()} {
		w.repo.Git("config", "patatt.signingkey", key)
		repo, settings := w.settings()
		signer, err := settings.Signer(repo.GitDir)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := signer.Sign(context.Background(), mail, time.Now())
		if err != nil {
			t.Errorf("%s: %v", key, err)
			continue
		}
		// On standard input: patatt takes a file for an mbox.
		if out, err := w.try(ours, w.patatt[0], append(w.patatt[1:], "validate")...); err != nil {
			t.Errorf("%s: patatt says of ours %v:\n%s\n%s", key, err, out, ours)
		}
		damaged := bytes.Replace(ours, []byte("+x "), []byte("+y "), 1)
		if out, err := w.try(damaged, w.patatt[0], append(w.patatt[1:], "validate")...); err == nil {
			t.Errorf("%s: patatt accepts a damaged message: %s", key, out)
		}
		rings, closeRings, err := settings.OpenKeyrings(context.Background(), repo)
		if err != nil {
			t.Fatal(err)
		}
		defer closeRings()
		verifier := Verifier{Keyrings: rings, Programs: settings.Programs, Now: time.Now()}
		theirs := w.run(mail, w.patatt[0], append(w.patatt[1:], "sign")...)
		for _, signed := range [][]byte{ours, theirs} {
			report, err := verifier.Check(context.Background(), signed)
			if err != nil || report.Status() != Pass {
				t.Errorf("%s: %v %+v\n%s", key, err, report, signed)
			}
			report, err = verifier.Check(context.Background(), bytes.Replace(signed, []byte("+x "), []byte("+y "), 1))
			if err != nil || report.Status() != BadSig {
				t.Errorf("%s, damaged: %v %+v", key, err, report)
			}
		}
		checkPublic(t, settings.Programs, signer, ours)
	}
}

// checkPublic wants the public half of a key to be the one that its signatures
// are checked by, under its own fingerprint.
func checkPublic(t *testing.T, p Programs, signer *Signer, signed []byte) {
	t.Helper()
	public, err := signer.Public(context.Background())
	if err != nil {
		t.Errorf("%s: %v", signer.Key(), err)
		return
	}
	claims, err := Claims(signed)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := GivenKey(claims[0], KeyFile{Data: []byte(public.Text), Source: "public"})
	if err != nil {
		t.Fatal(err)
	}
	report, err := (&Verifier{Keyrings: []Keyring{ring}, Programs: p, Now: time.Now()}).Check(context.Background(), signed)
	if err != nil || report.Status() != Pass {
		t.Errorf("%s: by its public half: %v, %+v", signer.Key(), err, report)
	}
	if got := report.Signatures[0].Fingerprint; got != public.Fingerprint {
		t.Errorf("%s: fingerprint %s, the signature is by %s", signer.Key(), public.Fingerprint, got)
	}
}

// A key in gpg's own keyring counts as far as gpg knows whose it is.
func TestOwnGPG(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "gpg")
	programs := testPrograms(t)
	check := func(o Verifier) Signature {
		t.Helper()
		o.Programs = programs
		report, err := o.Check(context.Background(), readVector(t, "openpgp/plain.eml"))
		if err != nil {
			t.Fatal(err)
		}
		return report.Signatures[0]
	}
	if s := check(Verifier{OwnGPG: true}); s.Status != NoKey {
		t.Errorf("without the key: %+v", s)
	}
	key := readVector(t, "keyring/openpgp/fjord.example.org/ilse.brandt/default")
	run := programs.run(context.Background(), "gpg", key, "--batch", "--import")
	if run.err != nil {
		t.Fatal(run)
	}
	if s := check(Verifier{OwnGPG: true}); s.Status != Pass || s.Trust != Seen {
		t.Errorf("a key of anybody: %+v", s)
	}
	if s := check(Verifier{OwnGPG: true, AsPatatt: true}); s.Status != Pass || s.Trust != Kept {
		t.Errorf("as patatt: %+v", s)
	}
	if s := check(Verifier{}); s.Status != NoKey {
		t.Errorf("when it is not to be asked: %+v", s)
	}
	if run := programs.run(context.Background(), "gpg", []byte(check(Verifier{OwnGPG: true}).Fingerprint+":6:\n"), "--batch", "--import-ownertrust"); run.err != nil {
		t.Fatal(run)
	}
	if run := programs.run(context.Background(), "gpg", nil, "--batch", "--check-trustdb"); run.err != nil {
		t.Fatal(run)
	}
	if s := check(Verifier{OwnGPG: true}); s.Status != Pass || s.Trust != Kept {
		t.Errorf("a key that gpg trusts: %+v", s)
	}
}

// A small signature that unpacks to very much, and one that is no signature.
func TestHostileOpenPGP(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "gpg")
	programs := testPrograms(t)
	bomb := programs.run(context.Background(), "sh", nil, "-c", "head -c 50000000 /dev/zero | gpg --batch --store -z 9")
	if bomb.err != nil || len(bomb.stdout) > 1<<20 {
		t.Fatalf("%d bytes, %v", len(bomb.stdout), bomb.err)
	}
	key := readVector(t, "keyring/openpgp/fjord.example.org/ilse.brandt/default")
	if run := programs.run(context.Background(), "gpg", bomb.stdout, "--batch", "--output", "-", "--decrypt"); run.err == nil || len(run.stdout) > maxOutput {
		t.Errorf("a bomb unpacks to %d bytes, %v", len(run.stdout), run.err)
	}
	for name, value := range map[string]string{"a bomb": base64.StdEncoding.EncodeToString(bomb.stdout), "nothing": "", "noise": "bm9pc2U=", "no base64": "!"} {
		if s, err := verifyOpenPGP(context.Background(), programs, key, value, []byte("digest")); err == nil {
			t.Errorf("%s: %+v", name, s)
		}
	}
	if entries, err := os.ReadDir(programs.Scratch); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

// An agent has the private half; of the key only the public one is configured,
// in a file or written out.
func TestAgent(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git", "ssh-keygen", "ssh-agent", "ssh-add")
	programs := testPrograms(t)
	dir := filepath.Dir(programs.Scratch)
	socket, file := filepath.Join(dir, "agent"), filepath.Join(dir, "key")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	defer agent.Wait()
	defer agent.Process.Kill()
	programs.Env = append(programs.Env, "SSH_AUTH_SOCK="+socket)
	if run := programs.run(context.Background(), "ssh-keygen", nil, "-q", "-t", "ecdsa", "-N", "", "-f", file); run.err != nil {
		t.Fatal(run)
	}
	for deadline := time.Now().Add(time.Minute); programs.run(context.Background(), "ssh-add", nil, file).err != nil; {
		if time.Now().After(deadline) {
			t.Fatal("the agent does not answer")
		}
		time.Sleep(10 * time.Millisecond)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"openssh:" + file + ".pub", "openssh:key::" + strings.TrimSpace(string(public))} {
		signer, err := Settings{Key: key, Identity: "jane@example.org", Programs: programs}.Signer("")
		if err != nil {
			t.Fatal(err)
		}
		signed, err := signer.SignAll(context.Background(), [][]byte{[]byte(datedMail), []byte(plainMail)}, signingTime)
		if err != nil || len(signed) != 2 {
			t.Errorf("%s: %v", key, err)
			continue
		}
		report, err := (&Verifier{Keyrings: []Keyring{memoryKeyring(public)}, Now: signingTime}).Check(context.Background(), signed[1])
		if err != nil || report.Status() != Pass {
			t.Errorf("%s: %v %+v", key, err, report)
		}
	}
	if entries, err := os.ReadDir(programs.Scratch); err == nil && len(entries) > 0 {
		t.Errorf("left behind: %v", entries)
	}
}

// Without gpg nothing is known of a signature: it is not called bad.
func TestMissingProgram(t *testing.T) {
	t.Parallel()
	verifier := Verifier{Keyrings: []Keyring{DirKeyring(filepath.Join(vectorsDir, "keyring"))}, Programs: Programs{GPG: "/nowhere/gpg", Scratch: t.TempDir()}}
	if report, err := verifier.Check(context.Background(), readVector(t, "openpgp/plain.eml")); !errors.As(err, new(*ProgramError)) {
		t.Errorf("%+v, %v", report, err)
	}
	signer, err := Settings{Key: "openpgp:x", Programs: verifier.Programs}.Signer("")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := signer.SignAll(context.Background(), [][]byte{[]byte(datedMail)}, signingTime); !errors.As(err, new(*SignError)) {
		t.Errorf("%v", err)
	}
}

// What a key signs for another purpose is no signature of mail.
func TestOtherNamespace(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "ssh-keygen")
	programs := testPrograms(t)
	file := filepath.Join(filepath.Dir(programs.Scratch), "key")
	if run := programs.run(context.Background(), "ssh-keygen", nil, "-q", "-t", "ed25519", "-N", "", "-f", file); run.err != nil {
		t.Fatal(run)
	}
	public, err := os.ReadFile(file + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	digest := bytes.Repeat([]byte{7}, 32)
	for namespace, good := range map[string]bool{"patatt": true, "git": false, "file": false} {
		run := programs.run(context.Background(), "ssh-keygen", digest, "-Y", "sign", "-n", namespace, "-f", file)
		if run.err != nil {
			t.Fatal(run)
		}
		lines := strings.Split(strings.TrimSpace(string(run.stdout)), "\n")
		value := strings.Join(lines[1:len(lines)-1], "")
		if err := verifyOpenSSH(public, value, digest); (err == nil) != good {
			t.Errorf("%s: %v", namespace, err)
		}
		// It names another key than the one it is by.
		blob, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		key, _, _, _, err := ssh.ParseAuthorizedKey(public)
		if err != nil {
			t.Fatal(err)
		}
		blob[bytes.Index(blob, key.Marshal())+len(key.Marshal())-1] ^= 1
		if err := verifyOpenSSH(public, base64.StdEncoding.EncodeToString(blob), digest); err == nil {
			t.Errorf("%s: the key in the signature does not count", namespace)
		}
	}
}

// Ctrl-C at the question for a passphrase ends the program that asks, perhaps
// before we hear of it: that is no fault of the key.
func TestInterruptedProgram(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "gpg")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nkill -INT $$\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"openpgp:x", "openssh:/x"} {
		signer, err := Settings{Key: key, Identity: "jane@example.org", Programs: Programs{GPG: script, SSHKeygen: script}}.Signer("")
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(200*time.Millisecond, cancel)
		if _, err := signer.Sign(ctx, []byte(datedMail), signingTime); !errors.Is(err, context.Canceled) || errors.As(err, new(*SignError)) {
			t.Errorf("%s, both interrupted: %v", key, err)
		}
		if _, err := signer.Sign(context.Background(), []byte(datedMail), signingTime); !errors.As(err, new(*SignError)) {
			t.Errorf("%s, the program alone: %v", key, err)
		}
	}
}
