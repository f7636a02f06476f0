package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// A newcomer is somebody with a key, a clone and a series of two patches, and no
// mail server.
type newcomer struct {
	*world
	upstream, base string
	mailbox        string
	keyring        string // a folder with the public key, for those who check
}

// join makes one who sends by b4, or by kprep, to the service. kind is ed25519 or
// openpgp.
func join(t *testing.T, s *service, kind, mailbox string) *newcomer {
	t.Helper()
	w := newWorld(t)
	n := &newcomer{world: w, upstream: w.upstream(history{commits: 60, files: 20}), mailbox: mailbox, keyring: filepath.Join(w.home, "keyring")}
	w.git("config", "--global", "--unset", "b4.send-no-patatt-sign")
	w.git("config", "--global", "user.email", mailbox)
	w.git("config", "--global", "b4.send-endpoint-web", s.url)
	w.git("config", "--global", "b4.keyringsrc", n.keyring)
	w.git("config", "--global", "patatt.keyringsrc", n.keyring)
	if kind == "openpgp" {
		n.makeOpenPGP()
	} else {
		n.makeEd25519()
	}
	clone := filepath.Join(w.home, "clone")
	w.git("clone", "--quiet", "--branch=main", n.upstream, clone)
	n.world = n.at(clone)
	n.base = n.git("rev-parse", "HEAD")
	n.kprep("new", "Topic")
	n.make(relayedChanges())
	n.cover("x: change two lines\n\nThey were wrong: größer.\n\nTo: list@lists.example.org\nSigned-off-by: " + myName + " <" + mailbox + ">\n")
	return n
}

// relayedChanges are one of my own and one of somebody else.
func relayedChanges() []change {
	return slices.DeleteFunc(changes(), func(c change) bool {
		return c.why != "a change of one line" && c.why != "the author is somebody else, in ASCII"
	})
}

func (n *newcomer) makeEd25519() {
	n.t.Helper()
	n.kprep("key", "new", "laptop")
	n.git("config", "--global", "patatt.signingkey", "ed25519:laptop")
	n.publish("ed25519", "default", n.read(".local/share/patatt/public/laptop.pub"))
}

func (n *newcomer) makeOpenPGP() {
	n.t.Helper()
	gittest.Peer(n.t, "gpg")
	home, err := os.MkdirTemp("", "kp") // sockets of gpg-agent have short names
	if err != nil {
		n.t.Fatal(err)
	}
	n.world = n.with("GNUPGHOME=" + home)
	n.t.Cleanup(func() {
		n.run("", "gpgconf", "--kill", "all")
		os.RemoveAll(home)
	})
	n.run("", "gpg", "--batch", "--quiet", "--passphrase", "", "--quick-generate-key", myName+" <"+n.mailbox+">", "ed25519", "sign")
	fingerprint := regexp.MustCompile(`fpr:+([0-9A-F]+):`).FindStringSubmatch(n.run("", "gpg", "--batch", "--with-colons", "--list-keys"))
	n.git("config", "--global", "patatt.signingkey", "openpgp:"+fingerprint[1])
	n.publish("openpgp", "default", n.run("", "gpg", "--batch", "--armor", "--export", n.mailbox))
}

// publish puts my key where maintainers look for it.
func (n *newcomer) publish(kind, selector, key string) {
	n.t.Helper()
	local, domain, _ := strings.Cut(n.mailbox, "@")
	n.at(n.keyring).write(filepath.Join(kind, domain, local, selector), key)
}

// validates has the real patatt judge messages.
func (n *newcomer) validates(messages [][]byte) {
	n.t.Helper()
	patatt := gittest.Patatt(n.t)
	r := n.start("", patatt[0], slices.Concat(patatt[1:], []string{"validate"}, n.saved(messages))...)
	if passed := strings.Count(r.stdout+r.stderr, "PASS"); r.status != 0 || passed != len(messages) {
		n.t.Errorf("patatt lets %d of %d messages pass, status %d\n%s%s", passed, len(messages), r.status, r.stdout, r.stderr)
	}
}

// checkB4Am has b4 fetch what was relayed and judge who signed it; git am applies
// what it makes of that.
func (n *newcomer) checkB4Am(kind string, messages [][]byte) {
	n.t.Helper()
	maintainer := n.at(n.cloneOf(n.upstream))
	var mbox bytes.Buffer
	for _, m := range messages {
		mbox.WriteString("From mbox@z Thu Jan  1 00:00:00 1970\n")
		mbox.Write(m)
		mbox.WriteByte('\n')
	}
	maintainer.write("../list.mbox", mbox.String())
	maintainer.git("config", "b4.attestation-policy", "hardfail")
	id := strings.Trim(open(n.t, messages[0]).id, "<>")
	said := maintainer.start("", "b4", "--offline-mode", "am", "-m", "../list.mbox", "-o", "..", id)
	signed := "Signed: " + kind + "/" + n.mailbox
	if said.status != 0 || !strings.Contains(said.stdout+said.stderr, signed) {
		n.t.Fatalf("b4 am: status %d, no %q\n%s%s", said.status, signed, said.stdout, said.stderr)
	}
	files, err := filepath.Glob(maintainer.path("../*.mbx"))
	if err != nil || len(files) != 1 {
		n.t.Fatalf("b4 am wrote %q (%v)", files, err)
	}
	maintainer.git("am", "--quiet", files[0])
	mine, theirs := n.commits(n.base + "..HEAD")[1:], maintainer.commits(n.base+"..HEAD")
	if !slices.Equal(mine, theirs) {
		n.t.Errorf("b4 am and git am make\n%q\nof\n%q", theirs, mine)
	}
}

func (w *world) cloneOf(upstream string) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "maintainer")
	w.git("clone", "--quiet", "--branch=main", upstream, dir)
	return dir
}

// Debian's b4 goes all the way through the service: it enrols, answers the
// challenge, reflects and sends.
func TestB4SendsThroughTheService(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "b4")
	for _, tc := range []struct{ name, kind, mailbox, envelope, from string }{
		{"ed25519, From rewritten", "ed25519", "jane@example.org", "devnull+jane.example.org@relay.example.net", "Jane Dév via Test Endpoint <devnull+jane.example.org@relay.example.net>"},
		{"ed25519, From left alone", "ed25519", "jane@own.example.com", "jane@own.example.com", "Jane Dév <jane@own.example.com>"},
		{"openpgp, From rewritten", "openpgp", "jane@example.org", "devnull+jane.example.org@relay.example.net", "Jane Dév via Test Endpoint <devnull+jane.example.org@relay.example.net>"},
		{"openpgp, From left alone", "openpgp", "jane@own.example.com", "jane@own.example.com", "Jane Dév <jane@own.example.com>"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := startService(t, "--own-domain", "own.example.com")
			n := join(t, s, tc.kind, tc.mailbox)
			n.b4("send", "--web-auth-new")
			challenge := s.challenge(tc.mailbox)
			n.b4("send", "--web-auth-verify", challenge)
			if notice := s.sent(1)[0]; !bytes.Contains(notice.Data, []byte("a key was enrolled for you")) {
				t.Errorf("the mail about the new key is\n%s", notice.Data)
			}

			n.b4("send", "--reflect")
			for _, m := range s.sent(3) {
				if !slices.Equal(m.To, []string{tc.mailbox}) {
					t.Errorf("a reflected message goes to %q", m.To)
				}
			}
			if tags := n.git("tag", "--list"); tags != "" {
				t.Errorf("a reflected series is tagged %q", tags)
			}

			n.b4("send")
			relayed := s.relayed(3, tc.envelope)
			for i, m := range relayed {
				if got := open(t, m).from; got != tc.from {
					t.Errorf("message %d comes from %q, want %q", i, got, tc.from)
				}
			}
			n.validates(relayed)
			n.checkB4Am(tc.kind, relayed)
			n.git("rev-parse", "--verify", "--quiet", "sent/topic-v1^{commit}")
			if n.expect("revision", "2"); !strings.Contains(n.kprep("cover", "--show"), strings.Trim(open(t, relayed[0]).id, "<>")) {
				t.Errorf("the cover letter of v2 does not lead to v1:\n%s", n.kprep("cover", "--show"))
			}
			if bytes.Contains(s.log(), []byte(challenge)) {
				t.Error("the log of the service tells the challenge")
			}
		})
	}
}

// What the service refuses, b4 says; nothing leaves, and the branch stays as it
// is.
func TestB4SaysWhatTheServiceRefuses(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "b4")
	s := startService(t)
	n := join(t, s, "ed25519", "jane@example.org")
	refs := n.git("for-each-ref")
	refused := func(want string, args ...string) {
		t.Helper()
		r := n.start("\n\n\n", "b4", args...)
		if r.status == 0 || !strings.Contains(r.stdout+r.stderr, want) {
			t.Errorf("b4 %q: status %d, want %q in\n%s%s", args, r.status, want, r.stdout, r.stderr)
		}
		if now := n.git("for-each-ref"); now != refs {
			t.Errorf("b4 %q changed the refs to\n%s\nfrom\n%s", args, now, refs)
		}
	}
	refused("Error from endpoint: Message 1 ([PATCH 0/2] x: change two lines): No matching key, please complete web auth first.", "send")
	n.b4("send", "--web-auth-new")
	challenge := s.challenge("jane@example.org")
	refused("Challenge verification for jane@example.org/default did not match", "send", "--web-auth-verify", strings.Repeat("0", 32))
	n.b4("send", "--web-auth-verify", challenge)
	s.sent(1)
	refused("is enrolled already", "send", "--web-auth-verify", challenge)
	n.cover("x: change two lines\n\nThey were wrong.\n\nTo: list@lists.example.org.example.net\n")
	refs = n.git("for-each-ref")
	refused("Message 1 ([PATCH 0/2] x: change two lines): Destinations must include a mailing list we recognize.", "send")
}
