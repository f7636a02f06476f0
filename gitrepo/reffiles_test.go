package gitrepo_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// Without git the same is read as git says, or git has to be asked.
func TestRefsInFiles(t *testing.T) {
	t.Parallel()
	world := gittest.New(t)
	one, two := world.Commit("one\n"), world.Commit("two\n")
	world.Git("tag", "-a", "-m", "annotated", "v1", one)
	world.Git("branch", "b4/packed", one)
	world.Git("branch", "b4/both", one)
	world.Git("branch", "folder/in", one)
	world.Git("update-ref", "refs/kprep/ops", one)
	world.Git("update-ref", "refs/remotes/origin/b4/packed", one)
	world.Git("update-ref", "refs/worktree/mine", one)
	world.Git("pack-refs", "--all")
	world.Git("update-ref", "refs/heads/b4/both", two)
	world.Git("branch", "b4/loose", two)
	world.Git("branch", "b4/gone", two)
	world.Git("branch", "-D", "b4/gone") // its folder stays
	world.Git("symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/b4/packed")
	world.Git("worktree", "add", "--quiet", "-b", "side", "../linked", one)
	for name, text := range map[string]string{
		"broken": "nonsense\n", "null": strings.Repeat("0", 40) + "\n", "short": one[:39] + "\n", "some.lock": one + "\n",
	} {
		if err := os.WriteFile(filepath.Join(world.Dir, ".git", "refs", "heads", name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const asks = "git is asked"
	for _, tc := range []struct{ why, patterns, want string }{
		{"a file", "refs/heads/b4/loose", "refs/heads/b4/loose=two"},
		{"a packed one", "refs/heads/b4/packed", "refs/heads/b4/packed=one"},
		{"a file that is newer than the packed one", "refs/heads/b4/both", "refs/heads/b4/both=two"},
		{"an annotated tag", "refs/tags/v1", "refs/tags/v1=tag"},
		{"none", "refs/heads/b4/none", ""},
		{"none, in a folder that is left", "refs/heads/b4/gone", ""},
		{"none below a branch", "refs/heads/b4/packed/none", ""},
		{"none below a file", "refs/heads/b4/loose/none", asks},
		{"several", "refs/heads/b4/loose refs/kprep/ops refs/heads/b4/none", "refs/heads/b4/loose=two refs/kprep/ops=one"},
		{"the end of a name", "refs/tags/heads/b4/packed", ""},
		{"the beginning of a name", "refs/heads/b4/pack", ""},
		{"a name that others lie below, packed", "refs/heads/folder", asks},
		{"a name that others lie below, in files", "refs/heads/b4", asks},
		{"an empty folder", "refs/notes/", ""},
		{"a folder with packed refs alone", "refs/heads/folder/", asks},
		{"a folder", "refs/heads/b4/", asks},
		{"a pattern that matches nothing", "refs/remotes/*/b4/loose", ""},
		{"a pattern that matches a packed one", "refs/remotes/*/b4/packed", asks},
		{"a pattern that matches a file", "refs/heads/b4/lo?se", asks},
		{"a wildcard is not for slashes", "refs/heads/*", asks},
		{"a symbolic ref", "refs/remotes/origin/HEAD", asks},
		{"one of the work tree", "refs/worktree/mine", asks},
		{"HEAD", "HEAD", asks},
		{"a damaged file", "refs/heads/broken", asks},
		{"nothing but zeros", "refs/heads/null", asks},
		{"a digit too few", "refs/heads/short", asks},
		{"a lock", "refs/heads/some.lock", asks},
		{"out of the folder", "refs/heads/../../HEAD", asks},
	} {
		t.Run(tc.why, func(t *testing.T) {
			for _, dir := range []string{"repo", "linked"} {
				repo := open(t, world, filepath.Join(filepath.Dir(world.Dir), dir))
				patterns := strings.Fields(tc.patterns)
				values, sure := repo.RefsInFiles(patterns...)
				got := asks
				if sure {
					got = strings.NewReplacer(one, "one", two, "two", world.Git("rev-parse", "v1"), "tag").Replace(shown(values))
				}
				if got != tc.want {
					t.Errorf("in %s: got %q, want %q", dir, got, tc.want)
				}
				ofGit := map[string]gitrepo.ID{}
				for line := range strings.Lines(world.Git(append([]string{"-C", repo.Dir, "for-each-ref", "--format=%(refname) %(objectname)", "--"}, patterns...)...)) {
					name, id, _ := strings.Cut(strings.TrimSpace(line), " ")
					ofGit[name] = gitrepo.ID(id)
				}
				if sure && !maps.Equal(values, ofGit) {
					t.Errorf("in %s: got %v, git says %v", dir, values, ofGit)
				}
				if values, err := repo.RefValues(t.Context(), patterns...); err != nil || !maps.Equal(values, ofGit) {
					t.Errorf("in %s: RefValues says %v, %v; git %v", dir, values, err, ofGit)
				}
			}
		})
	}
}

// Refs in another storage than files are git's alone, whatever files there are.
func TestRefsInFilesOfAnotherStorage(t *testing.T) {
	t.Parallel()
	world := gittest.New(t)
	world.Commit("one\n")
	for _, tc := range []struct {
		why         string
		environment []string
		config      []string
		sure        bool
	}{
		{why: "as git init makes it", sure: true},
		{why: "files, and somebody said so", config: []string{"extensions.refStorage=files"}, sure: true},
		{why: "a reftable", config: []string{"extensions.refStorage=reftable"}},
		{why: "files elsewhere", config: []string{"extensions.refStorage=files:///elsewhere"}},
		{why: "another one by the environment", environment: []string{"GIT_REFERENCE_BACKEND=reftable"}},
	} {
		repo, err := gitrepo.Open(t.Context(), world.Dir, gitrepo.Options{Env: append(world.Env[:len(world.Env):len(world.Env)], tc.environment...), Config: tc.config})
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		if values, sure := repo.RefsInFiles("refs/heads/main"); sure != tc.sure {
			t.Errorf("%s: the files say %v, %v", tc.why, values, sure)
		}
		repo.Close()
	}
	if values, sure := gitrepo.Bare(filepath.Join(world.Dir, ".git"), gitrepo.Options{Env: world.Env}).RefsInFiles("refs/heads/main"); sure {
		t.Errorf("where the shared folder is not known the files say %v", values)
	}
}

func shown(values map[string]gitrepo.ID) string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(values)) {
		words = append(words, name+"="+string(values[name]))
	}
	return strings.Join(words, " ")
}
