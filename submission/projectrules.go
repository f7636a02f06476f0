package submission

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/kprep/kprep/project"
)

// The problems of a series that a project's own rules speak against.
const (
	tooManyPatches = "too-many-patches"
	tooSoon        = "too-soon"
	treePrefix     = "tree-prefix"
	oneMail        = "one-mail"
)

// What send-format says a project takes.
const (
	formatMails  = "mails"
	formatAttach = "attach"
)

// projectRules are a project's own, as its settings say them.
type projectRules struct {
	maxPatches int           // send-max-patches; 0 for any number
	trees      []string      // send-tree-prefixes: subjects name one of them
	oneMail    bool          // send-format: the patches are attached to one mail
	gap        time.Duration // send-repost-gap, between two revisions
}

func readRules(settings *project.Settings) (r projectRules, err error) {
	wrong := func(v project.Value, want string) (projectRules, error) {
		return r, fmt.Errorf("configuration %s: %q is not %s", v.Key, v.Text, want)
	}
	if v, ok := settings.Get("send-max-patches"); ok {
		if r.maxPatches, err = strconv.Atoi(v.Text); err != nil || r.maxPatches < 0 {
			return wrong(v, "a number of patches")
		}
	}
	if v, ok := settings.Get("send-tree-prefixes"); ok {
		r.trees = strings.Fields(v.Text)
	}
	if v, ok := settings.Get("send-format"); ok {
		r.oneMail = strings.EqualFold(v.Text, formatAttach)
		if !r.oneMail && !strings.EqualFold(v.Text, formatMails) {
			return wrong(v, formatMails+" or "+formatAttach)
		}
	}
	if v, ok := settings.Get("send-repost-gap"); ok {
		if r.gap, ok = parseGap(v.Text); !ok {
			return wrong(v, "a time such as 24h or 7d")
		}
	}
	return r, nil
}

// TakesOneMail says whether the project wants a series as one mail with the
// patches attached.
func (s *Submission) TakesOneMail() bool { return s.rules.oneMail }

// against finds what the project's rules about a series speak against.
func (r projectRules) against(s *Submission) []Problem {
	var all []Problem
	if n := len(s.Series.Patches); r.maxPatches > 0 && n > r.maxPatches {
		all = append(all, Problem{Name: tooManyPatches, Text: fmt.Sprintf("the series has %d patches, and the project wants at most %d at a time", n, r.maxPatches),
			Next: "send the first part of it, as a series of its own"})
	}
	prefixes := s.Series.Tracking.Prefixes
	if len(r.trees) > 0 && !slices.ContainsFunc(r.trees, func(tree string) bool { return containsFold(prefixes, tree) }) {
		all = append(all, Problem{Name: treePrefix, Text: "the subjects do not say which tree the patches are for: " + strings.Join(r.trees, ", "),
			Next: fmt.Sprintf("name it, as with 'kprep set prefixes %s'", strings.Join(append(slices.Clone(prefixes), r.trees[0]), " "))})
	}
	if r.oneMail && !s.Kind.private() {
		all = append(all, Problem{Name: oneMail, Refusal: true, Text: "the project wants one mail with the patches attached, not a mail for each",
			Next: "write it with 'kprep send -o DIR', send it with any mail program, and record that with 'kprep reroll --manual MSGID'"})
	}
	return all
}

// soonAgain warns of a revision that follows the one before too soon.
func (s *Submission) soonAgain(ctx context.Context) ([]Problem, error) {
	if s.rules.gap == 0 || s.Kind.private() || s.Series.Tracking.Revision < 2 {
		return nil, nil
	}
	sent, err := s.Series.Sent(ctx)
	if err != nil || len(sent) == 0 {
		return nil, err
	}
	last := sent[len(sent)-1]
	since := s.now.Sub(last.When)
	if since < 0 || since >= s.rules.gap { // a clock that is behind has a warning of its own
		return nil, nil
	}
	return []Problem{{Name: tooSoon, Text: fmt.Sprintf("v%d went out %s ago, and the project wants %s between two revisions", last.Revision, span(since), span(s.rules.gap)),
		Next: fmt.Sprintf("wait until %s", last.When.Add(s.rules.gap).In(s.now.Location()).Format("2006-01-02 15:04"))}}, nil
}

// parseGap reads a number of hours or days: "24h", "7d".
func parseGap(text string) (time.Duration, bool) {
	for unit, length := range map[string]time.Duration{"h": time.Hour, "d": 24 * time.Hour} {
		digits, ok := strings.CutSuffix(strings.TrimSpace(text), unit)
		if n, err := strconv.Atoi(digits); ok && err == nil && n > 0 && n <= 10_000 {
			return time.Duration(n) * length, true
		}
	}
	return 0, false
}

// span is a time for people, in the largest unit of which there are two.
func span(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "days"}, {time.Hour, "hours"}, {time.Minute, "minutes"}} {
		if n := int(d / unit.length); n >= 2 {
			return fmt.Sprintf("%d %s", n, unit.name)
		}
	}
	return "a minute"
}
