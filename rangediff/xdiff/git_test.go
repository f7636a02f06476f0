package xdiff_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/rangediff/xdiff"
)

// A setting is a way to compare and print, for git and for us.
type setting struct {
	name    string
	args    []string
	options xdiff.Options
	space   xdiff.Whitespace
	unified xdiff.Unified
}

func settings() []setting {
	std := xdiff.Options{IndentHeuristic: true}
	exact := []func([]byte) bool{xdiff.Exact.Blank}
	loose := []func([]byte) bool{xdiff.IgnoreAll.Blank}
	hasC := func(line []byte) bool { return bytes.IndexByte(line, 'c') >= 0 }
	bare := xdiff.Options{IndentHeuristic: true, NoContext: true}
	return []setting{
		{name: "defaults", options: std, unified: xdiff.Unified{Context: 3}},
		{name: "no indent heuristic", args: []string{"--no-indent-heuristic"}, unified: xdiff.Unified{Context: 3}},
		{name: "minimal", args: []string{"--minimal"}, options: xdiff.Options{Minimal: true, IndentHeuristic: true}, unified: xdiff.Unified{Context: 3}},
		{name: "minimal without indent heuristic", args: []string{"--minimal", "--no-indent-heuristic"}, options: xdiff.Options{Minimal: true}, unified: xdiff.Unified{Context: 3}},
		{name: "one line of context", args: []string{"-U1"}, options: std, unified: xdiff.Unified{Context: 1}},
		{name: "no context", args: []string{"-U0"}, options: bare, unified: xdiff.Unified{}},
		{name: "no context, joined hunks", args: []string{"-U0", "--inter-hunk-context=2"}, options: bare, unified: xdiff.Unified{InterHunk: 2}},
		{name: "much context", args: []string{"-U25"}, options: std, unified: xdiff.Unified{Context: 25}},
		{name: "joined hunks", args: []string{"-U2", "--inter-hunk-context=5"}, options: std, unified: xdiff.Unified{Context: 2, InterHunk: 5}},
		{name: "patience", args: []string{"--patience"}, options: xdiff.Options{Algorithm: xdiff.Patience, IndentHeuristic: true}, unified: xdiff.Unified{Context: 3}},
		{name: "patience, minimal", args: []string{"--minimal", "--patience", "--no-indent-heuristic"}, options: xdiff.Options{Algorithm: xdiff.Patience, Minimal: true}, unified: xdiff.Unified{Context: 3}},
		{name: "histogram", args: []string{"--histogram"}, options: xdiff.Options{Algorithm: xdiff.Histogram, IndentHeuristic: true}, unified: xdiff.Unified{Context: 3}},
		{name: "histogram, minimal", args: []string{"--minimal", "--histogram", "--no-indent-heuristic"}, options: xdiff.Options{Algorithm: xdiff.Histogram, Minimal: true}, unified: xdiff.Unified{Context: 3}},
		{name: "whole functions", args: []string{"-W"}, options: std, unified: xdiff.Unified{Context: 3, FunctionContext: true}},
		{name: "whole functions without context", args: []string{"-W", "-U0"}, options: std, unified: xdiff.Unified{FunctionContext: true}},
		{name: "whole functions, joined hunks", args: []string{"-W", "-U1", "--inter-hunk-context=3"}, options: std, unified: xdiff.Unified{Context: 1, InterHunk: 3, FunctionContext: true}},
		{name: "whole functions with space ignored", args: []string{"-W", "-U1", "-w"}, options: std, space: xdiff.IgnoreAll, unified: xdiff.Unified{Context: 1, FunctionContext: true}},
		{name: "ignore blank lines", args: []string{"--ignore-blank-lines"}, options: std, unified: xdiff.Unified{Context: 3, Ignored: exact}},
		{name: "ignore blank lines, no context", args: []string{"--ignore-blank-lines", "-U0"}, options: bare, unified: xdiff.Unified{Ignored: exact}},
		{name: "ignore blank lines, joined hunks", args: []string{"--ignore-blank-lines", "-U2", "--inter-hunk-context=6"}, options: std, unified: xdiff.Unified{Context: 2, InterHunk: 6, Ignored: exact}},
		{name: "ignore blank lines and space", args: []string{"--ignore-blank-lines", "-w", "-U1"}, options: std, space: xdiff.IgnoreAll, unified: xdiff.Unified{Context: 1, Ignored: loose}},
		{name: "ignore blank lines and CR at EOL", args: []string{"--ignore-blank-lines", "--ignore-cr-at-eol"}, options: std, space: xdiff.IgnoreCRAtEOL, unified: xdiff.Unified{Context: 3, Ignored: loose}},
		{name: "ignore blank lines, whole functions", args: []string{"--ignore-blank-lines", "-W", "-U1"}, options: std, unified: xdiff.Unified{Context: 1, FunctionContext: true, Ignored: exact}},
		{name: "ignore some lines", args: []string{"-Ic", "--ignore-blank-lines"}, options: std, unified: xdiff.Unified{Context: 3, Ignored: append(exact, hasC)}},
		{name: "ignore CR at EOL", args: []string{"--ignore-cr-at-eol"}, options: std, space: xdiff.IgnoreCRAtEOL, unified: xdiff.Unified{Context: 3}},
		{name: "ignore space at EOL", args: []string{"--ignore-space-at-eol"}, options: std, space: xdiff.IgnoreSpaceAtEOL, unified: xdiff.Unified{Context: 3}},
		{name: "ignore space change", args: []string{"-b"}, options: std, space: xdiff.IgnoreChange, unified: xdiff.Unified{Context: 3}},
		{name: "ignore all space", args: []string{"-w"}, options: std, space: xdiff.IgnoreAll, unified: xdiff.Unified{Context: 3}},
	}
}

// print is what we make of a pair.
func (s setting) print(d *xdiff.Differ, p pair) []byte {
	table := xdiff.Table{Space: s.space}
	a, b := table.File(p.old), table.File(p.new)
	return s.unified.Append(nil, a, b, d.Diff(a, b, s.options))
}

// seed is new with each run unless KPREP_XDIFF_SEED says which one.
func seed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv("KPREP_XDIFF_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n = given
	}
	t.Logf("KPREP_XDIFF_SEED=%d", n)
	return n
}

// rounds is how many pairs of a kind the environment asks for, 0 for few.
func rounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv("KPREP_XDIFF_PAIRS")
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRandomPairsAsGit(t *testing.T) {
	t.Parallel()
	judgeAll(t, generators(), 15, 1, settings())
}

// The search takes its cut-offs only in long files.
func TestLongPairsAsGit(t *testing.T) {
	t.Parallel()
	judgeAll(t, longGenerators(), 2, 10, settings())
}

func TestVeryLongPairsAsGit(t *testing.T) {
	t.Parallel()
	kinds := veryLongGenerators()
	if rounds(t) == 0 {
		kinds = kinds[:2]
	}
	judgeAll(t, kinds, 1, 100, settings()[:2])
}

// judgeAll compares some pairs of each kind: few, or a share of those that the
// environment asks for.
func judgeAll(t *testing.T, kinds []generator, few, share int, in []setting) {
	t.Helper()
	number, n := seed(t), max(rounds(t)/share, few)
	for _, g := range kinds {
		t.Run(g.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(number, 0))
			pairs := make([]pair, n)
			for i := range pairs {
				pairs[i] = g.make(r)
			}
			judge(t, pairs, in)
		})
	}
}

// judge compares our diffs of the pairs with git's.
func judge(t *testing.T, pairs []pair, in []setting) {
	t.Helper()
	dir := t.TempDir()
	for i, p := range pairs {
		writePair(t, dir, i, p)
	}
	var d xdiff.Differ
	for _, s := range in {
		want := gitDiff(t, dir, len(pairs), s.args...)
		wrong := 0
		for i, p := range pairs {
			got := s.print(&d, p)
			if bytes.Equal(got, want[i]) {
				continue
			}
			if wrong++; wrong == 1 {
				t.Errorf("%s: pair %d of %d differs from git; kept in %s\n%s", s.name, i, len(pairs), keepPair(t, p), firstDifference(got, want[i]))
			}
		}
		if wrong > 1 {
			t.Errorf("%s: %d of %d pairs differ", s.name, wrong, len(pairs))
		}
	}
}

func writePair(t *testing.T, dir string, n int, p pair) {
	t.Helper()
	for side, text := range map[string][]byte{"old": p.old, "new": p.new} {
		if err := os.MkdirAll(filepath.Join(dir, side), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, side, fmt.Sprintf("%06d", n)), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// keepPair leaves a pair behind for whoever looks into the failure.
func keepPair(t *testing.T, p pair) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "xdiff-pair-")
	if err != nil {
		t.Fatal(err)
	}
	writePair(t, dir, 0, p)
	return dir
}

// gitDiff returns, for each of the n pairs below dir, git's hunks.
func gitDiff(t *testing.T, dir string, n int, args ...string) [][]byte {
	t.Helper()
	args = append([]string{"diff", "--no-index", "--no-renames", "--text", "--no-color", "--no-ext-diff"}, args...)
	cmd := exec.Command("git", append(args, "old", "new")...)
	cmd.Dir, cmd.Env = dir, gittest.Env(dir)
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); err != nil && !(errors.As(err, &exit) && exit.ExitCode() == 1) {
		t.Fatalf("git %q: %v", args, err)
	}
	hunks := make([][]byte, n)
	for _, file := range bytes.Split(out, []byte("diff --git a/old/"))[1:] {
		i, err := strconv.Atoi(string(file[:6]))
		if err != nil {
			t.Fatal(err)
		}
		if at := bytes.Index(file, []byte("\n@@ ")); at >= 0 {
			hunks[i] = file[at+1:]
		}
	}
	return hunks
}

func firstDifference(got, want []byte) string {
	a, b := bytes.SplitAfter(got, []byte("\n")), bytes.SplitAfter(want, []byte("\n"))
	i := 0
	for i < len(a) && i < len(b) && bytes.Equal(a[i], b[i]) {
		i++
	}
	return fmt.Sprintf("line %d\n got %q\nwant %q", i+1, a[i:min(i+8, len(a))], b[i:min(i+8, len(b))])
}
