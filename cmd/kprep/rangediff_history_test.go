package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// Real commits: parts of kprep's own history against other parts.
func TestRangeDiffOfOwnHistoryAsGit(t *testing.T) {
	t.Parallel()
	env := append(gittest.Env(t.TempDir()), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*")
	git := func(args ...string) (string, error) {
		cmd := exec.Command("git", args...)
		cmd.Env = env
		out, err := cmd.Output()
		return strings.TrimSpace(string(out)), err
	}
	top, err := git("rev-parse", "--show-toplevel")
	list, listErr := git("rev-list", "--first-parent", "--max-count=200", "HEAD")
	commits := strings.Fields(list)
	if _, statErr := os.Stat(top + "/cmd/kprep/rangediff.go"); errors.Join(err, listErr, statErr) != nil || len(commits) < 60 {
		gittest.NoPeer(t, "the source is not in a git repository with a history")
	}
	part := func(from, to int) string { return commits[min(from, len(commits)-1)] + ".." + commits[to] }
	for _, tc := range []struct{ name, old, new string }{
		{"the same", part(20, 0), part(20, 0)},
		{"shifted", part(40, 10), part(30, 0)},
		{"nothing in common", part(50, 30), part(25, 0)},
		{"a part of the other", part(50, 0), part(35, 20)},
		{"all", part(len(commits), 0), part(45, 5)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			for _, options := range [][]string{nil, {"--color"}, {"--creation-factor=120"}} {
				args := append(options, tc.old, tc.new)
				want, err := git(append([]string{"-C", top, "range-diff"}, args...)...)
				if err != nil {
					t.Fatal(err)
				}
				var got bytes.Buffer
				e := testEnv(t)
				e.dir, e.environ, e.stdout = top, env, &output{w: &got}
				if err := e.rangeDiff(context.Background(), args); err != nil {
					t.Fatal(err)
				}
				e.close()
				if text := strings.TrimSpace(got.String()); text != want {
					t.Error(fmt.Sprint(args), differingLine(text, want))
				}
			}
		})
	}
}
