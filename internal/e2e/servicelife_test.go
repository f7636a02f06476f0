package e2e

import (
	"compress/gzip"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/archivetest"
	"github.com/kprep/kprep/internal/gittest"
)

const relayedFrom = "devnull+jane.example.org@relay.example.net"

// enrol goes from no key at all to one that the service takes.
func (n *newcomer) enrol(s *service) {
	n.t.Helper()
	n.kprep("auth", "new", "--yes")
	n.kprep("auth", "verify", s.challenge(n.mailbox))
	s.sent(1) // the notice
}

// byMail has me send to the service by SMTP.
func (n *newcomer) byMail(s *service) {
	n.t.Helper()
	n.git("config", "sendemail.smtpServer", s.mail.host)
	n.git("config", "sendemail.smtpServerPort", s.mail.port)
}

// kprep goes all the way through the service: v1 by the web, v2 by SMTP with a
// key that took the place of the first. Readers of its feed find both.
func TestLifeThroughTheService(t *testing.T) {
	t.Parallel()
	s := startService(t)
	n := join(t, s, "ed25519", "jane@example.org")
	n.enrol(s)
	n.kprep("send", "--reflect", "--yes")
	for _, m := range s.sent(3) {
		if !slices.Equal(m.To, []string{n.mailbox}) {
			t.Errorf("a reflected message goes to %q", m.To)
		}
	}
	n.expect("revision", "1")

	n.kprep("send", "--yes")
	v1 := s.relayed(3, relayedFrom)
	n.checkRelayed(v1)
	n.expect("revision", "2")

	n.kprep("key", "new", "desk")
	n.kprep("auth", "rotate", "desk", "--yes", "--configure")
	s.sent(1) // the notice
	n.publish("ed25519", "desk", n.at(n.home).read(".local/share/patatt/public/desk.pub"))
	n.byMail(s)
	n.amend("line 30\n", "line thirty\n")
	n.editCover("EDITME.*", "One more line.")
	n.kprep("send", "--yes")
	v2 := s.relayed(3, relayedFrom)
	n.checkRelayed(v2)
	n.expect("revision", "3")

	n.checkFeed(s, v1, v2)

	n.kprep("auth", "revoke", "--yes")
	s.sent(1) // the notice
	n.cover("x: change two lines\n\nOnce more.\n\nTo: list@lists.example.org\n")
	for _, send := range [][]string{{"send", "--yes"}, {"send", "--yes", "--use-web-endpoint"}} {
		r := n.start("", "kprep", send...)
		if r.status != 1 || !strings.Contains(r.stderr, "was revoked; enrol another one") {
			t.Errorf("%q with a revoked key: status %d\n%s", send, r.status, r.stderr)
		}
		n.kprep("send", "--abandon", "--yes")
	}
}

// checkRelayed has patatt and git am judge a series as the list got it.
func (n *newcomer) checkRelayed(messages [][]byte) {
	n.t.Helper()
	checkThread(n.t, messages)
	n.validates(messages)
	n.checkApplies(n.upstream, n.base, messages, relayedChanges())
}

// checkFeed has public-inbox, git and lei read what the service archived.
func (n *newcomer) checkFeed(s *service, revisions ...[][]byte) {
	n.t.Helper()
	gittest.Peer(n.t, append(archivetest.Programs(), "lei")...)
	feed := filepath.Join(s.dir, "feed")
	commits := func() []string {
		return strings.Fields(n.git("-C", filepath.Join(feed, "git", "0.git"), "rev-list", "HEAD"))
	}
	var want []string
	for _, m := range slices.Concat(revisions...) {
		want = append(want, strings.Trim(open(n.t, m).id, "<>"))
	}
	s.until("the feed", func() bool { return len(commits()) == len(want) })

	home, err := os.MkdirTemp("", "kp") // sockets of lei have short names
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { os.RemoveAll(home) })
	server, err := archivetest.ServeMirror(home, "medium", feed)
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { server.Close() })
	for _, messages := range revisions {
		n.checkServed(server.URL, messages)
	}
	mirror := filepath.Join(home, "mirror.git")
	n.git("clone", "--quiet", "--mirror", server.URL+"0", mirror)
	if tip := n.git("-C", mirror, "rev-parse", "HEAD"); tip != commits()[0] {
		n.t.Errorf("the clone of the feed is at %s, the feed at %s", tip, commits()[0])
	}

	reader := n.at(home).with("HOME="+home, "XDG_RUNTIME_DIR="+home, "XDG_DATA_HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_CACHE_HOME="+home)
	n.t.Cleanup(func() { reader.run("", "lei", "daemon-kill") })
	found := idsOf(reader.run("", "lei", "q", "--quiet", "--only", feed, "--format", "mboxrd", "l:test.lists.example.org"))
	if slices.Sort(found); !slices.Equal(found, slices.Sorted(slices.Values(want))) {
		n.t.Errorf("lei finds %q, want %q", found, want)
	}
}

// checkServed compares the thread that public-inbox serves with the series as it
// was mailed; the signatures hold there too, with From as its author wrote it.
func (n *newcomer) checkServed(url string, messages [][]byte) {
	n.t.Helper()
	var ids []string
	var served [][]byte
	for _, m := range messages {
		id := strings.Trim(open(n.t, m).id, "<>")
		ids = append(ids, id)
		raw := []byte(n.get(url + id + "/raw"))
		if got := open(n.t, raw); got.from != myName+" <"+n.mailbox+">" {
			n.t.Errorf("public-inbox serves %s from %q", id, got.from)
		}
		served = append(served, raw)
	}
	n.validates(served)
	checkThread(n.t, served)
	if got := idsOf(n.get(url + ids[0] + "/t.mbox.gz")); !slices.Equal(got, ids) {
		n.t.Errorf("public-inbox serves the thread %q, want %q", got, ids)
	}
}

// idsOf lists the message-ids in an mbox.
func idsOf(mbox string) []string {
	var ids []string
	for line := range strings.Lines(mbox) {
		if len(line) > 12 && strings.EqualFold(line[:12], "message-id: ") {
			ids = append(ids, strings.Trim(line[12:], "<>\n"))
		}
	}
	return ids
}

// get fetches a page, and unpacks it.
func (w *world) get(url string) string {
	w.t.Helper()
	client := http.Client{Timeout: time.Minute}
	response, err := client.Get(url)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	body := io.Reader(response.Body)
	if strings.HasSuffix(url, ".gz") {
		if body, err = gzip.NewReader(body); err != nil {
			w.t.Fatal(err)
		}
	}
	text, err := io.ReadAll(body)
	if err != nil || response.StatusCode != http.StatusOK {
		w.t.Fatalf("%s: %s, %v\n%s", url, response.Status, err, text)
	}
	return string(text)
}

// git send-email hands in what patatt's hook signed; without the hook, it says why
// nothing is taken.
func TestGitSendEmailThroughTheService(t *testing.T) {
	t.Parallel()
	s := startService(t)
	n := join(t, s, "ed25519", "jane@example.org")
	if r := n.start("", "git", "send-email", "--dump-aliases"); r.status != 0 {
		gittest.NoPeer(t, "git send-email is not installed ('make peers' does it)")
	}
	patatt := gittest.Patatt(t)
	n.enrol(s)
	n.byMail(s)
	n.git("format-patch", "--quiet", "--thread", "-2", "--output-directory", "../out")
	send := func() result {
		return n.start("", "git", "send-email", "--quiet", "--confirm=never", "--suppress-cc=all", "--to=list@lists.example.org", "../out")
	}
	if r := send(); r.status == 0 || !strings.Contains(r.stderr, "Signature validation failed: Message is not signed") {
		t.Errorf("git send-email without a signature: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	hook := "#!/bin/sh\nexec '" + strings.Join(patatt, "' '") + "' sign --hook \"$1\"\n"
	n.write(".git/hooks/sendemail-validate", hook)
	n.chmod(".git/hooks/sendemail-validate", 0o755)
	if r := send(); r.status != 0 {
		t.Fatalf("git send-email: status %d\n%s%s", r.status, r.stdout, r.stderr)
	}
	relayed := s.relayed(2, relayedFrom)
	n.validates(relayed)
	dir := n.cloneOf(n.upstream)
	maintainer := n.at(dir)
	maintainer.git(append([]string{"am", "--quiet"}, n.saved(relayed)...)...)
	if mine, theirs := n.commits(n.base + "..HEAD")[1:], maintainer.commits(n.base+"..HEAD"); !slices.Equal(mine, theirs) {
		t.Errorf("git am makes\n%q\nof\n%q", theirs, mine)
	}
}
