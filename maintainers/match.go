package maintainers

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A hit is a section that has something to do with a patch, and why.
type hit struct {
	section int32
	depth   int
	reason  Reason
}

// matchPath returns the sections that a path belongs to, the most specific
// first; sections of equal depth stay in the order of the files, where the
// script's order is random.
func (q *query) matchPath(path string) []hit {
	ix := q.ix
	type state struct {
		hit
		entry    int32
		excluded bool
	}
	found := map[int32]*state{}
	at := func(s int32) *state {
		if found[s] == nil {
			found[s] = &state{hit: hit{section: s}, entry: -1}
		}
		return found[s]
	}
	depth := strings.Count(path, "/")
	for _, c := range ix.paths.candidates(path) {
		e := &ix.entries[c.entry]
		pattern := ix.pattern(c.entry)
		if !pattern.simple && ix.spent.over() {
			q.warnEntry(c.entry, errTooSlow)
			continue
		}
		began := time.Now()
		matches, err := pattern.match(path, ix.era, ix.isDir)
		if !pattern.simple {
			ix.spent.since(began)
		}
		switch {
		case err != nil:
			q.warnEntry(c.entry, err)
		case !matches:
		case e.letter == 'X':
			at(c.section).excluded = true
		case q.o.PatternDepth > 0 && depth-pattern.depth >= q.o.PatternDepth:
		default:
			s := at(c.section)
			s.entry, s.depth = c.entry, pattern.depth
			s.reason = ix.reason(c.entry, Reason{Path: path})
		}
	}
	lower := lowerASCII(path)
	for _, n := range ix.names {
		if isASCII(path) && !containsAny(lower, n.literals) {
			continue
		}
		if s := found[n.section]; s != nil && s.excluded {
			continue
		}
		if !q.matches(n, n.inHead, path) {
			continue
		}
		// The last line of a section that matches decides, not the best one.
		if s := at(n.section); n.entry > s.entry {
			s.entry, s.depth = n.entry, 0
			s.reason = ix.reason(n.entry, Reason{Path: path})
		}
	}
	var hits []hit
	for _, s := range found {
		if s.entry >= 0 && !s.excluded {
			hits = append(hits, s.hit)
		}
	}
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.depth, a.depth), cmp.Compare(a.section, b.section))
	})
	return hits
}

// matches runs an expression that may turn out not to be one.
func (q *query) matches(e *expression, get func() (*matcher, error), text string) bool {
	// Perl reuses the last expression that matched for an empty one, so that
	// the script's answer is a matter of chance.
	if strings.TrimSpace(e.value) == "" {
		q.warnEntry(e.entry, errors.New("an empty expression matches nothing"))
		return false
	}
	m, err := get()
	if err != nil {
		q.warnEntry(e.entry, err)
		return false
	}
	if m.slow.Load() {
		return false // as was said
	}
	if !m.exact && q.ix.spent.over() {
		q.warnEntry(e.entry, errTooSlow)
		return false
	}
	defer q.ix.spent.since(time.Now())
	ok, err := m.match(text)
	if err != nil {
		q.warnEntry(e.entry, err)
	}
	return ok
}

// matchKeywords returns the sections that a keyword brings in, in the order of
// the script: that of their line numbers as text, "1000" before "999".
func (q *query) matchKeywords(patches []Patch) []hit {
	found := map[int32]hit{}
	for _, p := range patches {
		if len(p.lines) == 0 || p.source && q.ix.era == New && !q.o.KeywordsInFile {
			continue
		}
		for _, k := range q.ix.keywords {
			if _, already := found[k.entry]; already {
				continue
			}
			if line, ok := q.findKeyword(k, p); ok {
				reason := Reason{Patch: p.Name, Line: strings.TrimSpace(line)}
				if p.source {
					reason = Reason{Patch: p.Name, Path: p.Name}
				}
				found[k.entry] = hit{section: k.section, reason: q.ix.reason(k.entry, reason)}
			}
		}
	}
	lines := make([]int32, 0, len(found))
	for line := range found {
		lines = append(lines, line)
	}
	slices.SortFunc(lines, func(a, b int32) int {
		return strings.Compare(strconv.Itoa(int(a)), strconv.Itoa(int(b)))
	})
	var hits []hit
	seen := map[int32]bool{}
	for _, line := range lines {
		if h := found[line]; !seen[h.section] {
			seen[h.section] = true
			hits = append(hits, h)
		}
	}
	return hits
}

func (q *query) findKeyword(k *expression, p Patch) (line string, ok bool) {
	if !p.text.mayHave(k.literals) {
		return "", false
	}
	for _, l := range p.lines {
		if !p.text.open && !containsAny(l.lower, k.literals) {
			continue
		}
		get := k.inHead
		if l.body {
			get = k.inBody
		}
		if q.matches(k, get, l.text) {
			return l.text, true
		}
	}
	return "", false
}

// isDir tells whether a pattern names a directory of the tree.
func (ix *Index) isDir(name string) bool {
	return ix.dirs.isDir(name, func(name string) bool {
		if name == "" || strings.HasPrefix(name, "/") || !fs.ValidPath(path.Clean(name)) {
			return false
		}
		info, err := fs.Stat(ix.project.Tree, path.Clean(name))
		return err == nil && info.IsDir()
	})
}
