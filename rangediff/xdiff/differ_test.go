package xdiff_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/rangediff/xdiff"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	indent := xdiff.Options{IndentHeuristic: true}
	for _, tc := range []struct {
		name, old, new string // a letter is a line; a comma ends one without newline
		options        xdiff.Options
		want           []xdiff.Change
	}{
		{"nothing and nothing", "", "", indent, nil},
		{"equal files", "abc", "abc", indent, nil},
		{"all is new", "", "ab", indent, []xdiff.Change{{0, 0, 0, 2}}},
		{"all is gone", "ab", "", indent, []xdiff.Change{{0, 2, 0, 0}}},
		{"one line replaced", "abc", "axc", indent, []xdiff.Change{{1, 1, 1, 1}}},
		{"nothing in common", "ab", "xyz", indent, []xdiff.Change{{0, 2, 0, 3}}},
		{"a missing newline is a change", "ab", "ab,", indent, []xdiff.Change{{1, 1, 1, 1}}},
		{"one of equal lines added goes to the end", "aa", "aaa", xdiff.Options{}, []xdiff.Change{{2, 0, 2, 1}}},
		{"a group slides to where it faces another", "abab", "abxab", indent, []xdiff.Change{{2, 0, 2, 1}}},
		{"a group slides down to its last place", "ab", "abab", xdiff.Options{}, []xdiff.Change{{2, 0, 2, 2}}},
		{"a blank line stays before what follows it", "a-b", "a-c-b", indent, []xdiff.Change{{2, 0, 2, 2}}},
		{"and after it without the heuristic", "a-b", "a-c-b", xdiff.Options{}, []xdiff.Change{{2, 0, 2, 2}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var table xdiff.Table
			got := xdiff.Diff(table.File(spell(tc.old)), table.File(spell(tc.new)), tc.options)
			if !slices.Equal(got, tc.want) {
				t.Errorf("Diff(%q, %q) = %v, want %v", tc.old, tc.new, got, tc.want)
			}
		})
	}
}

// spell turns each letter into a line, "-" into a blank one.
func spell(letters string) []byte {
	var text []byte
	for _, c := range letters {
		switch c {
		case ',':
			text = bytes.TrimSuffix(text, []byte("\n"))
		case '-':
			text = append(text, '\n')
		default:
			text = append(text, string(c)+"\n"...)
		}
	}
	return text
}

// One Differ serves comparisons of any size in any order.
func TestDifferLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(seed(t), 1))
	var d xdiff.Differ
	var table xdiff.Table
	for range 300 {
		kinds := append(generators(), longGenerators()[0])
		p := kinds[r.IntN(len(kinds))].make(r)
		a, b := table.File(p.old), table.File(p.new)
		o := xdiff.Options{Algorithm: xdiff.Algorithm(r.IntN(3)), Minimal: r.IntN(2) == 0, IndentHeuristic: r.IntN(2) == 0, NoContext: r.IntN(2) == 0}
		if got, want := d.Diff(a, b, o), xdiff.Diff(a, b, o); !slices.Equal(got, want) {
			t.Fatalf("a used Differ says %v, a fresh one %v, of\n%q\n%q", got, want, p.old, p.new)
		}
	}
}

// Comparing allocates nothing but the result once the buffers have grown.
func TestSizeDoesNotAllocate(t *testing.T) {
	var table xdiff.Table
	r := rand.New(rand.NewPCG(1, 1))
	p := edited(r, 300, 20, code(r))
	a, b := table.File(p.old), table.File(p.new)
	var d xdiff.Differ
	d.Size(a, b, 3)
	if n := testing.AllocsPerRun(10, func() { d.Size(a, b, 3) }); n != 0 {
		t.Errorf("Size allocates %v times", n)
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	var table xdiff.Table
	a, b := table.File([]byte("x\ny\nx")), table.File([]byte("y\n\nx\n"))
	if want := []int32{0, 1, 2}; !slices.Equal(a.IDs, want) {
		t.Errorf("first file: ids %v, want %v", a.IDs, want)
	}
	if want := []int32{1, 3, 0}; !slices.Equal(b.IDs, want) {
		t.Errorf("second file: ids %v, want %v", b.IDs, want)
	}
	if empty := table.File(nil); len(empty.IDs) != 0 || len(empty.Lines) != 0 {
		t.Errorf("the empty text has lines: %q", empty.Lines)
	}
	if table.Len() != 4 {
		t.Errorf("Len() = %d, want 4", table.Len())
	}
}

// Ids stay right while the table grows.
func TestTableGrows(t *testing.T) {
	t.Parallel()
	var table xdiff.Table
	ids := map[string]int32{}
	r := rand.New(rand.NewPCG(2, 2))
	for range 50 {
		text := lines(r, 500, func() string { return strings.Repeat("x", r.IntN(40)) + string(rune('a'+r.IntN(1000))) + "\n" })
		f := table.File(join(text))
		for i, line := range text {
			if id, seen := ids[line]; seen && id != f.IDs[i] || !seen && int(f.IDs[i]) != len(ids) {
				t.Fatalf("line %q has id %d, before it had %d (%v), and %d lines are known", line, f.IDs[i], id, seen, len(ids))
			}
			ids[line] = f.IDs[i]
		}
	}
}

// FuzzDiff checks what any right answer has to be.
func FuzzDiff(f *testing.F) {
	f.Add([]byte("a\nb\nc\n"), []byte("a\nc\n"), uint8(3))
	f.Add([]byte("a\n\nb"), []byte("\n\na\r\nb\n"), uint8(0))
	r := rand.New(rand.NewPCG(3, 3))
	for i, g := range generators() {
		p := g.make(r)
		f.Add(p.old, p.new, uint8(i))
	}
	f.Fuzz(func(t *testing.T, old, new []byte, how uint8) {
		var table xdiff.Table
		a, b := table.File(old), table.File(new)
		o := xdiff.Options{Algorithm: xdiff.Algorithm(how % 3), Minimal: how&1 != 0, IndentHeuristic: how&2 != 0}
		there, back := xdiff.Diff(a, b, o), xdiff.Diff(b, a, o)
		if got := apply(a, b, there); !bytes.Equal(got, new) {
			t.Errorf("applied to %q, %v gives %q, want %q", old, there, got, new)
		}
		if got := apply(b, a, back); !bytes.Equal(got, old) {
			t.Errorf("applied to %q, %v gives %q, want %q", new, back, got, old)
		}
		if (len(there) == 0) != bytes.Equal(old, new) {
			t.Errorf("%d changes between %q and %q", len(there), old, new)
		}
		if most := len(a.IDs) + len(b.IDs) - 2*prefix(a.IDs, b.IDs); cost(there) > most {
			t.Errorf("%v costs more than %d, the cost of replacing all from the first difference on: %q, %q", there, most, old, new)
		}
		for i, c := range there {
			if c.OldCount+c.NewCount == 0 || i > 0 && c.Old <= there[i-1].Old+there[i-1].OldCount {
				t.Errorf("changes are empty or touch: %v", there)
			}
		}
		context := int(how >> 2)
		plain := xdiff.Diff(a, b, xdiff.Options{NoContext: context == 0})
		printed := xdiff.Unified{Context: context}.Append(nil, a, b, plain)
		if got, want := xdiff.Size(a, b, context), countPrinted(printed); got != want {
			t.Errorf("Size = %d, but %d lines are printed:\n%s", got, want, printed)
		}
	})
}

// FuzzHunks checks that hunks have all changes, each once, and as much context
// on both sides.
func FuzzHunks(f *testing.F) {
	r := rand.New(rand.NewPCG(4, 4))
	for i, g := range generators() {
		p := g.make(r)
		f.Add(p.old, p.new, uint8(i), uint8(i%4), i%2 == 0)
	}
	f.Fuzz(func(t *testing.T, old, new []byte, context, interHunk uint8, functions bool) {
		var table xdiff.Table
		a, b := table.File(old), table.File(new)
		changes := xdiff.Diff(a, b, xdiff.Options{IndentHeuristic: true})
		u := xdiff.Unified{Context: int(context), InterHunk: int(interHunk), FunctionContext: functions}
		var shown []xdiff.Change
		for _, h := range u.Hunks(a, b, changes) {
			shown = append(shown, h.Changes...)
			removed, added := h.OldCount, h.NewCount
			for _, c := range h.Changes {
				removed -= c.OldCount
				added -= c.NewCount
			}
			if removed != added || removed < 0 {
				t.Errorf("%d and %d lines of context in %v", removed, added, h)
			}
		}
		if !slices.Equal(shown, changes) {
			t.Errorf("hunks show %v, want %v", shown, changes)
		}
		blank := xdiff.Exact.Blank
		u.Ignored = []func([]byte) bool{blank}
		shown = shown[:0]
		for _, h := range u.Hunks(a, b, changes) {
			shown = append(shown, h.Changes...)
		}
		for _, c := range changes {
			if len(shown) > 0 && shown[0] == c {
				shown = shown[1:]
				continue
			}
			lines := append(slices.Clone(a.Lines[c.Old:c.Old+c.OldCount]), b.Lines[c.New:c.New+c.NewCount]...)
			if slices.ContainsFunc(lines, func(line []byte) bool { return !blank(line) }) {
				t.Errorf("%v is left out, and not blank: %q", c, lines)
			}
		}
		if len(shown) > 0 {
			t.Errorf("shown out of order: %v", shown)
		}
		u.Append(nil, a, b, changes)
	})
}

// apply builds the new text from the old one, taking what is equal from it.
func apply(a, b *xdiff.File, changes []xdiff.Change) []byte {
	var text [][]byte
	at := 0
	for _, c := range changes {
		text = append(text, a.Lines[at:c.Old]...)
		text = append(text, b.Lines[c.New:c.New+c.NewCount]...)
		at = c.Old + c.OldCount
	}
	return bytes.Join(append(text, a.Lines[at:]...), nil)
}

func prefix(a, b []int32) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

func cost(changes []xdiff.Change) int {
	n := 0
	for _, c := range changes {
		n += c.OldCount + c.NewCount
	}
	return n
}

// countPrinted counts the lines of hunks but for notes on missing newlines.
func countPrinted(hunks []byte) int {
	n := 0
	for line := range bytes.Lines(hunks) {
		if line[0] != '\\' {
			n++
		}
	}
	return n
}

// Few kinds of lines and no pruning: the minimal script costs what the longest
// common subsequence says.
func TestMinimalCost(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(seed(t), 2))
	for range 500 {
		// A file so short that no line is frequent in it.
		p := independent(r, 1+r.IntN(12), func() string { return string(rune('a'+r.IntN(40))) + "\n" })
		var table xdiff.Table
		a, b := table.File(p.old), table.File(p.new)
		got := cost(xdiff.Diff(a, b, xdiff.Options{Minimal: true}))
		if want := len(a.IDs) + len(b.IDs) - 2*longestCommon(a.IDs, b.IDs); got != want {
			t.Errorf("the minimal script costs %d, want %d: %q %q", got, want, p.old, p.new)
		}
	}
}

func longestCommon(a, b []int32) int {
	row := make([]int, len(b)+1)
	for i := range a {
		diagonal := 0
		for j := range b {
			above := row[j+1]
			if a[i] == b[j] {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(row[j+1], row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}
