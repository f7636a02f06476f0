package series_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
)

func TestParsePrerequisite(t *testing.T) {
	t.Parallel()
	hex40 := strings.Repeat("0a", 20)
	for _, tc := range []struct{ why, line, want string }{
		{"a revision of a series", "change-id: 20250102-x-0123:v12", "change-id: 20250102-x-0123:v12"},
		{"blanks and case of the kind", "  Change-ID :x:v1 ", "change-id: x:v1"},
		{"a change-id with :v in its end only", "change-id: x-v1:v2", "change-id: x-v1:v2"},
		{"a message-id gets its brackets", "message-id: a@b", "message-id: <a@b>"},
		{"a message-id that has them", "message-id: <a@b>", "message-id: <a@b>"},
		{"a patch-id in capitals", "patch-id: " + strings.ToUpper(hex40), "patch-id: " + hex40},
		{"a committish", "base-commit: v6.1-rc1~2", "base-commit: v6.1-rc1~2"},
		{"a kind of another program", "x-kind: a b", "x-kind: a b"},
		{"no colon", "change-id", ""},
		{"no kind", ": x", ""},
		{"two words for a kind", "change id: x:v1", ""},
		{"no value", "patch-id: ", ""},
		{"no revision", "change-id: x", ""},
		{"revision zero", "change-id: x:v0", ""},
		{"a revision with a leading zero", "change-id: x:v01", ""},
		{"a signed revision", "change-id: x:v+1", ""},
		{"a change-id that leads out of a folder", "change-id: ../x:v1", ""},
		{"two message-ids", "message-id: <a@b> <c@d>", ""},
		{"a short patch-id", "patch-id: 0123456789ab", ""},
		{"a patch-id that is none", "patch-id: " + strings.Repeat("g", 40), ""},
		{"an option for a commit", "base-commit: --all", ""},
		{"two commits", "base-commit: a b", ""},
		{"a second line", "x-kind: a\nbase-commit: b", ""},
		{"an escape sequence", "x-kind: \x1b[31m", ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			p, err := series.ParsePrerequisite(tc.line)
			if tc.want == "" {
				if !errors.As(err, new(*series.PrerequisiteError)) {
					t.Fatalf("%q: got %q and %v, want a *PrerequisiteError", tc.line, p, err)
				}
				return
			}
			if err != nil || p.String() != tc.want {
				t.Fatalf("%q: got %q and %v, want %q", tc.line, p, err, tc.want)
			}
			if again, err := series.ParsePrerequisite(p.String()); err != nil || again != p {
				t.Errorf("%q read again is %q, %v", p, again, err)
			}
		})
	}
}

func FuzzParsePrerequisite(f *testing.F) {
	for _, line := range []string{"change-id: x:v1", "message-id: <a@b>", "patch-id: 00", "base-commit: v1", "k: v", "K :\u00a0v", "a: :b"} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		p, err := series.ParsePrerequisite(line)
		if err != nil {
			return
		}
		again, err := series.ParsePrerequisite(p.String())
		if err != nil || again != p {
			t.Errorf("%q is %q, which read again is %q, %v", line, p, again, err)
		}
		if strings.ContainsAny(p.String(), "\r\n\x00") {
			t.Errorf("%q has several lines", p)
		}
	})
}

func TestPrerequisitesAreStoredAndFoundAgain(t *testing.T) {
	t.Parallel()
	for _, storage := range []series.Storage{series.CoverCommit, series.TipCommit, series.BranchDescription} {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r, s := started(t)
			if storage != series.CoverCommit {
				if _, err := s.Convert(ctx, storage, "main", "convert"); err != nil {
					t.Fatal(err)
				}
				s = load(t, r)
			}
			if changed, err := s.ChangePrerequisites(ctx, []string{"change-id: x:v1", "base-commit: v1.0"}, nil); err != nil || !changed {
				t.Fatalf("changed %v, %v", changed, err)
			}
			s = load(t, r)
			want := []string{"change-id: x:v1", "base-commit: v1.0"}
			if !slices.Equal(s.Tracking.Prerequisites, want) {
				t.Errorf("got %q, want %q", s.Tracking.Prerequisites, want)
			}
		})
	}
}

func TestLinesThatCannotBeReadAreKeptAndPrinted(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	tip := r.Git("rev-parse", "HEAD")
	old := []string{"change-id: x", "nonsense", "patch-id: 0123", "change-id: y:v1\nFrom: me"}
	s.Tracking.Prerequisites = old // as another program may have written them
	_, lines, err := s.Stands(ctx)
	if want := []string{"prerequisite-change-id: x", "prerequisite-patch-id: 0123"}; err != nil || !slices.Equal(lines, want) {
		t.Errorf("mailed as %q, %v; want %q", lines, err, want)
	}
	got, err := s.CheckDeps(ctx, series.Archives{})
	if err != nil || len(got.Lines) != len(old) || got.Passed() {
		t.Fatalf("checked as %+v, %v", got, err)
	}
	for _, d := range got.Lines {
		if d.OK {
			t.Errorf("%q passed: %s", d.Line, d.Text)
		}
	}
	if now := r.Git("rev-parse", "HEAD"); now != tip {
		t.Errorf("the branch moved to %s", now)
	}
}

// stacked is a series of one patch on one of two, of which nothing was sent.
func stacked(t *testing.T) (*gittest.Repo, *series.Series) {
	t.Helper()
	r, _ := started(t)
	o := origin("upper", "")
	o.Random = "ba9876543210"
	s, err := series.Start(ctx, open(t, r), o)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"change-id: 20250102-foo-driver_fix-0123456789ab:v1"}; !slices.Equal(s.Tracking.Prerequisites, want) {
		t.Fatalf("prerequisites %q, want %q", s.Tracking.Prerequisites, want)
	}
	r.Write("file", "c\n")
	r.Commit("change c\n")
	return r, load(t, r)
}

func TestStackedSeriesNamesAPublicBase(t *testing.T) {
	t.Parallel()
	r, s := stacked(t)
	lower := s.Tracking.Prerequisites[0]
	ids := func(rev string) string {
		id, _, _ := strings.Cut(r.GitInput(r.Git("show", rev)+"\n", "patch-id", "--stable"), " ")
		return id
	}
	tip := string(s.Base)
	for _, tc := range []struct {
		why   string
		needs []string
		base  string
		lines int
	}{
		{"all patches between are prerequisites", []string{lower}, "v1.0", 3},
		{"all are, by their patch-ids", []string{"patch-id: " + ids(tip), "patch-id: " + ids(tip+"^")}, "v1.0", 2},
		{"one is not", []string{"patch-id: " + ids(tip)}, tip, 1},
		{"nothing is a prerequisite", nil, tip, 0},
		{"another revision is", []string{strings.Replace(lower, ":v1", ":v2", 1)}, tip, 1},
		{"twice the same", []string{lower, lower, "patch-id: " + ids(tip)}, "v1.0", 3},
		{"a base commit is named", []string{lower, "base-commit: main"}, "main", 3},
	} {
		t.Run(tc.why, func(t *testing.T) {
			other := *s
			other.Tracking = s.Tracking.Clone()
			other.Tracking.Prerequisites = tc.needs
			base, lines, err := other.Stands(ctx)
			if want := r.Git("rev-parse", tc.base+"^{commit}"); err != nil || base != want || len(lines) != tc.lines {
				t.Fatalf("base %s, lines %q, %v; want base %s and %d lines", base, lines, err, want, tc.lines)
			}
		})
	}
}

func TestCheckDepsAppliesWhatIsNeededFirst(t *testing.T) {
	t.Parallel()
	_, s := stacked(t)
	got, err := s.CheckDeps(ctx, series.Archives{})
	if err != nil || !got.Passed() || got.Applied != 3 {
		t.Fatalf("got %+v, %v; want 3 applied", got, err)
	}
	s.Tracking = s.Tracking.Clone()
	s.Tracking.Prerequisites = []string{"base-commit: v1.0"}
	if got, err = s.CheckDeps(ctx, series.Archives{}); err != nil || got.Passed() || got.Applied != 0 || len(got.Patches) != 1 {
		t.Errorf("without the patches: got %+v, %v; want none applied", got, err)
	}
}
