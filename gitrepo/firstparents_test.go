package gitrepo_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// A walk is the one of git rev-list --first-parent, however long, over merges
// and to the root; with a walk broken off at any place the next question is
// answered rightly.
func TestFirstParents(t *testing.T) {
	t.Parallel()
	world := gittest.New(t)
	const commits, merges = 150, 7
	var stream strings.Builder
	for n := 1; n <= commits; n++ {
		fmt.Fprintf(&stream, "commit refs/heads/main\nmark :%d\ncommitter A <a@b> %d +0000\ndata <<END\ncommit %d\nEND\n", n, 1700000000+n, n)
		if n > 1 {
			fmt.Fprintf(&stream, "from :%d\n", n-1)
		}
		if n%merges == 0 {
			fmt.Fprintf(&stream, "merge :%d\n", n/2)
		}
		stream.WriteString("\n")
	}
	world.GitInput(stream.String(), "fast-import", "--quiet")
	world.Git("tag", "-a", "-m", "a tag", "top", "main")
	world.Git("clone", "--quiet", "--depth=40", "file://"+world.Dir, "../shallow")

	repo := open(t, world, world.Dir)
	want := strings.Fields(world.Git("rev-list", "--first-parent", "main"))
	if len(want) != commits {
		t.Fatalf("git lists %d commits", len(want))
	}
	for _, rev := range []string{"main", "HEAD", want[0], "top"} {
		if got, err := walk(repo, rev, commits+1); err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("from %s: %d commits, %v:\n%q\nwant\n%q", rev, len(got), err, got, want)
		}
	}
	for steps := range 70 {
		if got, err := walk(repo, "main", steps+1); err != nil || strings.Join(got, " ") != strings.Join(want[:steps+1], " ") {
			t.Fatalf("%d steps: %q, %v", steps+1, got, err)
		}
		if c, err := repo.Commit(want[commits-1]); err != nil || c.Message != "commit 1\n" {
			t.Fatalf("after %d steps the root is %v, %v", steps+1, c, err)
		}
	}
	got, err := walk(open(t, world, filepath.Join(filepath.Dir(world.Dir), "shallow")), "main", commits+1)
	if missing := (*gitrepo.MissingError)(nil); !errors.As(err, &missing) || strings.Join(got, " ") != strings.Join(want[:40], " ") {
		t.Errorf("a shallow clone: %d commits, %v", len(got), err)
	}
	if got, err := walk(repo, "nowhere", 1); !errors.As(err, new(*gitrepo.MissingError)) || len(got) > 0 {
		t.Errorf("from nowhere: %q, %v", got, err)
	}
}

// The commits say what is below them, not the grafts that git reads them with.
func TestFirstParentsDespiteGrafts(t *testing.T) {
	t.Parallel()
	world := gittest.New(t)
	var want []string
	for n := range 12 {
		want = append([]string{world.Commit(fmt.Sprintf("commit %d\n", n))}, want...)
	}
	grafts := filepath.Join(world.Dir, ".git", "info", "grafts")
	if err := os.MkdirAll(filepath.Dir(grafts), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(grafts, []byte(want[4]+" "+want[8]+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if lines := strings.Count(world.Git("rev-list", "--first-parent", "main"), "\n") + 1; lines != 12-3 {
		t.Fatalf("with the graft git lists %d commits", lines)
	}
	if got, err := walk(open(t, world, world.Dir), "main", 20); err != nil || strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
}

func walk(repo *gitrepo.Repo, rev string, most int) (ids []string, err error) {
	for c, err := range repo.FirstParents(rev) {
		if err != nil {
			return ids, err
		}
		if ids = append(ids, string(c.ID)); len(ids) == most {
			break
		}
	}
	return ids, nil
}

func BenchmarkFirstParents(b *testing.B) {
	world := gittest.New(b)
	var stream strings.Builder
	for n := range 1000 {
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter A <a@b> %d +0000\ndata <<END\ncommit %d\nEND\n\n", 1700000000+n, n)
	}
	world.GitInput(stream.String(), "fast-import", "--quiet")
	repo, err := gitrepo.Open(b.Context(), world.Dir, gitrepo.Options{Env: world.Env})
	if err != nil {
		b.Fatal(err)
	}
	defer repo.Close()
	b.Run("ahead", func(b *testing.B) {
		for b.Loop() {
			if ids, err := walk(repo, "main", 2000); err != nil || len(ids) != 1000 {
				b.Fatal(len(ids), err)
			}
		}
	})
	b.Run("one at a time", func(b *testing.B) {
		for b.Loop() {
			for rev := "main"; rev != ""; {
				c, err := repo.Commit(rev)
				if err != nil {
					b.Fatal(err)
				}
				if rev = ""; len(c.Parents) > 0 {
					rev = string(c.Parents[0])
				}
			}
		}
	})
}
