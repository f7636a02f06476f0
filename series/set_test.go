package series_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

func TestSetPrefixes(t *testing.T) {
	t.Parallel()
	_, s := started(t)
	for _, tc := range []struct {
		why   string
		words []string
		want  string // "!" for refused
	}{
		{"words", []string{"RFC", "net-next"}, "RFC net-next"},
		{"words in one argument", []string{"RFC net-next"}, "RFC net-next"},
		{"each once, in any case", []string{"RFC", "rfc"}, "RFC"},
		{"a word with a digit behind a v in it", []string{"ipv6"}, "ipv6"},
		{"none", nil, ""},
		{"the revision", []string{"v2"}, "!"},
		{"the counter", []string{"1/2"}, "!"},
		{"PATCH", []string{"PATCH"}, "!"},
		{"brackets", []string{"[RFC]"}, "!"},
	} {
		_, err := s.SetPrefixes(ctx, tc.words)
		if tc.want == "!" {
			if err == nil {
				t.Errorf("%s: accepted %q", tc.why, tc.words)
			}
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", tc.why, err)
		}
		if s, err = series.Load(ctx, series.RepoOf(s), ""); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(s.Tracking.Prefixes, " "); got != tc.want {
			t.Errorf("%s: got %q, want %q", tc.why, got, tc.want)
		}
	}
}

func TestSetRevisionNeverGoesBackBehindWhatWasSent(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	if changed, err := s.SetRevision(ctx, 3); err != nil || !changed {
		t.Fatal(changed, err)
	}
	s = load(t, r)
	r.Git("tag", "-a", "-m", "x\n\nbase-commit: "+string(s.Base)+"\nchange-id: "+s.Tracking.ChangeID, "sent/"+s.Tracking.ChangeID+"-v2", "HEAD")
	for _, n := range []int{0, 1, 2} {
		before := r.State()
		if _, err := s.SetRevision(ctx, n); err == nil || r.State() != before {
			t.Errorf("revision %d: got %v", n, err)
		}
	}
	if _, err := s.SetRevision(ctx, 2); !errors.As(err, new(*series.RevisionError)) {
		t.Errorf("got %v", err)
	}
	if changed, err := s.SetRevision(ctx, 4); err != nil || !changed {
		t.Error(changed, err)
	}
}

func TestClaimChangesTheCommitterAlone(t *testing.T) {
	t.Parallel()
	for _, storage := range storages {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r := kept(t, storage)
			const format = "--format=%T %an %ae %ad %B"
			want := r.Git("log", format, "v1.0..")
			forgetMe(t, r)
			r.Env = append(r.Env, "GIT_COMMITTER_NAME=Heir", "GIT_COMMITTER_EMAIL=heir@example.org")
			s := load(t, r)
			if _, err := s.Edit(ctx, "x\n", "kprep: test"); !errors.As(err, new(*series.ForeignError)) {
				t.Fatalf("edit before the claim: %v", err)
			}
			claim, err := s.PrepareClaim(ctx)
			if err != nil || len(claim.Foreign) == 0 {
				t.Fatal(claim, err)
			}
			if err := claim.Apply(ctx); err != nil {
				t.Fatal(err)
			}
			if got := r.Git("log", format, "v1.0.."); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			for _, email := range strings.Fields(r.Git("log", "--format=%ce", "v1.0..")) {
				if email != "heir@example.org" {
					t.Errorf("committed by %s", email)
				}
			}
			if _, err := load(t, r).Edit(ctx, "x\n", "kprep: test"); err != nil {
				t.Errorf("edit after the claim: %v", err)
			}
		})
	}
}

// forgetMe takes kprep's memory of who worked here out of the repository, as
// a clone on another machine would be.
func forgetMe(t *testing.T, r *gittest.Repo) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(r.Dir, ".git", "kprep")); err != nil {
		t.Fatal(err)
	}
	r.Git("update-ref", "-d", "refs/kprep/ops")
}

// A changed address locks nobody out of what he did here (design, promise 3).
func TestEditAfterAChangeOfAddress(t *testing.T) {
	t.Parallel()
	for _, storage := range storages {
		r := kept(t, storage)
		r.Env = append(r.Env, "GIT_COMMITTER_EMAIL=new@example.org")
		if changed, err := load(t, r).Edit(ctx, "x\n", "kprep: test"); err != nil || !changed {
			t.Errorf("%s: %v, %v", storage, changed, err)
		}
	}
}
