package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func collectCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "collect",
		Category: groupWork,
		Usage:    "find out who should receive the series",
		Description: "Asks the project's commands (kprep.send-auto-to-cmd and -cc-cmd, else\n" +
			"scripts/get_maintainer.pl) about every patch, and adds whom they name to the\n" +
			"cover letter. What you wrote there stays; doing it again changes nothing.\n" +
			"Those whom the trailers of a patch name get a copy of that patch when it is sent.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "print what would be added, change nothing"},
			&cli.BoolFlag{Name: "explain", Usage: "say which command named whom, for which patches"},
			&cli.BoolFlag{Name: "trust", Usage: "agree to run the commands that came with the tree"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			if !c.Bool("dry-run") { // before the commands run: they may take long
				if err := s.CheckRewritable(c.Context); err != nil {
					return err
				}
			}
			consents, err := project.UserConsents(e.getenv)
			if err != nil {
				return err
			}
			o := submission.CollectOptions{Now: e.now(), Mailer: "kprep " + programVersion(), Home: e.getenv("HOME"), Env: e.environ,
				Consent: func(cmd project.Command) error { return e.consent(c, consents, cmd) }}
			got, err := submission.Collect(c.Context, e.repo, s, o)
			if err != nil {
				return err
			}
			for _, w := range got.Warnings {
				e.warnf("%s", w.String())
			}
			if c.Bool("explain") {
				e.explain(got)
			}
			for _, a := range got.To {
				fmt.Fprintf(e.stdout, "To: %s\n", patchmail.PrintableLine(a.String()))
			}
			for _, a := range got.Cc {
				fmt.Fprintf(e.stdout, "Cc: %s\n", patchmail.PrintableLine(a.String()))
			}
			if c.Bool("dry-run") {
				return nil
			}
			changed, err := submission.StoreCollected(c.Context, s, got, e.now())
			if errors.As(err, new(*series.StateError)) { // the recipients are stored all the same
				e.warnf("%v", err)
				changed, err = s.Edit(c.Context, got.Text, submission.CollectReason)
			}
			if err != nil {
				return err
			}
			e.reportCollect(got, changed)
			return nil
		},
	}
}

func (e *env) explain(got *submission.Collected) {
	for _, line := range got.Explain() {
		fmt.Fprintln(e.stdout, patchmail.PrintableLine(line))
	}
}

func (e *env) reportCollect(got *submission.Collected, changed bool) {
	switch {
	case !got.Asked && !changed:
		e.notef("this project has no command that names recipients; add To: and Cc: lines with 'kprep cover'")
	case !changed:
		e.notef("no new recipients")
	default:
		e.notef("added %s to the cover letter; see the result with 'kprep preview'", plural(len(got.To)+len(got.Cc), "recipient", "recipients"))
	}
}

// consent lets a command of the tree run when the user agreed before, agrees
// now, or said --trust.
func (e *env) consent(c *cli.Context, consents project.Consents, cmd project.Command) error {
	err := consents.Check(e.repo, cmd)
	if !errors.As(err, new(*project.ConsentError)) {
		return err
	}
	if !c.Bool("trust") {
		if !e.mayPrompt() {
			return err
		}
		fmt.Fprintf(e.stderr, "The project wants kprep to run this command on your machine:\n  %s\n", patchmail.PrintableLine(cmd.String()))
		if e.confirm(c.Context, "Run it, now and in future?", "") != nil {
			return err
		}
	}
	return consents.Give(e.repo, cmd)
}
