package maintainers

import (
	"regexp"
	"time"

	"github.com/dlclark/regexp2"
)

// matchTimeout bounds one match of the engine that backtracks.
const matchTimeout = 250 * time.Millisecond

// A matcher is a Perl regular expression, ready to match. What package regexp
// can decide it decides, in linear time.
type matcher struct {
	linear       *regexp.Regexp // nil when package regexp refuses it
	exact        bool
	classes      bool
	era          Era
	backtracking *regexp2.Regexp // nil when never needed
}

// compile returns a matcher for a regular expression as it stands in a file.
func compile(source string, extended bool, era Era) (*matcher, error) {
	t, err := translate(era.characters(source), extended, era)
	if err != nil {
		return nil, err
	}
	m := &matcher{exact: t.exact, classes: t.classes, era: era}
	// What is too large for package regexp the other one may still take.
	if m.linear, err = regexp.Compile(t.linear); err != nil {
		m.exact = false
	}
	if !m.exact || m.classes && era == New {
		backtracking, failed := regexp2.Compile(t.backtracking, regexp2.None)
		if failed != nil {
			return nil, failed
		}
		m.backtracking = backtracking
		m.backtracking.MatchTimeout = matchTimeout
	}
	return m, nil
}

// match tells whether the expression matches somewhere in text. An error means
// that it took too long to tell.
func (m *matcher) match(text string) (bool, error) {
	text = m.era.characters(text)
	if m.classes && m.era == New && !isASCII(text) {
		return m.backtracking.MatchString(text)
	}
	if m.linear != nil && !m.linear.MatchString(text) {
		return false, nil
	}
	if m.exact {
		return true, nil
	}
	return m.backtracking.MatchString(text)
}
