package series_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/series"
)

func TestMarks(t *testing.T) {
	t.Parallel()
	var none *series.Marks
	if none.IsSeen("a") || none.IsDone("a") {
		t.Error("without marks something is marked")
	}
	var st series.State
	st.MarkDone("b", "a")
	st.MarkDone("c", "b")
	st.MarkUndone("c", "unknown")
	marks := &series.Marks{Done: st.Done, Seen: map[string]bool{"c": true}}
	for id, want := range map[string][2]bool{"a": {true, true}, "b": {true, true}, "c": {true, false}, "d": {false, false}} {
		if got := [2]bool{marks.IsSeen(id), marks.IsDone(id)}; got != want {
			t.Errorf("%s: seen and done are %v, want %v", id, got, want)
		}
	}
	if got := strings.Join(st.Done, " "); got != "a b" {
		t.Errorf("done %s", got)
	}
}

// What the user marks lies with what else is remembered, and can be undone.
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
	if m, err := s.Marks(); err != nil || !m.IsDone("<odd>&@example.org") {
		t.Errorf("%+v, %v", m, err)
	}
	if err := series.CheckState(text); err != nil {
		t.Error(err)
	}
	mark(func(st *series.State) { st.Done = nil })
	if text, err := os.ReadFile(file); err != nil || strings.Contains(string(text), "feedback") {
		t.Errorf("%v, marks that are none: %s", err, text)
	}
}

// To see something is no operation: nothing can be undone, and what could be
// brought back still can.
func TestSeeingIsNoOperation(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	log := oplog.New(open(t, r), oplog.Options{})
	before, err := log.List()
	if err != nil {
		t.Fatal(err)
	}
	for _, ids := range [][]string{{"b@x", "a@x"}, {}, {"a@x", "c@x"}} {
		if err := s.MarkSeen(ids...); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(r.Dir, ".git", "kprep", "series", s.Tracking.ChangeID, "seen")
	if text, err := os.ReadFile(file); err != nil || string(text) != "b@x\na@x\nc@x\n" {
		t.Errorf("%v, it holds %q", err, text)
	}
	if after, err := log.List(); err != nil || len(after) != len(before) {
		t.Errorf("%d operations, and %d before; %v", len(after), len(before), err)
	}
	// Killed in the middle of a line.
	if err := os.WriteFile(file, []byte("a@x\nb@"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkSeen("b@x"); err != nil {
		t.Fatal(err)
	}
	if m, err := s.Marks(); err != nil || !m.IsSeen("a@x") || !m.IsSeen("b@x") || m.IsSeen("c@x") {
		t.Errorf("%+v, %v", m, err)
	}
}
