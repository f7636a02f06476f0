package gitrepo_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// patched is a repository where HEAD is two patches above the tag base: one
// changes and renames, the other is binary.
func patched(t *testing.T) (*gittest.Repo, *gitrepo.Repo) {
	t.Helper()
	r := gittest.New(t)
	r.Write("a file", strings.Repeat("line\n", 20)+"end\n")
	r.Commit("start\n")
	r.Git("tag", "base")
	r.Git("mv", "a file", "another")
	r.Write("another", strings.Repeat("line\n", 20)+"the end\n")
	r.Commit("rename\n")
	r.Write("binary", "\x00\x01\x02")
	r.Commit("add binary\n")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return r, repo
}

func TestPatchIDsAreThoseOfGit(t *testing.T) {
	t.Parallel()
	r, repo := patched(t)
	r.Git("commit", "-q", "--allow-empty", "-m", "empty")
	// Settings that would change a diff change no patch-id.
	r.Git("config", "diff.noprefix", "true")
	r.Git("config", "diff.renames", "false")
	r.Git("config", "patchid.stable", "false")
	ids := []gitrepo.ID{gitrepo.ID(r.Git("rev-parse", "HEAD")), gitrepo.ID(r.Git("rev-parse", "HEAD~2")), gitrepo.ID(r.Git("rev-parse", "HEAD~1"))}
	got, err := repo.PatchIDs(context.Background(), ids)
	if err != nil || len(got) != len(ids) {
		t.Fatalf("got %q, %v", got, err)
	}
	if got[0] != "" {
		t.Errorf("an empty commit has the patch-id %q", got[0])
	}
	for i, id := range ids[1:] {
		mail := r.Git("-c", "diff.noprefix=false", "-c", "diff.renames=true", "format-patch", "-1", "--stdout", string(id))
		want, _, _ := strings.Cut(r.GitInput(mail+"\n", "patch-id", "--stable"), " ")
		if got[i+1] != want || want == "" {
			t.Errorf("%s: got %q, want %q", id.Short(), got[i+1], want)
		}
	}
	if none, err := repo.PatchIDs(context.Background(), nil); err != nil || len(none) != 0 {
		t.Errorf("of no commits: %q, %v", none, err)
	}
}

func TestTrialTouchesNothing(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r, repo := patched(t)
	r.Git("config", "core.splitIndex", "true")
	r.Git("config", "apply.whitespace", "error")
	ids := []gitrepo.ID{gitrepo.ID(r.Git("rev-parse", "HEAD~1")), gitrepo.ID(r.Git("rev-parse", "HEAD"))}
	patches, err := repo.Patches(ctx, ids)
	if err != nil {
		t.Fatal(err)
	}
	// Elsewhere the lines have moved, so that applying makes files that no
	// commit has.
	r.Git("checkout", "-q", "base")
	r.Write("a file", "first\n"+strings.Repeat("line\n", 20)+"end\n")
	r.Commit("move\n")
	base := gitrepo.ID(r.Git("rev-parse", "HEAD"))
	before, objects := r.State(), r.Git("count-objects")
	shared := func() []string {
		files, _ := filepath.Glob(filepath.Join(r.Dir, ".git", "sharedindex.*"))
		return files
	}
	parts := len(shared())
	trial, err := repo.NewTrial(ctx, base)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range patches {
		if err := trial.Apply(ctx, p.Diff); err != nil {
			t.Errorf("patch %d: %v", i+1, err)
		}
	}
	// What is there already does not apply again, and git says why.
	bad := (*gitrepo.ApplyError)(nil)
	if err := trial.Apply(ctx, patches[0].Diff); !errors.As(err, &bad) || !strings.Contains(bad.Reason, "a file") {
		t.Errorf("applied twice: %v", err)
	}
	if err := trial.Close(); err != nil {
		t.Fatal(err)
	}
	if after := r.State(); after != before {
		t.Errorf("the repository changed\n--- before\n%s--- after\n%s", before, after)
	}
	if after := r.Git("count-objects"); after != objects {
		t.Errorf("objects: %s, before %s", after, objects)
	}
	if left, _ := os.ReadDir(filepath.Join(r.Dir, ".git", "kprep", "cache")); len(left) > 0 {
		t.Errorf("%d files are left", len(left))
	}
	if left := shared(); len(left) != parts {
		t.Errorf("parts of an index: %q, before %d", left, parts)
	}
}
