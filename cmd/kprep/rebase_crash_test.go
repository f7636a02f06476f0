//go:build unix

package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// A crashedRebase is a repository in which rebases are killed.
type crashedRebase struct {
	*gittest.Repo
	t *testing.T
}

func (r crashedRebase) kprep(args ...string) (string, error) {
	cmd := exec.Command("kprep", args...)
	cmd.Dir, cmd.Env = r.Dir, r.Env
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (r crashedRebase) must(args ...string) {
	r.t.Helper()
	if out, err := r.kprep(args...); err != nil {
		r.t.Fatalf("kprep %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// state is what a rebase may change, without what a crash may leave behind.
func (r crashedRebase) state() string {
	return r.Git("symbolic-ref", "HEAD") + "\n" + r.Git("for-each-ref", "refs/heads", "refs/notes") + "\n" +
		r.Git("ls-files", "-s") + "\n" + r.Git("status", "--porcelain") + "\n" + r.Git("config", "--get-regexp", "^branch")
}

func (r crashedRebase) removeLocks() {
	filepath.WalkDir(filepath.Join(r.Dir, ".git"), func(path string, _ fs.DirEntry, _ error) error {
		if strings.HasSuffix(path, ".lock") && filepath.Base(path) != "rebase.lock" {
			os.Remove(path)
		}
		return nil
	})
}

// kill runs a rebase and kills it, and the gits that it runs, after a while.
func (r crashedRebase) kill(after time.Duration) {
	cmd := exec.Command("kprep", "rebase", "main")
	cmd.Dir, cmd.Env = r.Dir, r.Env
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	time.Sleep(after)
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	cmd.Wait()
	r.removeLocks()
}

// recover does what the messages say, until nothing is under way.
func (r crashedRebase) recover(n int) {
	for try := range 3 {
		out, err := r.kprep("info", "branch")
		// A child of the killed process may take its time to die.
		for wait := 0; err != nil && strings.Contains(out, "another kprep") && wait < 200; wait++ {
			time.Sleep(50 * time.Millisecond)
			out, err = r.kprep("info", "branch")
		}
		if err == nil {
			return
		}
		if !strings.Contains(out, "is under way") {
			r.t.Fatalf("kprep info: %v\n%s", err, out)
		}
		words := [][]string{{"--continue"}, {"--abort"}}[(n+try)%2]
		r.kprep(append([]string{"rebase"}, words...)...)
		r.removeLocks()
	}
	out, err := r.kprep("info", "branch")
	r.t.Fatalf("a rebase can neither be continued nor aborted: %v\n%s\n%s", err, out, r.Git("status"))
}

// Whenever a rebase is killed, with git or without, there is the old series or
// the new one, after at most the two commands that kprep names.
func TestRebaseKilled(t *testing.T) {
	t.Parallel()
	kills := 6
	if more, err := strconv.Atoi(os.Getenv("KPREP_CRASHES")); err == nil {
		kills = more
	}
	for _, storage := range []string{"commit", "tip-commit", "branch-description"} {
		t.Run(storage, func(t *testing.T) {
			t.Parallel()
			r := crashedRebase{gittest.New(t), t}
			r.Env = append(r.Env, "GIT_EDITOR=true", "KPREP_NOW=2025-01-02T03:04:05Z")
			r.Write("file", "1\n")
			r.Commit("one\n")
			r.Git("branch", "old")
			r.must("new", "topic")
			for i := range 4 {
				r.Write(fmt.Sprint(i), "patch\n")
				r.Commit(fmt.Sprintf("patch %d\n", i))
			}
			// What git's rebase loses is put back behind it, by a second move.
			raw := strings.Replace(r.Git("cat-file", "commit", "HEAD"), "\n\n", "\nHG:extra kept\n\n", 1) + "\n"
			r.Git("reset", "-q", "--hard", r.GitInput(raw, "hash-object", "-t", "commit", "-w", "--stdin"))
			r.Git("notes", "add", "-m", "a note", "HEAD~1")
			r.Git("checkout", "-q", "main")
			r.Write("more", "more\n")
			r.Commit("more\n")
			r.Git("checkout", "-q", "b4/topic")
			r.must("set", "cover-storage", storage, "--base-branch", "old")
			before := r.state()

			start := time.Now()
			r.must("rebase", "main")
			whole := time.Since(start)
			after := r.state()
			r.must("undo")
			if got := r.state(); got != before {
				t.Fatalf("after undo\n%s\nwant\n%s", got, before)
			}
			random, seen := rand.New(rand.NewPCG(1, uint64(len(storage)))), map[string]int{}
			for n := range kills {
				r.kill(time.Duration(random.Int64N(int64(whole * 11 / 10))))
				r.recover(n)
				switch got := r.state(); got {
				case before:
					seen["old"]++
				case after:
					seen["new"]++
					r.must("undo")
					if got := r.state(); got != before {
						t.Fatalf("after undo\n%s\nwant\n%s", got, before)
					}
				default:
					t.Fatalf("kill %d left\n%s\nbefore it was\n%s\nafter a rebase it is\n%s", n, got, before, after)
				}
				for _, left := range []string{"kprep/rebase.json", "rebase-merge", "rebase-apply"} {
					if _, err := os.Stat(filepath.Join(r.Dir, ".git", left)); err == nil {
						t.Fatalf("kill %d: %s is still there", n, left)
					}
				}
			}
			t.Logf("%d kills: %v", kills, seen)
		})
	}
}
