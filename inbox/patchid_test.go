package inbox_test

import (
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/gittest"
)

// A patch is found by the patch-id of the commit that it was made of.
func TestPatchIDIsThatOfTheCommit(t *testing.T) {
	t.Parallel()
	g := gittest.New(t)
	g.Write("f", "1\n2\n3\n")
	g.Write("b", "\x00\x01")
	g.Write("old", "a\nb\nc\nd\ne\n")
	g.Commit("base")
	repo, err := gitrepo.Open(t.Context(), g.Dir, gitrepo.Options{Env: g.Env})
	must(t, err)
	defer repo.Close()
	for _, change := range []struct {
		why string
		do  func()
	}{
		{"a text", func() { g.Write("f", "1\ntwo ü\n3") }},
		{"CRLF", func() { g.Write("f", "1\r\n2\r\n") }},
		{"a binary file", func() { g.Write("b", "\x00\x02") }},
		{"a rename", func() { g.Git("mv", "old", "new"); g.Write("new", "a\nb\nC\nd\ne\n") }},
		{"a mode", func() { g.Git("update-index", "--chmod=+x", "f") }},
		{"several files", func() { g.Write("x", "x\n"); g.Write("a", "a\n"); g.Git("rm", "-q", "f") }},
	} {
		change.do()
		if change.why != "a mode" {
			g.Git("add", "--all")
		}
		g.GitInput("[x] "+change.why, "commit", "-q", "--file=-")
		want, err := repo.PatchIDs(t.Context(), []gitrepo.ID{gitrepo.ID(g.Git("rev-parse", "HEAD"))})
		must(t, err)
		m, err := inbox.Parse(inbox.Mail{Raw: []byte("Message-ID: <x@example.org>\n" + g.Git("format-patch", "--binary", "--full-index", "-1", "--stdout") + "\n")}, noTracking)
		if err != nil || m.PatchID == "" || m.PatchID != want[0] {
			t.Errorf("%s: %q, %v, want %q", change.why, m.PatchID, err, want)
		}
		if change.why == "a mode" {
			g.Git("checkout", "-q", "-f", ".")
		}
	}
}
