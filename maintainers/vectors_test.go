package maintainers

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// vectors were answered by the real script, of both eras, under several seeds of
// its hashes: each answer is a list of alternatives.
type vector struct {
	Name    string
	Rule    string
	Tree    map[string]text
	Dirs    []string
	Chief   []string
	Git     []string
	GitIDs  []string `json:"git_ids"`
	Patches []vectorPatch
	Series  []vectorSeries
}

type vectorPatch struct {
	Name    string
	Input   text
	Answers map[string]struct{ To, Cc [][]text }
	Choose  []json.RawMessage
}

type vectorSeries struct {
	Name               string
	Cover              []string
	SeriesTo, SeriesCc string
	Result             [][3]string
}

// text is a string, or bytes that are no UTF-8.
type text string

func (t *text) UnmarshalJSON(data []byte) error {
	var raw struct{ B64 []byte }
	if json.Unmarshal(data, &raw) == nil && raw.B64 != nil {
		*t = text(raw.B64)
		return nil
	}
	var s string
	err := json.Unmarshal(data, &s)
	*t = text(s)
	return err
}

func loadVectors(t testing.TB) []vector {
	t.Helper()
	files, err := filepath.Glob("testdata/vectors/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vectors: %v", err)
	}
	var list []vector
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var v vector
		if err := json.Unmarshal(data, &v); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		list = append(list, v)
	}
	return list
}

// project is the tree that a vector describes.
func (v vector) project(era Era) Project {
	tree := fstest.MapFS{}
	for name, content := range v.Tree {
		tree[name] = &fstest.MapFile{Data: []byte(content)}
	}
	for _, dir := range v.Dirs {
		tree[strings.TrimSuffix(dir, "/")] = &fstest.MapFile{Mode: fs.ModeDir | 0o755}
	}
	p := Project{Tree: tree, Era: era}
	if len(v.Chief) == 2 {
		p.Chiefs = []string{v.Chief[0] + " <" + v.Chief[1] + ">"}
	}
	if len(v.Git) > 0 {
		p.Commit = func(name string) (string, bool) {
			for i, id := range v.GitIDs {
				if strings.HasPrefix(id, strings.ToLower(name)) {
					return v.Git[i], true
				}
			}
			return "", false
		}
	}
	return p
}

func ask(t testing.TB, p Project, input string, flags []string) []string {
	t.Helper()
	o, err := p.Options()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Parse(flags); err != nil {
		t.Fatal(err)
	}
	if err := o.Check(); err != nil {
		t.Fatal(err)
	}
	ix, err := Load(p, o)
	if err != nil {
		t.Fatal(err)
	}
	a := ix.Query([]Patch{ix.ReadPatch("stdin", []byte(input))}, o)
	for _, r := range a.Recipients {
		if len(r.Reasons) == 0 {
			t.Errorf("%s is there for no reason", r)
		}
	}
	return a.Lines(o)
}

func TestVectors(t *testing.T) {
	t.Parallel()
	asked := 0
	for _, v := range loadVectors(t) {
		for _, era := range []Era{Old, New} {
			for _, p := range v.Patches {
				asked++
				answers, ok := p.Answers["any"]
				if !ok {
					answers = p.Answers[era.String()]
				}
				t.Run(fmt.Sprintf("%s/%s/%s", v.Name, p.Name, era), func(t *testing.T) {
					t.Parallel()
					project := v.project(era)
					compare(t, "to", ask(t, project, string(p.Input), ToFlags()), answers.To, p.Choose)
					compare(t, "cc", ask(t, project, string(p.Input), CcFlags()), answers.Cc, p.Choose)
				})
			}
		}
	}
	if asked < 2*200 {
		t.Errorf("only %d questions were asked", asked)
	}
}

// compare demands the lines, as a set, of one alternative. choose is a number
// and lines, of which that many are to be there.
func compare(t *testing.T, what string, got []string, alternatives [][]text, choose []json.RawMessage) {
	t.Helper()
	var free []text
	number := 0
	if len(choose) == 2 {
		if json.Unmarshal(choose[0], &number) != nil || json.Unmarshal(choose[1], &free) != nil {
			t.Fatalf("choose is %s", choose)
		}
	}
	chosen := 0
	set := func(lines []string) []string {
		chosen = 0
		var kept []string
		for _, l := range lines {
			if slices.Contains(free, text(l)) {
				chosen++
			} else if strings.TrimSpace(l) != "" {
				kept = append(kept, l)
			}
		}
		slices.Sort(kept)
		return kept
	}
	gotSet := set(got)
	if chosen != number {
		t.Errorf("%s has %d of the %d lines to choose: %q", what, chosen, number, got)
	}
	for _, alternative := range alternatives {
		var lines []string
		for _, l := range alternative {
			lines = append(lines, string(l))
		}
		if slices.Equal(gotSet, set(lines)) {
			return
		}
	}
	t.Errorf("%s\n got %q\nwant one of %q", what, got, alternatives)
}
