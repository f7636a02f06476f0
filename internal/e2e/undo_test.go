package e2e

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// verbs are what a random contributor does between two sends. Each returns the
// words of a command; some of them change nothing.
func verbs(r *rand.Rand) []string {
	storages := []string{"commit", "tip-commit", "branch-description"}
	prefixes := [][]string{{}, {"RFC"}, {"RFC", "net-next"}}
	presubjects := []string{"", "[proj]", "[other]"}
	switch r.IntN(8) {
	case 0, 1:
		return []string{"set", "cover-storage", storages[r.IntN(3)], "--base-branch", "main"}
	case 2:
		return append([]string{"set", "prefixes"}, prefixes[r.IntN(3)]...)
	case 3:
		return []string{"set", "presubject", presubjects[r.IntN(3)]}
	case 4:
		return []string{"set", "revision", fmt.Sprint(1 + r.IntN(5))}
	case 5:
		return []string{"new", fmt.Sprintf("other %d", r.IntN(1000))}
	case 6:
		return []string{"rebase", "later"}
	}
	return []string{"cover", "--from", "-"}
}

// Random sequences of thirty operations, undone to the start, leave refs,
// notes, tags, configuration, index and work tree as they were.
func TestThirtyRandomVerbsUndone(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := rewritten(t)
			r.Git("branch", "later", r.Git("commit-tree", "-p", "main", "-m", "later", "main^{tree}"))
			random := rand.New(rand.NewPCG(seed, 30))
			before, done := state(r), 0
			var said []string
			for done < 30 {
				words := verbs(random)
				operations := run(t, r, "log", "--all", "--json")
				cmd := program(r, words...)
				cmd.Stdin = strings.NewReader(fmt.Sprintf("Title %d\n\nText %d.\n", random.IntN(9), random.IntN(9)))
				out, err := cmd.CombinedOutput()
				said = append(said, fmt.Sprintf("kprep %s\n%s", strings.Join(words, " "), out))
				if err != nil && !strings.Contains(string(out), "kprep:") {
					t.Fatalf("%v\n%s", err, strings.Join(said, ""))
				}
				done += strings.Count(run(t, r, "log", "--all", "--json"), `"id":`) - strings.Count(operations, `"id":`)
			}
			out, err := program(r, "undo", fmt.Sprint(done)).CombinedOutput()
			if err != nil {
				t.Fatalf("undo: %v\n%s\nafter\n%s", err, out, strings.Join(said, ""))
			}
			if after := state(r); after != before {
				t.Errorf("after\n%s\nthe state is\n%s\nwant\n%s", strings.Join(said, ""), after, before)
			}
			r.Git("fsck", "--strict", "--connectivity-only")
		})
	}
}

// state is all that undo has to bring back.
func state(r *gittest.Repo) string {
	return r.State() + "\n" + r.Git("notes", "list")
}
