package series_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

const olga = "olga@example.org"

// commitAs makes an empty commit; the committer is the user for "".
func commitAs(r *gittest.Repo, who, message string) {
	env := r.Env
	if who != "" {
		r.Env = append(append([]string{}, env...), "GIT_COMMITTER_EMAIL="+who)
	}
	r.Git("commit", "-q", "--allow-empty", "-m", message)
	r.Env = env
}

func subjects(commits []*gitrepo.Commit) string {
	var all []string
	for _, c := range commits {
		all = append(all, c.Subject())
	}
	return strings.Join(all, " ")
}

// What main did before the branch was enrolled decides what the patches are,
// for every storage alike; what it does afterwards changes nothing.
func TestPatchesWhenTheBaseBranchMoves(t *testing.T) {
	t.Parallel()
	stay := func(r *gittest.Repo) {}
	for _, tc := range []struct {
		why                 string
		main, before, after func(*gittest.Repo) // on main; once topic began there; once it is enrolled
		want                string
		once                string
	}{
		{"it stands still", stay, stay, stay, "p1 p2", ""},
		{"it moved on", stay, func(r *gittest.Repo) {
			r.Git("checkout", "-q", "main")
			commitAs(r, olga, "later")
			r.Git("checkout", "-q", "topic")
		}, stay, "p1 p2", ""},
		{"it moves on afterwards", stay, stay, func(r *gittest.Repo) {
			r.Git("branch", "-f", "main", r.Git("commit-tree", "-p", "main", "-m", "later", "main^{tree}"))
		}, "p1 p2", ""},
		{"it was rewound, and what it dropped is somebody else's", func(r *gittest.Repo) { commitAs(r, olga, "dropped") },
			func(r *gittest.Repo) { r.Git("branch", "-f", "main", "main~1") }, stay, "p1 p2", ""},
		{"a patch was committed on it by mistake, and it was put back", func(r *gittest.Repo) { commitAs(r, "", "p0") },
			func(r *gittest.Repo) { r.Git("branch", "-f", "main", "main~1") }, stay, "p0 p1 p2", "p0"},
		{"so it was, on top of what it dropped", func(r *gittest.Repo) { commitAs(r, olga, "dropped"); commitAs(r, "", "p0") },
			func(r *gittest.Repo) { r.Git("branch", "-f", "main", "main~2") }, stay, "p0 p1 p2", "p0"},
		{"it is rewound afterwards", func(r *gittest.Repo) { commitAs(r, "", "mine on main") }, stay,
			func(r *gittest.Repo) { r.Git("branch", "-f", "main", "main~1") }, "p1 p2", ""},
		{"it is rewound afterwards, and its reflog is gone", func(r *gittest.Repo) { commitAs(r, "", "mine on main") }, stay,
			func(r *gittest.Repo) {
				r.Git("branch", "-f", "main", "main~1")
				r.Git("reflog", "expire", "--expire=now", "refs/heads/main")
			}, "p1 p2", ""},
		{"it was rewound, and its reflog is gone afterwards", func(r *gittest.Repo) { commitAs(r, olga, "dropped") },
			func(r *gittest.Repo) { r.Git("branch", "-f", "main", "main~1") },
			func(r *gittest.Repo) { r.Git("reflog", "expire", "--expire=now", "refs/heads/main") }, "p1 p2", ""},
	} {
		for _, storage := range storages {
			t.Run(tc.why+"/"+string(storage), func(t *testing.T) {
				t.Parallel()
				r := project(t)
				tc.main(r)
				r.Git("checkout", "-q", "-b", "topic")
				commitAs(r, "", "p1")
				commitAs(r, "", "p2")
				tc.before(r)
				o := origin("", "")
				o.Storage = storage
				s, err := series.Enroll(ctx, open(t, r), "main", o)
				if err != nil {
					t.Fatal(err)
				}
				if got := subjects(s.Once); subjects(s.Patches) != tc.want || got != tc.once {
					t.Errorf("patches %q, on main once %q", subjects(s.Patches), got)
				}
				base := s.Base
				tc.after(r)
				if s = load(t, r); subjects(s.Patches) != tc.want || s.Base != base || len(s.Once) > 0 {
					t.Errorf("later: patches %q on %s, on main once %q", subjects(s.Patches), s.Base, subjects(s.Once))
				}
			})
		}
	}
}

// A branch of b4's has no base on record: what main had once is in the series
// and named, until the user says where it begins.
func TestSetBaseCommit(t *testing.T) {
	t.Parallel()
	for _, storage := range storages[1:] {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r := project(t)
			commitAs(r, "", "p0")
			r.Git("checkout", "-q", "-b", "topic")
			commitAs(r, "", "p1")
			commitAs(r, "", "p2")
			o := origin("", "")
			o.Storage = storage
			if _, err := series.Enroll(ctx, open(t, r), "main", o); err != nil {
				t.Fatal(err)
			}
			r.Git("config", "--unset", "branch.topic.kprep-base")
			r.Git("branch", "-f", "main", "main~1")
			s := load(t, r)
			if subjects(s.Patches) != "p0 p1 p2" || subjects(s.Once) != "p0" || s.Left != s.Patches[0].ID {
				t.Fatalf("patches %q, on main once %q, b4 begins at %s", subjects(s.Patches), subjects(s.Once), s.Left)
			}
			all := s.Patches
			for _, to := range []struct {
				base gitrepo.ID
				want string
			}{{all[0].ID, "p1 p2"}, {all[2].ID, ""}, {all[0].Parents[0], "p0 p1 p2"}} {
				if changed, err := load(t, r).SetBaseCommit(ctx, string(to.base)); err != nil || !changed {
					t.Fatalf("changed %v, %v", changed, err)
				}
				if s = load(t, r); subjects(s.Patches) != to.want || len(s.Once) > 0 {
					t.Errorf("patches %q, want %q; on main once %q", subjects(s.Patches), to.want, subjects(s.Once))
				}
			}
			before := r.State()
			if changed, err := s.SetBaseCommit(ctx, string(s.Base)); err != nil || changed {
				t.Errorf("the same again: changed %v, %v", changed, err)
			}
			r.Git("tag", "elsewhere", r.Git("commit-tree", "-m", "root", "HEAD^{tree}"))
			for rev, want := range map[string]any{"nowhere": new(*series.ForkError), "elsewhere": new(*series.NotAncestorError), "main~1": new(*series.HoldsPatchesError)} {
				if _, err := s.SetBaseCommit(ctx, rev); err == nil || !errors.As(err, want) {
					t.Errorf("%s: %T %v", rev, err, err)
				}
			}
			r.Git("tag", "-d", "elsewhere")
			if after := r.State(); after != before {
				t.Errorf("something changed:\n%s\n%s", before, after)
			}
		})
	}
}

// A base branch that has patches of the series already cannot be recorded:
// they would leave the series without a word.
func TestBaseBranchWithPatches(t *testing.T) {
	t.Parallel()
	for _, storage := range storages[1:] {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r, s := started(t)
			r.Git("branch", "ahead", string(s.Patches[0].ID))
			before := r.State()
			holds := (*series.HoldsPatchesError)(nil)
			if _, err := s.Convert(ctx, storage, "ahead", "kprep: test"); !errors.As(err, &holds) || holds.Common != s.Patches[0].ID {
				t.Errorf("got %v", err)
			}
			if after := r.State(); after != before {
				t.Errorf("something changed:\n%s\n%s", before, after)
			}
			if _, err := s.Convert(ctx, storage, "", "kprep: test"); err != nil {
				t.Fatal(err)
			}
			if s = load(t, r); s.Tracking.BaseBranch != "main" || len(s.Patches) != 2 {
				t.Errorf("base branch %q, %d patches", s.Tracking.BaseBranch, len(s.Patches))
			}
		})
	}
}
