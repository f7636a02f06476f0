package maintainers

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
)

func lines(ix *Index, patch string, flags ...string) ([]string, Answer) {
	o := Defaults()
	if _, err := o.Parse(append([]string{"--norolestats"}, flags...)); err != nil {
		return []string{err.Error()}, Answer{}
	}
	a := ix.Query([]Patch{ix.ReadPatch("patch", []byte(patch))}, o)
	return a.Lines(o), a
}

const touches = "diff --git a/lib/a.c b/lib/a.c\n--- a/lib/a.c\n+++ b/lib/a.c\n"

// Bytes that are no UTF-8 pass through the old era as they are, and are escaped
// by the new one, in entries and in what they are matched against.
func TestInvalidUTF8(t *testing.T) {
	t.Parallel()
	text := "A\nM:\tJos\xe9 P <jose@example.org>\nF:\tlib/\nB\nM:\tkey@example.org\nK:\tcaf.\xe9\n"
	for _, tc := range []struct {
		era  Era
		want []string
	}{
		{Old, []string{"\"Jos\xe9 P\" <jose@example.org>", "key@example.org"}},
		{New, []string{`"Jos\xE9 P" <jose@example.org>`, "key@example.org"}},
	} {
		ix := load(t, text, func(p *Project) { p.Era = tc.era })
		body := touches + "+cafe\xe9\n"
		if tc.era == New { // the expression is caf.\xE9 by now: an escape for é
			body = touches + "+cafeé\n"
		}
		if got, _ := lines(ix, body); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, want %q", tc.era, got, tc.want)
		}
	}
}

// What cannot be read is named with its place, once, and the rest goes on.
func TestBadEntries(t *testing.T) {
	t.Parallel()
	text := "A\nM:\tNo Address\nM:\tAnn <ann@example.org>\nL:\tSome Folk <folk@example.org>\nF:\tlib/\nN:\t(a\nK:\t[b\nF:\tlib/a{2}{3}\n"
	got, a := lines(load(t, text, nil), touches+"+b\n")
	if !slices.Equal(got, []string{"Ann <ann@example.org>"}) {
		t.Errorf("lines %q", got)
	}
	var warnings []string
	for _, w := range a.Warnings {
		warnings = append(warnings, w.String())
	}
	for _, want := range []string{"MAINTAINERS:2: M: No Address: ", "MAINTAINERS:4: L: Some Folk", "MAINTAINERS:6: N: (a: unmatched (", "MAINTAINERS:7: K: [b: unmatched [", "MAINTAINERS:8: F: lib/a{2}{3}: "} {
		if n := strings.Count(strings.Join(warnings, "\n"), want); n != 1 {
			t.Errorf("%q is said %d times in %q", want, n, warnings)
		}
	}
}

func TestReasons(t *testing.T) {
	t.Parallel()
	ix := load(t, "ALPHA\nM:\tAnn <ann@example.org>\nF:\tlib/\nBETA\nR:\tann@example.org\nN:\tlib\nK:\tword\n", func(p *Project) {
		p.Commit = func(string) (string, bool) { return "t\n\nAcked-by: Ann <ann@example.org>\n", true }
	})
	_, a := lines(ix, "Fixes: 0123456789ab\n"+touches+"+word\n")
	if len(a.Recipients) != 1 {
		t.Fatalf("recipients %v", a.Recipients)
	}
	var got []string
	for _, r := range a.Recipients[0].Reasons {
		got = append(got, r.String())
	}
	want := []string{
		"M of ALPHA: lib/a.c matches F: lib/ (MAINTAINERS:3)",
		"R of BETA: lib/a.c matches N: lib (MAINTAINERS:6)",
		`R of BETA: "+word" in patch matches K: word (MAINTAINERS:7)`,
		`"Acked-by: Ann <ann@example.org>" in commit 0123456789ab, which patch fixes`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("reasons\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A path out of a patch leads nowhere but into the tree.
func TestHostilePaths(t *testing.T) {
	t.Parallel()
	ix := load(t, "A\nM:\ta@example.org\nF:\t*/\n", func(p *Project) {
		p.Tree.(fstest.MapFS)["x.yaml"] = &fstest.MapFile{Data: []byte("- in@example.org\n")}
	})
	for _, path := range []string{"../x.yaml", "/etc/x.yaml", "lib/../x.yaml", "lib//x.yaml", "./x.yaml", "x.yaml/"} {
		got, _ := lines(ix, "diff --git a/"+path+" b/"+path+"\n")
		if slices.Contains(got, "in@example.org") {
			t.Errorf("%q was read: %q", path, got)
		}
	}
	if got, _ := lines(ix, "diff --git a/x.yaml b/x.yaml\n"); !slices.Contains(got, "in@example.org") {
		t.Errorf("x.yaml was not read: %q", got)
	}
}

// One index answers several at once.
func TestConcurrentQueries(t *testing.T) {
	t.Parallel()
	ix := load(t, patternsText+"M:\tr@example.org\nK:\t(?<!x)word\n", nil)
	want, _ := lines(ix, touches+"+word\n")
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 20 {
				if got, _ := lines(ix, touches+"+word\n"); !slices.Equal(got, want) {
					t.Errorf("%q, want %q", got, want)
				}
			}
		})
	}
	group.Wait()
}
