package rangediff

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Kind says what became of a patch, in a word.
type Kind string

const (
	KindUnchanged Kind = "unchanged"
	KindReworded  Kind = "reworded" // the same changes under another message or author
	KindChanged   Kind = "changed"
	KindNew       Kind = "new"
	KindDropped   Kind = "dropped"
	KindSplit     Kind = "split"    // one patch became several
	KindSquashed  Kind = "squashed" // several patches became one
)

// A Change is a pair with what became of it.
type Change struct {
	Pair
	Kind Kind
	// Moved says that the patch is at another place among those that have a
	// partner: they would be in order without the moved ones.
	Moved bool
	// Olds and News are the numbers of all patches of a split or a squash, in
	// order: one old and several new ones, or the reverse. Otherwise nil.
	Olds, News []int
}

// Classify says of each pair what became of it, in the order given. A split or
// a squash is only called so when the lines that its parts add and remove
// are, file by file, those of the whole.
func Classify(pairs []Pair) []Change {
	changes := make([]Change, len(pairs))
	for n, p := range pairs {
		changes[n] = Change{Pair: p, Kind: kindOf(p)}
	}
	markMoved(changes)
	markSplits(changes)
	return changes
}

func kindOf(p Pair) Kind {
	switch p.Status() {
	case Removed:
		return KindDropped
	case Added:
		return KindNew
	case Same:
		return KindUnchanged
	}
	if bytes.Equal(p.Old.patch(), p.New.patch()) {
		return KindReworded
	}
	return KindChanged
}

// patch is what a commit does to files; nothing for one that changes none.
func (c *Commit) patch() []byte {
	if c.DiffLines == 0 {
		return nil
	}
	return c.Diff()
}

// markMoved lets the longest run of pairs stay that are in the old order.
func markMoved(changes []Change) {
	var paired []int
	for n, c := range changes {
		if c.Old != nil && c.New != nil {
			paired = append(paired, n)
		}
	}
	if len(paired) == 0 {
		return
	}
	length, before := make([]int, len(paired)), make([]int, len(paired))
	last := 0
	for n, at := range paired {
		before[n] = -1
		for m := range n {
			if changes[paired[m]].OldNumber < changes[at].OldNumber && length[m]+1 > length[n] {
				length[n], before[n] = length[m]+1, m
			}
		}
		if length[n] > length[last] {
			last = n
		}
	}
	stays := make([]bool, len(paired))
	for n := last; n >= 0; n = before[n] {
		stays[n] = true
	}
	for n, at := range paired {
		changes[at].Moved = !stays[n]
	}
}

// String says what became of the patch, such as "changed, moved" or "split
// into 2, 3".
func (c Change) String() string {
	text := string(c.Kind)
	switch {
	case c.Kind == KindSplit && c.Old != nil:
		text += " into " + numbers(c.News)
	case c.Kind == KindSplit:
		text += " from " + numbers(c.Olds)
	case c.Kind == KindSquashed && c.New != nil:
		text += " from " + numbers(c.Olds)
	case c.Kind == KindSquashed:
		text += " into " + numbers(c.News)
	}
	if c.Moved {
		text += ", moved"
	}
	return text
}

func numbers(list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	return strings.Join(words, ", ")
}

// Tally counts changes in a line, such as "1 unchanged, 2 changed, 1 moved".
// A split and a squash count once. No change is "no patches".
func Tally(changes []Change) string {
	kinds := []Kind{KindUnchanged, KindReworded, KindChanged, KindSplit, KindSquashed, KindNew, KindDropped}
	count, moved := map[Kind]int{}, 0
	for _, c := range changes {
		part := c.Kind == KindSplit && c.Old == nil || c.Kind == KindSquashed && c.New == nil
		if !part {
			count[c.Kind]++
		}
		if c.Moved {
			moved++
		}
	}
	var words []string
	for _, k := range kinds {
		if count[k] > 0 {
			words = append(words, fmt.Sprintf("%d %s", count[k], k))
		}
	}
	if moved > 0 {
		words = append(words, fmt.Sprintf("%d moved", moved))
	}
	if len(words) == 0 {
		return "no patches"
	}
	return strings.Join(words, ", ")
}

// AppendSummary appends a line for each change: its numbers, what became of it
// and its subject.
func AppendSummary(dst []byte, changes []Change) []byte {
	side := func(n int) string {
		if n == 0 {
			return "-"
		}
		return strconv.Itoa(n)
	}
	old, new, what := 0, 0, 0
	for _, c := range changes {
		old, new = max(old, len(side(c.OldNumber))), max(new, len(side(c.NewNumber)))
		what = max(what, len(c.String()))
	}
	for _, c := range changes {
		line := fmt.Sprintf("%*s -> %-*s  %-*s  %s", old, side(c.OldNumber), new, side(c.NewNumber), what, c, c.newSubject())
		dst = append(append(dst, strings.TrimRight(line, " \t\r\n")...), '\n')
	}
	return dst
}

// newSubject is what a patch is called now.
func (c Change) newSubject() string {
	if c.New != nil {
		return c.New.Subject
	}
	return c.Old.Subject
}

// members lists the numbers of changes on one side, in order.
func members(changes []Change, at []int, number func(Change) int) []int {
	var list []int
	for _, n := range at {
		if k := number(changes[n]); k > 0 {
			list = append(list, k)
		}
	}
	slices.Sort(list)
	return list
}
