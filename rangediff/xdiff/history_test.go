package xdiff_test

import (
	"bytes"
	"cmp"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// Real changes: the blobs before and after each commit of the repository that
// KPREP_XDIFF_HISTORY names, or else of kprep's own, the latest first.
func TestHistoryAsGit(t *testing.T) {
	t.Parallel()
	dir := os.Getenv("KPREP_XDIFF_HISTORY")
	pairs := history(t, cmp.Or(dir, "."), max(100, rounds(t)))
	switch {
	case len(pairs) > 0:
		judge(t, pairs, settings())
	case dir != "":
		t.Errorf("no changes of files in the history of %s", dir)
	default:
		t.Skip("the source is not in a git repository with a history")
	}
}

// history returns up to most pairs of blobs, none outside of a repository.
func history(t *testing.T, dir string, most int) []pair {
	t.Helper()
	env := gittest.Env(t.TempDir())
	log := exec.Command("git", "-c", "safe.directory=*", "log", "--raw", "--no-abbrev", "--no-renames", "--diff-filter=M", "--format=")
	log.Dir, log.Env = dir, env
	out, err := log.Output()
	if err != nil {
		return nil
	}
	var ids []string
	for line := range strings.Lines(string(out)) {
		// ":100644 100644 OLD NEW M\tpath"
		if fields := strings.Fields(line); len(fields) > 5 && fields[0] == ":100644" && len(ids) < 2*most {
			ids = append(ids, fields[2], fields[3])
		}
	}
	cat := exec.Command("git", "-c", "safe.directory=*", "cat-file", "--batch=%(objectsize)")
	cat.Dir, cat.Env, cat.Stdin = dir, env, strings.NewReader(strings.Join(ids, "\n")+"\n")
	out, err = cat.Output()
	if err != nil {
		t.Fatal(err)
	}
	var blobs [][]byte
	for len(out) > 0 && len(blobs) < len(ids) {
		header, rest, _ := bytes.Cut(out, []byte("\n"))
		size := 0
		for _, c := range header {
			size = 10*size + int(c-'0')
		}
		blobs = append(blobs, rest[:size])
		out = rest[size+1:]
	}
	var pairs []pair
	for i := 0; i+1 < len(blobs); i += 2 {
		pairs = append(pairs, pair{blobs[i], blobs[i+1]})
	}
	return pairs
}
