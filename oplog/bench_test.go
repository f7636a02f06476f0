package oplog_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/oplog"
)

// What an operation adds to a verb that writes a commit and moves a branch.
func BenchmarkOperation(b *testing.B) {
	r := gittest.New(b)
	r.Commit("base\n")
	r.Git("config", "branch.main.b4-prep-cover-strategy", "commit")
	ctx := context.Background()
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		b.Fatal(err)
	}
	defer repo.Close()
	log := oplog.New(repo, oplog.Options{})
	n := 0
	next := func() (gitrepo.Object, gitrepo.RefUpdate) {
		n++
		c, err := repo.Commit("refs/heads/main")
		if err != nil {
			b.Fatal(err)
		}
		message := fmt.Sprint("message ", n, "\n")
		obj := repo.NewObject("commit", c.Rewrite(gitrepo.Change{Message: &message, Committer: c.Committer}))
		return obj, gitrepo.RefUpdate{Name: "refs/heads/main", New: obj.ID, Old: c.ID}
	}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	var without, with time.Duration
	for b.Loop() {
		obj, update := next()
		start := time.Now()
		must(repo.WriteObjects(ctx, obj))
		must(repo.UpdateRefs(ctx, "kprep: test", update))
		without += time.Since(start)

		obj, update = next()
		start = time.Now()
		op, err := log.Begin(ctx, oplog.Intent{Verb: "cover", Scope: oplog.Scope{
			Refs: []string{"refs/heads/main", "refs/notes/"}, Branches: []string{"main"}, Blobs: []string{"series/x/state.json"}}})
		must(err)
		must(op.Apply(ctx, oplog.Plan{Objects: []gitrepo.Object{obj}, Refs: []gitrepo.RefUpdate{update}}))
		must(op.Done(ctx))
		with += time.Since(start)
	}
	b.ReportMetric(float64((with-without).Microseconds())/1000/float64(b.N), "ms/added")
	b.ReportMetric(float64(without.Microseconds())/1000/float64(b.N), "ms/without")
}
