package series_test

import "testing"

func TestAheadLooksAtCopiesOfTheBranchAlone(t *testing.T) {
	t.Parallel()
	r, s := started(t)
	if _, err := s.SetRevision(ctx, 3); err != nil {
		t.Fatal(err)
	}
	third := r.Git("rev-parse", "HEAD")
	r.Git("reset", "-q", "--keep", string(s.Tip))
	for _, tc := range []struct {
		why, ref, at string
		revision     int
	}{
		{"no copy", "refs/remotes/o/main", "main", 0},
		{"a copy of now", "refs/remotes/o/" + s.Name(), string(s.Tip), 0},
		{"another name", "refs/remotes/o/other", third, 0},
		{"a name that only ends the same", "refs/remotes/o/x/" + s.Name(), third, 0},
		{"a copy without the series", "refs/remotes/p/" + s.Name(), "main", 0},
		{"a copy that is ahead", "refs/remotes/q/" + s.Name(), third, 3},
	} { // one after the other: each finds what those before left
		r.Git("update-ref", tc.ref, tc.at)
		ahead, err := load(t, r).Ahead(ctx)
		if err != nil || (ahead == nil) != (tc.revision == 0) {
			t.Fatalf("%s: %+v, %v", tc.why, ahead, err)
		}
		if ahead != nil && (ahead.Revision != tc.revision || ahead.Ref != "q/"+s.Name()) {
			t.Errorf("%s: %+v", tc.why, ahead)
		}
	}
}
