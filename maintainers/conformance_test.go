package maintainers

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// linuxTree is where scripts/linux-tree unpacks the sources that the real script
// is compared in.
func linuxTree(t testing.TB) string {
	t.Helper()
	dir := os.Getenv("KPREP_LINUX")
	if dir == "" {
		dir = filepath.Join("..", "bin", "linux")
	}
	if _, err := os.Stat(filepath.Join(dir, ScriptPath)); err != nil {
		t.Skipf("not compared with the real script: no Linux sources in %s; 'make conformance' unpacks them", dir)
	}
	if _, err := exec.LookPath("perl"); err != nil {
		t.Skip("not compared with the real script: perl is not installed")
	}
	return dir
}

// Exact answers are equal line by line. Sections of equal depth come in random
// order out of the script, so that the same set of lines is right too, and where
// even the set depends on chance, one of the script's answers.
func TestConformance(t *testing.T) {
	t.Parallel()
	tree := linuxTree(t)
	questions, seed := 10, int64(1)
	if n, err := strconv.Atoi(os.Getenv("KPREP_CONFORMANCE")); err == nil {
		questions = n
	}
	if n, err := strconv.ParseInt(os.Getenv("KPREP_SEED"), 10, 64); err == nil {
		seed = n
	}
	c := newConformance(t, tree, seed)
	var exact, same, different, kinds atomic.Int64
	work := make(chan question)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			for q := range work {
				switch c.judge(t, q) {
				case "exact":
					exact.Add(1)
				case "same":
					same.Add(1)
				default:
					different.Add(1)
				}
			}
		})
	}
	for range questions {
		for _, q := range c.draw() {
			kinds.Add(1)
			work <- q
		}
	}
	close(work)
	group.Wait()
	t.Logf("%d answers of the real script in %s (seed %d): %d exact, %d same-set, %d different",
		kinds.Load(), tree, seed, exact.Load(), same.Load(), different.Load())
	if kinds.Load() == 0 {
		t.Error("nothing was compared")
	}
}

type conformance struct {
	tree  string
	files []string
	dirs  []string
	index *Index
	rng   *rand.Rand
}

// A question is a command line of the script and its input.
type question struct {
	flags []string
	files []string // with -f
	input string
}

func newConformance(t *testing.T, tree string, seed int64) *conformance {
	t.Helper()
	c := &conformance{tree: tree, rng: rand.New(rand.NewSource(seed))}
	top := os.DirFS(tree)
	err := fs.WalkDir(top, ".", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			c.dirs = append(c.dirs, path)
		case d.Type().IsRegular() && !strings.ContainsAny(path, " \t"):
			c.files = append(c.files, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.index, err = Load(Project{Tree: top}, Defaults()); err != nil {
		t.Fatal(err)
	}
	return c
}

// draw makes one patch, asked for in three ways, and one source file.
func (c *conformance) draw() []question {
	input := c.patch()
	file := c.files[c.rng.Intn(len(c.files))]
	if c.rng.Intn(8) == 0 {
		file = c.dirs[1+c.rng.Intn(len(c.dirs)-1)]
	}
	return []question{
		{flags: ToFlags(), input: input},
		{flags: CcFlags(), input: input},
		{flags: []string{"--nogit", "--nogit-fallback", "--scm", "--status", "--subsystem", "--web", "--s", "--pattern-depth=" + strconv.Itoa(c.rng.Intn(4))}, input: input},
		{flags: []string{"--nogit", "--nogit-fallback"}, files: []string{file}},
	}
}

func (c *conformance) patch() string {
	var b strings.Builder
	fmt.Fprintf(&b, "From: Pat Sender <pat@example.org>\nSubject: [PATCH] a change\n\n%s\n---\n", strings.Join(c.lines(3), ""))
	var diff strings.Builder
	for range 1 + c.rng.Intn(4) {
		from := c.path()
		to := from
		fmt.Fprintf(&b, " %s | 2 +-\n", from)
		switch c.rng.Intn(8) {
		case 0: // renamed, nothing else
			to = c.path()
			fmt.Fprintf(&diff, "diff --git a/%s b/%s\nsimilarity index 100%%\nrename from %s\nrename to %s\n", from, to, from, to)
			continue
		case 1: // binary
			fmt.Fprintf(&diff, "diff --git a/%s b/%s\nindex 1..2 100644\nGIT binary patch\nliteral 0\n", from, to)
			continue
		case 2: // created
			fmt.Fprintf(&diff, "diff --git a/%s b/%s\nnew file mode 100644\n--- /dev/null\n+++ b/%s\n@@ -0,0 +1 @@\n", from, to, to)
		default:
			fmt.Fprintf(&diff, "diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n@@ -1,9 +1,9 @@ f()\n", from, to, from, to)
		}
		for _, line := range c.lines(9) {
			diff.WriteString(string(" +-"[c.rng.Intn(3)]) + line)
		}
	}
	return b.String() + "\n" + diff.String() + "-- \n2.45.0\n"
}

// path is one of a file, or one that no file has: what matters is where it is.
func (c *conformance) path() string {
	path := c.files[c.rng.Intn(len(c.files))]
	switch c.rng.Intn(6) {
	case 0:
		return filepath.Dir(path) + "/new-" + filepath.Base(path)
	case 1: // where a pattern of the MAINTAINERS file leads
		for {
			e := c.index.entries[c.rng.Intn(len(c.index.entries))]
			if e.letter == 'F' || e.letter == 'X' {
				return strings.NewReplacer("*", "x", "?", "y").Replace(e.value) + "z.c"
			}
		}
	}
	return path
}

// lines takes consecutive lines of a random source file.
func (c *conformance) lines(n int) []string {
	data, err := os.ReadFile(filepath.Join(c.tree, c.files[c.rng.Intn(len(c.files))]))
	if err != nil || bytes.IndexByte(data, 0) >= 0 {
		return nil
	}
	lines := strings.SplitAfter(string(data), "\n")
	start := c.rng.Intn(len(lines))
	lines = slices.Clone(lines[start:min(start+n, len(lines))])
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, "\r\n") + "\n"
	}
	return lines
}

// judge compares one answer with that of the script.
func (c *conformance) judge(t *testing.T, q question) string {
	o := Defaults()
	if _, err := o.Parse(q.flags); err != nil {
		t.Error(err)
		return "different"
	}
	patches := []Patch{c.index.ReadPatch("stdin", []byte(q.input))}
	if len(q.files) > 0 {
		patches = c.sources(t, q.files)
	}
	got := c.index.Query(patches, o).Lines(o)
	var answers [][]string
	for seed := range 8 {
		want := c.script(t, q, seed)
		if seed == 0 && slices.Equal(got, want) {
			return "exact"
		}
		if sameSet(got, want) {
			return "same"
		}
		answers = append(answers, want)
	}
	t.Errorf("flags %q, files %q\ngot  %q\nwant one of %q\ninput:\n%s", q.flags, q.files, got, answers, q.input)
	return "different"
}

func (c *conformance) sources(t *testing.T, files []string) []Patch {
	var patches []Patch
	for _, name := range files {
		full := filepath.Join(c.tree, name)
		info, err := os.Stat(full)
		if err != nil {
			t.Fatal(err)
		}
		var text []byte
		if info.IsDir() {
			name += "/"
		} else if text, err = os.ReadFile(full); err != nil {
			t.Fatal(err)
		}
		patches = append(patches, c.index.SourceFile(name, text))
	}
	return patches
}

func (c *conformance) script(t *testing.T, q question, seed int) []string {
	args := append([]string{ScriptPath}, q.flags...)
	if len(q.files) > 0 {
		args = append(append(args, "-f"), q.files...)
	}
	cmd := exec.Command("perl", args...)
	cmd.Dir = c.tree
	cmd.Env = append(os.Environ(), "PERL_HASH_SEED="+strconv.Itoa(seed), "HOME=/nonexistent")
	cmd.Stdin = strings.NewReader(q.input)
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("the script, asked %q: %v", args, err)
	}
	return strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
}

func sameSet(a, b []string) bool {
	set := func(list []string) []string {
		list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return strings.TrimSpace(s) == "" || strings.HasPrefix(s, " (") })
		slices.Sort(list)
		return list
	}
	return slices.Equal(set(a), set(b))
}
