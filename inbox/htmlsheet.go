package inbox

import (
	"slices"
	"strings"
)

// A styleSheet has the rules of a page that can hide something, by the last mark of
// their selectors.
type styleSheet struct {
	rules map[string][]styleRule
	count int
}

// A styleRule gives a look to elements that have some marks, inside of others that
// have some. A mark is a name, a class or an id: "p", ".quiet", "#top", "*".
type styleRule struct {
	marks, around []string
	style         style
}

// What a page may have in its style sheets: rules, and marks in a selector.
const (
	maxRules = 50
	maxMarks = 16
)

// read adds the rules of a sheet. Those for some media, states or attributes do not
// count: what is shown then depends on who looks.
func (s *styleSheet) read(sheet string) {
	sheet = plainCSS(sheet)
	for s.count < maxRules {
		selectors, rest, ok := strings.Cut(sheet, "{")
		if !ok {
			return
		}
		selectors = selectors[strings.LastIndexByte(selectors, ';')+1:] // "@import x;"
		selectors = strings.NewReplacer("<!--", "", "-->", "").Replace(selectors)
		switch selectors = strings.Trim(selectors, "} \t\r\n"); {
		case selectors == "@media all", selectors == "@media screen":
			sheet = rest // and a brace that closes nothing
			continue
		case strings.HasPrefix(selectors, "@"):
			sheet = behindBlock(rest)
			continue
		}
		declarations, behind, _ := strings.Cut(rest, "}")
		sheet = behind
		if one := readStyle(declarations); one != (style{}) {
			for selector := range strings.SplitSeq(selectors, ",") {
				s.add(selector, one)
			}
		}
	}
}

func (s *styleSheet) add(selector string, one style) {
	parts := strings.Fields(strings.NewReplacer(">", " ", "+", " ", "~", " ").Replace(selector))
	if len(parts) == 0 || strings.ContainsAny(selector, ":[") || s.count >= maxRules {
		return
	}
	last := len(parts) - 1
	rule := styleRule{marks: marksOf(parts[last]), style: one}
	for _, part := range parts[:last] {
		rule.around = append(rule.around, marksOf(part)...)
	}
	if len(rule.marks) == 0 || len(rule.marks)+len(rule.around) > maxMarks {
		return
	}
	if s.rules == nil {
		s.rules = map[string][]styleRule{}
	}
	key := rule.marks[len(rule.marks)-1]
	s.rules[key] = append(s.rules[key], rule)
	s.count++
}

// marksOf takes "p.quiet#top" apart.
func marksOf(part string) []string {
	var marks []string
	for part != "" {
		end := strings.IndexAny(part[1:], ".#") + 1
		if end == 0 {
			end = len(part)
		}
		marks, part = append(marks, part[:end]), part[end:]
	}
	return marks
}

// styleOf is the style of an element with some marks, the most telling last, inside
// of some.
func (s *styleSheet) styleOf(marks []string, around map[string]int) style {
	var all style
	if s.count == 0 {
		return all
	}
	for _, mark := range marks {
		for _, rule := range s.rules[mark] {
			has := func(m string) bool { return slices.Contains(marks, m) }
			if every(rule.marks, has) && every(rule.around, func(m string) bool { return around[m] > 0 }) {
				all = all.over(rule.style)
			}
		}
	}
	return all
}

func every(marks []string, is func(string) bool) bool {
	return !slices.ContainsFunc(marks, func(m string) bool { return !is(m) })
}

// behindBlock is what follows the block in braces that a text begins in.
func behindBlock(text string) string {
	depth := 1
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return text[i+1:]
			}
		}
	}
	return ""
}
