package rangediff

import (
	"bytes"
	"hash/fnv"
	"io"
	"math/bits"
)

// A net is what a patch does to files when lines that it moves, and lines that
// another patch takes back, do not count. Nets add up: those of the parts of a
// patch to that of the whole.
type net struct {
	sum   uint64              // of the lines' hashes, less those of removed lines
	lines map[uint64]struct{} // what is added or removed somewhere
}

// netOf reads a patch. Blank lines do not count, and neither do hunk headers:
// they are context.
func netOf(c *Commit) net {
	n := net{lines: map[uint64]struct{}{}}
	var file []byte
	heading := true // a heading is the first line, or follows an empty one
	for line := range bytes.Lines(c.patch()) {
		if len(line) == 1 {
			heading = true
			continue
		}
		line = bytes.TrimRight(line, " \t\r\n")
		switch {
		case heading:
			var attributes []byte
			file, attributes = fileOf(line)
			if len(attributes) > 0 {
				n.add(1, file, attributes)
			}
		case len(line) < 2: // a blank line
		case line[0] == '+':
			n.add(1, file, line[1:])
		case line[0] == '-':
			n.add(^uint64(0), file, line[1:])
		case bytes.HasPrefix(line, []byte(" Binary files ")):
			n.add(1, file, line)
		}
		heading = false
	}
	return n
}

func (n *net) add(sign uint64, file, line []byte) {
	h := fnv.New64a()
	h.Write(file)
	io.WriteString(h, "\x00")
	h.Write(line)
	hash := scatter(h.Sum64())
	n.sum += sign * hash
	n.lines[hash] = struct{}{}
}

// scatter makes hashes fit to be added: those of FNV are nearly in a row for
// lines that differ in their last character, so that sums of different lines
// are equal. It is the last step of SplitMix64.
func scatter(hash uint64) uint64 {
	hash = (hash ^ hash>>30) * 0xbf58476d1ce4e5b9
	hash = (hash ^ hash>>27) * 0x94d049bb133111eb
	return hash ^ hash>>31
}

// fileOf divides a heading " ## name (attributes) ##": the name is the new one
// of a rename, which is an attribute too.
func fileOf(heading []byte) (name, attributes []byte) {
	name = bytes.TrimSuffix(bytes.TrimPrefix(heading, []byte(" ## ")), []byte(" ##"))
	if at := bytes.LastIndex(name, []byte(" => ")); at >= 0 && !bytes.Contains(name[at:], []byte(")")) {
		return name[at+len(" => "):], name[:at]
	}
	for _, mark := range []string{" (new)", " (deleted)", " (mode change "} {
		if at := bytes.LastIndex(name, []byte(mark)); at >= 0 {
			return name[:at], name[at:]
		}
	}
	return name, nil
}

func (n net) touches(other net) bool {
	for line := range n.lines {
		if _, ok := other.lines[line]; ok {
			return true
		}
	}
	return false
}

// maxParts bounds the parts among which a split is looked for.
const maxParts = 14

// markSplits looks for the parts of each patch that was dropped or changed,
// among its partner and new ones; and then the other way round.
func markSplits(changes []Change) {
	old := func(c Change) *Commit { return c.Old }
	new := func(c Change) *Commit { return c.New }
	oldNumber := func(c Change) int { return c.OldNumber }
	newNumber := func(c Change) int { return c.NewNumber }
	nets := map[*Commit]net{}
	for _, c := range changes {
		for _, commit := range []*Commit{c.Old, c.New} {
			if commit != nil && (c.Kind == KindChanged || c.Kind == KindNew || c.Kind == KindDropped) {
				nets[commit] = netOf(commit)
			}
		}
	}
	mark := func(kind, alone, part Kind, whole, parts func(Change) *Commit) {
		for n := range changes {
			if changes[n].Kind != KindChanged && changes[n].Kind != alone {
				continue
			}
			found := findParts(changes, n, part, nets, whole, parts)
			if found == nil {
				continue
			}
			olds, news := members(changes, found, oldNumber), members(changes, found, newNumber)
			for _, m := range found {
				changes[m].Kind, changes[m].Olds, changes[m].News = kind, olds, news
			}
		}
	}
	mark(KindSplit, KindDropped, KindNew, old, new)
	mark(KindSquashed, KindNew, KindDropped, new, old)
}

// findParts returns the changes that are a split: that of the whole, and those
// of its parts. It is nil when there are no such parts.
func findParts(changes []Change, at int, part Kind, nets map[*Commit]net, whole, parts func(Change) *Commit) []int {
	wanted := nets[whole(changes[at])]
	rest, least := wanted.sum, 2
	if partner := parts(changes[at]); partner != nil {
		rest, least = wanted.sum-nets[partner].sum, 1
		if nets[partner].sum == 0 || !nets[partner].touches(wanted) {
			return nil
		}
	}
	if wanted.sum == 0 || rest == 0 {
		return nil
	}
	var candidates []int
	for n, c := range changes {
		if c.Kind == part && nets[parts(c)].sum != 0 {
			candidates = append(candidates, n)
		}
	}
	if len(candidates) > maxParts {
		candidates = touching(changes, candidates, nets, wanted, parts)
	}
	if len(candidates) > maxParts {
		return nil
	}
	var sums []uint64
	for _, n := range candidates {
		sums = append(sums, nets[parts(changes[n])].sum)
	}
	subset := subsetWithSum(sums, rest, least)
	if subset == nil {
		return nil
	}
	found := []int{at}
	for _, k := range subset {
		found = append(found, candidates[k])
	}
	return found
}

// touching are those candidates that have a line in common with the whole.
func touching(changes []Change, candidates []int, nets map[*Commit]net, wanted net, parts func(Change) *Commit) []int {
	var near []int
	for _, n := range candidates {
		if nets[parts(changes[n])].touches(wanted) {
			near = append(near, n)
		}
	}
	return near
}

// subsetWithSum finds the smallest set of at least that many numbers with a
// sum, by their indexes; of several the first.
func subsetWithSum(numbers []uint64, wanted uint64, least int) []int {
	var best uint
	for set := uint(1); set < 1<<len(numbers); set++ {
		size := bits.OnesCount(set)
		if size < least || best != 0 && size >= bits.OnesCount(best) {
			continue
		}
		var sum uint64
		for k, n := range numbers {
			if set>>k&1 == 1 {
				sum += n
			}
		}
		if sum == wanted {
			best = set
		}
	}
	var subset []int
	for k := range numbers {
		if best>>k&1 == 1 {
			subset = append(subset, k)
		}
	}
	return subset
}
