package maintainers

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// An Index is the MAINTAINERS files of a project, ready for questions. It is
// safe for use by several goroutines.
type Index struct {
	project Project
	era     Era
	chiefs  []string
	files   []file

	entries  []entry
	sections []section
	paths    pathIndex
	names    []*expression // N, in the order of the files
	keywords []*expression // K

	mailmap  func() (mailmap, error)
	ignored  func() (map[string]bool, error)
	dirs     dirCache
	patterns sync.Map // index of an entry -> *pathPattern
	spent    budget
	reader   patchReader
	yaml     func() *emailFinder
}

// Era tells which generation of the script the index answers like.
func (ix *Index) Era() Era { return ix.era }

// An expression is the value of an N or K.
type expression struct {
	entry    int32
	section  int32
	value    string
	literals []string // as requiredLiterals gives them

	inHead func() (*matcher, error) // the expression as it is
	inBody func() (*matcher, error) // behind the sign of a diff line
}

func newExpression(at, section int32, value string, literals []string, era Era) *expression {
	return &expression{
		entry: at, section: section, value: value, literals: literals,
		inHead: sync.OnceValues(func() (*matcher, error) { return compile(value, true, era) }),
		// Put together as text, so that the sign binds the first branch only.
		inBody: sync.OnceValues(func() (*matcher, error) { return compile(`^[+-].*`+value, true, era) }),
	}
}

// expressionLiterals is what a text must contain for the expression to match.
func expressionLiterals(value string, era Era) []string {
	if len(value) > maxExpression { // compile refuses it
		return nil
	}
	t, err := translate(era.characters(value), true, era)
	if err != nil {
		return nil
	}
	literals := requiredLiterals(t.linear)
	for i, l := range literals {
		literals[i] = era.bytes(l)
	}
	return literals
}

// A pathEntry is one F or X.
type pathEntry struct {
	entry   int32
	section int32
	prefix  string
}

// A pathIndex finds the patterns whose prefix a path begins with.
type pathIndex struct {
	sorted  []pathEntry // by prefix
	lengths []int       // of the prefixes that occur, ascending
}

func newPathIndex(entries []pathEntry) pathIndex {
	lengths := map[int]bool{}
	for _, e := range entries {
		lengths[len(e.prefix)] = true
	}
	ix := pathIndex{sorted: entries}
	for n := range lengths {
		ix.lengths = append(ix.lengths, n)
	}
	slices.Sort(ix.lengths)
	return ix
}

func sortByPrefix(entries []pathEntry) {
	slices.SortFunc(entries, func(a, b pathEntry) int {
		return cmp.Or(strings.Compare(a.prefix, b.prefix), cmp.Compare(a.entry, b.entry))
	})
}

// candidates returns the patterns whose prefix the path begins with, in the
// order of the files.
func (ix *pathIndex) candidates(path string) []pathEntry {
	var found []pathEntry
	for _, n := range ix.lengths {
		if n > len(path) {
			break
		}
		i, ok := slices.BinarySearchFunc(ix.sorted, path[:n], func(e pathEntry, prefix string) int { return strings.Compare(e.prefix, prefix) })
		if !ok {
			continue
		}
		for ; i < len(ix.sorted) && ix.sorted[i].prefix == path[:n]; i++ {
			found = append(found, ix.sorted[i])
		}
	}
	slices.SortFunc(found, func(a, b pathEntry) int { return cmp.Compare(a.entry, b.entry) })
	return found
}

// build makes the index of parsed files.
func (ix *Index) build() {
	ix.entries, ix.sections = parse(ix.files)
	paths := make([]pathEntry, 0, len(ix.entries)/2)
	for s, sec := range ix.sections {
		for i := sec.first; i < sec.end; i++ {
			switch e := &ix.entries[i]; e.letter {
			case 'F', 'X':
				paths = append(paths, pathEntry{entry: i, section: int32(s), prefix: newPathPattern(e.value, ix.era).prefix})
			case 'N':
				ix.names = append(ix.names, newExpression(i, int32(s), e.value, expressionLiterals(e.value, ix.era), ix.era))
			case 'K':
				ix.keywords = append(ix.keywords, newExpression(i, int32(s), e.value, expressionLiterals(e.value, ix.era), ix.era))
			}
		}
	}
	sortByPrefix(paths)
	ix.paths = newPathIndex(paths)
}

// pattern returns the pattern of an F or X, made once.
func (ix *Index) pattern(at int32) *pathPattern {
	if p, ok := ix.patterns.Load(at); ok {
		return p.(*pathPattern)
	}
	p, _ := ix.patterns.LoadOrStore(at, newPathPattern(ix.entries[at].value, ix.era))
	return p.(*pathPattern)
}

// A dirCache remembers which paths are directories.
type dirCache struct {
	mu    sync.Mutex
	known map[string]bool
}

func (d *dirCache) isDir(path string, look func(string) bool) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	is, ok := d.known[path]
	if !ok {
		is = look(path)
		if d.known == nil {
			d.known = map[string]bool{}
		}
		d.known[path] = is
	}
	return is
}
