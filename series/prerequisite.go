package series

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/kprep/kprep/coverletter"
)

// The kinds of prerequisites (spec/b4-interop 10).
const (
	NeedsSeries  = "change-id"   // CHANGE-ID:vN, one revision of a series
	NeedsThread  = "message-id"  // <ID>, the series in that thread
	NeedsPatch   = "patch-id"    // in hexadecimal, as git patch-id --stable prints it
	NeedsToStart = "base-commit" // replaces the base commit that the mail names
)

// A Prerequisite is one thing that a series needs to be there first.
type Prerequisite struct {
	Kind  string // one of the above, or one that only another program knows
	Value string
}

// String is the line as the tracking data keeps it.
func (p Prerequisite) String() string { return p.Kind + ": " + p.Value }

// Known says whether kprep knows the kind.
func (p Prerequisite) Known() bool {
	return slices.Contains([]string{NeedsSeries, NeedsThread, NeedsPatch, NeedsToStart}, p.Kind)
}

// Series takes the value of a NeedsSeries apart.
func (p Prerequisite) Series() (changeID string, revision int, err error) {
	changeID, number, ok := cutLast(p.Value, ":v")
	if !ok {
		return p.Value, 0, fmt.Errorf("it names no revision, as in \"%s:v1\"", p.Value)
	}
	if err := coverletter.CheckChangeID(changeID); err != nil {
		return "", 0, err
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 || strconv.Itoa(n) != number {
		return "", 0, fmt.Errorf("%q is no revision", "v"+number)
	}
	return changeID, n, nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if at := strings.LastIndex(s, sep); at >= 0 {
		return s[:at], s[at+len(sep):], true
	}
	return s, "", false
}

// A PrerequisiteError reports a line that is no prerequisite, or one that
// cannot be used.
type PrerequisiteError struct {
	Line, Reason string

	newer  bool // there is a newer revision of the series
	absent bool // it is nowhere where it was looked for
}

func (e *PrerequisiteError) Error() string {
	return fmt.Sprintf("prerequisite %q: %s", e.Line, e.Reason)
}

// ParsePrerequisite reads one line, "KIND: VALUE". Of a kind that kprep does
// not know it checks only that form. It returns a *PrerequisiteError.
func ParsePrerequisite(line string) (Prerequisite, error) {
	fail := func(format string, args ...any) (Prerequisite, error) {
		return Prerequisite{}, &PrerequisiteError{Line: line, Reason: fmt.Sprintf(format, args...)}
	}
	kind, value, ok := strings.Cut(line, ":")
	p := Prerequisite{Kind: strings.ToLower(strings.TrimSpace(kind)), Value: strings.TrimSpace(value)}
	switch {
	case strings.ContainsFunc(line, unicode.IsControl):
		return fail("it holds a control character")
	case !ok || p.Kind == "" || strings.ContainsFunc(p.Kind, unicode.IsSpace):
		return fail("it is not of the form KIND: VALUE")
	case p.Value == "":
		return fail("the value is missing")
	}
	switch p.Kind {
	case NeedsSeries:
		if _, _, err := p.Series(); err != nil {
			return fail("%v", err)
		}
	case NeedsThread:
		id := strings.TrimSuffix(strings.TrimPrefix(p.Value, "<"), ">")
		if strings.ContainsAny(id, "<> \t") || !strings.Contains(id, "@") {
			return fail("%q is no message-id, as in \"<ID@DOMAIN>\"", p.Value)
		}
		p.Value = "<" + id + ">"
	case NeedsPatch:
		p.Value = strings.ToLower(p.Value)
		if !regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`).MatchString(p.Value) {
			return fail("a patch-id has 40 hexadecimal digits, as 'git patch-id --stable' prints it")
		}
	case NeedsToStart:
		if strings.ContainsFunc(p.Value, unicode.IsSpace) || strings.HasPrefix(p.Value, "-") {
			return fail("%q is not the name of a commit", p.Value)
		}
	}
	return p, nil
}

// subject tells what a prerequisite is about: two about the same contradict
// each other.
func (p Prerequisite) subject() string {
	switch p.Kind {
	case NeedsToStart:
		return p.Kind
	case NeedsSeries:
		if id, _, err := p.Series(); err == nil {
			return p.Kind + ": " + id
		}
	}
	return p.String()
}
