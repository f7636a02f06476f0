package oplog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// childVariable makes this test binary a process that acts on a repository,
// and dies where it is told to: "ACT STEP".
const childVariable = "OPLOG_TEST_CHILD"

func TestMain(m *testing.M) {
	if act, step, ok := strings.Cut(os.Getenv(childVariable), " "); ok {
		n, _ := strconv.Atoi(step)
		if err := child(act, n); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child runs in the work tree. It kills itself at the given step, from 1.
func child(act string, die int) error {
	ctx := context.Background()
	repo, err := gitrepo.Open(ctx, ".", gitrepo.Options{})
	if err != nil {
		return err
	}
	defer repo.Close()
	now := func() time.Time { return time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC) }
	log := oplog.New(repo, oplog.Options{Now: now, Wait: 20 * time.Second})
	steps := 0
	step := func() {
		if steps++; steps == die {
			syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	log.OnStep(func(string) { step() })
	switch act {
	case "apply":
		op, err := log.Begin(ctx, oplog.Intent{Verb: "all", Scope: all()})
		if err != nil {
			return err
		}
		plan, err := planFor(repo)
		if err != nil {
			return err
		}
		if err := op.Apply(ctx, plan); err != nil {
			return err
		}
		return op.Done(ctx)
	case "steps": // a verb that does its own moving
		op, err := log.Begin(ctx, oplog.Intent{Verb: "all", Scope: all()})
		if err != nil {
			return err
		}
		step()
		for _, args := range [][]string{{"tag", "-a", "-m", "t", "one"}, {"checkout", "-q", "-b", "new", "main"}, {"notes", "add", "-m", "n"}} {
			if out, err := exec.Command("git", args...).CombinedOutput(); err != nil {
				return fmt.Errorf("%w: %s", err, out)
			}
			step()
		}
		return op.Done(ctx)
	case "undo":
		_, err := log.Undo(ctx, 2, oplog.UndoOptions{})
		return err
	case "recover":
		_, err := log.Recover(ctx)
		return err
	case "count": // add one to a file of kprep's, many times
		for i := 0; i < 10; {
			op, err := log.Begin(ctx, oplog.Intent{Verb: "count", Scope: oplog.Scope{Refs: []string{"refs/tags/"}}})
			if err != nil {
				return err
			}
			if err := exec.Command("git", "tag", fmt.Sprintf("t-%d-%d", os.Getpid(), i)).Run(); err != nil {
				return err
			}
			if err := op.Done(ctx); err != nil {
				return err
			}
			i++
		}
		return nil
	case "full": // no file may grow beyond a few bytes
		signal.Ignore(syscall.SIGXFSZ)
		limit := syscall.Rlimit{Cur: uint64(die), Max: uint64(die)}
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
			return err
		}
		return child("apply", 0)
	}
	return fmt.Errorf("no act %q", act)
}

// run starts the child and says whether it came to its end.
func (w *world) run(act string, die int) error {
	w.t.Helper()
	self, err := os.Executable()
	if err != nil {
		w.t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Dir, cmd.Env = w.Dir, append(w.Env[:len(w.Env):len(w.Env)], fmt.Sprintf("%s=%s %d", childVariable, act, die))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

func killed(err error) bool {
	exit := (*exec.ExitError)(nil)
	return errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled()
}

// Whenever a process dies, the next one finds the old state or the new one,
// and says which; also when that one dies too.
func TestCrash(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		act     string
		prepare func(*world)
		between bool // what git itself did step by step is kept as it was found
	}{
		{"apply", func(*world) {}, false},
		{"undo", func(w *world) {
			w.do("commit", oplog.Intent{}, func() { w.Write("file", "3\n"); w.Write("new", "n\n"); w.Commit("more\n") })
			w.apply()
		}, false},
		{"steps", func(*world) {}, true},
	} {
		t.Run(tc.act, func(t *testing.T) {
			t.Parallel()
			clean := newWorld(t)
			tc.prepare(clean)
			before := clean.state()
			if err := clean.run(tc.act, 0); err != nil {
				t.Fatal(err)
			}
			after := clean.state()
			if before == after {
				t.Fatal("nothing happens")
			}
			outcomes := map[oplog.Outcome]int{}
			for die := 1; ; die++ {
				w := newWorld(t)
				tc.prepare(w)
				err := w.run(tc.act, die)
				if err == nil {
					if die < 6 {
						t.Errorf("there were only %d steps", die)
					}
					break
				}
				if !killed(err) {
					t.Fatal(err)
				}
				if again := 1 + die%5; die%2 == 0 { // the healer dies as well
					if err := w.run("recover", again); err != nil && !killed(err) {
						t.Fatal(err)
					}
				}
				w.checkRecovered(fmt.Sprintf("%s died at step %d", tc.act, die), before, after, tc.between, outcomes)
			}
			t.Log(outcomes)
			if !tc.between && (outcomes[oplog.RolledBack] == 0 || outcomes[oplog.Finished] == 0) {
				t.Errorf("outcomes are %v", outcomes)
			}
		})
	}
}

func (w *world) checkRecovered(what, before, after string, between bool, outcomes map[oplog.Outcome]int) {
	w.t.Helper()
	found := w.state()
	r, err := w.log.Recover(context.Background())
	if err != nil {
		w.t.Errorf("%s: %v", what, err)
		return
	}
	state := w.state()
	switch {
	case r == nil: // it died before its record was there, after it was closed, or was healed
		if state != before && state != after && !between {
			w.t.Errorf("%s: nothing to recover, and the state is\n%s", what, state)
		}
	case r.Outcome == oplog.RolledBack:
		w.expect(what+": rolled back", before)
	case r.Outcome == oplog.Finished:
		w.expect(what+": finished", after)
	case r.Outcome == oplog.Adopted && between:
		w.expect(what+": adopted", found)
	default:
		w.t.Errorf("%s: %s", what, r)
	}
	if r != nil {
		outcomes[r.Outcome]++
	}
	if r, err := w.log.Recover(context.Background()); r != nil || err != nil {
		w.t.Errorf("%s: recovered twice: %v, %v", what, r, err)
	}
	if state != before && between {
		w.undo(1, oplog.UndoOptions{})
		w.expect(what+": undone", before)
	} else {
		w.do("next", oplog.Intent{}, func() { w.Git("tag", "next") })
	}
	if out := w.Git("fsck", "--no-dangling"); out != "" {
		w.t.Errorf("%s: git fsck: %s", what, out)
	}
	if left, _ := filepath.Glob(filepath.Join(w.repo.CommonDir, "*.lock")); len(left) > 0 {
		w.t.Errorf("%s: left %q", what, left)
	}
}

func TestTwoProcesses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	errs := make(chan error)
	for range 2 {
		go func() { errs <- w.run("count", 0) }()
	}
	if err := errors.Join(<-errs, <-errs); err != nil {
		t.Fatal(err)
	}
	list, err := w.log.List()
	if err != nil || len(list) != 20 || len(strings.Fields(w.Git("tag"))) != 20 {
		t.Fatalf("%d operations, %d tags, %v", len(list), len(strings.Fields(w.Git("tag"))), err)
	}
	for _, op := range list {
		if changes := op.Changes(); len(changes) != 1 {
			t.Errorf("operation %d has %q", op.ID, changes)
		}
	}
	w.undo(20, oplog.UndoOptions{})
	if tags := w.Git("tag"); tags != "" {
		t.Errorf("tags left: %s", tags)
	}
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{10, 100, 700, 3000} {
		w := newWorld(t)
		before := w.state()
		err := w.run("full", limit)
		if err == nil {
			t.Logf("limit %d is no limit", limit)
			continue
		}
		if _, err := w.log.Recover(context.Background()); err != nil {
			t.Errorf("limit %d: recover: %v", limit, err)
		}
		w.expect(fmt.Sprintf("files of %d bytes (%v)", limit, err), before)
		w.apply()
	}
}

// Death comes at any moment, not only between two steps. A larger number of
// them is in the environment: KPREP_CRASHES=200.
func TestCrashAtRandomMoments(t *testing.T) {
	t.Parallel()
	crashes := 10
	if n, err := strconv.Atoi(os.Getenv("KPREP_CRASHES")); err == nil {
		crashes = n
	}
	prepare := func() *world {
		w := newWorld(t)
		w.do("commit", oplog.Intent{}, func() { w.Write("file", "3\n"); w.Write("new", "n\n"); w.Commit("more\n") })
		w.apply()
		return w
	}
	clean := prepare()
	before := clean.state()
	start := time.Now()
	if err := clean.run("undo", 0); err != nil {
		t.Fatal(err)
	}
	took, after := time.Since(start), clean.state()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for i := range crashes {
		w := prepare()
		cmd := exec.Command(self)
		cmd.Dir, cmd.Env = w.Dir, append(w.Env[:len(w.Env):len(w.Env)], childVariable+"=undo 0")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(took * time.Duration(i+1) / time.Duration(crashes+1))
		cmd.Process.Kill()
		cmd.Wait()
		r, err := w.recoverSoon()
		if err != nil {
			t.Errorf("crash %d: %v", i, err)
		}
		if state := w.state(); state != before && state != after {
			t.Errorf("crash %d (%v): the state is neither old nor new:\n%s", i, r, state)
		}
	}
}

// recoverSoon gives a git that outlived its kprep time to come to its end.
func (w *world) recoverSoon() (r *oplog.Recovery, err error) {
	for range 50 {
		if r, err = w.log.Recover(context.Background()); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	return r, err
}
