package gitrepo_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// Git shortens its list before it writes down what it took from it: killed in
// between, it would go on without that patch. A list that the user shortened is
// no such thing.
func TestRebaseCutOff(t *testing.T) {
	t.Parallel()
	w := gittest.New(t)
	for _, name := range []string{"base", "a", "b", "c", "d", "e"} {
		w.Write(name, name+"\n")
		w.Commit(name + "\n")
	}
	repo := open(t, w, w.Dir)
	list := filepath.Join(w.Dir, ".git", "rebase-merge", "git-rebase-todo")
	want := func(when string, want bool) {
		t.Helper()
		if got := repo.RebaseCutOff(); got != want {
			t.Errorf("%s: cut off is %v", when, got)
		}
	}
	w.Git("-c", "sequence.editor=sed -i -e 1abreak -e 3abreak", "rebase", "-q", "-i", "--no-ff", "HEAD~5")
	want("stopped at a break", false)
	w.Git("-c", "sequence.editor=sed -i 1d", "rebase", "--edit-todo")
	want("the user took a line out", false)
	w.Git("rebase", "--continue")
	want("stopped at the next break", false)
	text, err := os.ReadFile(list)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(list, []byte(rest), 0o666); err != nil {
		t.Fatal(err)
	}
	want("killed with a line in neither list", true)
}
