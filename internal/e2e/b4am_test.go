package e2e

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// What a maintainer takes from the list with b4 am is what was committed; b4
// finds the base by itself.
func TestB4Am(t *testing.T) {
	t.Parallel()
	w, upstream, s := smallClone(t)
	base := w.git("rev-parse", "HEAD")
	// b4 0.12 cannot take an author with a comma in a name beyond ASCII, nor
	// does it escape "From " in a mailbox.
	all := slices.DeleteFunc(someChanges(15), func(c change) bool {
		return strings.Contains(c.author, "née") || strings.Contains(c.message, "\nFrom ")
	})
	w.kprep("new", "For b4 am")
	w.make(all)
	w.edit("x/plain.txt", "line 29\n", "ligne 29\n")
	w.commit("x: change a line of François\n\nIl a écrit ça.\n", "--author=François Ô <francois@example.org>")
	w.cover(someCover)
	w.kprep("send", "--yes")
	messages := s.received()

	var mbox bytes.Buffer
	for _, m := range messages {
		mbox.WriteString("From mbox@z Thu Jan  1 00:00:00 1970\n")
		mbox.Write(m)
		mbox.WriteByte('\n')
	}
	dir := filepath.Join(w.home, "maintainer")
	w.git("clone", "--quiet", "--branch=main", upstream, dir)
	w.at(w.home).write("list.mbox", mbox.String())
	if err := os.Mkdir(w.at(w.home).path("out"), 0o755); err != nil {
		t.Fatal(err)
	}
	maintainer := w.at(dir)
	maintainer.git("config", "b4.attestation-policy", "off")
	maintainer.git("commit", "--quiet", "--allow-empty", "--message=the tip is no longer the base")
	id := strings.Trim(open(t, messages[0]).id, "<>")
	said := maintainer.start("", "b4", "--offline-mode", "am", "-m", "../list.mbox", "-o", "../out", id)
	if said.status != 0 || !strings.Contains(said.stdout+said.stderr, base) {
		t.Errorf("b4 am: status %d, base %s\n%s%s", said.status, base, said.stdout, said.stderr)
	}
	files, err := filepath.Glob(filepath.Join(w.home, "out", "*.mbx"))
	if err != nil || len(files) != 1 {
		t.Fatalf("b4 am wrote %q (%v)", files, err)
	}
	maintainer.git("checkout", "--quiet", base)
	maintainer.git("am", "--quiet", files[0])
	mine, theirs := w.commits(base + "..HEAD")[1:], maintainer.commits(base+"..HEAD")
	if len(mine) != len(theirs) {
		t.Fatalf("%d commits of %d", len(theirs), len(mine))
	}
	for i := range mine {
		if mine[i] != theirs[i] {
			t.Errorf("patch %d: got\n%q\nwant\n%q", i+1, theirs[i], mine[i])
		}
	}
}
