package e2e

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// A contributor does what contributors do between two sends, at random.
// Rerolls are sends that left by other means: undo stops there.
type contributor struct {
	t      *testing.T
	r      *gittest.Repo
	random *rand.Rand
	said   []string
	done   int // operations in the log
	points []checkpoint
}

// A checkpoint is a moment at which the user added a note, after so many
// operations: undo cannot know the note, and takes back what came after it.
type checkpoint struct {
	done        int
	state, note string // before the note; the notes ref then
}

// verb is a command of kprep; some of them change nothing.
func (c *contributor) verb() []string {
	r := c.random
	one := func(words ...string) string { return words[r.IntN(len(words))] }
	message := fmt.Sprintf("message-id: <%d@example.org>", r.IntN(4))
	switch r.IntN(16) {
	case 0, 1:
		return []string{"set", "cover-storage", one("commit", "tip-commit", "branch-description"), "--base-branch", "main"}
	case 2:
		return append([]string{"set", "prefixes"}, [][]string{{}, {"RFC"}, {"RFC", "net-next"}}[r.IntN(3)]...)
	case 3:
		return []string{"set", one("presubject", "revision"), one("", "[proj]", "2", "5")}
	case 4:
		return []string{"new", fmt.Sprintf("other %d", r.IntN(1000))}
	case 5:
		return []string{"new", fmt.Sprintf("stacked %d", r.IntN(1000)), "-f", "b4/topic"}
	case 6:
		return []string{"rebase", "later"}
	case 7:
		return []string{"restack"}
	case 8:
		return []string{"deps", one("--add", "--add", "--remove"), message}
	case 9:
		return []string{"check"}
	case 10, 11:
		return []string{"collect"}
	case 12, 13:
		return append([]string{"cleanup", "--yes"}, c.others()...)
	case 14:
		return append([]string{"cleanup", "--restore"}, c.archives()...)
	}
	return []string{"cover", "--from", "-"}
}

// others is a series that is not checked out, if there is one.
func (c *contributor) others() []string {
	head := strings.TrimSpace(c.r.Git("rev-parse", "--abbrev-ref", "HEAD"))
	all := slices.DeleteFunc(strings.Fields(c.r.Git("for-each-ref", "--format=%(refname:short)", "refs/heads/b4/")), func(b string) bool { return b == head })
	return c.oneOf(all)
}

func (c *contributor) archives() []string {
	all, err := filepath.Glob(filepath.Join(c.dataHome(), "kprep", "archive", "*.gz"))
	if err != nil {
		c.t.Fatal(err)
	}
	return c.oneOf(all)
}

func (c *contributor) dataHome() string {
	for _, kv := range c.r.Env {
		if dir, ok := strings.CutPrefix(kv, "XDG_DATA_HOME="); ok {
			return dir
		}
	}
	c.t.Fatal("there is no XDG_DATA_HOME")
	return ""
}

func (c *contributor) oneOf(all []string) []string {
	if len(all) == 0 {
		return nil
	}
	return []string{all[c.random.IntN(len(all))]}
}

// kprep runs a verb, which may refuse, and counts what it wrote.
func (c *contributor) kprep(words ...string) {
	c.t.Helper()
	cmd := program(c.r, words...)
	cmd.Stdin = strings.NewReader(fmt.Sprintf("Title %d\n\nText %d.\n", c.random.IntN(9), c.random.IntN(9)))
	out, err := cmd.CombinedOutput()
	c.said = append(c.said, fmt.Sprintf("kprep %s\n%s", strings.Join(words, " "), out))
	if err != nil && !strings.Contains(string(out), "kprep:") {
		c.t.Fatalf("%v\n%s", err, strings.Join(c.said, ""))
	}
	c.done = strings.Count(run(c.t, c.r, "log", "--all", "--json"), `"id":`)
}

// note adds a note with git.
func (c *contributor) note() {
	ref := "refs/notes/commits"
	c.points = append(c.points, checkpoint{c.done, state(c.t, c.r), c.r.Git("rev-parse", ref)})
	c.r.Git("notes", "add", "-f", "-m", fmt.Sprint(c.random.IntN(1000)), "HEAD~2")
	c.said = append(c.said, "git notes add\n")
}

// undo takes back what came after an operation.
func (c *contributor) undo(since int) {
	c.t.Helper()
	if c.done == since {
		return
	}
	out, err := program(c.r, "undo", "--all", fmt.Sprint(c.done-since)).CombinedOutput()
	if err != nil {
		c.t.Fatalf("undo: %v\n%s\nafter\n%s", err, out, strings.Join(c.said, ""))
	}
	c.done = since
}

func (c *contributor) check(what, want string) {
	c.t.Helper()
	if got := state(c.t, c.r); got != want {
		c.t.Fatalf("%s: after\n%s\nthe state is\n%s\nwant\n%s", what, strings.Join(c.said, ""), got, want)
	}
}

// Random sequences of thirty operations, undone to the start, leave refs,
// notes, tags, configuration, index, work tree and what kprep remembers as they
// were; and brought back, as they had become.
func TestThirtyRandomVerbsUndone(t *testing.T) {
	t.Parallel()
	wrote := struct {
		sync.Mutex
		verbs string
	}{}
	t.Run("seeds", func(t *testing.T) {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel()
				c := &contributor{t: t, r: busy(t), random: rand.New(rand.NewPCG(seed, 30))}
				c.kprep("log")
				first, before := c.done, state(t, c.r)
				c.kprep("claim", "--yes") // the last patch is somebody else's
				c.kprep("collect")
				c.kprep("set", "presubject", "[x]")
				for c.done < first+30 {
					if c.random.IntN(12) == 0 {
						c.note()
						continue
					}
					c.kprep(c.verb()...)
				}
				wrote.Lock()
				wrote.verbs += run(t, c.r, "log", "--all")
				wrote.Unlock()
				for _, p := range slices.Backward(c.points) {
					after, steps := state(t, c.r), c.done-p.done
					c.undo(p.done)
					if steps > 0 {
						run(t, c.r, "redo", "--all", fmt.Sprint(steps))
						c.check("redone", after)
						run(t, c.r, "undo", "--all", fmt.Sprint(steps))
					}
					c.r.Git("update-ref", "refs/notes/commits", p.note)
					c.check("undone to a note", p.state)
				}
				c.undo(first)
				c.check("undone", before)
				c.r.Git("fsck", "--strict", "--connectivity-only")
			})
		}
	})
	for _, verb := range []string{"edit the cover letter", "set prefixes", "set presubject", "set revision", "new series", "rebase", "set prerequisites", "check",
		"collect recipients", "claim", "cleanup b4/", "cleanup --restore"} {
		if !strings.Contains(wrote.verbs, "  "+verb) {
			t.Errorf("no sequence has %q", verb)
		}
	}
}

// Enrolling a branch is undone where it was enrolled.
func TestEnrollUndone(t *testing.T) {
	t.Parallel()
	for _, storage := range []string{"commit", "tip-commit", "branch-description"} {
		t.Run(storage, func(t *testing.T) {
			t.Parallel()
			r := busy(t)
			r.Git("config", "kprep.cover-storage", storage)
			r.Git("checkout", "-q", "plain")
			before := state(t, r)
			run(t, r, "enroll", "main")
			after := state(t, r)
			run(t, r, "undo")
			if got := state(t, r); got != before {
				t.Errorf("undone:\n%s\nwant\n%s", got, before)
			}
			run(t, r, "redo")
			if got := state(t, r); got != after {
				t.Errorf("redone:\n%s\nwant\n%s", got, after)
			}
		})
	}
}

// busy is a series whose last patch somebody else committed, with a branch to
// rebase onto, a plain branch, commands to ask, and notes in two refs.
func busy(t *testing.T) *gittest.Repo {
	t.Helper()
	r := rewritten(t)
	mine := r.Env
	r.Env = append(slices.Clone(mine), "GIT_COMMITTER_EMAIL=max@example.org")
	r.Git("commit", "-q", "--amend", "--no-edit")
	r.Env = mine
	r.Git("branch", "later", r.Git("commit-tree", "-p", "main", "-m", "later", "main^{tree}"))
	r.Git("branch", "plain", r.Git("commit-tree", "-p", "main", "-m", "plain", "b4/topic^{tree}"))
	r.Git("notes", "--ref=review", "add", "-m", "another", "HEAD~2")
	r.Git("config", "b4.send-auto-cc-cmd", "echo max@example.org")
	r.Git("config", "kprep.prep-perpatch-check-cmd", "true")
	return r
}

// state is all that undo has to bring back. Settings of one key are in their
// order; where the section of a branch stands among those of others has no
// meaning to git.
func state(t *testing.T, r *gittest.Repo) string {
	t.Helper()
	parts := strings.Split(r.State(), "\n---\n")
	settings := strings.Split(parts[2], "\n")
	slices.SortStableFunc(settings, func(a, b string) int {
		keyA, _, _ := strings.Cut(a, "=")
		keyB, _, _ := strings.Cut(b, "=")
		return strings.Compare(keyA, keyB)
	})
	parts[2] = strings.Join(settings, "\n")
	parts = append(parts, r.Git("notes", "list"), r.Git("notes", "--ref=review", "list"))
	root := filepath.Join(r.Dir, ".git", "kprep", "series")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if os.IsNotExist(err) {
				return nil
			}
			return err
		}
		text, err := os.ReadFile(path)
		parts = append(parts, strings.TrimPrefix(path, root)+"\n"+string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(parts, "\n---\n")
}
