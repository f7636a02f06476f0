package feedback_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

func TestDigestOfTheTruth(t *testing.T) {
	t.Parallel()
	w := ring(t)
	if s, err := feedback.Summarize(w.repo, w.series); err != nil || !s.AsOf.IsZero() || len(s.Patches) != 5 {
		t.Fatalf("before anybody looked: %+v, %v", s, err)
	}
	f := w.collect(t, w.mailed(all)+thread(t))
	now := time.Date(2025, 2, 1, 0, 0, 0, 0, time.UTC)
	if err := f.Digest(now).Keep(w.repo, w.series); err != nil {
		t.Fatal(err)
	}
	s, err := feedback.Summarize(w.repo, w.series)
	if err != nil {
		t.Fatal(err)
	}
	open := 0
	for _, r := range f.Replies {
		if r.Open() {
			open++
		}
	}
	if !s.AsOf.Equal(now) || s.Replies != 37 || s.New != 37 || s.Open != open || len(s.OpenIDs) != open {
		t.Errorf("as of %s: %d replies, %d new, %d open, not %d", s.AsOf, s.Replies, s.New, s.Open, open)
	}
	if s.Last == nil || s.Last.ID != "r40@review.example" || s.LastOwn == nil || s.LastOwn.ID != "r38@review.example" {
		t.Errorf("last %+v, of mine %+v", s.Last, s.LastOwn)
	}
	if got := strings.Join(s.Patches[2].Trailers, "; "); got != "Reviewed-by: Rita Reviewer <rita@review.example>" {
		t.Errorf("trailers of patch 3: %s", got)
	}
	if got := strings.Join(s.Patches[3].Trailers, "; "); got != "Tested-by: Otto Other <otto@other.example>" {
		t.Errorf("trailers of patch 4, of which one has a condition: %s", got)
	}
	sum := s.Cover.Replies + s.Elsewhere.Replies
	for _, p := range s.Patches {
		sum += p.Replies
	}
	if sum != s.Replies || s.Elsewhere.Replies != 3 || s.Patches[4].Replies != 0 {
		t.Errorf("%d replies in all: %+v", sum, s)
	}

	d, err := feedback.ReadDigest(w.repo, w.series)
	if err != nil {
		t.Fatal(err)
	}
	marks := &series.Marks{Done: slices.Sorted(slices.Values(s.OpenIDs))}
	moved := slices.Clone(f.Patches)
	slices.Reverse(moved)
	later := d.Sum(moved, marks)
	if later.Open != 0 || later.New != s.New-s.Open || later.Patches[2].Replies != s.Patches[2].Replies || later.Patches[3].Replies != s.Patches[1].Replies {
		t.Errorf("after a new order, all done: %+v", later)
	}
	if twice := d.Sum([]string{"x", f.Patches[0], f.Patches[0]}, nil); twice.Elsewhere.Replies != s.Replies-s.Cover.Replies {
		t.Errorf("of two patches with a title one was chosen: %+v", twice)
	}
}

// A damaged digest is none: looking again makes another.
// Only what is given without a condition, and not taken back, counts for lists.
func TestDigestTrailers(t *testing.T) {
	t.Parallel()
	day := func(n int) time.Time { return time.Date(2025, 1, n, 0, 0, 0, 0, time.UTC) }
	reply := func(n int, who string, place trailers.Place, body string) feedback.Reply {
		r := feedback.Reply{From: patchmail.Address{Mailbox: who}, Date: day(n), Place: place}
		r.Trailers, r.Against = trailers.FromReply(strings.ReplaceAll(body, "§", "Acked-by: "+who))
		return r
	}
	patch, other, cover := trailers.Place{Mine: true, Number: 1}, trailers.Place{Mine: true, Number: 2, Patch: 1}, trailers.Place{Mine: true, Cover: true, Patch: -1}
	const a, b = "a@example.org", "b@example.org"
	for _, tc := range []struct {
		why     string
		replies []feedback.Reply
		want    int
	}{
		{"given", []feedback.Reply{reply(1, a, patch, "§")}, 1},
		{"under a condition", []feedback.Reply{reply(1, a, patch, "With that fixed:\n§")}, 0},
		{"refused", []feedback.Reply{reply(1, a, patch, "§\v")}, 0},
		{"for some patches", []feedback.Reply{reply(1, a, cover, "Patch 1 is fine.\n\n§")}, 0},
		{"taken back", []feedback.Reply{reply(1, a, patch, "§"), reply(2, a, patch, "I take back my ack.")}, 0},
		{"taken back for all", []feedback.Reply{reply(1, a, patch, "§"), reply(2, a, cover, "NAK.")}, 0},
		{"taken back before", []feedback.Reply{reply(2, a, patch, "§"), reply(1, a, patch, "NAK.")}, 1},
		{"another one", []feedback.Reply{reply(1, a, patch, "§"), reply(2, b, patch, "NAK.")}, 1},
		{"of another patch", []feedback.Reply{reply(1, a, patch, "§"), reply(2, a, other, "NAK.")}, 1},
	} {
		f := feedback.Feedback{Replies: tc.replies, Patches: []string{"one", "two"}}
		got := 0
		for _, r := range f.Digest(day(9)).Replies {
			got += len(r.Trailers)
		}
		if got != tc.want {
			t.Errorf("%s: %d trailers, want %d", tc.why, got, tc.want)
		}
	}
}

func TestDamagedDigest(t *testing.T) {
	t.Parallel()
	w := ring(t)
	file := filepath.Join(w.Dir, ".git/kprep/cache/feedback", changeID+".json")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", "{", `{"form": 99, "replies": [{"id": "x"}]}`, "[]"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := feedback.Summarize(w.repo, w.series); err != nil || !s.AsOf.IsZero() || s.Replies != 0 {
			t.Errorf("%q: %+v, %v", text, s, err)
		}
	}
}

// BenchmarkSummarize is what a list takes for each series.
func BenchmarkSummarize(b *testing.B) {
	w := ring(b)
	if err := w.collect(b, w.mailed(all)+thread(b)).Digest(time.Unix(0, 0)).Keep(w.repo, w.series); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if s, err := feedback.Summarize(w.repo, w.series); err != nil || s.Replies == 0 {
			b.Fatal(s, err)
		}
	}
}
