package rangediff

import (
	"fmt"
	"strings"
	"testing"
)

// made makes a commit from a message and the files that it changes: a name in
// the form of a heading, then signed lines.
func made(message string, files ...string) Commit {
	c := Commit{Subject: message}
	text := " ## Metadata ##\nAuthor: A <a@example.org>\n\n ## Commit message ##\n    " + message + "\n\n"
	c.DiffAt = len(text)
	for n, f := range files {
		name, lines, _ := strings.Cut(f, ":")
		if n > 0 {
			text += "\n"
		}
		text += " ## " + name + " ##\n@@\n"
		for line := range strings.SplitSeq(lines, "|") {
			text += line + "\n"
		}
		c.DiffLines += 2 + strings.Count(lines, "|") + 1
	}
	if len(files) == 0 {
		c.DiffAt = 0
	}
	c.Text = []byte(text)
	return c
}

func TestClassify(t *testing.T) {
	t.Parallel()
	long := func(name string, from, to int) string {
		var lines []string
		for n := from; n < to; n++ {
			lines = append(lines, fmt.Sprintf("+line %d of %s", n, name))
		}
		return name + " (new):" + strings.Join(lines, "|")
	}
	a, b, c := made("a", long("a", 0, 9)), made("b", long("b", 0, 9)), made("c", long("c", 0, 9))
	for _, tt := range []struct {
		reason   string
		old, new []Commit
		want     []string // "OLD NEW what"
	}{
		{"nothing at all", nil, nil, nil},
		{"the same", []Commit{a, b}, []Commit{a, b}, []string{"1 1 unchanged", "2 2 unchanged"}},
		{"another message", []Commit{a}, []Commit{made("A", long("a", 0, 9))}, []string{"1 1 reworded"}},
		{"another message without a patch", []Commit{made("x")}, []Commit{made("x")}, []string{"1 1 unchanged"}},
		{"a line less", []Commit{a}, []Commit{made("a", long("a", 0, 8))}, []string{"1 1 changed"}},
		{"new and dropped", []Commit{a, b}, []Commit{a, c}, []string{"1 1 unchanged", "2 0 dropped", "0 2 new"}},
		{"everything is new", nil, []Commit{a}, []string{"0 1 new"}},
		{"everything was dropped", []Commit{a}, nil, []string{"1 0 dropped"}},
		{"one goes to the front", []Commit{a, b, c}, []Commit{c, a, b}, []string{"3 1 unchanged, moved", "1 2 unchanged", "2 3 unchanged"}},
		{"one goes to the end", []Commit{a, b, c}, []Commit{b, c, a}, []string{"2 1 unchanged", "3 2 unchanged", "1 3 unchanged, moved"}},
		{"a dropped one moves nothing", []Commit{a, b, c}, []Commit{b, c}, []string{"1 0 dropped", "2 1 unchanged", "3 2 unchanged"}},
		{"moved and changed", []Commit{a, b, c}, []Commit{made("c", long("c", 0, 8)), a, b},
			[]string{"3 1 changed, moved", "1 2 unchanged", "2 3 unchanged"}},
		{"in two by files", []Commit{made("ab", long("a", 0, 9), long("b", 0, 9))}, []Commit{a, b},
			[]string{"1 1 split into 1, 2", "0 2 split from 1"}},
		{"in two within a file", []Commit{made("a", long("a", 0, 12))}, []Commit{made("a", long("a", 0, 9)), made("a2", "a:+line 9 of a|+line 10 of a|+line 11 of a")},
			[]string{"1 1 split into 1, 2", "0 2 split from 1"}},
		{"in three, in another order", []Commit{made("abc", long("a", 0, 30), long("b", 0, 9), long("c", 0, 9))},
			[]Commit{c, made("a", long("a", 0, 30)), b}, []string{"0 1 split from 1", "1 2 split into 1, 2, 3", "0 3 split from 1"}},
		{"in two of which none is near", []Commit{made("ab", long("a", 0, 40), long("b", 0, 40))},
			[]Commit{made("a", long("a", 0, 40)), made("b", long("b", 0, 40))}, []string{"1 1 split into 1, 2", "0 2 split from 1"}},
		{"a part that says something else", []Commit{made("ab", long("a", 0, 20), long("b", 0, 9))},
			[]Commit{made("a", long("a", 0, 20)), made("b", long("b", 0, 8))}, []string{"1 1 changed", "0 2 new"}},
		{"the same lines in another file", []Commit{made("ab", long("a", 0, 20), long("b", 0, 9))},
			[]Commit{made("a", long("a", 0, 20)), made("b", strings.Replace(long("b", 0, 9), "b (new)", "d (new)", 1))}, []string{"1 1 changed", "0 2 new"}},
		{"blank lines do not count", []Commit{made("ab", long("a", 0, 20)+"|+", long("b", 0, 9))},
			[]Commit{made("a", long("a", 0, 20)), made("b", long("b", 0, 9)+"|+|+ ")}, []string{"1 1 split into 1, 2", "0 2 split from 1"}},
		{"a blank line of context is no heading", []Commit{made("ab", "a: |+one|+two|+three|+four", long("b", 0, 3))},
			[]Commit{made("a", "a:+one|+two|+three|+four"), made("b", long("b", 0, 3))},
			[]string{"1 0 split into 1, 2", "0 1 split from 1", "0 2 split from 1"}},
		{"two in one", []Commit{a, b}, []Commit{made("ab", long("a", 0, 9), long("b", 0, 9))},
			[]string{"1 0 squashed into 1", "2 1 squashed from 1, 2"}},
		{"a fix of the one before", []Commit{made("a", long("a", 0, 9)), made("fix", "a:-line 3 of a|+line three of a")},
			[]Commit{made("a", strings.Replace(long("a", 0, 9), "line 3", "line three", 1))}, []string{"1 1 squashed from 1, 2", "2 0 squashed into 1"}},
		{"a new patch and a changed one", []Commit{a}, []Commit{made("a", long("a", 0, 8)), b}, []string{"1 1 changed", "0 2 new"}},
		{"a new patch that another takes back", []Commit{a}, []Commit{made("a", long("a", 0, 8)), made("b", "b:+one"), made("c", "b:-one")},
			[]string{"1 1 changed", "0 2 new", "0 3 new"}},
	} {
		var got []string
		changes := Classify(Compare(tt.old, tt.new, DefaultCreationFactor))
		for _, c := range changes {
			got = append(got, fmt.Sprintf("%d %d %s", c.OldNumber, c.NewNumber, c))
		}
		if g, w := strings.Join(got, "\n"), strings.Join(tt.want, "\n"); g != w {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.reason, g, w)
		}
	}
}

func TestFileOf(t *testing.T) {
	t.Parallel()
	for heading, want := range map[string][2]string{
		" ## a ##":           {"a", ""},
		" ## a (new) ##":     {"a", " (new)"},
		" ## a (deleted) ##": {"a", " (deleted)"},
		" ## a (mode change 100644 => 100755) ##": {"a", " (mode change 100644 => 100755)"},
		" ## a => b ##": {"b", "a"},
		" ## a b ##":    {"a b", ""},
	} {
		if name, attributes := fileOf([]byte(heading)); string(name) != want[0] || string(attributes) != want[1] {
			t.Errorf("fileOf(%q) = %q, %q, want %q", heading, name, attributes, want)
		}
	}
}

func TestTally(t *testing.T) {
	t.Parallel()
	one := &Commit{Subject: "one"}
	changes := []Change{
		{Pair: Pair{Old: one, New: one, OldNumber: 1, NewNumber: 1}, Kind: KindUnchanged},
		{Pair: Pair{Old: one, New: one, OldNumber: 9, NewNumber: 2}, Kind: KindChanged, Moved: true},
		{Pair: Pair{Old: one, New: one, OldNumber: 2, NewNumber: 3}, Kind: KindSplit, Olds: []int{2}, News: []int{3, 10}},
		{Pair: Pair{New: one, NewNumber: 10}, Kind: KindSplit, Olds: []int{2}, News: []int{3, 10}},
		{Pair: Pair{Old: one, OldNumber: 3}, Kind: KindDropped},
	}
	if got, want := Tally(changes), "1 unchanged, 1 changed, 1 split, 1 dropped, 1 moved"; got != want {
		t.Errorf("Tally() = %q, want %q", got, want)
	}
	if got, want := Tally(nil), "no patches"; got != want {
		t.Errorf("Tally(nil) = %q, want %q", got, want)
	}
	want := "1 -> 1   unchanged         one\n" +
		"9 -> 2   changed, moved    one\n" +
		"2 -> 3   split into 3, 10  one\n" +
		"- -> 10  split from 2      one\n" +
		"3 -> -   dropped           one\n"
	if got := string(AppendSummary(nil, changes)); got != want {
		t.Errorf("AppendSummary() =\n%swant\n%s", got, want)
	}
}

func TestCost(t *testing.T) {
	t.Parallel()
	ten := made("a", "a:+1|+2|+3|+4|+5|+6|+7|+8")
	other := made("a", "a:+1|+2|+3|+4|+5|+6|+7|+nine")
	for _, tt := range []struct {
		reason string
		pair   Pair
		want   int
	}{
		{"equal", Pair{Old: &ten, New: &ten}, 0},
		{"alone, old", Pair{Old: &ten}, 6},
		{"alone, new", Pair{New: &ten}, 6},
		{"a line changed: a header, three lines of context, two lines", Pair{Old: &ten, New: &other}, 6},
	} {
		if got := tt.pair.Cost(DefaultCreationFactor); got != tt.want {
			t.Errorf("%s: costs %d, want %d", tt.reason, got, tt.want)
		}
	}
}
