package trailers

import (
	"path"
	"slices"
	"strings"
)

// Merge puts follow-up trailers into a message as b4 does (b4-interop 9.5), so
// that both tools give the same commits: after the trailers that are there, in
// the order given, but in front of own, the contributor's last sign-off, which
// comes last. A trailer that the message has already is left out with the
// notes behind it; nothing new leaves the message as it is. A missing own is
// not added unless it is among fresh.
//
// order, when not empty and not just "*", is a list of patterns ("link*",
// "fixes", "*") for lower-case names: the fresh trailers and those below the
// last sign-off of someone else are then sorted by it, unmatched ones last. A
// note stays behind its trailer.
//
// Every line that is there keeps its bytes; a line only moves where own was not
// the last, or where order says so. New lines end as those of the block do.
func Merge(msg string, own Trailer, order []string, fresh ...Trailer) string {
	above, below := Cut(msg)
	body, block := splitTail(above)
	isOwn := func(g group) bool { return g[0].Same(own) }
	entries, _ := scan(splitLines(block))
	kept := grouped(entries)
	var added, last []group
	var known Set
	for _, g := range kept {
		known.Add(g[0].Trailer)
	}
	for _, g := range grouped(written(fresh, lineEnd(block))) {
		if known.Add(g[0].Trailer) {
			added = append(added, g)
		}
	}
	if len(added) == 0 {
		return msg
	}
	if i := lastIndex(kept, isOwn); i >= 0 {
		last = []group{kept[i]}
		kept = slices.Delete(kept, i, i+1)
	} else if i := lastIndex(added, isOwn); i >= 0 {
		last = []group{added[i]}
		added = slices.Delete(added, i, i+1)
	}
	if len(order) > 0 && !slices.Equal(order, []string{"*"}) {
		signed := 1 + lastIndex(kept, func(g group) bool { return g[0].Is("Signed-off-by") })
		added = append(slices.Clone(kept[signed:]), added...)
		kept = kept[:signed]
		slices.SortStableFunc(added, func(a, b group) int { return a.rank(order) - b.rank(order) })
	}
	all := slices.Concat(slices.Concat(kept, added, last)...)
	if block == "" {
		ts := make([]Trailer, len(all))
		for i, e := range all {
			ts[i] = e.Trailer
		}
		return Add(msg, ts...)
	}
	var b strings.Builder
	b.WriteString(body)
	for _, e := range all {
		b.WriteString(e.raw)
		if !strings.HasSuffix(e.raw, "\n") {
			b.WriteString(lineEnd(block))
		}
	}
	for i, line := range splitLines(block) {
		if i > 0 && blank(line) {
			b.WriteString(line)
		}
	}
	return b.String() + below
}

// lineEnd is how the lines of a block end.
func lineEnd(block string) string {
	if first, _, ok := strings.Cut(block, "\n"); ok && strings.HasSuffix(first, "\r") {
		return "\r\n"
	}
	return "\n"
}

// written gives trailers the bytes that they will have.
func written(ts []Trailer, lineEnd string) []entry {
	entries := make([]entry, len(ts))
	for i, t := range ts {
		entries[i] = entry{t, strings.ReplaceAll(t.String(), "\n", lineEnd) + lineEnd}
	}
	return entries
}

// A group is a trailer with the notes behind it; the first of a block may be
// of notes only. It is never empty.
type group []entry

func grouped(entries []entry) []group {
	var groups []group
	for _, e := range entries {
		if e.Key == "" && len(groups) > 0 {
			groups[len(groups)-1] = append(groups[len(groups)-1], e)
		} else {
			groups = append(groups, group{e})
		}
	}
	return groups
}

// lastIndex returns the index of the last group for which is holds, or -1.
func lastIndex(groups []group, is func(group) bool) int {
	for i, g := range slices.Backward(groups) {
		if is(g) {
			return i
		}
	}
	return -1
}

// rank returns the position of the first pattern that matches.
func (g group) rank(order []string) int {
	for i, pattern := range order {
		if ok, err := path.Match(strings.ToLower(pattern), strings.ToLower(g[0].Key)); ok && err == nil {
			return i
		}
	}
	return len(order)
}
