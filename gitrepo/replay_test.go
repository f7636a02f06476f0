package gitrepo_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// replayed makes what is between the tag base and HEAD again on a revision, and
// returns what git log prints of it.
func replayed(t *testing.T, r *gittest.Repo, onto string) (*gitrepo.Replay, string) {
	t.Helper()
	ctx := context.Background()
	repo, err := gitrepo.Open(ctx, r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { repo.Close() })
	var commits []*gitrepo.Commit
	for _, id := range strings.Fields(r.Git("rev-list", "--reverse", "base..HEAD")) {
		c, err := repo.Commit(id)
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	before := r.State()
	p, err := repo.Replay(ctx, gitrepo.ID(r.Git("rev-parse", onto+"^{commit}")), commits)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	err = p.PatchLog(ctx, []string{"-p", "--reverse", "--format=%s%n%an"}, func(out io.Reader) error {
		_, err := io.Copy(&log, out)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(filepath.Join(r.Dir, ".git", "kprep", "cache")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	if after := r.State(); after != before {
		t.Errorf("the repository changed from\n%s\nto\n%s", before, after)
	}
	for _, id := range p.Commits {
		if _, err := repo.Commit(string(id)); id != "" && err == nil {
			t.Errorf("%s was stored", id)
		}
	}
	return p, log.String()
}

func TestReplay(t *testing.T) {
	t.Parallel()
	r, _ := patched(t)
	r.Git("checkout", "-q", "-b", "topic")
	r.Git("checkout", "-q", "-b", "other", "base")
	r.Write("a file", "first\n"+strings.Repeat("line\n", 20)+"end\n")
	r.Commit("another first line\n")
	r.Git("tag", "above")
	r.Write("binary", "\x00\x01\x02")
	r.Commit("the same binary\n")
	r.Git("tag", "same")
	r.Write("a file", strings.Repeat("line\n", 20)+"no end\n")
	r.Commit("another end\n")
	r.Git("tag", "conflict")
	r.Git("checkout", "-q", "topic")
	for _, tt := range []struct {
		onto, fates string
		want        []string
	}{
		{"above", "++", []string{"rename from a file", "+the end", "Binary files"}},
		{"same", "++", []string{"rename from a file"}},
		{"conflict", "-+", nil},
	} {
		p, log := replayed(t, r, tt.onto)
		fates := ""
		for _, id := range p.Commits {
			fates += map[bool]string{true: "-", false: "+"}[id == ""]
		}
		if fates != tt.fates || len(p.Conflicts) != strings.Count(fates, "-") {
			t.Errorf("%s: commits %s, conflicts %v, want %s", tt.onto, fates, p.Conflicts, tt.fates)
		}
		for _, want := range tt.want {
			if !strings.Contains(log, want) {
				t.Errorf("%s: no %q in\n%s", tt.onto, want, log)
			}
		}
		for _, conflict := range p.Conflicts {
			if conflict != "conflict in a file, another" && conflict != "conflict in another" {
				t.Errorf("%s: %q", tt.onto, conflict)
			}
		}
	}
}

// A rebase is the judge of what merges, and into what.
func TestReplayIsARebase(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, 1))
			r := gittest.New(t)
			lines := make([]string, 40)
			for n := range lines {
				lines[n] = fmt.Sprintf("line %d", n)
			}
			change := func(message string, from int) {
				for range 2 {
					n := from + 4*random.IntN(len(lines)/4)
					lines[n%len(lines)] += " " + message
				}
				r.Write("f", strings.Join(lines, "\n")+"\n")
				r.Commit(message + "\n")
			}
			change("start", 0)
			r.Git("tag", "base")
			start := append([]string{}, lines...)
			change("upstream", 0)
			r.Git("tag", "upstream")
			r.Git("checkout", "-q", "-b", "topic", "base")
			lines = start
			for n := range 4 {
				change(fmt.Sprintf("patch %d", n), 2)
			}
			p, _ := replayed(t, r, "upstream")
			for _, id := range p.Commits {
				if id == "" {
					t.Fatalf("conflicts: %v", p.Conflicts)
				}
			}
			_, got := replayed(t, r, "upstream")
			r.Git("rebase", "-q", "upstream")
			want := r.Git("log", "-p", "--reverse", "--format=%s%n%an", "upstream..HEAD")
			if strings.TrimSpace(got) != strings.TrimSpace(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}
