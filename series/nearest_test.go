package series_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

func TestFindBaseTakesTheUpstreamOrTheNearest(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why        string
		setUp      func(*gittest.Repo)
		upstream   bool // alone
		want       string
		candidates []string
	}{
		{"the upstream", func(r *gittest.Repo) { r.Git("branch", "-q", "-u", "main") }, false, "refs/heads/main", nil},
		{"the upstream, asked for", func(r *gittest.Repo) { r.Git("branch", "-q", "-u", "main") }, true, "refs/heads/main", nil},
		{"no upstream, though one is near", func(r *gittest.Repo) { r.Git("update-ref", "refs/remotes/o/main", "main") }, true, "", nil},
		{"the only remote branch", func(r *gittest.Repo) { r.Git("update-ref", "refs/remotes/o/main", "main") }, false, "refs/remotes/o/main", nil},
		{"one that is further away does not count", func(r *gittest.Repo) {
			r.Git("update-ref", "refs/remotes/o/main", "v1.0^{}")
			r.Git("update-ref", "refs/remotes/o/next", "main")
		}, false, "refs/remotes/o/next", nil},
		{"two on one commit", func(r *gittest.Repo) {
			r.Git("update-ref", "refs/remotes/o/a", "main")
			r.Git("update-ref", "refs/remotes/p/a", "main")
		}, false, "", []string{"o/a", "p/a"}},
		{"two, one the main branch of its remote", func(r *gittest.Repo) {
			r.Git("update-ref", "refs/remotes/o/main", "main")
			r.Git("update-ref", "refs/remotes/o/theirs", r.Git("commit-tree", "-p", "main", "-m", "x", "main^{tree}"))
			r.Git("symbolic-ref", "refs/remotes/o/HEAD", "refs/remotes/o/main")
		}, false, "refs/remotes/o/main", nil},
		{"a pushed copy of the branch", func(r *gittest.Repo) {
			r.Git("update-ref", "refs/remotes/o/main", "main")
			r.Git("update-ref", "refs/remotes/o/topic", "topic~1")
			r.Git("symbolic-ref", "refs/remotes/o/HEAD", "refs/remotes/o/main")
		}, false, "refs/remotes/o/main", nil},
		{"no remote at all", func(r *gittest.Repo) {}, false, "", nil},
		{"remotes that share nothing", func(r *gittest.Repo) {
			r.Git("update-ref", "refs/remotes/o/main", r.Git("commit-tree", "-m", "x", "main^{tree}"))
		}, false, "", nil},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := project(t)
			r.Git("checkout", "-q", "-b", "topic")
			r.Write("file", "4\n")
			r.Commit("four\n")
			r.Write("file", "5\n")
			r.Commit("five\n")
			tc.setUp(r)
			got, err := series.FindBase(ctx, open(t, r), tc.upstream)
			if tc.want != "" {
				if err != nil || got != tc.want {
					t.Errorf("base %q, %v; want %q", got, err, tc.want)
				}
				return
			}
			none := (*series.NoBaseError)(nil)
			if !errors.As(err, &none) || none.Upstream != tc.upstream || !slices.Equal(none.Candidates, tc.candidates) {
				t.Errorf("base %q, error %v", got, err)
			}
		})
	}
}
