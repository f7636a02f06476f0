package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// rangeDiffSeed is new with each run unless KPREP_RANGEDIFF_SEED says which.
func rangeDiffSeed(t *testing.T) uint64 {
	t.Helper()
	n := uint64(time.Now().UnixNano())
	if text := os.Getenv("KPREP_RANGEDIFF_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		n = given
	}
	t.Logf("KPREP_RANGEDIFF_SEED=%d", n)
	return n
}

// rangeDiffPairs is how many pairs of series the environment asks for.
func rangeDiffPairs(t *testing.T) int {
	t.Helper()
	text := os.Getenv("KPREP_RANGEDIFF_PAIRS")
	if text == "" {
		return 200
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Series and what became of them: git judges, byte for byte.
func TestRangeDiffOfRandomSeriesAsGit(t *testing.T) {
	t.Parallel()
	seed, pairs := rangeDiffSeed(t), rangeDiffPairs(t)
	const inOne = 50
	for first := 0; first < pairs; first += inOne {
		t.Run(fmt.Sprintf("from %d", first), func(t *testing.T) {
			t.Parallel()
			last := min(first+inOne, pairs)
			r := randomSeries(t, seed, first, last)
			left := 0
			for n := first; n < last; n++ {
				if !compareRandomly(t, r, rand.New(rand.NewPCG(seed, uint64(n)|1<<32)), n) {
					left++
				}
			}
			if left > inOne/2 {
				t.Errorf("%d of %d were left to git, which proves nothing", left, last-first)
			}
		})
	}
}

// randomSeries makes a repository with the commits baseN, oldN and newN.
func randomSeries(t *testing.T, seed uint64, first, last int) *gittest.Repo {
	t.Helper()
	r := gittest.New(t)
	im := &importer{notes: map[string][]string{}}
	for n := first; n < last; n++ {
		m := seriesMaker{rand.New(rand.NewPCG(seed, uint64(n)))}
		base := m.base()
		size := 1 + m.IntN(8)
		if m.chance(5) {
			size = 20 + m.IntN(40)
		}
		patches := m.series(size)
		from := im.commit(fmt.Sprintf("refs/tags/base%d", n), m.patch(), base, 0)
		im.series(fmt.Sprintf("refs/tags/old%d", n), base, patches, from)
		if m.chance(40) {
			for range 1 + m.IntN(5) {
				m.edit().apply(base)
			}
			from = im.commit(fmt.Sprintf("refs/tags/onto%d", n), m.patch(), base, from)
		}
		revised := m.revised(patches)
		if m.chance(5) {
			revised = m.series(size)
		}
		im.series(fmt.Sprintf("refs/tags/new%d", n), base, revised, from)
		fmt.Fprintf(im, "reset refs/tags/onto%d\nfrom :%d\n\n", n, from)
	}
	im.finish()
	r.GitInput(im.String(), "fast-import", "--quiet", "--force")
	r.Write(".mailmap", "New Name <new@example.org> <old@example.org>\n")
	r.Write(".gitattributes", "*.py diff=python\n*.txt whitespace=-blank-at-eol\n")
	return r
}

// compareRandomly compares one pair under made-up options and settings. It
// reports whether kprep did it itself.
func compareRandomly(t *testing.T, r *gittest.Repo, random *rand.Rand, n int) bool {
	t.Helper()
	maybe := func(list []string, percent int, words ...string) []string {
		if random.IntN(100) < percent {
			list = append(list, pick(random, words...))
		}
		return list
	}
	env := slices.Clone(r.Env)
	env = maybe(env, 30, "LC_ALL=C")
	var config []string
	config = maybe(config, 10, "diff.context=1", "diff.context=0", "diff.context=20", "diff.interHunkContext=3")
	config = maybe(config, 10, "diff.suppressBlankEmpty=true", "diff.renames=copies", "diff.renames=false")
	config = maybe(config, 10, "diff.noprefix=true", "diff.indentHeuristic=false", "core.quotePath=false")
	config = maybe(config, 15, "diff.algorithm=patience", "diff.algorithm=histogram", "diff.algorithm=minimal", "diff.algorithm=myers")
	config = maybe(config, 10, "notes.displayRef=refs/notes/*", "log.mailmap=false", "log.showRoot=false")
	config = maybe(config, 10, "core.abbrev=12", "core.abbrev=no", "i18n.logOutputEncoding=ISO-8859-1")
	for _, slot := range []string{"old", "new", "context", "frag", "func", "commit", "contextDimmed", "newBold"} {
		config = maybe(config, 4, "color.diff."+slot+"=bold #ff8800", "color.diff."+slot+"=magenta reverse", "color.diff."+slot+"=normal", "color.diff."+slot+"=120")
	}
	config = maybe(config, 5, "color.ui=always", "color.diff=always", "color.ui=never", "diff.colorMoved=zebra")
	var options []string
	options = maybe(options, 50, "--color")
	options = maybe(options, 10, "--no-dual-color")
	options = maybe(options, 20, "-U0", "-U1", "--unified=10", "--inter-hunk-context=5")
	options = maybe(options, 20, "-w", "-b", "--ignore-space-at-eol", "--ignore-cr-at-eol")
	options = maybe(options, 20, "--creation-factor=0", "--creation-factor=20", "--creation-factor=100", "--creation-factor=999")
	options = maybe(options, 10, "--left-only", "--right-only", "-s")
	options = maybe(options, 10, "--notes=other", "--no-notes", "--notes")
	options = maybe(options, 20, "--minimal", "--patience", "--histogram", "--diff-algorithm=histogram", "--diff-algorithm=minimal", "--diff-algorithm=default")
	options = maybe(options, 10, "-W", "--function-context")
	options = maybe(options, 10, "--ignore-blank-lines", "--no-indent-heuristic")
	options = maybe(options, 15, "--stat")
	options = maybe(options, 3, "--numstat", "--word-diff", "--color-moved")
	form := pick(random,
		[]string{fmt.Sprintf("base%d..old%d", n, n), fmt.Sprintf("onto%d..new%d", n, n)},
		[]string{fmt.Sprintf("base%d", n), fmt.Sprintf("old%d", n), fmt.Sprintf("new%d", n)},
		[]string{fmt.Sprintf("old%d...new%d", n, n)})
	if random.IntN(10) == 0 {
		form = append(form, "--", "lib", "*.txt")
	}
	return sameRangeDiff(t, r, env, config, append(options, form...))
}

// sameRangeDiff fails unless kprep prints what git prints and ends as it ends,
// the first time and again with what was kept. It reports whether kprep did it
// itself.
func sameRangeDiff(t *testing.T, r *gittest.Repo, env, config, args []string) bool {
	t.Helper()
	var global []string
	for _, c := range config {
		global = append(global, "-c", c)
	}
	git := exec.Command("git", slices.Concat(global, []string{"range-diff"}, args)...)
	var want bytes.Buffer
	git.Dir, git.Env, git.Stdout = r.Dir, env, &want
	git.Run()
	itself := true
	for range 2 {
		var got bytes.Buffer
		e := testEnv(t)
		e.dir, e.environ, e.stdout, e.config = r.Dir, env, &output{w: &got}, config
		err := e.rangeDiff(context.Background(), args)
		if errors.Is(err, errNotOurs) {
			itself = false
			err = e.gitRangeDiff(context.Background(), args)
		}
		e.close()
		if status := status(err); status != git.ProcessState.ExitCode() || !bytes.Equal(got.Bytes(), want.Bytes()) {
			t.Errorf("in %s\ngit %q range-diff %q\nends with %d, kprep with %d: %s%s", keepRangeDiff(t, r), global, args,
				git.ProcessState.ExitCode(), status, e.err, differingLine(got.String(), want.String()))
		}
	}
	return itself
}

// keepRangeDiff keeps the repository for a look at it, if asked to.
func keepRangeDiff(t *testing.T, r *gittest.Repo) string {
	dir := os.Getenv("KPREP_RANGEDIFF_KEEP")
	if dir == "" {
		return r.Dir
	}
	dir = filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "-"))
	if err := os.CopyFS(dir, os.DirFS(r.Dir)); err != nil && !os.IsExist(err) {
		t.Log(err)
	}
	return dir
}

// differingLine is the first line in which two outputs differ.
func differingLine(got, want string) string {
	a, b := strings.SplitAfter(got, "\n"), strings.SplitAfter(want, "\n")
	for n := range min(len(a), len(b)) {
		if a[n] != b[n] {
			return fmt.Sprintf("line %d is %.300q, want %.300q", n+1, a[n], b[n])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(a), len(b))
}

// Which of several equal patches is taken depends on the growth and shrinking
// of git's table, which happen at these numbers of commits.
func TestRangeDiffOfEqualPatchesAsGit(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	im := &importer{}
	from := im.commit("refs/tags/base", madePatch{author: "A <a@example.org>", message: "base"}, tree{}, 0)
	sizes := []int{6, 51, 52, 53, 64, 204, 205, 206, 260, 300}
	for _, n := range sizes {
		for _, side := range []string{"old", "new"} {
			var patches []madePatch
			for k := range n {
				text := strconv.Itoa(k%2) + "\n"
				path := []string{"a", "b", "c"}[k/2%3]
				if k > n*3/4 { // others, so that the rest is unmatched for a while
					path, text = fmt.Sprint(side, k), "x\n"
				}
				patches = append(patches, madePatch{author: "A <a@example.org>", message: fmt.Sprintf("%s %d\n", side, k),
					edits: []edit{{kind: "whole", path: path, text: text}}})
			}
			im.series(fmt.Sprintf("refs/tags/%s%d", side, n), tree{"a": {"100644", "1\n"}, "b": {"100644", "1\n"}, "c": {"100644", "1\n"}}, patches, from)
		}
	}
	im.finish()
	r.GitInput(im.String(), "fast-import", "--quiet", "--force")
	for i, n := range sizes {
		for _, m := range sizes[i:] {
			sameRangeDiff(t, r, r.Env, nil, []string{"-s", "base", fmt.Sprintf("old%d", m), fmt.Sprintf("new%d", n)})
			sameRangeDiff(t, r, r.Env, nil, []string{"-s", "base", fmt.Sprintf("old%d", n), fmt.Sprintf("new%d", m)})
		}
	}
}
