package oplog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// What is no longer as the operation left it is named, and nothing changes.
func TestUndoOfWhatMovedOn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why   string
		since func(*world)
		what  string
		ahead int
		now   string // of the ref; "" for anything
	}{
		{"commits on top", func(w *world) { w.Write("x", "1\n"); w.Commit("c1\n"); w.Write("x", "2\n"); w.Commit("c2\n") }, "refs/heads/topic", 2, "topic"},
		{"another history", func(w *world) { w.Git("commit", "-q", "--amend", "-m", "other") }, "refs/heads/topic", -1, "topic"},
		{"a branch that is gone", func(w *world) { w.Git("checkout", "-q", "main"); w.Git("branch", "-q", "-D", "topic") }, "refs/heads/topic", -1, ""},
		{"a tag that was moved", func(w *world) { w.Git("tag", "-f", "v1", "main") }, "refs/tags/v1", -1, "v1"},
		{"notes that were added", func(w *world) { w.Git("notes", "add", "-m", "n", "main") }, "refs/notes/commits", 1, "refs/notes/commits"},
		{"configuration", func(w *world) { w.Git("config", "branch.topic.key", "changed") }, "configuration of topic", -1, ""},
		{"a file of kprep's", func(w *world) { os.WriteFile(w.blob(), []byte("2"), 0o600) }, "series/x/state.json", -1, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := w.state()
			w.do("verb", oplog.Intent{}, func() {
				w.Write("file", "3\n")
				w.Commit("more\n")
				w.Git("tag", "v1")
				w.Git("notes", "add", "-m", "n")
				w.Git("config", "branch.topic.key", "1")
				os.MkdirAll(filepath.Dir(w.blob()), 0o700)
				os.WriteFile(w.blob(), []byte("1"), 0o600)
			})
			tc.since(w)
			moved := w.state()
			_, err := w.log.Undo(context.Background(), 1, oplog.UndoOptions{})
			var e *oplog.MovedError
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			i := 0
			for i < len(e.Moves) && e.Moves[i].What != tc.what {
				i++
			}
			if i == len(e.Moves) || e.Moves[i].Ahead != tc.ahead || tc.now != "" && e.Moves[i].Now != string(w.id(tc.now)) {
				t.Errorf("got %+v", e.Moves)
			}
			w.expect("after the refusal", moved)
			if list, _ := w.log.List(); len(list) != 1 || list[0].Status != oplog.Done {
				t.Errorf("the log has %d records", len(list))
			}
			if tc.why == "a branch that is gone" {
				return // what is checked out differs then
			}
			w.undo(1, oplog.UndoOptions{Force: true})
			w.expect("forced", before)
			w.redo(1)
			w.expect("a forced undo, redone", moved)
		})
	}
}

// A caller replays commits on top of the restored state.
func TestUndoInstead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.id("topic")
	w.do("cover", oplog.Intent{}, func() { w.Git("commit", "-q", "--amend", "-m", "amended") })
	w.Write("new", "1\n")
	top := gitrepo.ID(w.Commit("on top\n"))
	c, err := w.repo.Commit(string(top))
	if err != nil {
		t.Fatal(err)
	}
	replayed := w.repo.NewObject("commit", c.Rewrite(gitrepo.Change{Parents: []gitrepo.ID{first}, Committer: c.Committer}))
	stale := oplog.UndoOptions{Instead: []gitrepo.RefUpdate{{Name: "refs/heads/topic", Old: first, New: replayed.ID}}}
	if _, err := w.log.Undo(context.Background(), 1, stale); !errors.As(err, new(*gitrepo.RefChangedError)) {
		t.Errorf("from another value: %v", err)
	}
	w.undo(1, oplog.UndoOptions{Objects: []gitrepo.Object{replayed},
		Instead: []gitrepo.RefUpdate{{Name: "refs/heads/topic", Old: top, New: replayed.ID}}})
	if got := w.Git("log", "--format=%s", "main..topic"); got != "on top\nfirst" || w.Git("status", "--porcelain") != "" {
		t.Errorf("log is %q", got)
	}
	w.redo(1)
	if got := w.id("topic"); got != top {
		t.Errorf("redo leads to %s, want %s", got, top)
	}
}

// Commits made between two operations are nobody's to drop.
func TestUndoOverAGap(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("a", oplog.Intent{}, func() { w.Git("commit", "-q", "--amend", "-m", "a") })
	w.Write("new", "1\n")
	w.Commit("between\n")
	w.do("b", oplog.Intent{}, func() { w.Git("commit", "-q", "--amend", "-m", "b") })
	state := w.state()
	_, err := w.log.Undo(context.Background(), 2, oplog.UndoOptions{})
	var e *oplog.MovedError
	if !errors.As(err, &e) || e.Steps != 1 || e.Op.Verb != "a" || e.Moves[0].Ahead != 1 {
		t.Errorf("got %v", err)
	}
	w.expect("after the refusal", state)
}

func TestUndoKeepsTheUsersChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Write("mine", "1\n")
	w.Write("staged", "1\n")
	w.Commit("files\n")
	w.do("verb", oplog.Intent{}, func() { w.Write("file", "3\n"); w.Git("commit", "-q", "-a", "-m", "more") })
	w.Write("mine", "2\n")
	w.Write("staged", "2\n")
	w.Git("add", "staged")
	w.Write("untracked", "1\n")
	status := w.Git("status", "--porcelain")
	w.undo(1, oplog.UndoOptions{})
	if got := w.Git("status", "--porcelain"); got != status {
		t.Errorf("status is %q, want %q", got, status)
	}
	w.Write("file", "mine\n")
	state := w.state()
	if _, err := w.log.Redo(context.Background(), 1, oplog.UndoOptions{}); !errors.As(err, new(*gitrepo.OverwriteError)) {
		t.Errorf("a changed file in the way: %v", err)
	}
	w.expect("after the refusal", state)
	w.Write("file", "2\n")
	w.redo(1)
}

func TestWorkTrees(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	main := w.Dir
	linked := filepath.Join(filepath.Dir(main), "linked")
	w.Git("worktree", "add", "-q", "-b", "other", linked, "main")
	w.do("commit", oplog.Intent{}, func() { w.Write("file", "3\n"); w.Commit("more\n") })
	w.do("new", oplog.Intent{}, func() { w.Git("checkout", "-q", "-b", "new") })
	w.Git("checkout", "-q", "topic")
	w.Git("checkout", "-q", "new")
	w.open(linked)
	var elsewhere *oplog.WorkTreeError
	if _, err := w.log.Undo(context.Background(), 1, oplog.UndoOptions{}); !errors.As(err, &elsewhere) || elsewhere.Branch != "" || elsewhere.Path != main {
		t.Errorf("a checkout in another work tree: %v", err)
	}
	w.open(main)
	w.undo(1, oplog.UndoOptions{})
	w.open(linked)
	if _, err := w.log.Undo(context.Background(), 1, oplog.UndoOptions{}); !errors.As(err, &elsewhere) || elsewhere.Path != main {
		t.Errorf("a branch checked out in another work tree: %v", err)
	}
	w.Dir = linked
	before := w.state()
	w.do("here", oplog.Intent{}, func() { w.Write("file", "4\n"); w.Commit("linked\n"); w.Git("checkout", "-q", "--detach") })
	w.undo(1, oplog.UndoOptions{})
	w.expect("in the linked work tree", before)
	if err := w.run("steps", 5); !killed(err) {
		t.Fatal(err)
	}
	w.open(main)
	if r, err := w.log.Recover(context.Background()); err != nil || r.Outcome != oplog.Adopted {
		t.Errorf("recovered from another work tree: %v, %v", r, err)
	}
	w.open(linked)
	w.undo(1, oplog.UndoOptions{})
	w.expect("after a crash in the linked work tree", before)
}

func TestBareCommonDirectory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root := filepath.Dir(w.Dir)
	w.Git("clone", "-q", "--bare", ".", filepath.Join(root, "bare.git"))
	linked := filepath.Join(root, "linked")
	w.Git("-C", filepath.Join(root, "bare.git"), "worktree", "add", "-q", linked, "topic")
	w.Dir = linked
	w.open(linked)
	before := w.state()
	w.apply()
	after := w.state()
	w.undo(1, oplog.UndoOptions{})
	w.expect("undone", before)
	w.redo(1)
	w.expect("redone", after)
}

func TestBeginRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	intent := oplog.Intent{Verb: "x", Scope: all()}
	for _, path := range []string{"../x", "/etc/passwd", "ops/000001.json", "a\x00", ""} {
		bad := intent
		bad.Scope.Blobs = []string{path}
		if _, err := w.log.Begin(ctx, bad); !errors.As(err, new(*oplog.PathError)) {
			t.Errorf("the path %q: %v", path, err)
		}
	}
	op, err := w.log.Begin(ctx, intent)
	if err != nil {
		t.Fatal(err)
	}
	var busy *oplog.BusyError
	if _, err := w.log.Begin(ctx, intent); !errors.As(err, &busy) || busy.PID != os.Getpid() || !busy.Since.Equal(w.now) {
		t.Errorf("a second operation: %v", err)
	}
	if _, err := w.log.Recover(ctx); !errors.As(err, &busy) {
		t.Errorf("recover beside a living operation: %v", err)
	}
	if _, _, err := op.Plan(ctx, oplog.Plan{Refs: []gitrepo.RefUpdate{{Name: "refs/heads/topic", Old: w.id("main"), New: w.id("main")}}}); !errors.As(err, new(*gitrepo.RefChangedError)) {
		t.Errorf("a plan from another value: %v", err)
	}
	if r, err := op.Abort(ctx); err != nil || r.Outcome != oplog.RolledBack {
		t.Errorf("abort: %v, %v", r, err)
	}
	if list, err := w.log.List(); len(list) != 0 || err != nil {
		t.Errorf("records left: %v, %v", list, err)
	}
	record := filepath.Join(w.repo.CommonDir, "kprep/ops/000001.json")
	for _, text := range []string{"{", `{"version":2,"id":1}`} {
		if err := os.WriteFile(record, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := w.log.Begin(ctx, intent); !errors.As(err, new(*oplog.DamagedError)) {
			t.Errorf("the record %q: %v", text, err)
		}
	}
}

func TestReadOnlyRepository(t *testing.T) {
	t.Parallel()
	if os.Getuid() == 0 {
		// Root writes everywhere; a file in the place of the folder stops it too.
		w := newWorld(t)
		if err := os.WriteFile(filepath.Join(w.repo.CommonDir, "kprep"), nil, 0o400); err != nil {
			t.Fatal(err)
		}
		w.beginFails()
		return
	}
	w := newWorld(t)
	if err := os.Chmod(w.repo.CommonDir, 0o500); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(w.repo.CommonDir, 0o700)
	w.beginFails()
}

func (w *world) beginFails() {
	w.t.Helper()
	_, err := w.log.Begin(context.Background(), oplog.Intent{Verb: "x", Scope: oplog.Scope{Refs: []string{"refs/heads/"}}})
	if err == nil || !strings.HasPrefix(err.Error(), "the operation log cannot be written: ") {
		w.t.Errorf("got %v", err)
	}
	if list, err := w.log.List(); len(list) > 0 {
		w.t.Errorf("list: %v, %v", list, err)
	}
}

// A transaction that fails leaves nothing, also when the work tree had
// followed already.
func TestApplyThatFails(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	w.do("commit", oplog.Intent{}, func() { w.Write("file", "3\n"); w.Commit("more\n") })
	state := w.state()
	lock := filepath.Join(w.repo.CommonDir, "refs/heads/topic.lock")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := w.log.Undo(ctx, 1, oplog.UndoOptions{}); err == nil {
		t.Error("undo with a locked ref")
	}
	w.expect("after a locked ref", state)
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	lock = filepath.Join(w.repo.CommonDir, "config.lock")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	op, err := w.log.Begin(ctx, oplog.Intent{Verb: "all", Scope: all()})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := planFor(w.repo)
	if err != nil {
		t.Fatal(err)
	}
	if err := op.Apply(ctx, plan); !errors.As(err, new(*gitrepo.ConfigBusyError)) {
		t.Errorf("apply with locked configuration: %v", err)
	}
	if _, err := op.Abort(ctx); !errors.As(err, new(*gitrepo.ConfigBusyError)) {
		t.Errorf("abort with locked configuration: %v", err)
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if r, err := w.log.Recover(ctx); err != nil || r.Outcome != oplog.Finished {
		t.Errorf("recover: %v, %v", r, err)
	}
	w.undo(1, oplog.UndoOptions{})
	w.expect("undone at last", state)
}

// Where no ref can move, none of the log's own either, index and work tree are
// as they were all the same.
func TestApplyThatAHookRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("commit", oplog.Intent{}, func() { w.Write("file", "3\n"); w.Commit("more\n") })
	state := w.state()
	hook := filepath.Join(w.repo.CommonDir, "hooks", "reference-transaction")
	if err := os.WriteFile(hook, []byte("#!/bin/sh\nexit 1\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := w.log.Undo(t.Context(), 1, oplog.UndoOptions{}); err == nil {
		t.Error("undo against a hook")
	}
	if err := os.Remove(hook); err != nil {
		t.Fatal(err)
	}
	if r, err := w.log.Recover(t.Context()); r != nil || err != nil {
		t.Errorf("something was left to recover: %v, %v", r, err)
	}
	w.expect("after the hook", state)
	w.undo(1, oplog.UndoOptions{})
}

func TestExpireAndForget(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	var tips []string
	for i, changeID := range []string{"x", "y", "x"} {
		w.do("amend", oplog.Intent{ChangeID: changeID, Committer: "jane@example.org"}, func() {
			tips = append(tips, w.Git("rev-parse", "HEAD"))
			w.Git("commit", "-q", "--amend", "-m", fmt.Sprint("message ", i))
			w.Git("tag", "-a", "-m", "t", fmt.Sprint("t", i))
		})
		w.now = w.now.AddDate(0, 0, 30)
	}
	collect := func(want string) {
		t.Helper()
		w.Git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "refs/heads/topic", "HEAD")
		w.Git("gc", "--quiet", "--prune=now")
		var there []string
		for i, tip := range tips {
			if w.gitOK("cat-file", "-e", tip) {
				there = append(there, fmt.Sprint(i))
			}
		}
		if got := strings.Join(there, " "); got != want {
			t.Errorf("commits %q survive, want %q", got, want)
		}
	}
	if who, err := w.log.Committers(); err != nil || len(who) != 1 || who[0] != "jane@example.org" {
		t.Errorf("committers: %q, %v", who, err)
	}
	collect("0 1 2")
	if n, err := w.log.Expire(ctx, w.now.AddDate(0, 0, -80)); n != 1 || err != nil {
		t.Fatalf("expire: %d, %v", n, err)
	}
	w.Git("tag", "-d", "t0")
	collect("1 2")
	if n, err := w.log.Expire(ctx, w.now.Add(-80*24*time.Hour)); n != 0 || err != nil {
		t.Errorf("expire again: %d, %v", n, err)
	}
	if n, err := w.log.Forget(ctx, "x"); n != 1 || err != nil {
		t.Errorf("forget: %d, %v", n, err)
	}
	w.Git("tag", "-d", "t1")
	w.Git("tag", "-d", "t2")
	collect("1 2") // both sides of the operation of y
	if n, err := w.log.Forget(ctx, "y"); n != 1 || err != nil || w.gitOK("rev-parse", "-q", "--verify", oplog.KeepRef) {
		t.Errorf("forget the last: %d, %v", n, err)
	}
	collect("")
	w.apply()
}
