package submission

import (
	"fmt"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/series"
)

// A Problem is something that speaks against sending.
type Problem struct {
	Name    string // one of those of [Allowable], or "no-recipients"
	Text    string
	Refusal bool   // stops a send; otherwise a warning that a confirmation passes
	Next    string // what to do about it; "" when the text says it
}

// Allowable lists the problems that the user can pass over by name. There is
// no way round the others: without recipients there is nothing to send.
func Allowable() []string {
	return []string{"cut-message", "editme", "empty", "fixup", "large", "many-recipients", "no-message"}
}

// Refusals collects the problems that stop a send.
type Refusals struct{ Problems []Problem }

func (e *Refusals) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Name + ": " + p.Text
	}
	return "this series is not ready to be sent:\n" + strings.Join(lines, "\n")
}

// Sizes from which a list may refuse a message (spec/mail 3.1).
const (
	largeMessage   = 300_000
	manyRecipients = 100
)

// Problems looks for what speaks against sending, refusals first. Those named
// in allow are left out.
func (s *Submission) Problems(allow []string) []Problem {
	var refusals, warnings []Problem
	for _, p := range s.problems() {
		switch {
		case containsFold(allow, p.Name):
		case p.Refusal:
			refusals = append(refusals, p)
		default:
			warnings = append(warnings, p)
		}
	}
	return append(refusals, warnings...)
}

func containsFold(list []string, name string) bool {
	for _, each := range list {
		if strings.EqualFold(each, name) {
			return true
		}
	}
	return false
}

func (s *Submission) problems() []Problem {
	var all []Problem
	if coverletter.NeedsEditing(s.Series.Text) {
		all = append(all, Problem{Name: "editme", Refusal: true,
			Text: "the cover letter still has EDITME in it", Next: "run 'kprep cover'"})
	}
	all = append(all, s.fixups()...)
	for i, m := range s.Messages {
		all = append(all, s.messageProblems(i, m)...)
	}
	return all
}

// fixups finds commits that were meant to be squashed before anybody sees
// them.
func (s *Submission) fixups() []Problem {
	var all []Problem
	for _, c := range s.Series.Patches {
		for _, mark := range []string{"fixup!", "squash!", "amend!"} {
			if strings.HasPrefix(c.Subject(), mark) {
				all = append(all, Problem{Name: "fixup", Refusal: true,
					Text: fmt.Sprintf("commit %s (%s) is to be squashed first", c.ID.Short(), c.Subject()),
					Next: fmt.Sprintf("run 'git rebase -i --autosquash %s'", s.Series.Start().Short())})
			}
		}
	}
	return all
}

func (s *Submission) messageProblems(i int, m Message) []Problem {
	var all []Problem
	if len(m.Recipients) == 0 {
		all = append(all, Problem{Name: "no-recipients", Refusal: true,
			Text: fmt.Sprintf("%q would go to nobody", m.Draft.Message.Subject),
			Next: "run 'kprep collect', add To: lines with 'kprep cover', or use --to"})
	}
	if n := len(m.Recipients); n > manyRecipients {
		all = append(all, Problem{Name: "many-recipients", Text: fmt.Sprintf("%q has %d recipients", m.Draft.Message.Subject, n)})
	}
	if len(m.Raw) > largeMessage {
		all = append(all, Problem{Name: "large", Text: fmt.Sprintf("%q is %d kB, lists may refuse it", m.Draft.Message.Subject, len(m.Raw)/1000)})
	}
	if m.Draft.Commit == nil {
		return all
	}
	if strings.TrimSpace(bodyOf(m.Draft)) == "" {
		all = append(all, Problem{Name: "no-message", Text: fmt.Sprintf("commit %s (%s) has no text below its title", m.Draft.Commit.ID.Short(), m.Draft.Title)})
	}
	return append(all, s.lossy(m.Draft.Commit)...)
}

func bodyOf(d series.Draft) string {
	_, body, _ := strings.Cut(strings.TrimLeft(d.Commit.Message, "\n"), "\n")
	return body
}
