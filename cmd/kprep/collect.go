package main

import (
	"errors"
	"fmt"
	"strings"

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
			&cli.BoolFlag{Name: "again", Usage: "add those too whom you took out of the cover letter"},
			&cli.BoolFlag{Name: "prune", Usage: "take out those whom collecting added and nothing names any more"},
			addressFlag("drop", "never collect `ADDRESS` in this repository, and take it out of the cover letter"),
			addressFlag("undrop", "let `ADDRESS` be collected again"),
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			if c.IsSet("drop") || c.IsSet("undrop") {
				return e.drop(c, s)
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
				Consent: func(cmd project.Command) error { return e.consent(c, consents, cmd) }, Again: c.Bool("again")}
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
			pruned, err := e.settleStale(c, got)
			if err != nil || c.Bool("dry-run") {
				return err
			}
			changed, err := submission.StoreCollected(c.Context, s, got, e.now())
			if errors.As(err, new(*series.StateError)) { // the recipients are stored all the same
				e.warnf("%v", err)
				changed, err = s.Edit(c.Context, got.Text, submission.CollectReason)
			}
			if err != nil {
				return err
			}
			e.reportCollect(got, changed, pruned)
			return nil
		},
	}
}

func (e *env) explain(got *submission.Collected) {
	for _, line := range got.Explain() {
		fmt.Fprintln(e.stdout, patchmail.PrintableLine(line))
	}
}

// settleStale takes those out whom an earlier collection added and nothing
// names any more, when the user wants that, and says whom else collecting left
// alone. It returns how many it took out.
func (e *env) settleStale(c *cli.Context, got *submission.Collected) (pruned int, err error) {
	if len(got.LeftOut) > 0 {
		e.notef("left out %s, whom you took out; --again adds them", e.people(got.LeftOut))
	}
	if len(got.Dropped) > 0 {
		e.notef("left out %s, dropped from this repository; --undrop takes that back", e.people(got.Dropped))
	}
	if len(got.Stale) == 0 {
		return 0, nil
	}
	prune := c.Bool("prune")
	if !prune && !c.Bool("dry-run") && e.mayPrompt() {
		err := e.confirm(c.Context, "Nothing names "+e.people(got.Stale)+" any more. Take them out?", "")
		if prune = err == nil; err != nil && !errors.Is(err, errDeclined) {
			return 0, err
		}
	}
	if !prune {
		e.notef("nothing names %s any more; --prune takes them out", e.people(got.Stale))
		return 0, nil
	}
	for _, a := range got.Stale {
		fmt.Fprintf(e.stdout, "no longer: %s\n", patchmail.PrintableLine(a.String()))
	}
	got.Prune()
	return len(got.Stale), nil
}

// people lists addresses for a sentence.
func (e *env) people(list []patchmail.Address) string {
	names := make([]string, len(list))
	for i, a := range list {
		names[i] = patchmail.PrintableLine(a.Mailbox)
	}
	return strings.Join(names, ", ")
}

// drop changes the list of those who are never collected.
func (e *env) drop(c *cli.Context, s *series.Series) error {
	lists := map[string][]patchmail.Address{}
	for _, option := range []string{"drop", "undrop"} {
		for _, text := range c.StringSlice(option) {
			list, err := patchmail.ParseAddressList(text)
			if err != nil {
				return usagef("collect", "--%s: %v", option, err)
			}
			lists[option] = append(lists[option], list...)
		}
	}
	if len(lists["undrop"]) > 0 {
		if err := s.Undrop(c.Context, lists["undrop"], e.now()); err != nil {
			return err
		}
		e.notef("%s may be collected again; 'kprep collect --again' does", e.people(lists["undrop"]))
	}
	if len(lists["drop"]) == 0 {
		return nil
	}
	named, err := s.Drop(c.Context, lists["drop"], e.now())
	if err != nil {
		return err
	}
	e.notef("%s will not be collected in this repository, nor copied for being mentioned", e.people(lists["drop"]))
	if len(named) > 0 {
		e.notef("taken out of the cover letter: %s", e.people(named))
	}
	return nil
}

func (e *env) reportCollect(got *submission.Collected, changed bool, pruned int) {
	switch added := len(got.To) + len(got.Cc); {
	case !got.Asked && !changed:
		e.notef("this project has no command that names recipients; add To: and Cc: lines with 'kprep cover'")
	case !changed:
		e.notef("no new recipients")
	case added == 0 && pruned > 0:
		e.notef("took %s out of the cover letter", plural(pruned, "recipient", "recipients"))
	default:
		e.notef("added %s to the cover letter; see the result with 'kprep preview'", plural(added, "recipient", "recipients"))
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
