package series_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/series"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	var none *series.Marks
	if none.IsSeen("a") || none.IsDone("a") {
		t.Error("without marks something is marked")
	}
	var st series.State
	st.MarkSeen("c", "a", "c")
	st.MarkDone("b")
	st.MarkDone("c")
	st.MarkUndone("c", "unknown")
	for id, want := range map[string][2]bool{"a": {true, false}, "b": {true, true}, "c": {true, false}, "d": {false, false}} {
		if got := [2]bool{st.Feedback.IsSeen(id), st.Feedback.IsDone(id)}; got != want {
			t.Errorf("%s: seen and done are %v, want %v", id, got, want)
		}
	}
	if got := strings.Join(st.Feedback.Seen, " "); got != "a b c" {
		t.Errorf("seen %s", got)
	}
}

// Marks lie with what else is remembered, and what takes them back can be undone.
func TestMarksAreRemembered(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	mark := func(change func(*series.State)) {
		t.Helper()
		if err := s.UpdateState(ctx, "feedback", time.Unix(1, 0), change); err != nil {
			t.Fatal(err)
		}
	}
	mark(func(st *series.State) { st.MarkDone("<odd>&@example.org") })
	file := filepath.Join(r.Dir, ".git", "kprep", "series", s.Tracking.ChangeID, "state.json")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `"<odd>&@example.org"`) {
		t.Fatalf("%v in %s", err, text)
	}
	if st, err := s.State(); err != nil || !st.Feedback.IsDone("<odd>&@example.org") {
		t.Errorf("%+v, %v", st, err)
	}
	if err := series.CheckState(text); err != nil {
		t.Error(err)
	}
	mark(func(st *series.State) { *st.Feedback = series.Marks{} })
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "feedback") {
		t.Errorf("%v, marks that are none: %s", err, text)
	}
}
