package rangediff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
)

// FuzzSplit cuts a patch into parts, which add its lines in any order, and
// expects to be told: of the parts as a split, and of the whole as a squash.
func FuzzSplit(f *testing.F) {
	f.Add(uint64(1), uint8(2), uint8(9), false)
	f.Add(uint64(2), uint8(5), uint8(40), true)
	f.Add(uint64(3), uint8(14), uint8(60), false)
	f.Add(uint64(84), uint8(12), uint8(5), false) // sums of plain FNV hashes are equal here
	f.Fuzz(func(t *testing.T, seed uint64, parts, lines uint8, foreign bool) {
		random := rand.New(rand.NewPCG(seed, 0))
		count := 2 + int(parts)%(maxParts-1)
		files := make([]map[string]string, count) // of each part, the lines of each file
		whole := map[string]string{}
		add := func(to map[string]string, file, line string) {
			if to[file] != "" {
				to[file] += "|"
			}
			to[file] += line
		}
		for n := range max(int(lines), count) {
			part := n
			if n >= count {
				part = random.IntN(count)
			}
			if files[part] == nil {
				files[part] = map[string]string{}
			}
			file := string(rune('a' + random.IntN(4)))
			line := fmt.Sprintf("%cline %d", "+-"[random.IntN(2)], n)
			add(files[part], file, line)
			add(whole, file, line)
		}
		commit := func(name string, files map[string]string) Commit {
			var list []string
			for file, lines := range files {
				list = append(list, file+":"+lines)
			}
			slices.Sort(list)
			return made(name, list...)
		}
		one := []Commit{commit("whole", whole)}
		var many []Commit
		var numbers []int
		for n, part := range files {
			many = append(many, commit(fmt.Sprint("part ", n), part))
			numbers = append(numbers, n+1)
		}
		if foreign { // one line more than the whole has
			many[0] = commit("part 0", map[string]string{"a": "+another", "b": "+line"})
		}
		for _, c := range Classify(Compare(one, many, DefaultCreationFactor)) {
			if foreign == (c.Kind == KindSplit) || !foreign && !slices.Equal(c.News, numbers) {
				t.Errorf("split: %d -> %d %s, of %d", c.OldNumber, c.NewNumber, c, count)
			}
		}
		for _, c := range Classify(Compare(many, one, DefaultCreationFactor)) {
			if foreign == (c.Kind == KindSquashed) || !foreign && !slices.Equal(c.Olds, numbers) {
				t.Errorf("squash: %d -> %d %s, of %d", c.OldNumber, c.NewNumber, c, count)
			}
		}
	})
}
