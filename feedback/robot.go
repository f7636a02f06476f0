package feedback

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A Robot is a rule by which replies are known as reports of a program that tests
// patches.
type Robot struct {
	Name       string
	From       string         // a glob of mailboxes, in lower case
	Fail, Pass *regexp.Regexp // of subject or text; nil matches nothing
}

// A Verdict is what a report says of the patches.
type Verdict string

// The verdicts. About a patch that passed nothing is left to do.
const (
	Failed Verdict = "fail"
	Passed Verdict = "pass"
	Told   Verdict = "unclear"
)

// A Report is a reply of a robot.
type Report struct {
	Robot   string  `json:"robot"`
	Verdict Verdict `json:"verdict"`
}

// DefaultRobots are those that report to many lists.
func DefaultRobots() []Robot {
	return []Robot{
		{"0-day", "lkp@intel.com", regexp.MustCompile(`(?i)kernel test robot noticed|auto build test (error|warning)|build (regression|fail(ure|ed|s)?\b)`), regexp.MustCompile(`(?i)build success`)},
		{"KernelCI", "*@kernelci.org", regexp.MustCompile(`(?i)\[regression\]|\b[1-9][0-9]* (regressions?|fail(ed|ures?)?)\b`), regexp.MustCompile(`(?i)\b(0|no) (regressions?|fail(ed|ures?)?)\b`)},
		{"bluez", "bluez.test.bot@gmail.com", regexp.MustCompile(`\bFAIL\b`), regexp.MustCompile(`\bPASS\b`)},
		{"syzbot", "syzbot+ci*@*", regexp.MustCompile(`(?i)found the following issues?`), regexp.MustCompile(`(?i)no issues (were )?found`)},
	}
}

// Config is what kprep reads of git's configuration.
type Config interface {
	Get(key string) (string, bool)
	Keys() []string
}

// ReadRobots reads the rules of [kprep-robot "NAME"], with from, fail and pass,
// regular expressions whose ^ and $ are those of lines; they add to those of DefaultRobots or take the place of one. An empty from
// takes it away.
func ReadRobots(config Config) ([]Robot, error) {
	robots := DefaultRobots()
	for _, key := range config.Keys() {
		name, ok := strings.CutPrefix(key, "kprep-robot.")
		if name, ok = cutSuffix(name, ".from", ok); !ok {
			continue
		}
		robots = slices.DeleteFunc(robots, func(r Robot) bool { return strings.EqualFold(r.Name, name) })
		r := Robot{Name: name}
		r.From, _ = config.Get(key)
		if r.From = strings.ToLower(strings.TrimSpace(r.From)); r.From == "" {
			continue
		}
		if _, err := path.Match(r.From, ""); err != nil {
			return nil, fmt.Errorf("configuration %s: %q is no pattern", key, r.From)
		}
		for variable, into := range map[string]**regexp.Regexp{"fail": &r.Fail, "pass": &r.Pass} {
			text, ok := config.Get("kprep-robot." + name + "." + variable)
			if !ok {
				continue
			}
			var err error
			if *into, err = regexp.Compile("(?m)" + text); err != nil {
				return nil, fmt.Errorf("configuration kprep-robot.%s.%s: %w", name, variable, err)
			}
		}
		robots = append(robots, r)
	}
	return robots, nil
}

func cutSuffix(text, suffix string, ok bool) (string, bool) {
	rest, has := strings.CutSuffix(text, suffix)
	return rest, ok && has
}

// maxReport is how much of a report is looked at.
const maxReport = 256 << 10

// reportOf is what a reply says as a report of a robot, nil when it is none.
func reportOf(robots []Robot, from patchmail.Address, subject, text string) *Report {
	text = text[:min(len(text), maxReport)]
	says := func(re *regexp.Regexp) bool { return re != nil && (re.MatchString(subject) || re.MatchString(text)) }
	for _, r := range robots {
		if ok, err := path.Match(r.From, strings.ToLower(from.Mailbox)); !ok || err != nil {
			continue
		}
		switch {
		case says(r.Fail):
			return &Report{r.Name, Failed}
		case says(r.Pass):
			return &Report{r.Name, Passed}
		}
		return &Report{r.Name, Told}
	}
	return nil
}
