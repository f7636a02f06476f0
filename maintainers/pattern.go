package maintainers

import (
	"strings"
	"sync"
	"unicode/utf8"
)

// A pathPattern is the value of an F or X: an expression that is anchored at the
// start of a path only. A star means any characters, a question mark any one,
// slashes included, a dot is a dot; the rest is a Perl regular expression.
//
// One that ends in a slash matches everything below; any other only paths with
// as many slashes as it has itself. One that names a directory gets its slash.
type pathPattern struct {
	value   string
	prefix  string // what every path that matches begins with
	slashes int
	depth   int
	plain   bool // without any special character but dots
	simple  bool // plain, or with stars and question marks only
	expr    func() (*matcher, error)
}

func newPathPattern(value string, era Era) *pathPattern {
	p := &pathPattern{value: value, slashes: strings.Count(value, "/"), prefix: value, plain: true, simple: true}
	if i := strings.IndexAny(value, `*?[]+()|{}\^$`); i >= 0 {
		p.prefix, p.plain = value[:i], false
		p.simple = !strings.ContainsAny(value, `[]+()|{}\^$`)
		if c := value[i]; !p.simple {
			switch {
			case strings.Contains(value, "|"):
				p.prefix = "" // the anchor binds the first branch only
			case c == '+' || c == '{':
				p.prefix = dropLast(p.prefix, era)
			}
		}
	}
	p.depth = p.slashes
	switch {
	case strings.HasPrefix(value, "*"):
		p.depth = -1
	case !strings.HasSuffix(value, "/"):
		p.depth++
	}
	if !p.simple {
		p.expr = sync.OnceValues(func() (*matcher, error) { return compile("^"+perlOfGlob(value), false, era) })
	}
	return p
}

func dropLast(s string, era Era) string {
	_, size := utf8.DecodeLastRuneInString(s)
	if era == Old {
		size = min(1, len(s))
	}
	return s[:len(s)-size]
}

// perlOfGlob is the regular expression that a pattern stands for.
func perlOfGlob(value string) string {
	return strings.NewReplacer(".", `\.`, "*", ".*", "?", ".").Replace(value)
}

// match tells whether a path that begins with the pattern's prefix matches.
// isDir answers for a path relative to the top.
func (p *pathPattern) match(path string, era Era, isDir func(string) bool) (bool, error) {
	value, below := p.value, strings.HasSuffix(p.value, "/")
	// The script looks for the directory when a dot has a backslash, a star is
	// ".*" and a question mark a dot, so that no directory with a dot in its
	// name is found.
	if !below && !strings.ContainsAny(value, ".*") && isDir(perlOfGlob(value)) {
		value, below = value+"/", true
		if p.plain && !strings.HasPrefix(path, value) {
			return false, nil
		}
	}
	if !below && strings.Count(path, "/") != p.slashes {
		return false, nil
	}
	switch {
	case p.plain:
		return true, nil
	case p.simple:
		return matchGlob(value, path, era), nil
	}
	expr := p.expr
	if len(value) > len(p.value) {
		expr = func() (*matcher, error) { return compile("^"+perlOfGlob(value), false, era) }
	}
	m, err := expr()
	if err != nil {
		return false, err
	}
	return m.match(path)
}

// matchGlob tells whether some beginning of path is what the glob describes.
func matchGlob(glob, path string, era Era) bool {
	// Where to go on when the rest does not fit: the last star takes one more.
	star, from := -1, 0
	g, p := 0, 0
	for g < len(glob) {
		switch c := glob[g]; {
		case c == '*':
			star, from = g, p
			g++
			continue
		case p < len(path) && c == '?' && path[p] != '\n':
			g++
			p += characterSize(path[p:], era)
			continue
		case p < len(path) && c != '?' && c == path[p]:
			g++
			p++
			continue
		}
		if star < 0 || from >= len(path) {
			return false
		}
		from += characterSize(path[from:], era)
		g, p = star+1, from
	}
	return true
}

func characterSize(s string, era Era) int {
	if era == Old {
		return 1
	}
	_, size := utf8.DecodeRuneInString(s)
	return size
}
