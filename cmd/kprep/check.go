package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func checkCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "check",
		Category: groupLook,
		Usage:    "run the project's checks on every patch",
		Description: "Runs the commands of kprep.prep-perpatch-check-cmd (or b4.…), else\n" +
			"scripts/checkpatch.pl, with each patch mail on standard input, and warns of what\n" +
			"'kprep send' would warn of. What passed is not checked again until it changes.\n" +
			"Ends with 1 when a check failed; warnings pass.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Aliases: []string{"a"}, Usage: "check again what passed before"},
			&cli.DurationFlag{Name: "timeout", Value: 2 * time.Minute, Usage: "give a command `TIME` for one patch, such as 90s (default 2m)"},
			&cli.BoolFlag{Name: "trust", Usage: "agree to run the commands that came with the tree"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			if c.Duration("timeout") <= 0 {
				return usagef("check", "--timeout wants a time above zero, not %s", c.Duration("timeout"))
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			if e.repo.TopLevel == "" {
				return errNoWorkTree // the commands run in its top
			}
			got, err := e.check(c, s)
			if err != nil && !errors.Is(err, submission.ErrNoChecks) {
				return err
			}
			problems, prepareErr := e.preflight(c, s)
			if prepareErr != nil {
				return prepareErr
			}
			if err != nil {
				e.warnProblems(problems)
				return err
			}
			return e.printCheck(c, got, problems)
		},
	}
}

func (e *env) check(c *cli.Context, s *series.Series) (*submission.Checked, error) {
	consents, err := project.UserConsents(e.getenv)
	if err != nil {
		return nil, err
	}
	o := submission.CheckOptions{Now: e.now(), Mailer: "kprep " + programVersion(), Home: e.getenv("HOME"), Env: e.environ,
		Limit: c.Duration("timeout"), All: c.Bool("all"),
		Consent: func(cmd project.Command) error { return e.consent(c, consents, cmd) }}
	o.Progress = func(done, total int) { e.progress.count("checking patches", done, total) }
	e.progress.doing("checking patches")
	defer e.progress.doing("")
	return submission.Check(c.Context, e.repo, s, o)
}

// preflight finds what speaks against sending, beyond what a check says.
func (e *env) preflight(c *cli.Context, s *series.Series) ([]submission.Problem, error) {
	sub, err := e.prepare(c, s, submission.KindSend)
	if err != nil {
		return nil, err
	}
	return sub.Preflight(c.Context, []string{"needs-checking", "misplaced-body"})
}

// A checkReport is the JSON document of a check.
type checkReport struct {
	Schema   int                  `json:"schema"` // 1
	Passed   bool                 `json:"passed"`
	Commands []string             `json:"commands"`
	Patches  []checkedPatch       `json:"patches"` // in order
	Problems []submission.Problem `json:"problems"`
}

type checkedPatch struct {
	Commit   string               `json:"commit"`
	Subject  string               `json:"subject"`
	Verdict  submission.Verdict   `json:"verdict"` // good, warning or failed
	Reused   bool                 `json:"reused"`  // known from an earlier check
	Findings []submission.Finding `json:"findings"`
}

func (e *env) printCheck(c *cli.Context, got *submission.Checked, problems []submission.Problem) error {
	failed := got.Count(submission.Failed) > 0
	if c.Bool("json") {
		report := checkReport{Schema: 1, Passed: !failed, Commands: got.Commands, Problems: append([]submission.Problem{}, problems...)}
		for _, p := range got.Patches {
			report.Patches = append(report.Patches, checkedPatch{Commit: string(p.Commit.ID), Subject: p.Commit.Subject(),
				Verdict: p.Verdict, Reused: p.Reused, Findings: append([]submission.Finding{}, p.Findings...)})
		}
		if err := e.printJSON(report); err != nil {
			return err
		}
	} else {
		if err := e.printPatches(got); err != nil {
			return err
		}
		e.warnProblems(problems)
	}
	if failed {
		return &exitError{status: statusFailed}
	}
	return nil
}

// printPatches prints a line for each patch, below it what is not good, and a
// summary.
func (e *env) printPatches(got *submission.Checked) error {
	config, err := e.repo.Config()
	if err != nil {
		return err
	}
	colour := e.coloured(config)
	var b strings.Builder
	for _, p := range got.Patches {
		fmt.Fprintf(&b, "%s %s: %s\n", e.mark(p.Verdict, colour), p.Commit.ID.Short(), patchmail.PrintableLine(p.Commit.Subject()))
		for _, f := range p.Findings {
			fmt.Fprintf(&b, "    %s\n", f.Line())
		}
	}
	fmt.Fprintf(&b, "%s: %d good, %d with warnings, %d failed\n", plural(len(got.Patches), "patch", "patches"),
		got.Count(submission.Good), got.Count(submission.Warned), got.Count(submission.Failed))
	if _, err := e.stdout.Write([]byte(b.String())); err != nil {
		return err
	}
	if n := got.Reused(); n > 0 {
		e.notef("%s as checked before; 'kprep check --all' checks again", plural(n, "patch", "patches"))
	}
	return nil
}

func (e *env) mark(v submission.Verdict, colour bool) string {
	text, code := "✓", "32"
	if e.asciiOnly() {
		text = "+"
	}
	switch v {
	case submission.Warned:
		text, code = "!", "33"
	case submission.Failed:
		if text, code = "✗", "31"; e.asciiOnly() {
			text = "x"
		}
	}
	if colour {
		return "\x1b[" + code + "m" + text + "\x1b[m"
	}
	return text
}
