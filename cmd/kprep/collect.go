package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/maintainers"
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
		Description: "Asks about every patch, and adds who is named to the cover letter: the commands\n" +
			"kprep.send-auto-to-cmd and -cc-cmd, else the project's MAINTAINERS in the way of\n" +
			"its scripts/get_maintainer.pl. What you wrote stays; twice is the same as once.\n" +
			"Those whom the trailers of a patch name get a copy of that patch when it is sent.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "print what would be added, change nothing"},
			&cli.BoolFlag{Name: "explain", Usage: "say who or what named whom, and why, for which patches"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
			&cli.BoolFlag{Name: "script", Usage: "run the project's script instead of reading MAINTAINERS"},
			&cli.BoolFlag{Name: "compare", Usage: "ask MAINTAINERS and the script, print where they differ, change nothing"},
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
			return e.collect(c, s)
		},
	}
}

func (e *env) collect(c *cli.Context, s *series.Series) error {
	keep := !c.Bool("dry-run") && !c.Bool("compare")
	if keep { // before the commands run: they may take long
		if err := s.CheckRewritable(c.Context); err != nil {
			return err
		}
	}
	consents, err := project.UserConsents(e.getenv)
	if err != nil {
		return err
	}
	scripts, err := project.UserScripts(e.getenv)
	if err != nil {
		scripts = project.Scripts{} // without a home nothing is known
	}
	o := submission.CollectOptions{Scripts: scripts, Now: e.now(), Mailer: "kprep " + programVersion(), Home: e.getenv("HOME"), Env: e.environ,
		Consent: func(cmd project.Command) error { return e.consent(c, consents, cmd) }, Again: c.Bool("again"),
		Script: c.Bool("script"), Compare: c.Bool("compare"),
		Progress: func(done, total int) { e.progress.count("asking about patches", done, total) }}
	if e.repo.TopLevel != "" {
		project := e.maintainersProject(e.repo.TopLevel, e.repo, 0)
		o.Project = &project
	}
	got, err := submission.Collect(c.Context, e.repo, s, o)
	e.progress.doing("")
	if err != nil {
		return err
	}
	for _, w := range got.Warnings {
		e.warnf("%s", w.String())
	}
	if got.Note != "" {
		e.notef("running %s: %s", maintainers.ScriptPath, patchmail.PrintableLine(got.Note))
	}
	if got.Unproven {
		e.notef("%s of this project was never compared with kprep; 'kprep collect --compare' does it once", maintainers.ScriptPath)
	}
	if o.Compare {
		return e.printDifferences(got, c.Bool("json"))
	}
	if err := e.printCollected(got, c.Bool("json"), c.Bool("explain")); err != nil {
		return err
	}
	pruned, err := e.settleStale(c, got)
	if err != nil || !keep {
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
