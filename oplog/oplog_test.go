package oplog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/oplog"
)

// A world is a repository with a branch "topic" of two commits checked out.
type world struct {
	*gittest.Repo
	t    *testing.T
	repo *gitrepo.Repo
	log  *oplog.Log
	now  time.Time
}

func newWorld(t *testing.T, initArgs ...string) *world {
	t.Helper()
	r := gittest.New(t, initArgs...)
	r.Write("file", "1\n")
	r.Commit("base\n")
	r.Git("checkout", "-q", "-b", "topic")
	r.Git("config", "branch.topic.b4-prep-cover-strategy", "commit")
	r.Write("file", "2\n")
	r.Commit("first\n")
	w := &world{Repo: r, t: t, now: time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC)}
	w.open(r.Dir)
	return w
}

func (w *world) open(dir string) {
	w.t.Helper()
	repo, err := gitrepo.Open(context.Background(), dir, gitrepo.Options{Env: w.Env})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { repo.Close() })
	w.repo = repo
	w.log = oplog.New(repo, oplog.Options{Now: func() time.Time { return w.now }, Wait: 50 * time.Millisecond})
}

// state is all that an undo must bring back, kprep's own ref left out.
func (w *world) state() string {
	w.t.Helper()
	var refs []string
	for _, line := range strings.Split(w.Git("for-each-ref"), "\n") {
		if !strings.HasSuffix(line, oplog.KeepRef) {
			refs = append(refs, line)
		}
	}
	config, err := os.ReadFile(filepath.Join(w.repo.CommonDir, "config"))
	if err != nil {
		w.t.Fatal(err)
	}
	blob, err := os.ReadFile(w.blob())
	text := []string{w.Git("rev-parse", "HEAD"), w.head(), strings.Join(refs, "\n"), string(config),
		w.Git("status", "--porcelain"), w.Git("ls-files", "--stage"), fmt.Sprintf("%q %v", blob, err == nil)}
	for _, name := range strings.Fields(w.Git("ls-files")) {
		content, _ := os.ReadFile(filepath.Join(w.Dir, name))
		text = append(text, name+": "+string(content))
	}
	return strings.Join(text, "\n---\n")
}

func (w *world) head() string {
	head, err := os.ReadFile(filepath.Join(w.repo.GitDir, "HEAD"))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(head)
}

func (w *world) blob() string { return filepath.Join(w.repo.CommonDir, "kprep/series/x/state.json") }

func (w *world) id(name string) gitrepo.ID {
	w.t.Helper()
	return gitrepo.ID(w.Git("rev-parse", "--verify", "-q", name))
}

// all is the scope of the tests.
func all() oplog.Scope {
	return oplog.Scope{Refs: []string{"refs/heads/", "refs/tags/", "refs/notes/"}, Head: true,
		Branches: []string{"topic", "topic/one", "other", "new"}, Blobs: []string{"series/x/state.json"}}
}

// do runs f as one operation without a plan.
func (w *world) do(verb string, in oplog.Intent, f func()) *oplog.Op {
	w.t.Helper()
	in.Verb = verb
	if in.Scope.Refs == nil {
		in.Scope = all()
	}
	op, err := w.log.Begin(context.Background(), in)
	if err != nil {
		w.t.Fatalf("begin %s: %v", verb, err)
	}
	defer op.Close()
	f()
	if err := op.Done(context.Background()); err != nil {
		w.t.Fatalf("done %s: %v", verb, err)
	}
	return op
}

func (w *world) undo(n int, o oplog.UndoOptions) *oplog.Operation {
	w.t.Helper()
	op, err := w.log.Undo(context.Background(), n, o)
	if err != nil {
		w.t.Fatalf("undo %d: %v", n, err)
	}
	return op
}

func (w *world) redo(n int) {
	w.t.Helper()
	if _, err := w.log.Redo(context.Background(), n, oplog.UndoOptions{}); err != nil {
		w.t.Fatalf("redo %d: %v", n, err)
	}
}

func (w *world) expect(what, want string) {
	w.t.Helper()
	got := w.state()
	if got == want {
		return
	}
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			w.t.Errorf("%s: from line %d on it is\n%s\nwant\n%s", what, i+1, strings.Join(a[min(i, len(a)):], "\n"), strings.Join(b[min(i, len(b)):], "\n"))
			return
		}
	}
}

// planFor changes one thing of every kind: the last commit of topic, a tag, a
// new branch that is checked out, configuration and a file.
func planFor(repo *gitrepo.Repo) (oplog.Plan, error) {
	c, err := repo.Commit("refs/heads/topic")
	if err != nil {
		return oplog.Plan{}, err
	}
	main, err := repo.Commit("refs/heads/main")
	if err != nil {
		return oplog.Plan{}, err
	}
	message := "amended\n"
	obj := repo.NewObject("commit", c.Rewrite(gitrepo.Change{Parents: c.Parents, Message: &message, Committer: c.Committer}))
	tag := repo.NewObject("tag", fmt.Appendf(nil, "object %s\ntype commit\ntag v1\ntagger J <j@example.org> 1 +0000\n\ntext\n", obj.ID))
	return oplog.Plan{
		Objects: []gitrepo.Object{obj, tag},
		Refs: []gitrepo.RefUpdate{{Name: "refs/heads/topic", New: obj.ID, Old: c.ID},
			{Name: "refs/tags/sent/v1", New: tag.ID}, {Name: "refs/heads/new", New: main.ID}},
		Head: &gitrepo.HeadState{Branch: "refs/heads/new"},
		Config: []oplog.ConfigValue{{Key: "branch.topic.description", Values: []string{"text\nof two lines"}},
			{Key: "branch.new.remote", Values: []string{"a", "b"}}},
		Blobs: []oplog.Blob{{Path: "series/x/state.json", Data: []byte(`{"a":1}`)}},
	}, nil
}

// collect removes all objects that nothing but the log may want.
func (w *world) collect() {
	w.t.Helper()
	w.Git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
	w.Git("gc", "--quiet", "--prune=now")
	w.Git("prune", "--expire=now")
}

// apply runs that plan as one operation.
func (w *world) apply() {
	w.t.Helper()
	op, err := w.log.Begin(context.Background(), oplog.Intent{Verb: "all", Scope: all()})
	if err != nil {
		w.t.Fatal(err)
	}
	defer op.Close()
	plan, err := planFor(w.repo)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := op.Apply(context.Background(), plan); err != nil {
		w.t.Fatal(err)
	}
	if err := op.Done(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func TestUndoAndRedo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why string
		do  func(*world)
	}{
		{"a commit", func(w *world) { w.Write("file", "3\n"); w.Commit("more\n") }},
		{"an amended commit", func(w *world) { w.Git("commit", "-q", "--amend", "-m", "other") }},
		{"a reset to another tree", func(w *world) { w.Git("reset", "-q", "--hard", "HEAD~") }},
		{"a file that comes and one that goes", func(w *world) { w.Git("mv", "file", "dir"); w.Commit("moved\n") }},
		{"an annotated tag", func(w *world) { w.Git("tag", "-a", "-m", "text", "v1") }},
		{"a tag of a tag", func(w *world) { w.Git("tag", "-a", "-m", "text", "v1"); w.Git("tag", "-a", "-m", "two", "v2", "v1") }},
		{"a tag of a blob", func(w *world) { w.Git("tag", "v1", w.GitInput("text", "hash-object", "-w", "--stdin")) }},
		{"a tag of a tree", func(w *world) { w.Git("tag", "v1", "HEAD^{tree}") }},
		{"notes", func(w *world) { w.Git("notes", "add", "-m", "note") }},
		{"a branch and its checkout", func(w *world) { w.Git("checkout", "-q", "-b", "new", "main") }},
		{"a detached HEAD", func(w *world) { w.Git("checkout", "-q", "--detach", "main") }},
		{"a branch that goes, with its configuration", func(w *world) { w.Git("checkout", "-q", "main"); w.Git("branch", "-q", "-D", "topic") }},
		{"a name that becomes a folder", func(w *world) { w.Git("branch", "-q", "-m", "topic", "topic/one") }},
		{"configuration with several values", func(w *world) {
			w.Git("config", "--add", "branch.topic.x", "1")
			w.Git("config", "--add", "branch.topic.x", "2\nwith a line")
			w.Git("config", "branch.other.y", "1")
		}},
		{"a file of kprep's", func(w *world) {
			os.MkdirAll(filepath.Dir(w.blob()), 0o700)
			os.WriteFile(w.blob(), nil, 0o600)
		}},
		{"everything, planned", func(w *world) {}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := w.state()
			if tc.why == "everything, planned" {
				w.apply()
			} else {
				w.do("verb", oplog.Intent{}, func() { tc.do(w) })
			}
			after := w.state()
			if before == after {
				t.Fatal("the case changes nothing")
			}
			w.undo(1, oplog.UndoOptions{})
			w.expect("after undo", before)
			w.collect()
			w.redo(1)
			w.expect("after redo", after)
			w.collect()
			w.undo(1, oplog.UndoOptions{})
			w.expect("after the second undo", before)
			if out := w.Git("fsck", "--no-dangling"); out != "" {
				t.Errorf("git fsck: %s", out)
			}
		})
	}
}

func TestStacks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tag := func(name, changeID string) {
		w.do(name, oplog.Intent{ChangeID: changeID}, func() { w.Git("tag", name) })
	}
	names := func() string { return strings.Join(strings.Fields(w.Git("tag")), " ") }
	tag("a", "x")
	tag("b", "y")
	tag("c", "x")
	w.do("nothing", oplog.Intent{}, func() {})
	step := func(what, want string) {
		t.Helper()
		if got := names(); got != want {
			t.Errorf("%s: tags are %q, want %q", what, got, want)
		}
	}
	w.undo(1, oplog.UndoOptions{})
	step("undo", "a b")
	w.undo(1, oplog.UndoOptions{Of: oplog.Whose{ChangeID: "x"}})
	step("undo of one series", "b")
	w.redo(1)
	step("redo", "a b")
	w.redo(1)
	step("redo again", "a b c")
	op := w.undo(2, oplog.UndoOptions{})
	step("undo of two", "b") // a came back after b was made
	if op.Title() != "undo c, a" {
		t.Errorf("it is called %q", op.Title())
	}
	w.redo(1)
	step("redo of one of two", "a b")
	tag("d", "y")
	var nothing *oplog.NothingError
	if _, err := w.log.Redo(context.Background(), 1, oplog.UndoOptions{}); !errors.As(err, &nothing) {
		t.Errorf("redo after something new: %v", err)
	}
	if _, err := w.log.Undo(context.Background(), 9, oplog.UndoOptions{}); !errors.As(err, &nothing) || nothing.Have != 3 {
		t.Errorf("undo of too many: %v", err)
	}
	step("refusals", "a b d")
	w.do("send", oplog.Intent{Barrier: true}, func() {})
	tag("e", "x")
	var barrier *oplog.BarrierError
	if _, err := w.log.Undo(context.Background(), 2, oplog.UndoOptions{}); !errors.As(err, &barrier) || barrier.Undoable != 1 || barrier.Op.Verb != "send" {
		t.Errorf("undo past a send: %v", err)
	}
	step("a barrier", "a b d e")
	w.undo(1, oplog.UndoOptions{})
	step("undo down to the barrier", "a b d")
	list, err := w.log.List()
	if err != nil || list[0].Verb != "undo" || list[len(list)-1].Verb != "a" || strings.Join(list[len(list)-1].Changes(), ", ") != "tag a made" {
		t.Errorf("list: %v, %v", list, err)
	}
}

// command prepares git in the work tree.
func (w *world) command(args ...string) *exec.Cmd {
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Env = w.Dir, w.Env
	return cmd
}

// A verb may span several processes, and undo stays out of a rebase.
func TestRebaseWithConflict(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	before, tip := w.state(), w.id("topic")
	w.do("tag", oplog.Intent{}, func() { w.Git("commit", "-q", "--amend", "-m", "amended") })
	w.Git("checkout", "-q", "main")
	w.Write("file", "main\n")
	w.Commit("on main\n")
	w.Git("checkout", "-q", "topic")
	if w.gitOK("rebase", "-q", "main") {
		t.Fatal("no conflict")
	}
	var busy *gitrepo.BusyError
	if _, err := w.log.Undo(ctx, 1, oplog.UndoOptions{}); !errors.As(err, &busy) && !errors.As(err, new(*oplog.WorkTreeError)) {
		t.Errorf("undo during a rebase: %v", err)
	}
	w.Git("rebase", "--abort")
	w.undo(1, oplog.UndoOptions{})
	w.Git("rebase", "-q", "-X", "theirs", "main")
	w.do("rebase", oplog.Intent{Before: map[string]gitrepo.ID{"refs/heads/topic": tip}}, func() {})
	w.undo(1, oplog.UndoOptions{})
	if got := w.id("topic"); got != tip || w.Git("status", "--porcelain") != "" {
		t.Errorf("topic is at %s, want %s", got, tip)
	}
	w.Git("update-ref", "refs/heads/main", "topic~")
	w.expect("all undone", before)
}

// The log is nobody else's business.
func TestKeepRefStaysHere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.apply()
	there := filepath.Join(filepath.Dir(w.Dir), "there.git")
	w.Git("init", "-q", "--bare", there)
	w.Git("push", "-q", "--all", there)
	w.Git("push", "-q", "--tags", there)
	clone := filepath.Join(filepath.Dir(w.Dir), "clone.git")
	w.Git("clone", "-q", "--bare", "--no-local", w.Dir, clone)
	for _, dir := range []string{there, clone} {
		if refs := w.Git("-C", dir, "for-each-ref"); strings.Contains(refs, "refs/kprep") || !strings.Contains(refs, "refs/heads/new") {
			t.Errorf("in %s: %s", dir, refs)
		}
	}
	info, err := os.Stat(filepath.Join(w.repo.CommonDir, "kprep/ops/000001.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the record: %v, %v", info, err)
	}
	if info, err := os.Stat(filepath.Join(w.repo.CommonDir, "kprep/ops")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
}
