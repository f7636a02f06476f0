package e2e

import (
	"regexp"
	"strings"
	"testing"
)

// asB4Sees is what b4 says of a series and what it would mail, but for dates
// and ids.
func (w *world) asB4Sees(dir string) string {
	w.t.Helper()
	ids := regexp.MustCompile(`\b[0-9a-f]{7,40}\b`)
	all := ids.ReplaceAllString(w.b4("prep", "--show-info"), "ID")
	w.b4("send", "-o", w.home+"/"+dir)
	for _, raw := range w.at(w.home).directory(dir) {
		l := open(w.t, raw)
		all += "\n" + l.subject + "\n" + ids.ReplaceAllString(l.body, "ID")
	}
	return all
}

// From b4 through every storage and back to b4, for each storage: b4 sees the
// same series before and after.
func TestStoragesRoundTripThroughB4(t *testing.T) {
	t.Parallel()
	needPeer(t, "b4", "b4")
	storages := []string{"commit", "tip-commit", "branch-description"}
	for _, storage := range storages {
		t.Run(storage, func(t *testing.T) {
			t.Parallel()
			w, _, _ := smallClone(t)
			w.git("config", "b4.prep-cover-strategy", storage)
			w.b4("prep", "-n", "Round trip")
			w.make(someChanges(3))
			if storage == "tip-commit" { // b4 leaves this to the user
				w.kprep("set", "cover-storage", storage)
			}
			w.cover(someCover)
			before := w.asB4Sees("before")
			if !strings.Contains(before, "cover-strategy: "+storage) || strings.Count(before, "commit-ID") != 3 {
				t.Fatalf("b4 sees\n%s", before)
			}
			base := "main"
			if branch := w.info()["base-branch"]; branch != "" {
				base = branch
			}
			for _, other := range storages {
				w.kprep("set", "cover-storage", other, "--base-branch", base)
				w.checkInfo()
			}
			w.kprep("set", "prefixes", "RFC")
			w.kprep("set", "prefixes")
			w.kprep("set", "cover-storage", storage, "--base-branch", base)
			if after := w.asB4Sees("after"); after != before {
				t.Errorf("b4 sees\n%s\nand saw before\n%s", after, before)
			}
		})
	}
}
