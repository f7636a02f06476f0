package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

// Patches of every kind, made on a history of thousands of commits, arrive as
// they left: through servers of two makes, with and without 8BITMIME.
func TestRealHistory(t *testing.T) {
	t.Parallel()
	many := len(changes())
	if many < 30 {
		t.Fatalf("there are only %d kinds of patches", many)
	}
	servers := []struct {
		name  string
		start func(t *testing.T) mailServer
		exact bool  // what it receives is what the preview shows
		sizes []int // numbers of patches
	}{
		{"own server", func(t *testing.T) mailServer { return startOwn(t, mailtest.Options{}) }, true, []int{1, 3, many}},
		{"own server without 8BITMIME", func(t *testing.T) mailServer { return startOwn(t, mailtest.Options{No8BitMIME: true}) }, false, []int{many}},
		{"smtp-sink", func(t *testing.T) mailServer { return startSink(t) }, true, []int{1, many}},
		{"smtp-sink without 8BITMIME", func(t *testing.T) mailServer { return startSink(t, "-8") }, false, []int{3, many}},
	}
	for _, h := range histories(t) {
		t.Run(h.name, func(t *testing.T) {
			t.Parallel()
			for _, server := range servers {
				t.Run(server.name, func(t *testing.T) {
					t.Parallel()
					s := server.start(t)
					for _, size := range server.sizes {
						mailSeries(t, h.upstream, s, size, server.exact)
					}
				})
			}
		})
	}
}

type namedUpstream struct{ name, upstream string }

// histories are a made-up one, and the one that KPREP_E2E_REPO names.
func histories(t *testing.T) []namedUpstream {
	t.Helper()
	w := newWorld(t)
	all := []namedUpstream{{"made-up", w.upstream(history{commits: 4000, files: 2500})}}
	if repo := os.Getenv("KPREP_E2E_REPO"); repo != "" {
		dir := filepath.Join(t.TempDir(), "real.git")
		w.git("clone", "--quiet", "--bare", repo, dir)
		w.at(dir).git("branch", "--force", "main", "HEAD")
		w.addSpecialFiles(dir, "main")
		all = append(all, namedUpstream{"real", dir})
	}
	return all
}

// mailSeries takes a series of so many patches from its first commit to the
// maintainer.
func mailSeries(t *testing.T, upstream string, s mailServer, size int, exact bool) {
	t.Helper()
	all := changes()
	all = all[:size]
	w := newWorld(t)
	w.uses(s)
	clone := filepath.Join(w.home, "clone")
	w.git("clone", "--quiet", "--branch=main", upstream, clone)
	w = w.at(clone)
	base := w.git("rev-parse", "HEAD")
	w.kprep("new", "All sorts")
	w.make(all)
	w.cover("x: all sorts of changes\n\nThey are of all sorts: größer, schöner.\n\nTo: Max Maintainer <max@example.org>\nCc: list@lists.example.org\nSigned-off-by: Jane Dév <jane@example.org>\n")
	w.kprep("preview", "-o", "../preview")
	w.kprep("send", "-o", "../unsent")
	w.kprep("send", "--yes")

	messages := s.received()
	w.checkApplies(upstream, base, messages, all)
	if size > 1 {
		checkThread(t, messages)
	}
	preview, unsent := w.directory("../preview"), w.directory("../unsent")
	for i := range preview {
		checkSame(t, "preview -o and send -o", preview[i], unsent[i])
		if exact && i < len(messages) {
			checkSame(t, "preview -o and what arrived", preview[i], messages[i])
		}
	}
	if len(preview) != len(messages) {
		t.Errorf("%d messages were previewed, %d arrived", len(preview), len(messages))
	}
}

// checkSame compares two messages in all but date and message-ids.
func checkSame(t *testing.T, what string, a, b []byte) {
	t.Helper()
	if a, b := withoutIDs(a), withoutIDs(b); !bytes.Equal(a, b) {
		t.Errorf("%s differ:\n%s\n--- and ---\n%s", what, a, b)
	}
}

func withoutIDs(raw []byte) []byte {
	head, body, _ := bytes.Cut(raw, []byte("\n\n"))
	lines := slices.DeleteFunc(strings.Split(string(head), "\n"), func(line string) bool {
		key, _, _ := strings.Cut(line, ":")
		return slices.Contains([]string{"Date", "Message-ID", "In-Reply-To", "References"}, key)
	})
	return append([]byte(strings.Join(lines, "\n")+"\n\n"), body...)
}

// checkThread wants every patch to reply to the cover letter.
func checkThread(t *testing.T, messages [][]byte) {
	t.Helper()
	cover := header(messages[0]).Get("Message-ID")
	for _, m := range messages[1:] {
		h := header(m)
		if h.Get("In-Reply-To") != cover || h.Get("References") != cover {
			t.Errorf("%s replies to %q, references %q; the cover is %s", h.Get("Subject"), h.Get("In-Reply-To"), h.Get("References"), cover)
		}
	}
}
