package series_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

var reviewed = trailers.Trailer{Key: "Reviewed-by", Value: "R <r@example.org>"}

// signedOff is a series of three patches with odd messages.
func signedOff(t *testing.T) *gittest.Repo {
	r := project(t)
	if _, err := series.Start(ctx, open(t, r), origin("topic", "v1.0")); err != nil {
		t.Fatal(err)
	}
	for i, message := range []string{"[tag]  two  spaces \n\n\nbody \t\n\n\n", "s\n\nb\n\nacked-by:A <a@example.org>  \nSigned-off-by: Jane Dév <jane@example.org>\n---\nnote\n", "s\r\n\r\nSigned-off-by: x\r\n"} {
		r.Write("file", strings.Repeat("x\n", i+1))
		r.Git("add", "file")
		r.GitInput(message, "commit", "-q", "--cleanup=verbatim", "-F", "-")
	}
	return r
}

func messages(r *gittest.Repo, revs ...string) []string {
	var all []string
	for _, rev := range revs {
		_, message, _ := strings.Cut(r.Git("cat-file", "commit", rev), "\n\n")
		all = append(all, message)
	}
	return all
}

func TestAddTrailers(t *testing.T) {
	t.Parallel()
	for _, storage := range []series.Storage{series.CoverCommit, series.TipCommit, series.BranchDescription} {
		t.Run(string(storage), func(t *testing.T) {
			t.Parallel()
			r := signedOff(t)
			s := load(t, r)
			if _, err := s.Convert(ctx, storage, "main", "kprep: test"); err != nil {
				t.Fatal(err)
			}
			s = load(t, r)
			before, state := s, r.State()
			custody := series.Custody{Own: trailers.Trailer{Key: "Signed-off-by", Value: "Jane Dév <jane@example.org>"}}
			add := map[gitrepo.ID][]trailers.Trailer{s.Patches[1].ID: {reviewed}}
			changed, err := s.AddTrailers(ctx, add, custody)
			if err != nil || changed != 1 {
				t.Fatalf("%d changed, %v", changed, err)
			}
			s = load(t, r)
			if s.Patches[0].ID != before.Patches[0].ID {
				t.Error("the patch below the first that changes was made again")
			}
			want := "s\n\nb\n\nacked-by:A <a@example.org>  \nReviewed-by: R <r@example.org>\nSigned-off-by: Jane Dév <jane@example.org>\n---\nnote\n"
			if s.Patches[1].Message != want || s.Patches[2].Message != before.Patches[2].Message {
				t.Errorf("the messages are %q and %q", s.Patches[1].Message, s.Patches[2].Message)
			}
			for i, p := range s.Patches {
				if p.Tree != before.Patches[i].Tree || p.Author.String() != before.Patches[i].Author.String() {
					t.Errorf("patch %d has another content or author", i+1)
				}
			}
			if s.Text != before.Text || r.Git("status", "--porcelain") != "" {
				t.Errorf("the cover letter is %q, the work tree %q", s.Text, r.Git("status", "--porcelain"))
			}
			after := r.State()
			again := map[gitrepo.ID][]trailers.Trailer{s.Patches[1].ID: {reviewed}}
			if changed, err := s.AddTrailers(ctx, again, custody); err != nil || changed != 0 || r.State() != after {
				t.Errorf("the second time: %d changed, %v", changed, err)
			}
			if _, err := series.Undo(ctx, open(t, r), 1, series.UndoOptions{}); err != nil {
				t.Fatal(err)
			}
			if got := withoutLog(r.State()); got != withoutLog(state) {
				t.Errorf("after undo:\n%s\nwant:\n%s", got, state)
			}
		})
	}
}

// withoutLog leaves the operation log's own ref out of a state.
func withoutLog(state string) string {
	var kept []string
	for line := range strings.Lines(state) {
		if !strings.Contains(line, "refs/kprep/ops") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func foreignCommit(r *gittest.Repo) {
	mine := r.Env
	r.Env = append(slices.Clone(mine), "GIT_COMMITTER_EMAIL=else@example.org")
	r.Git("commit", "-q", "--allow-empty", "-m", "else")
	r.Env = mine
}

// Trailers change no commit of others, and none while something else is under way.
func TestAddTrailersRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why   string
		setUp func(*gittest.Repo)
		want  any
	}{
		{"a foreign commit above", foreignCommit, new(*series.ForeignError)},
		{"a merge", func(r *gittest.Repo) { r.Git("merge", "-q", "--no-ff", "-s", "ours", "-m", "m", "main") }, new(*series.MergeError)},
		{"a bisect", func(r *gittest.Repo) { r.Git("bisect", "start", "HEAD", "v1.0") }, new(*gitrepo.BusyError)},
	} {
		r := signedOff(t)
		c.setUp(r)
		repo := open(t, r)
		s, err := series.Load(ctx, repo, "b4/topic")
		if err != nil {
			t.Fatal(err)
		}
		state := r.State()
		_, err = s.AddTrailers(ctx, map[gitrepo.ID][]trailers.Trailer{s.Patches[0].ID: {reviewed}}, series.Custody{})
		if !errors.As(err, c.want) || r.State() != state {
			t.Errorf("%s: %v; changed: %v", c.why, err, r.State() != state)
		}
	}
}

// A branch that moved since it was read stays as it is.
func TestAddTrailersOfAMovedBranch(t *testing.T) {
	t.Parallel()
	r := signedOff(t)
	s := load(t, r)
	r.Git("commit", "-q", "--amend", "-m", "meanwhile")
	state := r.State()
	_, err := s.AddTrailers(ctx, map[gitrepo.ID][]trailers.Trailer{s.Patches[0].ID: {reviewed}}, series.Custody{})
	if err == nil || withoutLog(r.State()) != withoutLog(state) {
		t.Errorf("got %v", err)
	}
}

func TestReviewed(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	m := mailed()
	m.Text = "t\n\nbody\n\nbase-commit: " + string(s.Base) + "\n"
	reroll, err := s.PrepareReroll(ctx, m, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := series.FinishReroll(ctx, open(t, r), reroll); err != nil {
		t.Fatal(err)
	}
	r.Write("other", "amended\n")
	r.Git("add", "other")
	r.Git("commit", "-q", "--amend", "-m", "[odd] add b")
	got, err := load(t, r).Reviewed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Branch.Sent) != 1 || len(got.Branch.Sent[0].Patches) != 2 || len(got.Sent[1]) != 2 || got.FirstIDs[1][0] != "1@example.org" {
		t.Fatalf("got %+v", got)
	}
	before, now := got.Branch.Sent[0].Patches, got.Patches
	if before[0].PatchID != now[0].PatchID || before[1].PatchID == now[1].PatchID || now[1].Title != "add b" || now[0].Message != "change a\n\nWhy.\n" {
		t.Errorf("before %+v, now %+v", before, now)
	}
	for mailbox, want := range map[string]bool{s.Cover.Committer.Email: true, "else@example.org": false} {
		if got.IsMe(mailbox) != want {
			t.Errorf("%s is me: %v", mailbox, !want)
		}
	}
}

func TestOwnLine(t *testing.T) {
	t.Parallel()
	since := time.Date(2024, 12, 20, 0, 0, 0, 0, time.UTC) // the commits are of 2025-01-02
	foreign := foreignCommit
	mine := func(r *gittest.Repo) { r.Git("commit", "-q", "--allow-empty", "-m", "mine") }
	for _, c := range []struct {
		why   string
		setUp func(*gittest.Repo)
		from  string
		since time.Time
		want  int // commits; 0 for a *NoLineError
	}{
		{"above the last foreign commit", func(r *gittest.Repo) { foreign(r); mine(r); mine(r) }, "", since, 2},
		{"a foreign commit on top", func(r *gittest.Repo) { mine(r); foreign(r) }, "", since, 0},
		{"a foreign commit too long ago", func(r *gittest.Repo) { foreign(r); mine(r) }, "", since.AddDate(1, 0, 0), 0},
		{"no foreign commit", func(r *gittest.Repo) {}, "", since, 0},
		{"above a merge", func(r *gittest.Repo) {
			foreign(r)
			r.Git("merge", "-q", "--no-ff", "-m", "m", "side")
			mine(r)
		}, "", since, 1},
		{"from a commit", func(r *gittest.Repo) { mine(r); mine(r) }, "HEAD~1", since, 2},
		{"from a commit, long ago", func(r *gittest.Repo) { mine(r) }, "HEAD", since.AddDate(1, 0, 0), 1},
		{"from a commit below a foreign one", func(r *gittest.Repo) { foreign(r); mine(r) }, "HEAD~2", since, 1},
		{"from the first commit", func(r *gittest.Repo) {}, "HEAD~2", since, 0},
		{"from elsewhere", func(r *gittest.Repo) {}, "side", since, 0},
		{"from nowhere", func(r *gittest.Repo) {}, "nowhere", since, 0},
	} {
		r := project(t)
		r.Git("checkout", "-q", "-b", "side")
		r.Git("commit", "-q", "--allow-empty", "-m", "aside")
		r.Git("checkout", "-q", "main")
		c.setUp(r)
		line, err := series.FindOwnLine(ctx, open(t, r), series.LineOptions{From: c.from, Since: c.since})
		if c.want == 0 {
			if !errors.As(err, new(*series.NoLineError)) {
				t.Errorf("%s: got %v, %v", c.why, line, err)
			}
			continue
		}
		if err != nil || len(line.Patches) != c.want || string(line.Patches[c.want-1].ID) != r.Git("rev-parse", "HEAD") {
			t.Errorf("%s: got %+v, %v", c.why, line, err)
		}
	}
}

func TestOwnLineTakesTrailers(t *testing.T) {
	t.Parallel()
	r := project(t)
	line, err := series.FindOwnLine(ctx, open(t, r), series.LineOptions{From: "HEAD~1"})
	if err != nil {
		t.Fatal(err)
	}
	state := r.State()
	changed, err := line.AddTrailers(ctx, map[gitrepo.ID][]trailers.Trailer{line.Patches[0].ID: {reviewed}}, series.Custody{})
	if err != nil || changed != 1 {
		t.Fatalf("%d changed, %v", changed, err)
	}
	if got := messages(r, "HEAD~1", "HEAD"); got[0] != "two\n\nReviewed-by: R <r@example.org>" || got[1] != "three" {
		t.Errorf("the messages are %q", got)
	}
	if _, err := line.AddTrailers(ctx, map[gitrepo.ID][]trailers.Trailer{line.Patches[1].ID: {reviewed}}, series.Custody{}); err == nil {
		t.Error("a branch that moved was changed")
	}
	if _, err := series.Undo(ctx, open(t, r), 1, series.UndoOptions{}); err != nil {
		t.Fatal(err)
	}
	if withoutLog(r.State()) != withoutLog(state) {
		t.Errorf("after undo:\n%s\nwant:\n%s", r.State(), state)
	}
}
