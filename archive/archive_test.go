package archive_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/archive"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/series"
)

var (
	ctx = context.Background()
	day = time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)
)

func open(t *testing.T, r *gittest.Repo) *gitrepo.Repo {
	t.Helper()
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	return repo
}

func logOf(repo *gitrepo.Repo) *oplog.Log {
	return oplog.New(repo, oplog.Options{Now: func() time.Time { return day }})
}

// finished is a repository on main with the series b4/topic of two patches, of
// which v1 was sent and tagged.
func finished(t *testing.T, storage series.Storage) *gittest.Repo {
	t.Helper()
	r := gittest.New(t)
	r.Write("file", "1\n")
	r.Commit("one\n")
	repo := open(t, r)
	origin := series.Origin{Name: "topic", BranchPrefix: "b4/", Storage: storage, BaseBranch: "main", Today: day, Random: "0123456789ab"}
	if _, err := series.Start(ctx, repo, origin); err != nil {
		t.Fatal(err)
	}
	if storage == series.TipCommit {
		// A patch belongs below the cover letter.
		r.Git("reset", "-q", "--hard", "HEAD^")
	}
	r.Write("file", "a\n")
	r.Commit("change a\n\nWhy.\n")
	r.Write("latin", "\xe4\n")
	r.Commit("add latin\n")
	if storage == series.TipCommit {
		r.Git("cherry-pick", "--allow-empty", "b4/topic@{3}")
	}
	base, head := r.Git("rev-parse", "main"), r.Git("rev-parse", "HEAD")
	r.Git("checkout", "-q", "--detach", "main")
	r.Write("file", "a\n")
	r.Commit("change a\n\nWhy.\n")
	r.Git("tag", "-a", "-m", "Sent title\n\nSent text.\n\nbase-commit: "+base+"\nchange-id: 20250102-topic-0123456789ab", "sent/20250102-topic-0123456789ab-v1")
	r.Git("checkout", "-q", "main")
	if r.Git("rev-parse", "b4/topic") != head {
		t.Fatal("the branch moved")
	}
	return r
}

func putAway(t *testing.T, r *gittest.Repo, dir string) (string, error) {
	t.Helper()
	repo := open(t, r)
	s, err := series.Load(ctx, repo, "b4/topic")
	if err != nil {
		t.Fatal(err)
	}
	removal, err := archive.Prepare(ctx, repo, s)
	if err != nil {
		return "", err
	}
	return removal.Apply(ctx, logOf(repo), dir, day)
}

// Put away, forgotten by git, restored: nothing differs.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	for _, storage := range []series.Storage{series.CoverCommit, series.TipCommit, series.BranchDescription} {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r, dir := finished(t, storage), filepath.Join(t.TempDir(), "archive")
			before := r.State()
			file, err := putAway(t, r, dir)
			if err != nil {
				t.Fatal(err)
			}
			if left := r.Git("for-each-ref", "refs/heads/b4/", "refs/tags/"); left != "" {
				t.Errorf("these are left:\n%s", left)
			}
			r.Git("update-ref", "-d", oplog.KeepRef)
			if err := os.RemoveAll(filepath.Join(r.Dir, ".git", "kprep")); err != nil {
				t.Fatal(err)
			}
			r.Git("reflog", "expire", "--expire=now", "--all")
			r.Git("gc", "-q", "--prune=now")
			repo := open(t, r)
			a, changed, err := archive.Restore(ctx, repo, logOf(repo), file, day)
			if err != nil || !changed {
				t.Fatalf("restore: %v, %v", changed, err)
			}
			if a.Storage != storage || a.BranchName() != "b4/topic" {
				t.Errorf("it says %s of %s", a.Storage, a.BranchName())
			}
			if after := r.State(); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			r.Git("fsck", "--strict")
			if _, err := series.Load(ctx, open(t, r), "b4/topic"); err != nil {
				t.Error(err)
			}
			if left, _ := filepath.Glob(filepath.Join(r.Dir, ".git", "kprep", ".restore-*")); left != nil {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

// It is one operation, for undo and for redo; a restore is one as well.
func TestUndo(t *testing.T) {
	t.Parallel()
	r, dir := finished(t, series.BranchDescription), t.TempDir()
	before := r.State()
	file, err := putAway(t, r, dir)
	if err != nil {
		t.Fatal(err)
	}
	gone := r.State()
	repo := open(t, r)
	log := logOf(repo)
	step := func(what string, do func() error, want string) {
		t.Helper()
		if err := do(); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got := r.State(); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", what, got, want)
		}
	}
	undo := func() error { _, err := log.Undo(ctx, 1, oplog.UndoOptions{}); return err }
	redo := func() error { _, err := log.Redo(ctx, 1, oplog.UndoOptions{}); return err }
	restore := func() error { _, _, err := archive.Restore(ctx, repo, log, file, day); return err }
	step("undo of cleanup", undo, before)
	step("redo of cleanup", redo, gone)
	step("restore", restore, before)
	step("undo of restore", undo, gone)
}

// Somebody moves the branch between the look and the act: nothing goes, and
// no archive of it is left.
func TestMovedMeanwhile(t *testing.T) {
	t.Parallel()
	r, dir := finished(t, series.CoverCommit), t.TempDir()
	repo := open(t, r)
	s, err := series.Load(ctx, repo, "b4/topic")
	if err != nil {
		t.Fatal(err)
	}
	removal, err := archive.Prepare(ctx, repo, s)
	if err != nil {
		t.Fatal(err)
	}
	r.Git("branch", "-f", "b4/topic", "b4/topic^")
	before := r.State()
	if file, err := removal.Apply(ctx, logOf(repo), dir, day); err == nil {
		t.Fatalf("%s was written", file)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("left in the folder: %v, %v", left, err)
	}
	if after := r.State(); after != before {
		t.Errorf("before:\n%s\nafter:\n%s", before, after)
	}
}

// A patch that was sent as it is is not called unsent; one that changed is.
func TestUnsent(t *testing.T) {
	t.Parallel()
	r := finished(t, series.CoverCommit)
	repo := open(t, r)
	s, err := series.Load(ctx, repo, "b4/topic")
	if err != nil {
		t.Fatal(err)
	}
	removal, err := archive.Prepare(ctx, repo, s)
	if err != nil {
		t.Fatal(err)
	}
	if len(removal.Unsent) != 1 || removal.Unsent[0].Subject() != "add latin" {
		t.Errorf("unsent: %v", removal.Unsent)
	}
	r.Git("update-ref", "refs/remotes/mine/b4/topic", "b4/topic")
	if removal, err = archive.Prepare(ctx, repo, s); err != nil || len(removal.Unsent) != 0 {
		t.Errorf("a pushed branch: %v, %v", removal.Unsent, err)
	}
}

// An archive keeps what only a pushed copy of the branch holds: it goes with
// the branch. What the project's branches hold it need not keep.
func TestBundleLeavesOutOnlyWhatStays(t *testing.T) {
	t.Parallel()
	r, dir := finished(t, series.CoverCommit), t.TempDir()
	r.Git("update-ref", "refs/remotes/origin/main", "main")
	r.Git("update-ref", "refs/remotes/mine/b4/topic", "b4/topic")
	file, err := putAway(t, r, dir)
	if err != nil {
		t.Fatal(err)
	}
	r.Git("update-ref", "-d", oplog.KeepRef)
	r.Git("update-ref", "-d", "refs/remotes/mine/b4/topic")
	r.Git("reflog", "expire", "--expire=now", "--all")
	r.Git("gc", "-q", "--prune=now")
	repo := open(t, r)
	if _, _, err := archive.Restore(ctx, repo, logOf(repo), file, day); err != nil {
		t.Error(err)
	}
	// A repository that has nothing of the project cannot take it.
	other := gittest.New(t)
	other.Write("else", "x")
	other.Commit("else\n")
	before := other.State()
	there := open(t, other)
	_, _, err = archive.Restore(ctx, there, logOf(there), file, day)
	if !errors.As(err, new(*archive.DamagedError)) || !strings.Contains(err.Error(), "prerequisite") {
		t.Errorf("restore elsewhere: %v", err)
	}
	if other.State() != before {
		t.Error("something changed")
	}
}

// A copy of the branch that was pushed goes with it, so what only that holds,
// the base included, is in the archive.
func TestBundleDoesNotCountOnCopiesOfTheBranch(t *testing.T) {
	t.Parallel()
	r := finished(t, series.CoverCommit)
	r.Git("update-ref", "refs/remotes/mine/b4/topic", "b4/topic")
	file, err := putAway(t, r, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	other := gittest.New(t)
	repo := open(t, other)
	if _, _, err := archive.Restore(ctx, repo, logOf(repo), file, day); err != nil {
		t.Error(err)
	}
	other.Git("fsck", "--strict")
}

// What a killed kprep left goes after a day; what may be at work stays, and
// so does what is not ours.
func TestSweep(t *testing.T) {
	t.Parallel()
	r, dir := finished(t, series.CoverCommit), t.TempDir()
	for name, age := range map[string]time.Duration{".writing-old": 25 * time.Hour, ".writing-new": 23 * time.Hour, "old": 25 * time.Hour} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Join(path, "bundle"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, day.Add(-age), day.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := putAway(t, r, dir); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if got := strings.Join(names, " "); got != ".writing-new "+changeID+".tar.gz old" {
		t.Errorf("there is %q", got)
	}
}

func TestDir(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ why, data, home, want string }{
		{"as XDG says", "/data", "/home/jane", "/data/kprep/archive"},
		{"its default", "", "/home/jane", "/home/jane/.local/share/kprep/archive"},
		{"a relative one counts as none", "data", "/home/jane", "/home/jane/.local/share/kprep/archive"},
		{"nowhere", "", "", ""},
	} {
		got, err := archive.Dir(func(key string) string {
			return map[string]string{"XDG_DATA_HOME": tc.data, "HOME": tc.home}[key]
		})
		if got != tc.want || (err != nil) != (tc.want == "") {
			t.Errorf("%s: %q, %v; want %q", tc.why, got, err, tc.want)
		}
	}
}
