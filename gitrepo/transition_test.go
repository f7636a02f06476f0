package gitrepo_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func TestTransition(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for _, tc := range []struct {
		why     string
		disturb func(*gittest.Repo)
		refused bool
		status  string // against the new tree
	}{
		{"a clean tree", func(*gittest.Repo) {}, false, ""},
		{"changes elsewhere", func(r *gittest.Repo) { r.Write("same", "mine\n") }, false, " M same"},
		{"a change in the way", func(r *gittest.Repo) { r.Write("changed", "mine\n") }, true, ""},
		{"an untracked file in the way", func(r *gittest.Repo) { r.Write("made", "mine\n") }, true, ""},
		{"a checkout that was killed", func(r *gittest.Repo) {
			r.Write("changed", "2\n")
			r.Write("made", "2\n")
			os.Remove(filepath.Join(r.Dir, "gone"))
		}, false, ""},
		{"a killed checkout and a change in the way", func(r *gittest.Repo) {
			r.Write("made", "2\n")
			r.Write("changed", "mine\n")
		}, true, ""},
		{"made already", func(r *gittest.Repo) { r.Git("read-tree", "-m", "-u", "HEAD", "next") }, false, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			for _, name := range []string{"same", "changed", "gone"} {
				r.Write(name, "1\n")
			}
			from := gitrepo.ID(r.Commit("one\n"))
			r.Git("checkout", "-q", "-b", "next")
			r.Write("changed", "2\n")
			r.Write("made", "2\n")
			r.Git("rm", "-q", "gone")
			to := gitrepo.ID(r.Commit("two\n"))
			r.Git("checkout", "-q", "main")
			tc.disturb(r)
			repo := open(t, r, r.Dir)
			err := repo.Transition(ctx, from, to)
			if errors.As(err, new(*gitrepo.OverwriteError)) != tc.refused || !tc.refused && err != nil {
				t.Fatalf("got %v", err)
			}
			if tc.refused {
				if text, _ := os.ReadFile(filepath.Join(r.Dir, "gone")); string(text) != "1\n" {
					t.Error("a file was removed")
				}
				return
			}
			r.Git("symbolic-ref", "HEAD", "refs/heads/next")
			if got := r.Git("status", "--porcelain"); got != tc.status {
				t.Errorf("status is %q, want %q", got, tc.status)
			}
		})
	}
}

func TestHeadNow(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := gittest.New(t)
	repo := open(t, r, r.Dir)
	check := func(want gitrepo.HeadState) {
		t.Helper()
		if got, err := repo.HeadNow(ctx); got != want || err != nil {
			t.Errorf("got %+v, %v; want %+v", got, err, want)
		}
	}
	check(gitrepo.HeadState{Branch: "refs/heads/main"}) // unborn
	id := gitrepo.ID(r.Commit("one\n"))
	if err := repo.SetHead(ctx, gitrepo.HeadState{Detached: id}, "test"); err != nil {
		t.Fatal(err)
	}
	check(gitrepo.HeadState{Detached: id})
	if err := repo.SetHead(ctx, gitrepo.HeadState{Branch: "refs/heads/main"}, "test"); err != nil {
		t.Fatal(err)
	}
	check(gitrepo.HeadState{Branch: "refs/heads/main"})
	head := filepath.Join(r.Dir, ".git", "HEAD")
	if err := errors.Join(os.Remove(head), os.Symlink("refs/heads/main", head)); err != nil {
		t.Fatal(err)
	}
	check(gitrepo.HeadState{Branch: "refs/heads/main"}) // as git once wrote it
}
