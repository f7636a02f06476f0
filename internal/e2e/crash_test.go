package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// crashes is how many kills a crash test makes: KPREP_CRASHES, or a few.
func crashes(t *testing.T) int {
	text := os.Getenv("KPREP_CRASHES")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("KPREP_CRASHES: %v", err)
	}
	return n
}

// rewritten is a series of ten patches, with a note and a second cover letter
// to go to and fro.
func rewritten(t *testing.T) *gittest.Repo {
	r := gittest.New(t)
	r.Commit("base\n")
	run(t, r, "new", "topic")
	for i := range 10 {
		r.Write(fmt.Sprintf("file%d", i), "text\n")
		r.Commit(fmt.Sprintf("add %d\n\nText.\n", i))
	}
	r.Git("notes", "add", "-m", "a note", "HEAD~3")
	return r
}

func run(t *testing.T, r *gittest.Repo, words ...string) string {
	t.Helper()
	out, err := program(r, words...).CombinedOutput()
	if err != nil {
		t.Fatalf("kprep %s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return string(out)
}

func program(r *gittest.Repo, words ...string) *exec.Cmd {
	path, _ := exec.LookPath("kprep")
	cmd := exec.Command(path, words...)
	cmd.Dir, cmd.Env = r.Dir, r.Env
	return cmd
}

// A kill at any moment of a rewrite leaves the old state or the new one.
func TestKillDuringARewrite(t *testing.T) {
	t.Parallel()
	r := rewritten(t)
	const patches = "--format=%T %an %ae %at %s%n%b"
	want := r.Git("log", patches, "-10")
	random := rand.New(rand.NewPCG(1, uint64(crashes(t))))
	covers := []string{"First title\n\nText one.\n", "Second title\n\nText two.\n"}
	storages := []string{"commit", "tip-commit", "branch-description"}
	old, changed := 0, 0
	for i := range crashes(t) {
		file := filepath.Join(filepath.Dir(r.Dir), "cover")
		if err := os.WriteFile(file, []byte(covers[i%2]), 0o600); err != nil {
			t.Fatal(err)
		}
		before := run(t, r, "info", "cover-subject") + run(t, r, "info", "cover-strategy")
		verb := []string{"cover", "--from", file}
		if i%3 == 2 {
			verb = []string{"set", "cover-storage", storages[i/3%3], "--base-branch", "main"}
		}
		cmd := program(r, verb...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(random.IntN(90_000)) * time.Microsecond)
		cmd.Process.Kill()
		cmd.Wait()
		dropLocks(r)
		// Any verb settles what was left.
		run(t, r, "list")
		after := run(t, r, "info", "cover-subject") + run(t, r, "info", "cover-strategy")
		if after == before {
			old++
		} else {
			changed++
		}
		if got := seriesPatches(r, patches, after); got != want {
			t.Fatalf("kill %d of %q: patches are\n%s\nwant\n%s", i, verb, got, want)
		}
		if status := r.Git("status", "--porcelain"); status != "" {
			t.Fatalf("kill %d of %q: the work tree is not clean: %s", i, verb, status)
		}
	}
	r.Git("fsck", "--strict", "--connectivity-only")
	if !strings.Contains(r.Git("log", "--notes", "-12"), "a note") {
		t.Error("the note was lost")
	}
	t.Logf("%d kills left the old state, %d the new one", old, changed)
}

// seriesPatches lists the ten patches, wherever the cover letter is.
func seriesPatches(r *gittest.Repo, format, info string) string {
	if strings.Contains(info, "tip-commit") {
		return r.Git("log", format, "-10", "HEAD~1")
	}
	return r.Git("log", format, "-10")
}

// dropLocks removes what git leaves when it is killed, as its user would.
func dropLocks(r *gittest.Repo) {
	time.Sleep(20 * time.Millisecond) // git's children of the killed process may still be at work
	filepath.WalkDir(filepath.Join(r.Dir, ".git"), func(path string, d os.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".lock") {
			os.Remove(path)
		}
		return nil
	})
}

// Two kprep and a git commit at the same time never lose a commit.
func TestNobodyLosesACommit(t *testing.T) {
	t.Parallel()
	r := rewritten(t)
	const each = 8
	var group sync.WaitGroup
	for worker := range 2 {
		group.Go(func() {
			for i := range each {
				cmd := program(r, "cover", "--from", "-")
				cmd.Stdin = strings.NewReader(fmt.Sprintf("Title %d of %d\n\nText.\n", i, worker))
				cmd.Run() // one of them may be refused: the branch was moved meanwhile
			}
		})
	}
	committed := 0
	group.Go(func() {
		for i := range each {
			cmd := exec.Command("git", "commit", "--quiet", "--allow-empty", "-m", fmt.Sprintf("meanwhile %d", i))
			cmd.Dir, cmd.Env = r.Dir, r.Env
			if cmd.Run() == nil {
				committed++
			}
		}
	})
	group.Wait()
	log := r.Git("log", "--format=%s")
	if got := strings.Count(log, "meanwhile "); got != committed || strings.Count(log, "add ") != 10 {
		t.Errorf("%d of %d commits are there:\n%s", got, committed, log)
	}
	if committed == 0 {
		t.Error("git never got through")
	}
	run(t, r, "info")
}
