package submission

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
)

// A Problem is something that speaks against sending.
type Problem struct {
	Name    string `json:"name"` // one of those of [Allowable], "no-recipients", "option", "foreign", "endpoint" or "state"
	Text    string `json:"text"`
	Refusal bool   `json:"refusal"`        // stops a send; otherwise a warning that a confirmation passes
	Next    string `json:"next,omitempty"` // what to do about it; "" when the text says it
}

// Allowable lists the problems that the user can pass over by name. There is
// no way round the others: without recipients there is nothing to send.
func Allowable() []string {
	return []string{"base", "clock", "cut-message", "editme", "empty", "feedback", "fixup", "from-domain", "from-name", "large", "list-command", "many-recipients", "message-id", misplacedBody,
		needsAutoToCc, needsChecking, needsCheckingDeps, "no-message", "no-title", oneMail, "password", noRangeDiff, "sign-off", "signer", "smtputf8", "thread", tooManyPatches, tooSoon, "trailer", treePrefix}
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

// Sizes from which a list may refuse a message (mail 3.1).
const (
	largeMessage      = 100_000
	manyRecipients    = 50
	tooManyRecipients = 100
)

// Problems looks for what speaks against sending, refusals first. Those named
// in allow are left out.
func (s *Submission) Problems(allow []string) []Problem {
	return s.sift(s.problems(), allow)
}

// Preflight finds all that Problems finds, and what takes a look at the
// repository, at what kprep remembers of the series, and at the project's
// habits.
func (s *Submission) Preflight(ctx context.Context, allow []string) ([]Problem, error) {
	if s.Kind == KindResend { // what it holds was judged when it was sent
		return s.Problems(allow), nil
	}
	all := s.problems()
	for _, look := range []func(context.Context) ([]Problem, error){s.foreign, s.undone, s.CheckBase, s.exposed, s.openReplies, s.soonAgain} {
		found, err := look(ctx)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	unsigned, err := s.missingSignOffs()
	if err != nil {
		return nil, err
	}
	return s.sift(append(all, unsigned...), allow), nil
}

// sift leaves out what the user passes over, and puts refusals first.
func (s *Submission) sift(all []Problem, allow []string) []Problem {
	off := silenced(s.settings)
	var refusals, warnings []Problem
	for _, p := range all {
		switch {
		case containsFold(allow, p.Name), off(p.Name), p.Name == "editme" && off(needsEditing):
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
	all = append(all, s.straying()...)
	if !s.addressed() {
		all = append(all, Problem{Name: "no-recipients", Refusal: true,
			Text: "the series names nobody to send it to",
			Next: "run 'kprep collect', add To: lines with 'kprep cover', or use --to"})
	}
	all = append(all, s.crowd()...)
	all = append(all, s.options()...)
	all = append(all, s.delivery()...)
	all = append(all, s.withoutRangeDiff()...)
	all = append(all, s.endpointProblems()...)
	all = append(all, s.rules.against(s)...)
	for _, m := range s.Messages {
		all = append(all, s.messageProblems(m)...)
	}
	return all
}

// crowd finds a message with more recipients than lists and servers like; the
// one with the most stands for all.
func (s *Submission) crowd() []Problem {
	var most Message
	for _, m := range s.Messages {
		if len(m.Recipients) > len(most.Recipients) {
			most = m
		}
	}
	n := len(most.Recipients)
	if n <= manyRecipients {
		return nil
	}
	p := Problem{Name: "many-recipients", Text: fmt.Sprintf("%q goes to %d recipients", most.Draft.Message.Subject, n)}
	if n > tooManyRecipients {
		p.Refusal = true
		p.Text += ", more than many lists and servers take"
		p.Next = "take out with 'kprep cover' who need not see it, see 'kprep collect --explain'"
	}
	return []Problem{p}
}

// options finds addresses that a mail command would take for its options.
// Whoever has a trailer in the series may have chosen such a one.
func (s *Submission) options() []Problem {
	if !s.Mail.ByCommand() {
		return nil
	}
	var all []Problem
	seen := map[string]bool{}
	for _, m := range s.Messages {
		for _, a := range slices.Concat(m.Draft.Message.To, m.Draft.Message.Cc) {
			if mailbox, _, err := a.Envelope(); err != nil || !sendmail.TakenForOption(mailbox) || seen[a.Key()] {
				continue
			}
			seen[a.Key()] = true
			all = append(all, Problem{Name: "option", Refusal: true,
				Text: fmt.Sprintf("the address %q, from %s, begins with a dash: the mail command would take it for an option", a.Mailbox, s.origin(a)),
				Next: "take it out where it is from, 'git rebase -i' changes a trailer; or leave it out by a pattern in b4.email-exclude"})
		}
	}
	return all
}

// origin says where an address is from: the commits that name it, or else who
// does.
func (s *Submission) origin(a patchmail.Address) string {
	var from []string
	for _, d := range s.rendered.Drafts {
		for _, p := range d.Persons {
			if p.Address.Key() == a.Key() && d.Commit != nil {
				from = append(from, fmt.Sprintf("%s of commit %s (%s)", roleName(p.Role), d.Commit.ID.Short(), d.Title))
			}
		}
	}
	if len(from) == 0 {
		return s.Why(a)
	}
	return strings.Join(from, ", ")
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
	if m.Size > largeMessage {
		all = append(all, Problem{Name: "large", Text: fmt.Sprintf("%q is %d kB, lists may refuse it", m.Draft.Message.Subject, m.Size/1000)})
	}
	if m.Draft.Commit == nil {
		if letter, err := s.Series.Letter(); err == nil && !letter.HasSubject() { // Prepare has read it
			all = append(all, Problem{Name: "no-title", Refusal: true,
				Text: "the cover letter has no title: a first line with a blank one behind it", Next: "write it with 'kprep cover'"})
		}
		return all
	}
	if m.Draft.Title == "" {
		all = append(all, Problem{Name: "no-title", Refusal: true,
			Text: fmt.Sprintf("commit %s has no title", m.Draft.Commit.ID.Short()),
			Next: "give it one with 'git rebase -i'"})
	} else if isMisplaced(m.Draft.Commit, s.letterBelow().Prose) {
		all = append(all, Problem{Name: misplacedBody, Text: fmt.Sprintf("commit %s (%s): %s", m.Draft.Commit.ID.Short(), m.Draft.Title, misplacedText),
			Next: "move it into the message with 'git commit --amend' or 'git rebase -i'"})
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
// remote-tracking branch and no tag, though the repository has a remote. What
// counts is the commit that the mail names.
func (s *Submission) CheckBase(ctx context.Context) ([]Problem, error) {
	err := s.Series.CheckCovers(ctx)
	if errors.As(err, new(*series.BelowError)) {
		return []Problem{{Name: "below-cover", Text: err.Error(),
			Next: "if they belong to the series, 'kprep set cover-storage commit' takes them in"}}, nil
	}
	if err != nil {
		return nil, err
	}
	base, err := s.repo.Commit(s.rendered.Base + "^{commit}")
	if errors.As(err, new(*gitrepo.MissingError)) {
		return []Problem{{Name: "base", Text: fmt.Sprintf("the base-commit %q names no commit here, and is mailed as it is", s.rendered.Base), Next: "see 'kprep deps'"}}, nil
	}
	if err != nil {
		return nil, err
	}
	remotes, err := s.repo.Refs(ctx, "refs/remotes/")
	if err != nil || len(remotes) == 0 {
		return nil, err
	}
	public, err := s.repo.RefsContaining(ctx, base.ID, "refs/remotes/", "refs/tags/")
	if err != nil || len(public) > 0 {
		return nil, err
	}
	return []Problem{{Name: "base", Text: fmt.Sprintf("the base commit %s is in no remote branch and no tag: others cannot apply the patches to it", base.ID.Short())}}, nil
}

// foreign refuses commits that somebody else committed: what follows a send
// would rewrite them.
func (s *Submission) foreign(context.Context) ([]Problem, error) {
	err := s.Series.CheckMine()
	if !errors.As(err, new(*series.ForeignError)) {
		return nil, err
	}
	return []Problem{{Name: "foreign", Refusal: true, Text: err.Error(), Next: "'kprep claim' takes over what is not yours"}}, nil
}

// undone finds what a command of the project could still do for the series.
func (s *Submission) undone(ctx context.Context) ([]Problem, error) {
	u, err := needsOf(ctx, s.settings, s.Series)
	if err != nil {
		return nil, err
	}
	var all []Problem
	if u.unchecked > 0 {
		all = append(all, Problem{Name: needsChecking, Next: "run 'kprep check'",
			Text: fmt.Sprintf("%d of %d patches have not passed the project's checks as they are", u.unchecked, len(s.Series.Patches))})
	}
	if u.uncollected {
		all = append(all, Problem{Name: needsAutoToCc, Next: "run 'kprep collect'",
			Text: "the project's commands were not asked who should receive the patches as they are"})
	}
	depsUnchecked, err := s.Series.DepsUnchecked(ctx)
	if err != nil {
		return nil, err
	}
	if depsUnchecked {
		all = append(all, Problem{Name: needsCheckingDeps, Text: "nobody has checked that the patches apply on top of the prerequisites", Next: "run 'kprep deps --check'"})
	}
	if _, err := s.Series.State(); errors.As(err, new(*series.StateError)) {
		all = append(all, Problem{Name: "state", Text: err.Error(), Next: "move that file away"})
	}
	return all, nil
}

// misplacedText says of a patch what [isMisplaced] found.
const misplacedText = `it has no message, but text below the "---", which git am throws away`

// letterBelow is the cover letter that is mailed below the "---" of a single
// patch; an empty one where it has a mail of its own.
func (s *Submission) letterBelow() coverletter.Letter {
	if s.Messages[0].Draft.Commit == nil {
		return coverletter.Letter{}
	}
	letter, err := s.Series.Letter()
	if err != nil {
		return coverletter.Letter{} // Prepare has read it
	}
	return letter
}

func bodyOf(d *series.Draft) string {
	_, body, _ := strings.Cut(strings.TrimLeft(d.Commit.Message, "\n"), "\n")
	return body
}
