package dashboard_test

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

// What was found out once is not looked at again before it changes, and progress
// is told of what is looked at.
func TestReadRepositoryLooksOnce(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := gittest.New(t)
	r.Write("a", "a\n")
	r.Commit("Start\n")
	open := func() *gitrepo.Repo {
		repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { repo.Close() })
		return repo
	}
	for n := range 3 {
		o := series.Origin{Name: fmt.Sprintf("topic-%d", n), Fork: "main", BranchPrefix: "b4/", Today: time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC), Random: fmt.Sprintf("%012d", n)}
		if _, err := series.Start(ctx, open(), o); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (text string, looked, total int) {
		t.Helper()
		var mu sync.Mutex
		all, err := dashboard.ReadRepository(ctx, open(), dashboard.Options{
			Broken:  func(err error) { t.Errorf("broken: %v", err) },
			Looking: func(done, more int) { mu.Lock(); looked, total = looked+done, total+more; mu.Unlock() }})
		if err != nil {
			t.Fatal(err)
		}
		out, err := json.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		return string(out), looked, total
	}
	first, looked, total := read()
	if looked != 3 || total != 3 {
		t.Errorf("at first: %d of %d", looked, total)
	}
	again, looked, total := read()
	if looked != 0 || total != 0 || again != first {
		t.Errorf("again: %d of %d\n%s\nwas\n%s", looked, total, again, first)
	}
	r.Git("commit", "-q", "--allow-empty", "-m", "a patch") // on topic-2
	if now, looked, total := read(); looked != 1 || total != 1 || now == first {
		t.Errorf("after a commit: %d of %d", looked, total)
	}
	r.Git("branch", "other", "main")
	if _, looked, total := read(); looked != 0 || total != 0 {
		t.Errorf("after a new branch: %d of %d", looked, total)
	}
}
