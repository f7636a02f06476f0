package gitrepo_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func TestBareReadsHistory(t *testing.T) {
	t.Parallel()
	g := gittest.New(t)
	g.Write("a/one", "1\n")
	first := g.Commit("first")
	g.Write("a/one", "2\n")
	g.Write("two", strings.Repeat("x", 100))
	g.Commit("second")
	g.Git("rm", "-q", "a/one")
	g.Commit("third")
	g.Git("config", "log.showSignature", "true")
	g.Git("config", "diff.renames", "copies")
	g.Git("config", "log.showRoot", "false")
	env := append(g.Env, "GIT_DIR=/nowhere", "GIT_WORK_TREE=/nowhere", "GIT_OBJECT_DIRECTORY=/nowhere")
	r := gitrepo.Bare(filepath.Join(g.Dir, ".git"), gitrepo.Options{Env: env})
	defer r.Close()
	tip, err := r.Resolve(t.Context(), "HEAD")
	if err != nil || string(tip) != g.Git("rev-parse", "HEAD") {
		t.Fatal(tip, err)
	}
	if none, err := r.Resolve(t.Context(), "refs/heads/none"); none != "" || err != nil {
		t.Errorf("a branch that is not there: %q, %v", none, err)
	}
	changes := func(from gitrepo.ID) string {
		var all []string
		err := r.FileChanges(t.Context(), from, tip, func(c gitrepo.FileChange) error {
			all = append(all, fmt.Sprintf("%s %v>%v", c.Path, c.Old != "", c.New != ""))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(all, ", ")
	}
	if got, want := changes(""), "a/one false>true, a/one true>true, two false>true, a/one true>false"; got != want {
		t.Errorf("all: %s, want %s", got, want)
	}
	if got, want := changes(gitrepo.ID(first)), "a/one true>true, two false>true, a/one true>false"; got != want {
		t.Errorf("since the first: %s, want %s", got, want)
	}
	if got := changes(tip); got != "" {
		t.Errorf("since the last: %s", got)
	}
	asked := make(chan gitrepo.ID, 3)
	asked <- gitrepo.ID(g.Git("rev-parse", "HEAD~:a/one"))
	asked <- gitrepo.ID(strings.Repeat("0", 39) + "1")
	asked <- gitrepo.ID(g.Git("rev-parse", "HEAD:two"))
	close(asked)
	var got []string
	err = r.ReadBlobs(t.Context(), asked, 50, func(_ gitrepo.ID, data []byte, size int) error {
		got = append(got, fmt.Sprintf("%q %d", data, size))
		return nil
	})
	if want := `"2\n" 2, "" -1, "" 100`; err != nil || strings.Join(got, ", ") != want {
		t.Errorf("%q, %v", got, err)
	}
}

func TestBranchMarkSeesEveryMove(t *testing.T) {
	t.Parallel()
	g := gittest.New(t)
	g.Commit("first")
	seen := map[string]string{}
	look := func(why string) {
		t.Helper()
		mark, _, err := gitrepo.BranchMark(filepath.Join(g.Dir, ".git"))
		if err != nil {
			t.Fatal(err)
		}
		if before, ok := seen[mark]; ok {
			t.Errorf("%s: as %s", why, before)
		}
		seen[mark] = why
	}
	look("one commit")
	g.Commit("second")
	look("another commit")
	g.Git("pack-refs", "--all")
	look("packed")
	g.Commit("third")
	look("a third commit")
	g.Git("branch", "deep/er")
	look("another branch")
	if _, _, err := gitrepo.BranchMark(t.TempDir()); err == nil {
		t.Error("a folder without a repository has a mark")
	}
}
