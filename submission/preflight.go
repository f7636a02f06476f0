package submission

import (
	"context"
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
	return []string{"cut-message", "editme", "empty", "fixup", "large", "many-recipients", "no-message", "no-title"}
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
	if !s.addressed() {
		all = append(all, Problem{Name: "no-recipients", Refusal: true,
			Text: "the series names nobody to send it to",
			Next: "run 'kprep collect', add To: lines with 'kprep cover', or use --to"})
	}
	for _, m := range s.Messages {
		all = append(all, s.messageProblems(m)...)
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

func (s *Submission) messageProblems(m Message) []Problem {
	var all []Problem
	if n := len(m.Recipients); n > manyRecipients {
		all = append(all, Problem{Name: "many-recipients", Text: fmt.Sprintf("%q has %d recipients", m.Draft.Message.Subject, n)})
	}
	if len(m.Raw) > largeMessage {
		all = append(all, Problem{Name: "large", Text: fmt.Sprintf("%q is %d kB, lists may refuse it", m.Draft.Message.Subject, len(m.Raw)/1000)})
	}
	if m.Draft.Commit == nil {
		return all
	}
	if m.Draft.Title == "" {
		all = append(all, Problem{Name: "no-title", Refusal: true,
			Text: fmt.Sprintf("commit %s has no title", m.Draft.Commit.ID.Short()),
			Next: "give it one with 'git rebase -i'"})
	} else if strings.TrimSpace(bodyOf(m.Draft)) == "" {
		all = append(all, Problem{Name: "no-message", Text: fmt.Sprintf("commit %s (%s) has no text below its title", m.Draft.Commit.ID.Short(), m.Draft.Title)})
	}
	return append(all, s.lossy(m.Draft.Commit)...)
}

// addressed says whether the user or the project named anybody to send to:
// those whom only trailers credit do not count, and the user only where he
// says so on the command line.
func (s *Submission) addressed() bool {
	if s.explicit {
		return true
	}
	for _, a := range s.named {
		if a.Key() != s.Sender.Key() {
			return true
		}
	}
	return false
}

// CheckBase warns of a base commit that nobody else can have: it is in no
// remote-tracking branch and no tag, though the repository has a remote.
func (s *Submission) CheckBase(ctx context.Context) ([]Problem, error) {
	remotes, err := s.repo.Refs(ctx, "refs/remotes/")
	if err != nil || len(remotes) == 0 {
		return nil, err
	}
	public, err := s.repo.RefsContaining(ctx, s.Series.Base, "refs/remotes/", "refs/tags/")
	if err != nil || len(public) > 0 {
		return nil, err
	}
	return []Problem{{Name: "base", Text: fmt.Sprintf("the base commit %s is in no remote branch and no tag: others cannot apply the patches to it, or a patch lies below the cover letter", s.Series.Base.Short())}}, nil
}

func bodyOf(d series.Draft) string {
	_, body, _ := strings.Cut(strings.TrimLeft(d.Commit.Message, "\n"), "\n")
	return body
}
