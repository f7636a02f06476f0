package server

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/internal/gittest"
)

func TestOpenSSH(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "ssh-keygen")
	w := newWorld(t, nil)
	file := filepath.Join(t.TempDir(), "id")
	if out, err := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "kim's laptop", "-f", file).CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v %s", err, out)
	}
	signer, err := attest.Settings{Key: "openssh:" + file, Identity: "kim@example.org", Selector: "laptop"}.Signer("")
	if err != nil {
		t.Fatal(err)
	}
	p := &person{t: t, identity: "kim@example.org", selector: "laptop", public: readFile(t, file+".pub"), signer: signer}
	w.enrolled(p)
	w.good(receive(p.patch(epoch)))
	keys, err := w.store.Keys(t.Context(), p.identity)
	if err != nil || len(keys) != 1 || strings.Contains(string(keys[0].Public), "laptop") || !strings.HasPrefix(keys[0].Fingerprint, "SHA256:") {
		t.Errorf("kept: %+v, %v", keys, err)
	}
}

// A key of somebody else could check no signature of this identity.
func TestOpenPGPOfAnother(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "gpg")
	w := newWorld(t, func(c *Config) { c.OpenPGP = true })
	home, err := os.MkdirTemp("", "kp") // sockets of gpg-agent have short names
	if err != nil {
		t.Fatal(err)
	}
	gpg := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("gpg", append([]string{"--homedir", home, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""}, args...)...)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("gpg %q: %v", args, err)
		}
		return string(out)
	}
	t.Cleanup(func() {
		exec.Command("gpgconf", "--homedir", home, "--kill", "all").Run()
		os.RemoveAll(home)
	})
	gpg("--quick-generate-key", "Jo <jo@example.org>", "ed25519", "sign", "0")
	p := &person{t: t, identity: "kim@example.org", selector: "default", public: gpg("--armor", "--export")}
	w.refused(p.enrolment(), 400, "and not of kim@example.org")
	p.identity = "jo@example.org"
	if a := w.good(p.enrolment()); !strings.Contains(a.Message, "for the key ") {
		t.Errorf("answer: %+v", a)
	}
	if mail := w.mail("jo@example.org"); !strings.Contains(mail, "(selector default)") {
		t.Errorf("the mail:\n%s", mail)
	}
}
