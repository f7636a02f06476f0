//go:build linux

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// deaths are the system calls at which a process is killed: those that change
// a file, and the start of a program.
var deaths = []string{"execve", "rename,renameat,renameat2", "unlink,unlinkat", "fsync", "write,pwrite64", "mkdir,mkdirat", "openat"}

// Whichever process of a verb is killed, kprep or a git that it runs, and at
// whichever system call: the next verb finds the old state or the new one, and
// says so where an operation was under way.
func TestKillAtASystemCall(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "strace")
	if exec.Command("strace", "-qq", "-o", os.DevNull, "true").Run() != nil {
		gittest.NoPeer(t, "strace cannot be run here: the container forbids it")
	}
	all := os.Getenv("KPREP_CRASHES") != ""
	for i, verb := range []string{"set prefixes RFC", "cover --from ../cover", "undo", "rebase main", "reroll --yes",
		"enroll v1.0", "claim --yes", "cleanup --yes b4/topic", "set cover-storage tip-commit --base-branch old",
		"new pulled --from-pr pull", "new --from-pr pull"} {
		t.Run(verb, func(t *testing.T) {
			t.Parallel()
			c := killedVerb{t: t, words: strings.Fields(verb)}
			c.prepare()
			kills := 0
			for j, calls := range deaths {
				n, step := 1, 1
				if !all { // a few of them, others for each verb
					n, step = 1+(i+j)%5, 1000
					if verb == "rebase main" && calls == "unlink,unlinkat" {
						n = 47 // git clears up behind its end
					}
				}
				for ; c.kill(calls, n); n += step {
					kills++
				}
			}
			if all && kills == 0 {
				t.Error("nothing was killed")
			}
			t.Logf("%d kills: %v", kills, c.seen)
		})
	}
}

// A killedVerb is one that is run on a fresh copy of a repository each time.
type killedVerb struct {
	t           *testing.T
	words       []string
	template    string
	env         []string
	before, now string
	seen        map[string]int
}

func (c *killedVerb) prepare() {
	r := crashedRebase{gittest.New(c.t), c.t}
	r.Env = append(r.Env, "GIT_EDITOR=true", "KPREP_NOW=2025-01-02T03:04:05Z", "KPREP_SEED=1", "XDG_DATA_HOME="+c.t.TempDir())
	r.Write("file", "1\n")
	r.Commit("one\n")
	r.Git("tag", "v1.0")
	r.Git("branch", "old")
	if c.words[0] == "enroll" {
		r.Git("checkout", "-q", "-b", "b4/topic")
	} else {
		r.must("new", "topic")
	}
	for i := range 2 {
		r.Write(fmt.Sprint(i), "patch\n")
		r.Commit(fmt.Sprintf("patch %d\n", i))
	}
	r.Git("config", "branch.main.description", "about it")
	r.Git("notes", "add", "-m", "a note", "HEAD~1")
	r.Git("checkout", "-q", "main")
	r.Write("more", "more\n")
	r.Commit("more\n")
	r.Git("checkout", "-q", "b4/topic")
	switch c.words[0] {
	case "undo":
		r.must("rebase", "main")
	case "cleanup":
		r.Git("checkout", "-q", "main")
	case "new":
		r.Git("checkout", "-q", "-b", "pull", "main")
		for i := range 3 {
			r.Write(fmt.Sprint("pulled", i), "patch\n")
			r.Commit(fmt.Sprintf("pulled %d\n", i))
		}
		r.Git("checkout", "-q", "main")
		if c.words[1] != "pulled" { // it is the second time
			r.must("new", "pulled", "--from-pr", "pull~1")
		}
	case "claim":
		for i, v := range r.Env {
			if strings.HasPrefix(v, "GIT_COMMITTER_EMAIL=") {
				r.Env[i] = "GIT_COMMITTER_EMAIL=other@example.org"
			}
		}
		os.RemoveAll(filepath.Join(r.Dir, ".git", "kprep")) // that the committer was me
		r.Git("update-ref", "-d", "refs/kprep/ops")
	}
	c.template, c.env, c.seen = r.Dir, r.Env, map[string]int{}
	os.WriteFile(filepath.Join(filepath.Dir(r.Dir), "cover"), []byte("Title\n\nText.\n"), 0o600)
	c.before = r.state()
	whole := c.copy()
	out, err := whole.kprep(c.words...)
	if c.now = whole.state(); err != nil || c.now == c.before {
		c.t.Fatalf("%q by itself: %v\n%s", c.words, err, out)
	}
}

// copy is the repository as it was, beside the template.
func (c *killedVerb) copy() crashedRebase {
	dir := filepath.Join(filepath.Dir(c.template), "copy")
	os.RemoveAll(dir)
	if out, err := exec.Command("cp", "-a", c.template, dir).CombinedOutput(); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	r := *gittest.New(c.t)
	r.Dir, r.Env = dir, c.env
	return crashedRebase{&r, c.t}
}

// kill runs the verb until a process makes the nth of the calls; false when
// none made so many.
func (c *killedVerb) kill(calls string, n int) bool {
	r := c.copy()
	trace := filepath.Join(filepath.Dir(c.template), "trace")
	cmd := exec.Command("strace", append([]string{"-f", "-qq", "-o", trace, "-e", "trace=" + calls, "-e",
		fmt.Sprintf("inject=%s:signal=KILL:when=%d", calls, n), "kprep"}, c.words...)...)
	cmd.Dir, cmd.Env = r.Dir, r.Env
	said, _ := cmd.CombinedOutput()
	text, err := os.ReadFile(trace)
	if err != nil {
		c.t.Fatal(err)
	}
	if !strings.Contains(string(text), "killed by SIGKILL") {
		return false
	}
	r.removeLocks()
	open := r.open()
	out, err := r.kprep("info", "branch")
	for try := 0; strings.Contains(out, "is under way") && try < 3; try++ {
		r.kprep("rebase", "--abort")
		r.removeLocks()
		out, err = r.kprep("info", "branch")
	}
	if err != nil && !strings.Contains(out, "carries no cover letter") {
		c.t.Fatalf("%s %d: the next verb: %v\n%s\nafter\n%s", calls, n, err, out, said)
	}
	if open && !strings.Contains(out, "interrupted") {
		c.t.Errorf("%s %d: the next verb does not say what became of it:\n%s", calls, n, out)
	}
	switch got := r.state(); got {
	case c.before:
		c.seen["old"]++
	case c.now:
		c.seen["new"]++
	default:
		c.t.Errorf("%s %d left\n%s\nbefore it was\n%s\nafter it is\n%s\nsaid\n%s\nthen\n%s", calls, n, got, c.before, c.now, said, out)
	}
	return true
}

// open says whether the newest operation has not come to its end.
func (r crashedRebase) open() bool {
	records, _ := filepath.Glob(filepath.Join(r.Dir, ".git", "kprep", "ops", "*.json"))
	if len(records) == 0 {
		return false
	}
	text, _ := os.ReadFile(records[len(records)-1])
	return strings.Contains(string(text), `"status":"open"`)
}
