package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// The repository is the same on every machine, and as large as it says.
func TestBuildRepository(t *testing.T) {
	t.Parallel()
	const want = "a3fba9cb4e6fa7f9cd348027af41fc8ca66dd352"
	w := &world{root: t.TempDir()}
	if err := os.MkdirAll(w.repo(), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := w.buildRepository(t.Context(), history{commits: 60, files: 70}); err != nil {
		t.Fatal(err)
	}
	git := func(args ...string) string {
		out, err := w.command(context.Background(), w.repo(), "git", args...).Output()
		if err != nil {
			t.Fatalf("git %s: %v", strings.Join(args, " "), err)
		}
		return strings.TrimSpace(string(out))
	}
	if got := git("rev-parse", "HEAD"); got != want {
		t.Errorf("HEAD is %s, want %s", got, want)
	}
	if got := git("rev-list", "--count", "HEAD"); got != "60" {
		t.Errorf("%s commits, want 60", got)
	}
	if got := len(strings.Split(git("ls-files"), "\n")); got != 70 {
		t.Errorf("%d files, want 70", got)
	}
	if got := git("status", "--porcelain"); got != "" {
		t.Errorf("the work tree differs: %s", got)
	}
	if got := git("count-objects"); !strings.HasPrefix(got, "0 objects") {
		t.Errorf("not all is packed: %s", got)
	}
	if got := git("diff", "--shortstat", "HEAD^", "HEAD"); !strings.Contains(got, "2 insertions(+), 2 deletions(-)") {
		t.Errorf("the last commit changed %s", got)
	}
}

func TestFilesHavePathsOfTheirOwn(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for i := range 38000 {
		if other, twice := seen[filePath(i)]; twice {
			t.Fatalf("files %d and %d are both %s", other, i, filePath(i))
		}
		seen[filePath(i)] = i
	}
}

func TestEachChangeTouchesOneLine(t *testing.T) {
	t.Parallel()
	for revision := range 2 * linesPerFile {
		before, after := bytes.Split(fileContent(5, revision), []byte("\n")), bytes.Split(fileContent(5, revision+1), []byte("\n"))
		changed := 0
		for i := range before {
			if !bytes.Equal(before[i], after[i]) {
				changed++
			}
		}
		if changed != 1 {
			t.Errorf("change %d touches %d lines", revision+1, changed)
		}
	}
}
