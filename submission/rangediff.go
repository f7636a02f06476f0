package submission

import (
	"fmt"
	"strconv"

	"github.com/kprep/kprep/series"
)

// noRangeDiff is the problem of a cover letter without the range-diff that was
// asked for.
const noRangeDiff = "range-diff"

// limitRangeDiff takes over kprep.range-diff-limit: lines, 0 for any number.
// One that is no number counts as not set.
func (s *Submission) limitRangeDiff(r *series.Rendering) error {
	r.RangeDiffLimit = series.DefaultRangeDiffLimit
	config, err := s.repo.Config()
	if err != nil {
		return err
	}
	text, set := config.Get("kprep.range-diff-limit")
	if !set {
		return nil
	}
	limit, err := strconv.Atoi(text)
	switch {
	case err != nil || limit < 0:
		s.oddLimit = text
	case limit == 0:
		r.RangeDiffLimit = -1
	default:
		r.RangeDiffLimit = limit
	}
	return nil
}

// withoutRangeDiff warns that the mail has no range-diff, or a shortened one
// that was not meant: neither is a reason not to send.
func (s *Submission) withoutRangeDiff() []Problem {
	var all []Problem
	if why := s.rendered.NoRangeDiff; why != "" {
		all = append(all, Problem{Name: noRangeDiff, Text: "the cover letter has no range-diff: " + why})
	}
	if s.oddLimit != "" {
		all = append(all, Problem{Name: noRangeDiff, Text: fmt.Sprintf("kprep.range-diff-limit is %q, and %d lines are the limit", s.oddLimit, series.DefaultRangeDiffLimit),
			Next: "set it to a number of lines, 0 for no limit"})
	}
	return all
}
