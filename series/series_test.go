package series_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

var ctx = context.Background()

func open(t *testing.T, r *gittest.Repo) *gitrepo.Repo {
	t.Helper()
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return repo
}

func origin(name, fork string) series.Origin {
	return series.Origin{Name: name, Fork: fork, BranchPrefix: "b4/", Prefixes: []string{"RFC"},
		Today: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Random: "0123456789ab"}
}

// project is a repository with three commits, the second tagged v1.0.
func project(t *testing.T) *gittest.Repo {
	r := gittest.New(t)
	r.Write("file", "1\n")
	r.Commit("one\n")
	r.Write("file", "2\n")
	r.Commit("two\n")
	r.Git("tag", "-a", "-m", "release", "v1.0")
	r.Write("file", "3\n")
	r.Commit("three\n")
	return r
}

// started is a series of two patches on v1.0.
func started(t *testing.T) (*gittest.Repo, *series.Series) {
	t.Helper()
	r := project(t)
	if _, err := series.Start(ctx, open(t, r), origin("Foo Driver_Fix!", "v1.0")); err != nil {
		t.Fatal(err)
	}
	r.Write("file", "a\n")
	r.Commit("change a\n\nWhy.\n")
	r.Write("other", "b\n")
	r.Commit("add b\n")
	return r, load(t, r)
}

func load(t *testing.T, r *gittest.Repo) *series.Series {
	t.Helper()
	s, err := series.Load(ctx, open(t, r), "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStartMakesABranchWithACover(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why    string
		setUp  func(*gittest.Repo)
		fork   string
		parent string
		file   string
	}{
		{"at HEAD", nil, "", "main", "3\n"},
		{"at a tag", nil, "v1.0", "v1.0", "2\n"},
		{"from a detached HEAD", func(r *gittest.Repo) { r.Git("checkout", "-q", "v1.0") }, "", "v1.0", "2\n"},
		{"at HEAD with changes, which stay", func(r *gittest.Repo) { r.Write("file", "dirty\n") }, "", "main", "dirty\n"},
		{"with an untracked file", func(r *gittest.Repo) { r.Write("new", "x\n") }, "v1.0", "v1.0", "2\n"},
		{"when the branch is called like a file", func(r *gittest.Repo) { r.Write("b4/foo-driver_fix", "x\n") }, "", "main", "3\n"},
		{"under another strategy of b4", func(r *gittest.Repo) { r.Git("config", "b4.prep-cover-strategy", "tip-commit") }, "", "main", "3\n"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := project(t)
			if tc.setUp != nil {
				tc.setUp(r)
			}
			s, err := series.Start(ctx, open(t, r), origin("Foo Driver_Fix!", tc.fork))
			if err != nil {
				t.Fatal(err)
			}
			if got := r.Git("symbolic-ref", "HEAD"); got != "refs/heads/b4/foo-driver_fix" || s.Branch != got {
				t.Errorf("on %q, series %q", got, s.Branch)
			}
			if got, want := r.Git("rev-parse", "HEAD^"), r.Git("rev-parse", tc.parent+"^{commit}"); got != want {
				t.Errorf("parent %s, want %s", got, want)
			}
			if data, _ := os.ReadFile(filepath.Join(r.Dir, "file")); string(data) != tc.file {
				t.Errorf("file holds %q, want %q", data, tc.file)
			}
			if got := r.Git("diff", "HEAD^", "HEAD"); got != "" {
				t.Errorf("the cover commit changes something: %s", got)
			}
			if s.Tracking.ChangeID != "20250102-foo-driver_fix-0123456789ab" || s.Tracking.Revision != 1 || s.Tracking.Prefixes[0] != "RFC" {
				t.Errorf("tracking %+v", s.Tracking)
			}
			if got := r.Git("config", "branch.b4/foo-driver_fix.b4-prep-cover-strategy"); got != "commit" {
				t.Errorf("strategy %q", got)
			}
			if got := r.Git("reflog", "-1", "--format=%gs", "b4/foo-driver_fix", "--"); !strings.HasPrefix(got, "kprep: new series") {
				t.Errorf("reflog %q", got)
			}
		})
	}
}

func TestStartRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	is := func(target any) func(error) bool {
		return func(err error) bool { return errors.As(err, target) }
	}
	for _, tc := range []struct {
		why   string
		setUp func(*gittest.Repo)
		o     series.Origin
		want  func(error) bool
	}{
		{"the branch exists", func(r *gittest.Repo) { r.Git("branch", "b4/x") }, origin("x", ""), is(new(*series.ExistsError))},
		{"an unknown fork point", nil, origin("x", "nowhere"), is(new(*series.ForkError))},
		{"a fork point that is a tree", nil, origin("x", "HEAD^{tree}"), is(new(*series.ForkError))},
		{"an option as fork point", nil, origin("x", "--all"), is(new(*series.ForkError))},
		{"a fork point with a line break", nil, origin("x", "HEAD\nHEAD"), is(new(*series.ForkError))},
		{"a dirty tree that would be touched", func(r *gittest.Repo) { r.Write("file", "dirty\n") }, origin("x", "v1.0"), is(new(*gitrepo.DirtyError))},
		{"a name without letters", nil, origin("!?", ""), func(err error) bool { return strings.Contains(err.Error(), "no letters") }},
		{"a branch in the way", func(r *gittest.Repo) { r.Git("branch", "b4") }, origin("x", ""), is(new(*gitrepo.Error))},
		{"an untracked file that the checkout would overwrite", func(r *gittest.Repo) {
			r.Git("rm", "-q", "file")
			r.Commit("remove\n")
			r.Write("file", "mine\n")
		}, origin("x", "v1.0"), is(new(*gitrepo.OverwriteError))},
		{"a hook that refuses refs", func(r *gittest.Repo) {
			r.Write(".git/hooks/reference-transaction", "#!/bin/sh\nexit 1\n")
			os.Chmod(filepath.Join(r.Dir, ".git/hooks/reference-transaction"), 0o755)
		}, origin("x", ""), is(new(*gitrepo.Error))},
		{"a merge under way", func(r *gittest.Repo) { r.Write(".git/MERGE_HEAD", "x\n") }, origin("x", ""), is(new(*gitrepo.BusyError))},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := project(t)
			if tc.setUp != nil {
				tc.setUp(r)
			}
			repo, before := open(t, r), r.State()
			_, err := series.Start(ctx, repo, tc.o)
			if err == nil || !tc.want(err) {
				t.Errorf("got %T %v", err, err)
			}
			if after := r.State(); after != before {
				t.Errorf("state changed from\n%s\nto\n%s", before, after)
			}
		})
	}
	unborn := gittest.New(t)
	if _, err := series.Start(ctx, open(t, unborn), origin("x", "")); !errors.As(err, new(*series.UnbornError)) {
		t.Errorf("unborn branch: got %v", err)
	}
}

func TestLoadFindsTheNearestCover(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	if len(s.Patches) != 2 || s.Patches[0].Subject() != "change a" || string(s.Base) != r.Git("rev-parse", "v1.0^{commit}") {
		t.Errorf("patches %v, base %s", s.Patches, s.Base)
	}
	if _, err := series.Start(ctx, open(t, r), origin("second", "")); err != nil {
		t.Fatal(err)
	}
	r.Commit("on top\n")
	if s := load(t, r); len(s.Patches) != 1 || s.Tracking.ChangeID != "20250102-second-0123456789ab" {
		t.Errorf("stacked series: %d patches of %s", len(s.Patches), s.Tracking.ChangeID)
	}
	if s, err := series.Load(ctx, open(t, r), "foo-driver_fix"); err != nil || len(s.Patches) != 2 {
		t.Errorf("by short name: %v", err)
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	broken := strings.Replace(s.Cover.Message, `"revision": 1`, `"revision": "one"`, 1)
	r.Git("checkout", "-q", "-b", "broken", "main")
	r.Commit(broken)
	if _, err := series.Load(ctx, open(t, r), ""); !errors.As(err, new(*series.BrokenError)) || !errors.As(err, new(*coverletter.TrackingError)) {
		t.Errorf("broken tracking: got %v", err)
	}
	r.Git("checkout", "-q", "main")
	if _, err := series.Load(ctx, open(t, r), ""); !errors.As(err, new(*series.NotPreparedError)) {
		t.Errorf("plain branch: got %v", err)
	}
	if _, err := series.Load(ctx, open(t, r), "nowhere"); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("unknown branch: got %v", err)
	}
	r.Git("checkout", "-q", "--detach")
	if _, err := series.Load(ctx, open(t, r), ""); !errors.Is(err, series.ErrDetached) {
		t.Errorf("detached: got %v", err)
	}
}

// A cover letter that slipped into the public history of a project must not
// turn every branch of it into a series; a pushed copy of my own is mine.
func TestLoadIgnoresForeignCoversInPublicHistory(t *testing.T) {
	t.Parallel()
	r, _ := started(t)
	tip := r.Git("rev-parse", "HEAD")
	r.Git("update-ref", "refs/remotes/origin/master", tip)
	r.Git("checkout", "-q", "-b", "topic")
	r.Commit("mine\n")
	load(t, r)
	r.Env = append(r.Env, "GIT_COMMITTER_EMAIL=newcomer@example.org")
	if _, err := series.Load(ctx, open(t, r), ""); !errors.As(err, new(*series.NotPreparedError)) {
		t.Errorf("somebody else's cover in a remote branch: got %v", err)
	}
	r.Git("update-ref", "-d", "refs/remotes/origin/master")
	r.Git("update-ref", "refs/remotes/origin/topic", "topic")
	load(t, r)
}

func TestEditKeepsThePatches(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	trees := r.Git("log", "--format=%T %an %ae %ad %s%n%b", "-2")
	changed, err := s.Edit(ctx, "My title\n\nSome prose with é.\n\n# a note\n", "kprep: test")
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	now := load(t, r)
	if now.Text != "My title\n\nSome prose with é.\n\n# a note" || now.Tracking.ChangeID != s.Tracking.ChangeID {
		t.Errorf("text %q, change-id %q", now.Text, now.Tracking.ChangeID)
	}
	if got := r.Git("log", "--format=%T %an %ae %ad %s%n%b", "-2"); got != trees {
		t.Errorf("patches are now\n%s\nwere\n%s", got, trees)
	}
	if got := r.Git("status", "--porcelain"); got != "" {
		t.Errorf("the work tree is dirty: %s", got)
	}
	if changed, err := now.Edit(ctx, now.Text, "kprep: test"); err != nil || changed {
		t.Errorf("the same text again: %v, %v", changed, err)
	}
}

func TestEditRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why   string
		setUp func(*gittest.Repo)
		text  string
		want  func(error) bool
	}{
		{"blank text", nil, " \n\n", func(err error) bool { return errors.Is(err, series.ErrBlank) }},
		{"the marker in the text", nil, "t\n\n" + coverletter.Marker + "\n", func(err error) bool { return err != nil }},
		{"a broken recipient", nil, "t\n\nbody\n\nTo: nobody\nSigned-off-by: A <a@example.org>\n", func(err error) bool { return strings.Contains(err.Error(), "nobody") }},
		{"a merge in the series", func(r *gittest.Repo) {
			r.Git("checkout", "-q", "-b", "side", "HEAD~1")
			r.Write("side", "x\n")
			r.Commit("side\n")
			r.Git("checkout", "-q", "-")
			r.Git("merge", "-q", "--no-ff", "-m", "merge it", "side")
		}, "new\n", func(err error) bool { return errors.As(err, new(*series.MergeError)) }},
		{"a commit by somebody else", func(r *gittest.Repo) {
			r.Git("-c", "user.name=x", "commit", "-q", "--allow-empty", "-m", "mine")
			id := r.GitInput("tree "+r.Git("rev-parse", "HEAD^{tree}")+"\nparent "+r.Git("rev-parse", "HEAD")+
				"\nauthor O <o@example.org> 1 +0000\ncommitter O <o@example.org> 1 +0000\n\nforeign\n", "hash-object", "-t", "commit", "-w", "--stdin")
			r.Git("reset", "-q", "--hard", id)
		}, "new\n", func(err error) bool {
			foreign := (*series.ForeignError)(nil)
			return errors.As(err, &foreign) && len(foreign.Commits) == 1 && strings.Contains(err.Error(), "foreign")
		}},
		{"a cherry-pick under way", func(r *gittest.Repo) { r.Write(".git/CHERRY_PICK_HEAD", "x\n") }, "new\n",
			func(err error) bool { return errors.As(err, new(*gitrepo.BusyError)) }},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r, _ := started(t)
			if tc.setUp != nil {
				tc.setUp(r)
			}
			s, before := load(t, r), r.State()
			if changed, err := s.Edit(ctx, tc.text, "kprep: test"); changed || err == nil || !tc.want(err) {
				t.Errorf("got %v, %T %v", changed, err, err)
			}
			if after := r.State(); after != before {
				t.Errorf("state changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}

func TestEditDoesNotOverwriteWhatMovedMeanwhile(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	r.Commit("meanwhile\n")
	before := r.State()
	if _, err := s.Edit(ctx, "new\n", "kprep: test"); !errors.As(err, new(*gitrepo.RefChangedError)) {
		t.Errorf("got %v", err)
	}
	if r.State() != before {
		t.Error("state changed")
	}
}

func TestEnroll(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, base string
		patches   int
	}{
		{"from a tag", "v1.0", 3}, {"from a branch that has moved on", "main", 2},
		{"from a commit", "HEAD~1", 1}, {"from the tip, without patches", "HEAD", 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := project(t)
			r.Git("checkout", "-q", "-b", "My-Topic")
			for _, name := range []string{"a", "b"} {
				r.Write(name, name)
				r.Commit("add " + name + "\n")
			}
			r.Git("branch", "-f", "main", r.Git("commit-tree", "-p", "main", "-m", "moved", "main^{tree}"))
			tree := r.Git("rev-parse", "HEAD^{tree}")
			s, err := series.Enroll(ctx, open(t, r), tc.base, origin("", ""))
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Patches) != tc.patches || r.Git("rev-parse", "HEAD^{tree}") != tree || r.Git("status", "--porcelain") != "" {
				t.Errorf("%d patches, status %q", len(s.Patches), r.Git("status", "--porcelain"))
			}
			if s.Name() != "My-Topic" || s.Tracking.ChangeID != "20250102-my-topic-0123456789ab" {
				t.Errorf("name %q, change-id %q", s.Name(), s.Tracking.ChangeID)
			}
		})
	}
}

func TestEnrollRefusesAndChangesNothing(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, base string
		setUp     func(*gittest.Repo)
		want      any
	}{
		{"an unknown base", "nowhere", nil, new(*series.ForkError)},
		{"a tag that is not an ancestor", "v2", func(r *gittest.Repo) {
			r.Git("tag", "v2", r.Git("commit-tree", "-p", "v1.0^{commit}", "-m", "elsewhere", "v1.0^{tree}"))
		}, new(*series.NotAncestorError)},
		{"a branch with another root", "orphan", func(r *gittest.Repo) {
			r.Git("branch", "orphan", r.Git("commit-tree", "-m", "root", "main^{tree}"))
		}, new(*series.NotAncestorError)},
		{"a merge", "v1.0", func(r *gittest.Repo) {
			r.Git("merge", "-q", "--no-ff", "-m", "merge", r.Git("commit-tree", "-p", "v1.0^{commit}", "-m", "x", "v1.0^{tree}"))
		}, new(*series.MergeError)},
		{"somebody else's commit", "v1.0", func(r *gittest.Repo) { r.Env = append(r.Env, "GIT_COMMITTER_EMAIL=other@example.org") }, new(*series.ForeignError)},
		{"enrolled already", "v1.0", func(r *gittest.Repo) {
			repo, _ := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
			defer repo.Close()
			series.Enroll(ctx, repo, "main~1", origin("", ""))
		}, new(*series.EnrolledError)},
		{"a detached HEAD", "v1.0", func(r *gittest.Repo) { r.Git("checkout", "-q", "--detach") }, nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := project(t)
			if tc.setUp != nil {
				tc.setUp(r)
			}
			before := r.State()
			_, err := series.Enroll(ctx, open(t, r), tc.base, origin("", ""))
			if err == nil || (tc.want != nil && !errors.As(err, tc.want)) {
				t.Errorf("got %T %v", err, err)
			}
			if after := r.State(); after != before {
				t.Errorf("state changed from\n%s\nto\n%s", before, after)
			}
		})
	}
}
