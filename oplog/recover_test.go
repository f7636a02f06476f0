package oplog_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
)

// planned begins an operation that the caller carries out itself.
func (w *world) planned() (op *oplog.Op, objects []gitrepo.Object, updates []gitrepo.RefUpdate) {
	w.t.Helper()
	op, err := w.log.Begin(context.Background(), oplog.Intent{Verb: "verb", Scope: all()})
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { op.Close() })
	plan, err := planFor(w.repo)
	if err != nil {
		w.t.Fatal(err)
	}
	plan.Head, plan.Config, plan.Blobs = nil, nil, nil
	made, keep, err := op.Plan(context.Background(), plan)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, _, err := op.Plan(context.Background(), plan); !errors.Is(err, oplog.ErrPlanned) {
		w.t.Errorf("a second plan: %v", err)
	}
	return op, append(plan.Objects, made...), append(plan.Refs, keep)
}

// The caller writes the log's objects and moves its ref with its own.
func TestPlanCarriedOutByTheCaller(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	before := w.state()
	op, objects, updates := w.planned()
	if err := errors.Join(w.repo.WriteObjects(ctx, objects...), w.repo.UpdateRefs(ctx, "test", updates...), op.Done(ctx)); err != nil {
		t.Fatal(err)
	}
	after := w.state()
	list, err := w.log.List()
	if err != nil || strings.Join(list[0].Changes(), "; ") != "branch topic moved; tag sent/v1 made; branch new made" {
		t.Errorf("the log says %q, %v", list[0].Changes(), err)
	}
	w.undo(1, oplog.UndoOptions{})
	w.expect("undone", before)
	w.redo(1)
	w.expect("redone", after)
}

// A git process that outlived its kprep wants to move the refs after the
// operation was rolled back: it must not.
func TestRolledBackIsFinal(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	before := w.state()
	op, objects, updates := w.planned()
	if err := w.repo.WriteObjects(ctx, objects...); err != nil {
		t.Fatal(err)
	}
	op.Close()
	if r, err := w.log.Recover(ctx); err != nil || r.Outcome != oplog.RolledBack || r.Moved {
		t.Fatalf("got %v, %v", r, err)
	}
	if err := w.repo.UpdateRefs(ctx, "late", updates...); err == nil {
		t.Error("the late transaction went through")
	}
	w.expect("after all", before)
}

// A verb that forgot to call Recover does not go on from what it read.
func TestBeginSettlesFirst(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	intent := oplog.Intent{Verb: "next", Scope: all()}
	op, _, _ := w.planned()
	op.Close()
	op, err := w.log.Begin(ctx, intent)
	if err != nil || op.Recovered == nil || op.Recovered.Outcome != oplog.RolledBack {
		t.Fatalf("nothing had moved: %v", err)
	}
	op.Close()
	op, objects, updates := w.planned()
	// Half of it, which git leaves only when it is killed itself.
	if err := errors.Join(w.repo.WriteObjects(ctx, objects...), w.repo.UpdateRefs(ctx, "half", updates[0])); err != nil {
		t.Fatal(err)
	}
	op.Close()
	var unfinished *oplog.UnfinishedError
	if _, err := w.log.Begin(ctx, intent); !errors.As(err, &unfinished) || unfinished.Recovery.Outcome != oplog.RolledBack {
		t.Fatalf("half of the refs had moved: %v", err)
	}
	if got := w.Git("log", "-1", "--format=%s", "topic"); got != "first" {
		t.Errorf("topic is at %q", got)
	}
	w.do("next", oplog.Intent{}, func() {})
}

// After a crash nothing is overwritten that somebody moved since.
func TestRecoverBesideOthers(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	const topic, tag, branch, keep = 0, 1, 2, 3
	for _, tc := range []struct {
		why   string
		done  []int // updates that were made
		since bool  // somebody moved topic then
		want  oplog.Outcome
		undo  int // operations that can be undone
	}{
		{"nothing was done", nil, true, oplog.RolledBack, 0},
		{"all was done", []int{topic, tag, branch, keep}, true, oplog.Finished, 1},
		{"all but the log's own ref", []int{topic, tag, branch}, false, oplog.Finished, 1},
		{"a part, not that which moved", []int{tag}, true, oplog.LeftBroken, 0},
		{"a part", []int{tag, topic}, false, oplog.RolledBack, 0},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			op, objects, updates := w.planned()
			if err := w.repo.WriteObjects(ctx, objects...); err != nil {
				t.Fatal(err)
			}
			var done []gitrepo.RefUpdate
			for _, i := range tc.done {
				done = append(done, updates[i])
			}
			if len(done) > 0 {
				if err := w.repo.UpdateRefs(ctx, "test", done...); err != nil {
					t.Fatal(err)
				}
			}
			op.Close()
			if tc.since {
				w.Git("update-ref", "refs/heads/topic", w.Git("commit-tree", "-p", "topic", "-m", "since", "topic^{tree}"))
			}
			topic := w.id("topic")
			r, err := w.log.Recover(ctx)
			if err != nil || r.Outcome != tc.want {
				t.Fatalf("got %v, %v", r, err)
			}
			if tc.since && (w.id("topic") != topic || !strings.Contains(r.String(), "refs/heads/topic")) {
				t.Errorf("topic moved, or is not named: %s", r)
			}
			if stack, err := w.log.Stack(oplog.Whose{}); len(stack) != tc.undo || err != nil {
				t.Errorf("%d operations can be undone, %v", len(stack), err)
			}
			if kept := w.gitOK("rev-parse", "-q", "--verify", oplog.KeepRef); !kept && tc.undo > 0 {
				t.Error("nothing keeps its objects")
			}
			w.do("next", oplog.Intent{}, func() { w.Git("tag", "x") })
		})
	}
}

// A commit that comes between plan and transaction stays, and the operation
// leaves nothing.
func TestApplyLosesTheRace(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	w := newWorld(t)
	op, err := w.log.Begin(ctx, oplog.Intent{Verb: "verb", Scope: all()})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := planFor(w.repo)
	if err != nil {
		t.Fatal(err)
	}
	w.log.OnStep(func(name string) {
		if name == "move refs" {
			w.log.OnStep(func(string) {})
			w.Write("file", "quick\n")
			w.Commit("quick\n")
		}
	})
	var changed *gitrepo.RefChangedError
	if err := op.Apply(ctx, plan); !errors.As(err, &changed) || changed.Name != "refs/heads/topic" {
		t.Errorf("apply: %v", err)
	}
	if r, err := op.Abort(ctx); err != nil || r.Outcome != oplog.RolledBack {
		t.Errorf("abort: %v, %v", r, err)
	}
	if got := w.Git("log", "-1", "--format=%s", "topic"); got != "quick" || w.Git("status", "--porcelain") != "" {
		t.Errorf("topic is at %q", got)
	}
	if list, err := w.log.List(); len(list) != 0 || err != nil {
		t.Errorf("%d records, %v", len(list), err)
	}
}

// An interrupt comes before the first move, or after the last.
func TestInterrupt(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		at   string
		done bool
	}{{"write objects", false}, {"move files", true}, {"move refs", true}, {"write configuration", true}} {
		t.Run(tc.at, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			before := w.state()
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			op, err := w.log.Begin(ctx, oplog.Intent{Verb: "verb", Scope: all()})
			if err != nil {
				t.Fatal(err)
			}
			plan, err := planFor(w.repo)
			if err != nil {
				t.Fatal(err)
			}
			w.log.OnStep(func(name string) {
				if name == tc.at {
					cancel()
				}
			})
			if err := op.Apply(ctx, plan); (err == nil) != tc.done {
				t.Fatalf("apply: %v", err)
			}
			if tc.done {
				if err := op.Done(ctx); err != nil {
					t.Fatal(err)
				}
				w.undo(1, oplog.UndoOptions{})
			} else if r, err := op.Abort(ctx); err != nil || r.Outcome != oplog.RolledBack {
				t.Errorf("abort: %v, %v", r, err)
			}
			w.expect("in the end", before)
		})
	}
}
