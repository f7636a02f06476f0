package series_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

var storages = []series.Storage{series.CoverCommit, series.TipCommit, series.BranchDescription}

// kept is started with an edited cover and an unknown key, in a storage.
func kept(t *testing.T, storage series.Storage) *gittest.Repo {
	t.Helper()
	r, s := started(t)
	message := strings.Replace(s.Cover.Message, `"prefixes"`, `"unknown": {"é": [1]}, "prefixes"`, 1)
	r.Git("checkout", "-q", "--detach", string(s.Base))
	r.Commit(message)
	for _, p := range s.Patches {
		r.Git("cherry-pick", string(p.ID))
	}
	r.Git("checkout", "-q", "-B", s.Name())
	if _, err := load(t, r).Edit(ctx, "Title é\n\nProse.\n\n# note\n\nSigned-off-by: Jane Dév <jane@example.org>", "kprep: test"); err != nil {
		t.Fatal(err)
	}
	if _, err := load(t, r).Convert(ctx, storage, "main", "kprep: test"); err != nil {
		t.Fatal(err)
	}
	return r
}

// essence is what a series is, wherever its cover letter is kept.
func essence(r *gittest.Repo, s *series.Series) string {
	var patches []string
	for _, p := range s.Patches {
		patches = append(patches, r.Git("show", "-s", "--format=%T %an %ae %ad %B", string(p.ID)))
	}
	tracking := strings.Replace(string(s.Tracking.Compact()), `, "base-branch": "main"`, "", 1)
	return fmt.Sprintf("%s\n%s\n%s\n%s", s.Text, tracking, s.Base, strings.Join(patches, "\n"))
}

func TestConvertBetweenAnyTwoStorages(t *testing.T) {
	t.Parallel()
	for _, from := range storages {
		for _, to := range storages {
			t.Run(fmt.Sprintf("%s to %s", from, to), func(t *testing.T) {
				t.Parallel()
				r := kept(t, from)
				before := load(t, r)
				if before.Storage != from || len(before.Patches) != 2 {
					t.Fatalf("storage %s with %d patches", before.Storage, len(before.Patches))
				}
				tree, want := r.Git("write-tree"), essence(r, before)
				changed, err := before.Convert(ctx, to, "", "kprep: test")
				if err != nil || changed != (from != to) {
					t.Fatalf("changed %v, %v", changed, err)
				}
				after := load(t, r)
				if after.Storage != to || essence(r, after) != want {
					t.Errorf("storage %s\ngot\n%s\nwant\n%s", after.Storage, essence(r, after), want)
				}
				if r.Git("write-tree") != tree || r.Git("status", "--porcelain") != "" {
					t.Error("index or work tree changed")
				}
				if got := r.Git("config", "branch."+after.Name()+".b4-prep-cover-strategy"); got != string(to) {
					t.Errorf("b4 is told %q", got)
				}
				if _, err := after.Convert(ctx, from, "", "kprep: test"); err != nil {
					t.Fatal(err)
				}
				if back := load(t, r); essence(r, back) != want {
					t.Errorf("back again\n%s\nwant\n%s", essence(r, back), want)
				}
			})
		}
	}
}

func TestEditAndRerollInEveryStorage(t *testing.T) {
	t.Parallel()
	for _, storage := range storages {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r := kept(t, storage)
			s := load(t, r)
			if changed, err := s.Edit(ctx, "Another title\n\nMore.\n", "kprep: test"); err != nil || !changed {
				t.Fatal(changed, err)
			}
			s = load(t, r)
			if s.Text != "Another title\n\nMore." || len(s.Patches) != 2 || s.Storage != storage {
				t.Fatalf("text %q, %d patches, %s", s.Text, len(s.Patches), s.Storage)
			}
			reroll, err := s.PrepareReroll(ctx, series.Mailed{FirstID: "id@example.org", Subject: "Another title",
				Text: "More.\n---\nbase-commit: " + string(s.Base) + "\nchange-id: " + s.Tracking.ChangeID + "\n", LinkMask: "https://example.org/%s"}, false)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // the second time finds all done
				if err := series.FinishReroll(ctx, open(t, r), reroll); err != nil {
					t.Fatal(err)
				}
			}
			now := load(t, r)
			if now.Tracking.Revision != 2 || !strings.Contains(now.Text, "Changes in v2:") || now.Tracking.History["v1"][0] != "id@example.org" {
				t.Errorf("revision %d, text %q", now.Tracking.Revision, now.Text)
			}
			sent, err := now.SentRevision(ctx, 1)
			if err != nil || r.Git("rev-list", "--count", string(sent.Base)+".."+sent.Tag) != "2" {
				t.Errorf("sent %+v, %v", sent, err)
			}
			if got := r.Git("rev-parse", sent.Tag+"^{tree}"); got != r.Git("rev-parse", "HEAD^{tree}") {
				t.Error("the tag has another tree")
			}
		})
	}
}

func TestTipCoverWithCommitsOnTop(t *testing.T) {
	t.Parallel()
	r := kept(t, series.TipCommit)
	r.Write("third", "c\n")
	r.Commit("add c\n")
	s := load(t, r)
	if len(s.Patches) != 2 || len(s.Misplaced) != 1 {
		t.Fatalf("%d patches, %d misplaced", len(s.Patches), len(s.Misplaced))
	}
	misplaced := (*series.MisplacedError)(nil)
	if _, err := s.Edit(ctx, "x\n", "kprep: test"); !errors.As(err, &misplaced) || !strings.Contains(err.Error(), "add c") {
		t.Errorf("edit: got %v", err)
	}
	if _, err := s.Render(ctx, series.Rendering{}); !errors.As(err, &misplaced) {
		t.Errorf("render: got %v", err)
	}
	if changed, err := s.Convert(ctx, series.TipCommit, "", "kprep: test"); err != nil || !changed {
		t.Fatal(changed, err)
	}
	if now := load(t, r); len(now.Patches) != 3 || len(now.Misplaced) != 0 || r.Git("status", "--porcelain") != "" {
		t.Errorf("%d patches, %d misplaced", len(now.Patches), len(now.Misplaced))
	}
}

func TestConvertFindsOrAsksForTheBaseBranch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, base string
		setUp     func(*gittest.Repo)
		want      string // recorded; "" for an error
	}{
		{"the only branch that contains the fork point", "", nil, "main"},
		{"the upstream", "", func(r *gittest.Repo) {
			r.Git("branch", "other", "main")
			r.Git("branch", "--set-upstream-to=other")
		}, "other"},
		{"two candidates", "", func(r *gittest.Repo) { r.Git("branch", "other", "main") }, ""},
		{"given", "other", func(r *gittest.Repo) { r.Git("branch", "other", "main") }, "other"},
		{"given, but unknown", "nowhere", nil, ""},
		{"given, but without the fork point", "old", func(r *gittest.Repo) { r.Git("branch", "old", "v1.0~1") }, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r, _ := started(t)
			if tc.setUp != nil {
				tc.setUp(r)
			}
			before := r.State()
			_, err := load(t, r).Convert(ctx, series.TipCommit, tc.base, "kprep: test")
			if tc.want == "" {
				if err == nil || r.State() != before {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := load(t, r).Tracking.BaseBranch; got != tc.want {
				t.Errorf("base branch %q", got)
			}
		})
	}
}
