package oplog_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/oplog"
)

// A random sequence of thirty operations made with git itself, undone to the
// start in random steps, gives the first state; redone, the last.
func TestThirtyOperations(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			format := "sha1"
			if seed%2 == 1 {
				format = "sha256"
			}
			w := newWorld(t, "--object-format="+format)
			w.Git("notes", "add", "-m", "old note", "main")
			w.Git("tag", "-a", "-m", "old", "old", "main")
			random := rand.New(rand.NewPCG(seed, 1))
			states := []string{w.state()}
			var done []string
			for len(states) <= 30 {
				verb := w.random(random)
				if next := w.state(); next != states[len(states)-1] {
					states, done = append(states, next), append(done, verb)
				}
			}
			w.Git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
			w.Git("gc", "--quiet", "--prune=now")
			at := 30
			for at > 0 {
				n := min(at, 1+random.IntN(4))
				w.undo(n, oplog.UndoOptions{})
				at -= n
				if w.expect(fmt.Sprintf("undone to %d of %q", at, done), states[at]); t.Failed() {
					return
				}
				w.Git("reflog", "expire", "--expire=now", "--expire-unreachable=now", "--all")
			}
			w.Git("prune", "--expire=now")
			for at < 30 {
				n := min(30-at, 1+random.IntN(4))
				w.redo(n)
				at += n
				if w.expect(fmt.Sprintf("redone %d to %d of %q", n, at, done), states[at]); t.Failed() {
					return
				}
			}
			w.expect("redone to the end", states[30])
			if out := w.Git("fsck", "--no-dangling"); out != "" {
				t.Errorf("git fsck: %s", out)
			}
		})
	}
}

// random makes one operation, which may turn out to do nothing.
func (w *world) random(r *rand.Rand) string {
	w.t.Helper()
	names := []string{"topic", "other", "new"}
	name := names[r.IntN(len(names))]
	there := w.gitOK("rev-parse", "-q", "--verify", "refs/heads/"+name)
	verb := []string{"commit", "commit", "amend", "tag", "untag", "note", "config", "unset", "branch", "delete", "switch", "detach", "reset", "blob", "rename"}[r.IntN(15)]
	w.do(verb, oplog.Intent{}, func() {
		switch verb {
		case "commit":
			w.Write([]string{"file", "a", "b/c"}[r.IntN(3)], fmt.Sprint(r.IntN(1000), "\n"))
			w.Commit(fmt.Sprint("commit ", r.IntN(1000), "\n"))
		case "amend":
			w.Git("commit", "-q", "--amend", "--allow-empty", "-m", fmt.Sprint("amended ", r.IntN(1000)))
		case "tag":
			args := []string{"tag", "-f", fmt.Sprint("t", r.IntN(3))}
			if r.IntN(2) == 0 {
				args = append(args, "-a", "-m", fmt.Sprint("tag ", r.IntN(1000)))
			}
			w.Git(args...)
		case "untag":
			w.gitOK("tag", "-d", fmt.Sprint("t", r.IntN(3)))
		case "note":
			w.Git("notes", "--ref="+[]string{"commits", "review"}[r.IntN(2)], "add", "-f", "-m", fmt.Sprint(r.IntN(1000)))
		case "config":
			w.Git("config", "--add", "branch."+name+".key", fmt.Sprint(r.IntN(1000), " # \"quoted\""))
		case "unset":
			w.gitOK("config", "--unset-all", "branch."+name+".key")
		case "branch":
			if !there {
				w.Git("branch", "-q", "--track", name, "main")
			}
		case "delete":
			w.gitOK("branch", "-q", "-D", name)
		case "rename":
			w.gitOK("branch", "-m", name, name+"/one")
			w.gitOK("branch", "-m", name+"/one", name)
		case "switch":
			if there {
				w.Git("checkout", "-q", name)
			}
		case "detach":
			w.Git("checkout", "-q", "--detach")
		case "reset":
			w.gitOK("reset", "-q", "--hard", "HEAD~")
		case "blob":
			os.MkdirAll(filepath.Dir(w.blob()), 0o700)
			if r.IntN(3) == 0 {
				os.Remove(w.blob())
			} else {
				os.WriteFile(w.blob(), []byte(fmt.Sprint(r.IntN(1000))), 0o600)
			}
		}
	})
	return verb
}

// gitOK runs git where it may refuse.
func (w *world) gitOK(args ...string) bool {
	w.t.Helper()
	return w.command(args...).Run() == nil
}

// Only the operation's own section is exchanged, to the byte.
func TestConfigurationKeepsTheRest(t *testing.T) {
	t.Parallel()
	const first = `# a comment
[core]
	repositoryformatversion = 0
	bare = false
[branch "topic"] merge = refs/heads/x ; here too
	null
	MixedCase = one
	# kept
[Branch "topic.with \"quotes\" \\"]
	x = "[not] # a comment" ; one
[remote "r"]
	url = u \
[branch "no header"]
[branch "topic"]
	null
	multi = 1
	multi = 2`
	w := newWorld(t)
	path := filepath.Join(w.repo.CommonDir, "config")
	if err := os.WriteFile(path, []byte(first), 0o640); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	scope := oplog.Scope{Branches: []string{"topic", `topic.with "quotes" \`}}
	w.do("config", oplog.Intent{Scope: oplog.Scope{Refs: []string{"refs/heads/topic"}, Branches: scope.Branches}}, func() {
		w.Git("config", "--remove-section", "branch.topic")
		w.Git("config", `branch.topic.with "quotes" \.x`, "2")
		w.Git("config", "branch.topic.multi", "3")
	})
	w.Git("config", "user.name", "Somebody") // not ours, and stays
	w.undo(1, oplog.UndoOptions{})
	w.Git("config", "--remove-section", "user")
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimRight(string(got), "\n") != first {
		t.Errorf("got\n%s\nwant\n%s", got, first)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o640 {
		t.Errorf("mode is %v", info.Mode())
	}
	if lock := path + ".lock"; exists(lock) {
		t.Error("the lock stayed")
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
