package loadtest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// checkFeed fails unless git finds the feed in order, and it has each message
// of the series once, and nothing else.
func checkFeed(t *testing.T, s *service, all []*series) {
	t.Helper()
	epoch := filepath.Join(s.dir, "feed", "git", "0.git")
	git := func(stdin string, args ...string) string {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-C", epoch}, args...)...)
		cmd.Env, cmd.Stdin = s.env, strings.NewReader(stdin)
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	git("", "fsck", "--strict", "--no-dangling")
	var names strings.Builder
	for commit := range strings.FieldsSeq(git("", "rev-list", "HEAD")) {
		names.WriteString(commit + ":m\n")
	}
	copies := map[string]int{}
	for _, found := range idLine.FindAllStringSubmatch(git(names.String(), "cat-file", "--batch"), -1) {
		copies[found[1]]++
	}
	for _, series := range all {
		for _, m := range series.want {
			if copies[m.ID] != 1 {
				t.Errorf("the feed has %s %d times", m.ID, copies[m.ID])
			}
			delete(copies, m.ID)
		}
	}
	for id := range copies {
		t.Errorf("the feed has %s, which nobody submitted", id)
	}
}
