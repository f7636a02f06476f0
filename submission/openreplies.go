package submission

import (
	"context"
	"fmt"

	"github.com/kprep/kprep/feedback"
)

// openReplies warns of replies about which something is left to do, as far as
// they were seen by the last look into the archives. With kprep.feedback-warn
// false nothing is said.
func (s *Submission) openReplies(context.Context) ([]Problem, error) {
	config, err := s.repo.Config()
	if err != nil {
		return nil, err
	}
	if on, err := config.Bool("kprep.feedback-warn", true); err != nil || !on {
		return nil, err
	}
	known, err := feedback.Summarize(s.repo, s.Series)
	if err != nil || known.Open == 0 {
		return nil, err
	}
	text := fmt.Sprintf("%d replies are open", known.Open)
	if known.Open == 1 {
		text = "1 reply is open"
	}
	if known.New > 0 {
		text += fmt.Sprintf(", and %d were not looked at", known.New)
	}
	return []Problem{{Name: "feedback", Text: text, Next: "see 'kprep feedback'"}}, nil
}
