package xdiff_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/rangediff/xdiff"
)

// A caller's rule, of a kind that git diff cannot be given.
func TestHeadings(t *testing.T) {
	t.Parallel()
	rule := func(line []byte) ([]byte, bool) { return bytes.CutPrefix(line, []byte("# ")) }
	blank := strings.Repeat("\n", 8)
	for _, tc := range []struct {
		name, text string // the lines "old" are changed
		want       []string
	}{
		{"none above the first line", "# a\nold\n", []string{""}},
		{"the line above the hunk", "# a\n\n\n\nold\n", []string{"a"}},
		{"a line of the context is not above", "# a\n\n\nold\n", []string{""}},
		{"the nearest", "# a\n# b\n" + blank + "old\n", []string{"b"}},
		{"again what the hunk before found", "# a\n" + blank + "old\n" + blank + "old\n", []string{"a", "a"}},
		{"a line between hunks", "# a\n" + blank + "old\n" + blank + "# b\n" + blank + "old\n", []string{"a", "b"}},
		{"a line within the hunk before", blank + "# a\nold\n" + blank + "old\n", []string{"", "a"}},
		{"space at the end", "# a \t\r\n" + blank + "old\n", []string{"a"}},
		{"at most 80 bytes", "# " + strings.Repeat("x", 81) + "\n" + blank + "old\n", []string{strings.Repeat("x", 80)}},
		{"a character is not cut in two", "# " + strings.Repeat("x", 79) + "é\n" + blank + "old\n", []string{strings.Repeat("x", 79)}},
		{"nothing after a byte that is not UTF-8", "# a \xffb\n" + blank + "old\n", []string{"a "}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var table xdiff.Table
			a := table.File([]byte(tc.text))
			b := table.File([]byte(strings.ReplaceAll(tc.text, "old", "new")))
			hunks := xdiff.Hunks(xdiff.Diff(a, b, xdiff.Options{}), len(a.Lines), len(b.Lines), 3, 0)
			var got []string
			for _, text := range xdiff.Headings(a, hunks, rule) {
				got = append(got, string(text))
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("headings of %q are %q, want %q", tc.text, got, tc.want)
			}
		})
	}
}

func TestHunks(t *testing.T) {
	t.Parallel()
	one := func(at int) xdiff.Change { return xdiff.Change{Old: at, OldCount: 1, New: at, NewCount: 1} }
	for _, tc := range []struct {
		name               string
		changes            []xdiff.Change
		context, interHunk int
		want               [][4]int
	}{
		{"no changes", nil, 3, 0, nil},
		{"context ends with the file", []xdiff.Change{one(1)}, 3, 0, [][4]int{{1, 5, 1, 5}}},
		{"contexts that touch are one hunk", []xdiff.Change{one(2), one(9)}, 3, 0, [][4]int{{1, 13, 1, 13}}},
		{"a line between contexts", []xdiff.Change{one(2), one(10)}, 3, 0, [][4]int{{1, 6, 1, 6}, {8, 7, 8, 7}}},
		{"unless it is bridged", []xdiff.Change{one(2), one(10)}, 3, 1, [][4]int{{1, 14, 1, 14}}},
		{"an empty side gives the line before", []xdiff.Change{{Old: 4, New: 4, NewCount: 2}}, 0, 0, [][4]int{{4, 0, 5, 2}}},
		{"which is 0 at the start", []xdiff.Change{{OldCount: 2}}, 0, 0, [][4]int{{1, 2, 0, 0}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			var got [][4]int
			for _, h := range xdiff.Hunks(tc.changes, 20, 20, tc.context, tc.interHunk) {
				got = append(got, [4]int{h.Old, h.OldCount, h.New, h.NewCount})
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("hunks %v, want %v", got, tc.want)
			}
		})
	}
}

func TestWhitespace(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, a, b string
		space      xdiff.Whitespace
		equal      bool
	}{
		{"bytes count", "a\n", "a \n", xdiff.Exact, false},
		{"a missing newline counts", "a\n", "a", xdiff.Exact, false},
		{"a missing newline is at the end too", "a\n", "a", xdiff.IgnoreCRAtEOL, true},
		{"a return before the newline", "a\r\n", "a\n", xdiff.IgnoreCRAtEOL, true},
		{"a return without newline", "a\r", "a\n", xdiff.IgnoreCRAtEOL, false},
		{"only one return", "a\r\r\n", "a\n", xdiff.IgnoreCRAtEOL, false},
		{"space at the end", "a \t\r\n", "a\n", xdiff.IgnoreSpaceAtEOL, true},
		{"space elsewhere", "a  b\n", "a b\n", xdiff.IgnoreSpaceAtEOL, false},
		{"more space", "\ta  b \n", " a b\n", xdiff.IgnoreChange, true},
		{"space or none", "a b\n", "ab\n", xdiff.IgnoreChange, false},
		{"space at the start or none", " a\n", "a\n", xdiff.IgnoreChange, false},
		{"any space", " a b\n", "ab", xdiff.IgnoreAll, true},
		{"a vertical tab is no space", "a\v\n", "a\n", xdiff.IgnoreAll, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			table := xdiff.Table{Space: tc.space}
			a, b := table.File([]byte(tc.a)), table.File([]byte(tc.b))
			if got := a.IDs[0] == b.IDs[0]; got != tc.equal {
				t.Errorf("%q and %q equal: %v, want %v", tc.a, tc.b, got, tc.equal)
			}
		})
	}
}
