package e2e

import (
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

// What cannot be carried by mail is said before the mail goes out, and git am
// shows that it is so.
func TestWarnsOfWhatMailCannotCarry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	upstream := w.upstream(history{commits: 60, files: 20})
	s := startOwn(t, mailtest.Options{})
	w.uses(s)
	w.git("clone", "--quiet", "--branch=main", upstream, "clone")
	w = w.at(w.path("clone"))
	base := w.git("rev-parse", "HEAD")
	w.kprep("new", "Lossy")
	w.edit("x/plain.txt", "line 3\n", "line three\n")
	w.commit("x: quote a diff\n\nBefore.\n\n--- a/file\n+++ b/file\n\nAfter.\n")
	w.commit("x: change nothing\n\nNothing at all.\n")
	w.cover("x: lose\n\nSome.\n\nTo: max@example.org\n")
	r := w.start("", "kprep", "preview", "-o", "../preview")
	for _, want := range []string{"warning: cut-message: ", `from the line "--- a/file" on`, "warning: empty: "} {
		if !strings.Contains(r.stderr, want) {
			t.Errorf("no %q in\n%s", want, r.stderr)
		}
	}
	w.kprep("send", "--yes")
	messages := s.received()
	maintainer := w.at(w.home)
	maintainer.git("clone", "--quiet", upstream, "maintainer")
	maintainer = maintainer.at(maintainer.path("maintainer"))
	maintainer.git("checkout", "--quiet", base)
	names := w.saved(messages)
	maintainer.git("am", names[1])
	if got := maintainer.git("log", "-1", "--format=%B"); strings.Contains(got, "After") {
		t.Errorf("git am cuts nothing: %q", got)
	}
	if r := maintainer.start("", "git", "am", names[2]); r.status == 0 {
		t.Errorf("git am takes a mail without a patch")
	}
}
