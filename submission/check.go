package submission

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// A Verdict is how a check ended, from good to bad.
type Verdict int

const (
	Good Verdict = iota
	Warned
	Failed
)

func (v Verdict) String() string { return [...]string{"good", "warning", "failed"}[v] }

// MarshalText makes a verdict its name in JSON.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// A Finding is what a check says about a patch.
type Finding struct {
	Verdict Verdict `json:"verdict"` // Warned or Failed
	Text    string  `json:"text"`    // one line, as the command printed it
	Command string  `json:"command"` // "kprep" for its own
}

// A CheckedPatch is what all checks say about one patch.
type CheckedPatch struct {
	Commit   *gitrepo.Commit
	Verdict  Verdict // the worst of its findings
	Findings []Finding
	Reused   bool // nothing was run: all is known from an earlier check
}

// Checked is what a check found, one for each patch in order.
type Checked struct {
	Commands []string
	Patches  []CheckedPatch
}

// Count returns how many patches ended with a verdict.
func (c *Checked) Count(v Verdict) int {
	n := 0
	for _, p := range c.Patches {
		if p.Verdict == v {
			n++
		}
	}
	return n
}

// Reused counts the patches whose result is from an earlier check.
func (c *Checked) Reused() int {
	n := 0
	for _, p := range c.Patches {
		if p.Reused {
			n++
		}
	}
	return n
}

// CheckOptions says how to check.
type CheckOptions struct {
	Now      time.Time
	Mailer   string
	Home     string
	Env      []string                    // of the commands; empty for the process's own
	Limit    time.Duration               // for one command and one patch
	All      bool                        // also patches that passed before
	Consent  func(project.Command) error // refuses a command that must not run
	Progress func(done, total int)       // called as patches end, from one goroutine at a time; nil for none
}

// ErrNoChecks means that neither the user nor the project has a command that
// checks patches.
var ErrNoChecks = errors.New("there is no command that checks patches")

// Check runs the project's commands on every patch, several at a time, and
// remembers those that a patch passed (spec/b4-interop 5.1). A patch that
// passed before and has not changed since is not checked again. What fails is
// in the result. After an interrupt, what had passed by then is remembered.
func Check(ctx context.Context, repo *gitrepo.Repo, s *series.Series, o CheckOptions) (*Checked, error) {
	settings, err := project.Load(ctx, repo, s.Base)
	if err != nil {
		return nil, err
	}
	settings.Home = o.Home
	commands, err := settings.CheckCommands()
	if err != nil {
		return nil, err
	}
	if len(commands) == 0 {
		return nil, ErrNoChecks
	}
	for _, c := range commands {
		if err := o.Consent(c); err != nil {
			return nil, err
		}
	}
	patches, err := patchMails(ctx, repo, s, o.Now, o.Mailer)
	if err != nil {
		return nil, err
	}
	contents, err := s.Contents(ctx)
	if err != nil {
		return nil, err
	}
	state, err := s.State()
	if err != nil {
		return nil, err
	}
	run := &checker{runner: runner{dir: repo.TopLevel, env: o.Env, limit: o.Limit}, commands: commands, now: o.Now}
	if !o.All {
		run.known = state
	}
	results, interrupted := run.all(ctx, patches, contents, o.Progress)
	if err := remember(context.WithoutCancel(ctx), s, o.Now, contents, results); err != nil {
		return nil, err
	}
	if interrupted != nil {
		return nil, interrupted
	}
	return report(s, commands, results)
}

// report puts what the commands found together with what kprep sees itself.
func report(s *series.Series, commands []project.Command, results []checkResult) (*Checked, error) {
	letter, err := s.Letter()
	if err != nil {
		return nil, err
	}
	prose := ""
	if len(s.Patches) == 1 {
		prose = letter.Prose
	}
	out := &Checked{}
	for _, c := range commands {
		out.Commands = append(out.Commands, c.String())
	}
	for i, r := range results {
		p := CheckedPatch{Commit: s.Patches[i], Findings: r.findings, Reused: r.reused}
		if isMisplaced(s.Patches[i], prose) {
			p.Findings = append(p.Findings, Finding{Verdict: Warned, Text: misplacedText, Command: "kprep"})
		}
		for _, f := range p.Findings {
			p.Verdict = max(p.Verdict, f.Verdict)
		}
		out.Patches = append(out.Patches, p)
	}
	return out, nil
}

// remember keeps what the patches passed, and forgets older contents: kprep
// would collect every version of every patch otherwise.
func remember(ctx context.Context, s *series.Series, now time.Time, contents []series.Content, results []checkResult) error {
	return s.UpdateState(ctx, "check", now, func(st *series.State) {
		for _, r := range results {
			for _, c := range r.ran {
				st.Checks = slices.DeleteFunc(st.Checks, c.replaces)
				if !c.failed {
					st.Checks = append(st.Checks, c.PassedCheck)
				}
			}
		}
		st.Checks = slices.DeleteFunc(st.Checks, func(old series.PassedCheck) bool {
			return !slices.ContainsFunc(contents, func(c series.Content) bool { return c.Patch == old.Patch })
		})
	})
}

// A checker runs the check commands.
type checker struct {
	runner
	commands []project.Command
	now      time.Time
	known    *series.State // nil: nothing is known
}

// A checkResult is what the commands say about one patch.
type checkResult struct {
	findings []Finding
	ran      []ranCheck
	reused   bool
}

// A ranCheck is one command that judged one patch.
type ranCheck struct {
	series.PassedCheck
	failed bool
}

// replaces says whether an older check answered the same question.
func (c ranCheck) replaces(old series.PassedCheck) bool {
	return old.Patch == c.Patch && old.Command == c.Command && old.Script == c.Script
}

// all checks every patch, whatever the others say.
func (c *checker) all(ctx context.Context, patches []PatchMail, contents []series.Content, progress func(done, total int)) ([]checkResult, error) {
	results := make([]checkResult, len(patches))
	ended := make(chan int, len(patches))
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	go func() {
		for i, p := range patches {
			group.Go(func() error {
				defer func() { ended <- i }()
				if ctx.Err() == nil {
					results[i] = c.patch(ctx, p, contents[i])
				}
				return nil
			})
		}
	}()
	for done := range patches {
		<-ended
		if progress != nil && ctx.Err() == nil {
			progress(done+1, len(patches))
		}
	}
	return results, ctx.Err()
}

func (c *checker) patch(ctx context.Context, p PatchMail, content series.Content) checkResult {
	r := checkResult{reused: true}
	for _, command := range c.commands {
		key := command.String()
		if c.known != nil {
			if passed, ok := c.known.Passed(content.Patch, key, command.Changed); ok {
				for _, text := range passed.Warnings {
					r.findings = append(r.findings, Finding{Verdict: Warned, Text: text, Command: key})
				}
				continue
			}
		}
		r.reused = false
		ran := ranCheck{PassedCheck: series.PassedCheck{Patch: content.Patch, Command: key, Script: command.Changed, When: c.now.UTC().Truncate(time.Second)}}
		stdout, stderr, err := c.run(ctx, command.Words(), p.Mail)
		if ctx.Err() != nil {
			return r // an interrupt is no verdict
		}
		for _, f := range judge(stdout, stderr, err) {
			f.Command = key
			r.findings = append(r.findings, f)
			if f.Verdict == Failed {
				ran.failed = true
			} else {
				ran.Warnings = append(ran.Warnings, f.Text)
			}
		}
		r.ran = append(r.ran, ran)
	}
	return r
}

// judge reads what a command printed (spec/b4-interop 5.1): a line of its
// results is a warning, unless it has "ERROR:" in it; whatever it complains of
// is a failure; if it says nothing its exit status counts. Beyond b4, one that
// did not come to its end fails whatever it said.
func judge(stdout, stderr string, err error) []Finding {
	var found []Finding
	for line := range nonBlank(stdout) {
		verdict := Warned
		if strings.Contains(line, "ERROR:") {
			verdict = Failed
		}
		found = append(found, Finding{Verdict: verdict, Text: strings.TrimPrefix(line, "-:")})
	}
	for line := range nonBlank(stderr) {
		found = append(found, Finding{Verdict: Failed, Text: line})
	}
	if err != nil && (len(found) == 0 || !exited(err)) {
		found = append(found, Finding{Verdict: Failed, Text: err.Error()})
	}
	return shortened(found)
}

// maxFindings is how many lines are kept of one command and one patch.
const maxFindings = 200

// shortened keeps the first findings and says how many there were: failures
// stay failures.
func shortened(found []Finding) []Finding {
	if len(found) <= maxFindings {
		return found
	}
	rest := Finding{Text: fmt.Sprintf("... and %d lines more", len(found)-maxFindings)}
	for _, f := range found[maxFindings:] {
		rest.Verdict = max(rest.Verdict, f.Verdict)
	}
	return append(found[:maxFindings:maxFindings], rest)
}

func nonBlank(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for line := range strings.Lines(text) {
			if line = strings.TrimRight(line, " \t\r\n"); line != "" && !yield(line) {
				return
			}
		}
	}
}

// Line is a finding for a terminal.
func (f Finding) Line() string {
	return fmt.Sprintf("%s: %s", f.Verdict, patchmail.PrintableLine(f.Text))
}
