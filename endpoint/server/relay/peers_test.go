package relay

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/internal/gittest"
)

// A world is a contributor with a key, whom real programs know.
type world struct {
	t       *testing.T
	repo    *gittest.Repo
	keyring string
	signer  *attest.Signer
}

func newWorld(t *testing.T) *world {
	t.Helper()
	gittest.Peer(t, "git")
	repo := gittest.New(t)
	home := t.TempDir()
	settings := attest.Settings{Key: "ed25519:laptop", Identity: testKey.Identity, DataDir: filepath.Join(home, "keys")}
	if _, err := settings.NewKey(rand.Reader, "laptop", testKey.Identity, false); err != nil {
		t.Fatal(err)
	}
	signer, err := settings.Signer("")
	if err != nil {
		t.Fatal(err)
	}
	repo.Env = append(gittest.Env(home), "PYTHONWARNINGS=ignore", "PYTHONPATH="+os.Getenv("PYTHONPATH"))
	w := &world{t, repo, filepath.Join(home, "keys", "public"), signer}
	repo.Git("config", "patatt.keyringsrc", w.keyring)
	return w
}

func (w *world) sign(raw string) []byte {
	w.t.Helper()
	signed, err := w.signer.Sign(context.Background(), []byte(raw), time.Date(2025, 1, 2, 3, 5, 0, 0, time.UTC)) // b4 compares with Date
	if err != nil {
		w.t.Fatal(err)
	}
	return signed
}

// relay fails when a signed mail cannot leave, or its signature breaks.
func (w *world) relay(signed []byte) Letter {
	w.t.Helper()
	letter, err := testService().Relay(signed, testKey)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := w.check(letter.Raw); err != nil {
		w.t.Errorf("%v\nsigned:\n%s\nrelayed:\n%s", err, signed, letter.Raw)
	}
	return letter
}

func (w *world) check(raw []byte) error {
	v := attest.Verifier{Keyrings: []attest.Keyring{attest.DirKeyring(w.keyring)}, Programs: attest.Programs{Env: w.repo.Env}}
	report, err := v.Check(context.Background(), raw)
	if err == nil && report.Status() != attest.Pass {
		err = fmt.Errorf("the signature does not pass: %+v", report.Signatures)
	}
	return err
}

func (w *world) try(stdin []byte, program string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = w.repo.Dir, w.repo.Env, bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// mails are whole mails by people with names of all kinds.
func mails() map[string]string {
	all := map[string]string{}
	for name, from := range map[string]string{
		"plain": "Joe Doe <joe@example.org>", "no name": "joe@example.org", "comma": `"Doe, Joe (work)" <joe@example.org>`,
		"not ASCII": "=?utf-8?q?Zo=C3=AB?= <joe@example.org>", "quotes encoded": "=?utf-8?q?Joe_=22J=22_Doe?= <joe@example.org>",
		"comma encoded": "=?utf-8?q?Doe=2C_Zo=C3=AB?= <joe@example.org>", "quotes": `"Joe \"J\" Doe" <joe@example.org>`,
		"two letters": "Jo <joe@example.org>", "comment": "joe@example.org (Joe Doe)", "long": strings.Repeat("Joe ", 16) + "<joe@example.org>",
	} {
		all["patch by "+name] = "From: " + from + "\n" + testHeader + "\nText of Zoë.\n\nSigned-off-by: Joe\n" + testDiff
		all["cover by "+name] = "From: " + from + "\n" + testHeader + "\nText.\n\n---\nZoë (1):\n  fix: leak\n\n a.c | 1 +\n 1 file changed, 1 insertion(+)\n"
	}
	const joe = "From: Joe <joe@example.org>\n"
	all["patch by somebody else"] = joe + testHeader + "\nFrom: Kim <kim@example.org>\n\nText.\n" + testDiff
	all["patch with its own subject"] = joe + testHeader + "\nSubject: other\n\nText.\n" + testDiff
	all["blank lines above"] = joe + testHeader + "\n\n\nText.\n" + testDiff
	all["base64"] = joe + strings.Replace(testHeader, "8bit", "base64", 1) + "\nVGV4dC4KLS0tCmRpZmYgLS1naXQgYS9hIGIvYQotLS0gYS9hCisrKyBiL2EKQEAgLTEgKzEgQEAKLWEKK2IK\n"
	all["quoted-printable"] = joe + strings.Replace(testHeader, "8bit", "quoted-printable", 1) + "\nZo=C3=AB.\n" + strings.Replace(testDiff, "+b \n", "+b=20\n", 1)
	all["carriage returns"] = joe + strings.Replace(testHeader, "8bit", "quoted-printable", 1) + "\nText.\n" + strings.Replace(testDiff, "+b \n", "+b=0D\n", 1)
	all["a line too long"] = joe + testHeader + "\nText.\n" + strings.Replace(testDiff, "+b ", "+"+long(2000), 1)
	return all
}

// The signature of whatever is relayed verifies still.
func TestSignaturesSurvive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, raw := range mails() {
		signed := w.sign(raw)
		if err := w.check(signed); err != nil {
			t.Errorf("%s: before it is relayed: %v", name, err)
			continue
		}
		letter := w.relay(signed)
		if !strings.Contains(string(letter.Raw), "\nX-Original-From: ") {
			t.Errorf("%s: From is left alone:\n%s", name, letter.Raw)
		}
		if err := w.check(bytes.Replace(letter.Raw, []byte("Text"), []byte("Best"), 1)); bytes.Contains(letter.Raw, []byte("Text")) && err == nil {
			t.Errorf("%s: a change is not noticed", name)
		}
		feed, err := testService().Archive(signed, testKey)
		if err == nil {
			err = w.check(feed)
		}
		if err != nil {
			t.Errorf("%s: in the feed: %v\n%s", name, err, feed)
		}
	}
}

func TestPatattValidatesWhatIsRelayed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	patatt := gittest.Patatt(t)
	args := append(patatt[1:], "validate") // in one run, as starting Python takes its time
	dir := t.TempDir()
	write := func(n int, raw []byte) string {
		t.Helper()
		file := filepath.Join(dir, fmt.Sprintf("%d.eml", n))
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	for _, raw := range mails() {
		args = append(args, write(len(args), w.relay(w.sign(raw)).Raw))
	}
	out, err := w.try(nil, patatt[0], args...)
	if n := strings.Count(out, "PASS"); err != nil || n != len(mails()) {
		t.Errorf("patatt lets %d of %d pass, %v:\n%s", n, len(mails()), err, out)
	}
	letter := w.relay(w.sign(mails()["patch by plain"]))
	args[len(args)-1] = write(0, bytes.Replace(letter.Raw, []byte("Text of"), []byte("Test of"), 1))
	if out, err := w.try(nil, patatt[0], args...); err == nil || strings.Count(out, "BADSIG") != 1 {
		t.Errorf("patatt does not notice a change:\n%s", out)
	}
}

// seriesMails is a series of two patches with its cover letter, as it was signed.
func (w *world) seriesMails() [][]byte {
	w.repo.Write("a.c", "a\n")
	base := w.repo.Commit("base")
	for _, line := range []string{"b \n", "ë\n"} {
		old, err := os.ReadFile(filepath.Join(w.repo.Dir, "a.c"))
		if err != nil {
			w.t.Fatal(err)
		}
		w.repo.Write("a.c", string(old)+line)
		w.repo.Git("add", "a.c")
		w.repo.Git("commit", "-q", "--author=Doe, Zoë <joe@example.org>", "-m", "add "+strings.TrimSpace(line)+"\n\nText.")
	}
	cover := "From: =?utf-8?q?Doe=2C_Zo=C3=AB?= <joe@example.org>\n" + strings.NewReplacer("[PATCH] fix: leak", "[PATCH v2 0/2] two lines", "<1@", "<0@").Replace(testHeader) +
		"\nText.\n\n---\nDoe, Zoë (2):\n      add b\n      add ë\n\n a.c | 2 ++\n 1 file changed, 2 insertions(+)\n---\nbase-commit: " + base + "\n"
	signed := [][]byte{w.sign(cover)}
	for n, commit := range strings.Fields(w.repo.Git("rev-list", "--reverse", base+"..HEAD")) {
		mail := w.repo.Git("format-patch", "-1", "--stdout", "--encode-email-headers", "--subject-prefix=PATCH v2", fmt.Sprintf("--start-number=%d", n+1), "-n",
			"--to=list@lists.example.org", fmt.Sprintf("--add-header=Message-ID: <%d@example.org>", n+1), "--in-reply-to=<0@example.org>", commit)
		_, mail, _ = strings.Cut(mail, "\n") // the mbox line
		mail = strings.Replace(mail, "1/1]", fmt.Sprintf("%d/2]", n+1), 1)
		mail = strings.Replace(mail, "2/1]", "2/2]", 1)
		signed = append(signed, w.sign(mail+"\n"))
	}
	w.repo.Git("branch", "theirs")
	w.repo.Git("reset", "-q", "--hard", base)
	return signed
}

// What was relayed gives "git am" and b4 the author and the patches that were
// signed.
func TestGitAndB4TakeWhatIsRelayed(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "b4")
	w := newWorld(t)
	var mbox bytes.Buffer
	for i, signed := range w.seriesMails() {
		letter := w.relay(signed)
		mbox.WriteString("From mboxrd@z Thu Jan  1 00:00:00 1970\n")
		mbox.Write(letter.Raw)
		mbox.WriteString("\n")
		if i == 0 {
			continue
		}
		if out, err := w.try(letter.Raw, "git", "am", "-q"); err != nil {
			t.Fatalf("git am: %v\n%s\n%s", err, out, letter.Raw)
		}
	}
	same := func(what string) {
		t.Helper()
		want := w.repo.Git("log", "--format=%an <%ae> %s%n%b", "-2", "theirs")
		if got := w.repo.Git("log", "--format=%an <%ae> %s%n%b", "-2"); got != want {
			t.Errorf("%s makes of it\n%s\nwant\n%s", what, got, want)
		}
		if diff := w.repo.Git("diff", "theirs"); diff != "" {
			t.Errorf("%s makes other patches:\n%s", what, diff)
		}
	}
	same("git am")

	w.repo.Git("config", "user.name", "Maintainer") // b4 asks no environment
	w.repo.Git("config", "user.email", "maintainer@example.org")
	file := filepath.Join(t.TempDir(), "mbox")
	if err := os.WriteFile(file, mbox.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := w.try(nil, "b4", "--offline-mode", "am", "-m", file, "-o", filepath.Dir(file), "0@example.org")
	if err != nil {
		t.Fatalf("b4 am: %v\n%s", err, out)
	}
	w.repo.Git("reset", "-q", "--hard", "theirs~2")
	ready, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*.mbx"))
	if err != nil || len(ready) != 1 {
		t.Fatalf("b4 am leaves %q (%v):\n%s", ready, err, out)
	}
	if out, err := w.try(nil, "git", "am", "-q", ready[0]); err != nil {
		t.Fatalf("git am of what b4 makes: %v\n%s", err, out)
	}
	same("b4 am")
	// b4 names who signed, by what the mail said before From was rewritten.
	if strings.Count(out, "Signed: ed25519/joe@example.org") < 1 || strings.Contains(out, "BADSIG") || strings.Contains(out, "✗") {
		t.Errorf("b4 does not recognise the signatures:\n%s", out)
	}
}
