package maintainers

import (
	"errors"
	"fmt"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Bounds for expressions that were written to hurt.
const (
	matchTimeout  = 250 * time.Millisecond // of one match by the engine that backtracks
	maxSpent      = 2 * time.Second        // of all matches, before that engine is asked no more
	maxExpression = 2 << 10                // bytes
)

var (
	errSlow    = errors.New("it takes too long, and is given up")
	errTooSlow = errors.New("it is not tried, since others took too long")
)

// A matcher is a Perl regular expression, ready to match. What package regexp
// can decide it decides, in linear time.
type matcher struct {
	linear       *regexp.Regexp // nil when package regexp refuses it
	exact        bool
	classes      bool
	era          Era
	backtracking *regexp2.Regexp // nil when never needed
	slow         atomic.Bool     // it took too long once
}

// compile returns a matcher for a regular expression as it stands in a file.
func compile(source string, extended bool, era Era) (*matcher, error) {
	if len(source) > maxExpression {
		return nil, fmt.Errorf("it is longer than %d bytes", maxExpression)
	}
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
		backtracking, failed := regexp2.Compile(t.backtracking)
		if failed != nil {
			return nil, failed
		}
		m.backtracking = backtracking
		m.backtracking.MatchTimeout = matchTimeout
	}
	return m, nil
}

// match tells whether the expression matches somewhere in text. The error is
// errSlow when it takes too long to tell; it does so for every other text then.
func (m *matcher) match(text string) (bool, error) {
	text = m.era.characters(text)
	if m.classes && m.era == New && !isASCII(text) {
		return m.backtrack(text)
	}
	if m.linear != nil && !m.linear.MatchString(text) {
		return false, nil
	}
	if m.exact {
		return true, nil
	}
	return m.backtrack(text)
}

func (m *matcher) backtrack(text string) (bool, error) {
	if m.slow.Load() {
		return false, errSlow
	}
	is, err := m.backtracking.MatchString(text)
	if err != nil {
		m.slow.Store(true)
		return false, errSlow
	}
	return is, nil
}

// A budget is the time that expressions have taken so far.
type budget struct{ nanoseconds atomic.Int64 }

func (b *budget) since(began time.Time) { b.nanoseconds.Add(int64(time.Since(began))) }

func (b *budget) over() bool { return time.Duration(b.nanoseconds.Load()) > maxSpent }
