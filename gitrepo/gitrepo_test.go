package gitrepo_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func open(t *testing.T, r *gittest.Repo, dir string) *gitrepo.Repo {
	t.Helper()
	repo, err := gitrepo.Open(context.Background(), dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return repo
}

func TestOpenFindsTheRepositoryFromEveryLayout(t *testing.T) {
	t.Parallel()
	main := gittest.New(t)
	main.Write("sub/file", "1\n")
	first := main.Commit("one\n")
	root := filepath.Dir(main.Dir)
	main.Git("clone", "--quiet", "--shared", ".", filepath.Join(root, "shared"))
	main.Git("clone", "--quiet", "--bare", ".", filepath.Join(root, "bare.git"))
	main.Git("worktree", "add", "--quiet", "-b", "side", filepath.Join(root, "linked"))
	main.Git("-C", filepath.Join(root, "bare.git"), "worktree", "add", "--quiet", "-b", "side", filepath.Join(root, "of-bare"))
	main.Git("clone", "--quiet", "--depth=1", "file://"+main.Dir, filepath.Join(root, "shallow"))
	main.Git("clone", "--quiet", ".", filepath.Join(root, "sparse"))
	main.Git("-C", filepath.Join(root, "sparse"), "sparse-checkout", "set", "nothing")
	main.Git("clone", "--quiet", ".", filepath.Join(root, "detached"))
	main.Git("-C", filepath.Join(root, "detached"), "checkout", "--quiet", "--detach")
	if err := os.MkdirAll(filepath.Join(main.Dir, "deep", "er"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ why, dir, top, common, branch string }{
		{"the top directory", "repo", "repo", "repo/.git", "refs/heads/main"},
		{"a directory below", "repo/deep/er", "repo", "repo/.git", "refs/heads/main"},
		{"a linked work tree", "linked", "linked", "repo/.git", "refs/heads/side"},
		{"a clone that borrows objects", "shared", "shared", "shared/.git", "refs/heads/main"},
		{"a bare repository", "bare.git", "", "bare.git", "refs/heads/main"},
		{"a work tree of a bare repository", "of-bare", "of-bare", "bare.git", "refs/heads/side"},
		{"a shallow clone", "shallow", "shallow", "shallow/.git", "refs/heads/main"},
		{"a sparse checkout with worktreeConfig", "sparse", "sparse", "sparse/.git", "refs/heads/main"},
		{"a detached HEAD", "detached", "detached", "detached/.git", ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			repo := open(t, main, filepath.Join(root, tc.dir))
			top := ""
			if tc.top != "" {
				top = filepath.Join(root, tc.top)
			}
			if repo.TopLevel != top || repo.CommonDir != filepath.Join(root, tc.common) || repo.Head.Branch != tc.branch {
				t.Errorf("got top %q common %q branch %q", repo.TopLevel, repo.CommonDir, repo.Head.Branch)
			}
			if c, err := repo.Commit("HEAD"); err != nil || string(c.ID) != first {
				t.Errorf("HEAD is %v, %v; want %s", c, err, first)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := gitrepo.Open(context.Background(), dir, gitrepo.Options{Env: gittest.Env(dir)})
	if !errors.Is(err, gitrepo.ErrNotRepository) {
		t.Errorf("outside a repository: got %v", err)
	}
	r := gittest.New(t)
	if repo := open(t, r, r.Dir); !repo.Head.Unborn || repo.Head.Branch != "refs/heads/main" {
		t.Errorf("unborn branch: got %+v", repo.Head)
	}
}

// rewriteCases are commits whose header block a decoder would damage.
var rewriteCases = []struct{ why, header, message string }{
	{"an ordinary commit", "", "subject\n\nbody\n"},
	{"no final newline", "", "subject"},
	{"no message", "", ""},
	{"CR at line ends", "", "subject\r\n\r\nbody\r\n"},
	{"another encoding", "encoding ISO-8859-1\n", "subj\xe9ct\n"},
	{"an unknown header", "change-id zxcv\n", "s\n"},
	{"two merge tags", "mergetag object 1\n line\n \n more\nmergetag object 2\n line\n", "s\n"},
	{"comment-like lines", "", "s\n\n# heading\n; other\n"},
}

func TestRewriteKeepsEveryOtherByte(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		r := gittest.New(t, "--object-format="+format)
		base := r.Commit("base\n")
		tree := r.Git("rev-parse", "HEAD^{tree}")
		repo := open(t, r, r.Dir)
		me, err := repo.Committer()
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range rewriteCases {
			t.Run(format+"/"+tc.why, func(t *testing.T) {
				person := "Other  Person <o@example.org> 1700000000 -0030"
				head := "tree " + tree + "\nparent " + base + "\nauthor " + person + "\ncommitter "
				signature := "gpgsig -----BEGIN\n \n line\n -----END\ngpgsig-sha256 x\n y\n"
				raw := head + person + "\n" + signature + tc.header + "\n" + tc.message
				id := r.GitInput(raw, "hash-object", "-w", "-t", "commit", "--stdin", "--literally")
				c, err := repo.Commit(id)
				if err != nil {
					t.Fatal(err)
				}
				if data := c.Rewrite(gitrepo.Change{Parents: c.Parents, Message: &tc.message, Committer: me}); data != nil {
					t.Errorf("nothing changed, but it was rewritten to %q", data)
				}
				other := gitrepo.ID(strings.Repeat("a", repo.Hex()))
				committer := me.String()
				if strings.Contains(tc.header, "ISO-8859-1") { // the names are in it, too
					committer = strings.ReplaceAll(committer, "é", "\xe9")
				}
				want := strings.Replace(head, base, string(other), 1) + committer + "\n" + tc.header + "\n" + tc.message
				if got := c.Rewrite(gitrepo.Change{Parents: []gitrepo.ID{other}, Committer: me}); string(got) != want {
					t.Errorf("got  %q\nwant %q", got, want)
				}
			})
		}
	}
}

func TestWriteObjectsAgreesWithGit(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t, "--object-format="+format)
			base := r.Commit("base\n")
			repo := open(t, r, r.Dir)
			me, err := repo.Committer()
			if err != nil {
				t.Fatal(err)
			}
			tree := gitrepo.ID(r.Git("rev-parse", "HEAD^{tree}"))
			long := "long\n\n" + strings.Repeat("text é\n", 5000)
			commit, err := repo.NewCommit(context.Background(), tree, []gitrepo.ID{gitrepo.ID(base)}, me, me, long)
			if err != nil {
				t.Fatal(err)
			}
			tag, err := repo.NewTag(context.Background(), "sent/x-v1", commit.ID, me, "title\n\n# heading\n")
			if err != nil {
				t.Fatal(err)
			}
			if err := repo.WriteObjects(context.Background(), commit, tag); err != nil {
				t.Fatal(err)
			}
			for _, obj := range []gitrepo.Object{commit, tag} {
				if got := r.Git("cat-file", "-p", string(obj.ID)); got+"\n" != string(obj.Data) {
					t.Errorf("git reads %q", got)
				}
			}
			r.Git("fsck", "--strict")
			if err := repo.WriteObjects(context.Background(), commit); err != nil {
				t.Errorf("writing again: %v", err)
			}
		})
	}
}

func TestUpdateRefsIsAllOrNothing(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	one := gitrepo.ID(r.Commit("one\n"))
	two := gitrepo.ID(r.Commit("two\n"))
	r.Git("branch", "held", string(one))
	r.Git("pack-refs", "--all")
	repo := open(t, r, r.Dir)
	ctx := context.Background()
	const held, fresh = "refs/heads/held", "refs/heads/fresh"

	err := repo.UpdateRefs(ctx, "kprep: test",
		gitrepo.RefUpdate{Name: fresh, New: two},
		gitrepo.RefUpdate{Name: held, New: one, Old: two})
	if changed := (*gitrepo.RefChangedError)(nil); !errors.As(err, &changed) || changed.Name != held {
		t.Errorf("wrong old value: got %v", err)
	}
	if id, _ := repo.Ref(ctx, fresh); id != "" {
		t.Error("the other ref was created all the same")
	}
	lock := filepath.Join(repo.CommonDir, held+".lock")
	if err := os.MkdirAll(filepath.Dir(lock), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(lock, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := repo.CheckRefs(ctx, gitrepo.RefUpdate{Name: held, New: two, Old: one}); err == nil {
		t.Error("a locked ref passed the check")
	}
	if err := repo.UpdateRefs(ctx, "kprep: test", gitrepo.RefUpdate{Name: held, New: two, Old: one}); err == nil {
		t.Error("a locked ref was moved")
	}
	os.Remove(lock)
	if err := repo.UpdateRefs(ctx, "kprep: test", gitrepo.RefUpdate{Name: held, New: two, Old: one},
		gitrepo.RefUpdate{Name: fresh, New: two}); err != nil {
		t.Fatal(err)
	}
	if got := r.Git("reflog", "-1", "--format=%gs", "held"); got != "kprep: test" {
		t.Errorf("reflog says %q", got)
	}
	if err := repo.UpdateRefs(ctx, "kprep: test", gitrepo.RefUpdate{Name: fresh, Old: two}); err != nil {
		t.Fatal(err)
	}
	if id, _ := repo.Ref(ctx, fresh); id != "" {
		t.Error("the ref was not deleted")
	}
}

func TestCheckIdleSeesGitsOperations(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, want string
		start     []string // git commands; the last may fail
	}{
		{"nothing under way", "", nil},
		{"a rebase stopped at a conflict", "rebase", []string{"rebase other"}},
		{"a cherry-pick stopped at a conflict", "cherry-pick", []string{"cherry-pick other"}},
		{"a revert stopped at a conflict", "revert", []string{"revert HEAD~1"}},
		{"a merge stopped at a conflict", "merge", []string{"merge other"}},
		{"a bisect", "bisect", []string{"bisect start HEAD HEAD~2"}},
		{"an am stopped at a conflict", "am", []string{"am other.patch"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Write("f", "1\n")
			r.Commit("one\n")
			r.Git("checkout", "-q", "-b", "other")
			r.Write("f", "other\n")
			r.Commit("other\n")
			patch := r.Git("format-patch", "-1", "--stdout")
			r.Git("checkout", "-q", "main")
			r.Write("f", "2\n")
			r.Commit("two\n")
			r.Write("f", "3\n")
			r.Commit("three\n")
			if err := os.WriteFile(filepath.Join(r.Dir, "other.patch"), []byte(patch+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, command := range tc.start {
				cmd := exec.Command("git", strings.Fields(command)...)
				cmd.Dir, cmd.Env = r.Dir, r.Env
				cmd.Run() // a conflict is what is wanted
			}
			repo := open(t, r, r.Dir)
			err := repo.CheckIdle(context.Background(), "refs/heads/main")
			busy := (*gitrepo.BusyError)(nil)
			errors.As(err, &busy)
			if (busy == nil && tc.want != "") || (busy != nil && busy.Operation != tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err := repo.CheckIdle(context.Background(), "refs/heads/other"); err != nil {
				t.Errorf("another branch is idle, got %v", err)
			}
		})
	}
}

func TestCheckIdleSeesOtherWorkTrees(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Write("f", "1\n")
	r.Commit("one\n")
	linked := filepath.Join(filepath.Dir(r.Dir), "linked")
	r.Git("worktree", "add", "-q", "-b", "topic", linked)
	r.Git("-C", linked, "commit", "-q", "--allow-empty", "-m", "x")
	cmd := exec.Command("git", "rebase", "--exec", "false", "HEAD~1")
	cmd.Dir, cmd.Env = linked, r.Env
	cmd.Run()
	repo := open(t, r, r.Dir)
	busy := (*gitrepo.BusyError)(nil)
	if err := repo.CheckIdle(context.Background(), "refs/heads/topic"); !errors.As(err, &busy) || busy.WorkTree != linked {
		t.Errorf("got %v", err)
	}
}
