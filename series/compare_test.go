package series_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/series"
)

// tagged gives a revision of the series its tag: the patches up to HEAD.
func tagged(r *gittest.Repo, s *series.Series, revision int, lines ...string) string {
	name := fmt.Sprintf("sent/%s-v%d", s.Tracking.ChangeID, revision)
	r.GitInput(fmt.Sprintf("A title\n\nText.\n%s\nchange-id: %s\n", strings.Join(lines, "\n"), s.Tracking.ChangeID), "tag", "-a", "-F", "-", name)
	return name
}

func TestSides(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	base := "base-commit: " + string(s.Start())
	tagged(r, s, 1, base)
	tagged(r, s, 3, base)
	unbased := tagged(r, s, 4)
	r.Write("more", "c\n")
	r.Commit("add c\n\nText.\n")
	s = load(t, r)
	for _, tt := range []struct {
		reason   string
		old, new int
		want     string // names of both sides
	}{
		{"two that were sent", 1, 3, "v1 v3"},
		{"the other way round", 3, 1, "v3 v1"},
		{"against the branch", 3, series.OnBranch, "v3 b4/foo-driver_fix (v1, not sent)"},
		{"the branch against what was sent", series.OnBranch, 1, "b4/foo-driver_fix (v1, not sent) v1"},
		{"what was sent before", series.SentBefore, 3, "v1 v3"},
		{"nothing was sent before", series.SentBefore, 1, "no revision before v1 of this series was sent from this repository"},
		{"one that was not sent", 2, 3, "revision v2 of this series was not sent from this repository"},
		{"one without a base", 1, 4, `the tag "` + unbased + `" names no base-commit, so that nobody knows where its patches begin`},
		{"the last one sent has no base", series.SentBefore, series.OnBranch, `the tag "` + unbased + `" names no base-commit, so that nobody knows where its patches begin`},
	} {
		sides, err := s.Sides(ctx, tt.old, tt.new)
		got := sides[0].String() + " " + sides[1].String()
		if err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.reason, got, tt.want)
		}
	}
}

func TestATagMayShortenItsBase(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	tagged(r, s, 1, "base-commit: "+string(s.Start())[:9])
	sides, err := s.Sides(ctx, 1, series.OnBranch)
	if err != nil || sides[0].Base != s.Start() {
		t.Errorf("%+v, %v", sides[0], err)
	}
}

func TestTheNextRevisionIsTheBranch(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	s.Tracking.Revision = 2
	tagged(r, s, 1, "base-commit: "+string(s.Base))
	sides, err := s.Sides(ctx, 1, 2)
	if err != nil || sides[1].Sent != nil || sides[1].End != s.End() {
		t.Errorf("v1..v2: %+v, %v", sides[1], err)
	}
	if _, err := s.Sides(ctx, 2, series.OnBranch); !errors.As(err, new(*series.NotSentError)) {
		t.Errorf("v2: %v", err)
	}
}

func TestTheCoverLetterIsNoPatch(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	tagged(r, s, 1, "base-commit: "+string(s.Base))
	sides, err := s.Sides(ctx, 1, series.OnBranch)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Compare(ctx, sides, series.CompareOptions{CreationFactor: rangediff.DefaultCreationFactor})
	if err != nil || len(c.OldPatches) != 2 || rangediff.Tally(c.Changes) != "2 unchanged" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestCompareRefuses(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	gone := "1234567890123456789012345678901234567890"
	for n, tt := range []struct {
		reason, base, want string
		as                 any
	}{
		{"a base that is not here", gone, "the base-commit", new(*gitrepo.MissingError)},
		{"a base beside", r.Git("rev-parse", "main"), "is not below the last patch", new(*series.NotBelowError)},
		{"a tree for a base", r.Git("rev-parse", "HEAD^{tree}"), "is a tree, not a commit", new(*gitrepo.NotCommitError)},
		{"no id at all", "v1.0", "names no base-commit", new(*series.UnbasedError)},
	} {
		tagged(r, s, n+1, "base-commit: "+tt.base)
		sides, err := s.Sides(ctx, n+1, series.OnBranch)
		if err == nil {
			_, err = s.Compare(ctx, sides, series.CompareOptions{CreationFactor: rangediff.DefaultCreationFactor})
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !errors.As(err, tt.as) {
			t.Errorf("%s: %v", tt.reason, err)
		}
	}
}
