package series_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/series"
)

func stateFile(t *testing.T, s *series.Series, dir string) string {
	t.Helper()
	return filepath.Join(dir, ".git", "kprep", "series", s.Tracking.ChangeID, "state.json")
}

func TestStateKeepsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	if st, err := s.State(); err != nil || st.Collected != nil || len(st.Checks) != 0 {
		t.Fatalf("a series without a file has %+v, %v", st, err)
	}
	file := stateFile(t, s, r.Dir)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`{"version": 1, "later": {"x": [1, 2]}}`), 0o644); err != nil {
		t.Fatal(err)
	}
	err := s.UpdateState(ctx, "test", time.Unix(0, 0), func(st *series.State) { st.Collected = &series.Collection{Diffs: "abc"} })
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `"later"`) || !strings.Contains(string(text), `"abc"`) {
		t.Errorf("%s, %v", text, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}

// What cannot be read is never written over.
func TestStateThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for why, text := range map[string]string{
		"no JSON": "{", "empty": "", "null": "null", "a later form": `{"version": 2}`, "no form": `{}`, "another shape": `{"version": 1, "checks": {}}`,
	} {
		t.Run(why, func(t *testing.T) {
			t.Parallel()
			r, s := started(t)
			file := stateFile(t, s, r.Dir)
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if st, err := s.State(); !errors.As(err, new(*series.StateError)) {
				t.Errorf("State: %+v, %v", st, err)
			}
			if err := s.UpdateState(ctx, "test", time.Unix(0, 0), func(*series.State) {}); !errors.As(err, new(*series.StateError)) {
				t.Errorf("UpdateState: %v", err)
			}
			if after, err := os.ReadFile(file); string(after) != text {
				t.Errorf("the file is now %q, %v", after, err)
			}
		})
	}
}

func TestStateLosesNothingToTwoWriters(t *testing.T) {
	t.Parallel()
	_, s := started(t)
	var writers sync.WaitGroup
	for i := range 5 {
		writers.Go(func() {
			err := s.UpdateState(ctx, "test", time.Unix(0, 0), func(st *series.State) {
				st.Checks = append(st.Checks, series.PassedCheck{Patch: fmt.Sprint(i), Command: "true"})
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	writers.Wait()
	if st, err := s.State(); err != nil || len(st.Checks) != 5 {
		t.Errorf("%+v, %v", st, err)
	}
}

// A patch is what it says, wherever it stands.
func TestContentFollowsThePatch(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why         string
		change      []string // git commands
		patch, diff bool     // of the last patch stays
	}{
		{"nothing", nil, true, true},
		{"another date", []string{"commit -q --amend --no-edit --date=2020-01-01T00:00:00Z"}, true, true},
		{"another message", []string{"commit -q --amend -m other"}, false, true},
		{"another author", []string{"commit -q --amend --no-edit --author=Max<max@example.org>"}, false, true},
		{"another diff", []string{"rm -q --cached other", "commit -q --allow-empty --amend --no-edit"}, false, false},
		{"the patch below is dropped", []string{"rebase -q --onto HEAD~2 HEAD~"}, true, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r, s := started(t)
			before, err := s.Contents(ctx)
			if err != nil {
				t.Fatal(err)
			}
			for _, command := range tc.change {
				r.Git(strings.Fields(command)...)
			}
			after, err := load(t, r).Contents(ctx)
			if err != nil {
				t.Fatal(err)
			}
			old, now := before[len(before)-1], after[len(after)-1]
			if (old.Patch == now.Patch) != tc.patch || (old.Diff == now.Diff) != tc.diff {
				t.Errorf("before %+v\nafter  %+v", old, now)
			}
		})
	}
}

// The blobs differ, the patch does not.
func TestContentSurvivesARebase(t *testing.T) {
	t.Parallel()
	r, _ := started(t)
	r.Write("long", "first\n"+strings.Repeat("line\n", 20)+"last\n")
	r.Commit("add long\n")
	r.Write("long", "first\n"+strings.Repeat("line\n", 20)+"changed\n")
	r.Commit("change long\n")
	before, err := load(t, r).Contents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	r.Git("checkout", "-q", "--detach", "HEAD~")
	r.Write("long", "other\n"+strings.Repeat("line\n", 20)+"last\n")
	onto := r.Commit("start otherwise\n")
	r.Git("rebase", "-q", "--onto", onto, "HEAD~", "b4/foo-driver_fix")
	after, err := load(t, r).Contents(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if before[3] != after[4] {
		t.Errorf("before %+v\nafter  %+v", before[3], after[4])
	}
}
