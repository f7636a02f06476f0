package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func depsCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "deps",
		Category:  groupWork,
		Usage:     "show and change what the series depends on",
		ArgsUsage: "[LINE...]",
		Description: "Without an option it prints the prerequisites, one a line. A LINE is one of\n" +
			"  change-id: CHANGE-ID:vN   that revision of a series\n" +
			"  message-id: <ID>          the series in that thread\n" +
			"  patch-id: HEX             a patch, as 'git patch-id --stable' prints it\n" +
			"  base-commit: COMMIT       what the mail names as base commit\n" +
			"A change-id in another revision, or another base-commit, takes the place of the\n" +
			"one that is there. A LINE to remove may be its value alone.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "add", Usage: "add `LINE`"},
			&cli.StringSliceFlag{Name: "remove", Usage: "remove `LINE`"},
			&cli.BoolFlag{Name: "list", Usage: "print them, as without any option"},
			&cli.BoolFlag{Name: "edit", Usage: "edit them all"},
			&cli.StringFlag{Name: "from", Usage: "take them all from `FILE`, or from standard input for -"},
			&cli.BoolFlag{Name: "check", Usage: "see whether they are here, and whether all patches apply on top of them"},
			&cli.StringSliceFlag{Name: "archive", Usage: "with --check: look into `ARCHIVE` too, a file, a folder or the URL of a public-inbox, instead of kprep.archive"},
			offlineFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			change, err := parseDeps(c)
			if err != nil {
				return err
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			switch {
			case c.Bool("check"):
				return e.checkDeps(c, s)
			case c.Bool("edit"):
				return e.editDeps(c.Context, e.repo, s)
			case c.IsSet("from"):
				text, err := e.readAll(c.Context, c.String("from"))
				if err != nil {
					return err
				}
				return e.storeDeps(c.Context, s, text)
			case len(change.remove)+len(change.add) > 0:
				return e.changeDeps(c.Context, s, change)
			}
			return e.printDeps(c, s)
		},
	}
}

// A depsChange is what --add and --remove ask for.
type depsChange struct{ add, remove []string }

// parseDeps refuses what is wrong by the words alone. Lines behind the options
// belong to the one of --add and --remove that is there.
func parseDeps(c *cli.Context) (depsChange, error) {
	more, err := argsBetween(c, 0, -1)
	if err != nil {
		return depsChange{}, err
	}
	change := depsChange{add: c.StringSlice("add"), remove: c.StringSlice("remove")}
	adds, removes := c.IsSet("add"), c.IsSet("remove")
	if len(more) > 0 {
		switch {
		case adds && !removes:
			change.add = append(change.add, more...)
		case removes && !adds:
			change.remove = append(change.remove, more...)
		default:
			return change, usagef("deps", "say with --add or --remove what to do with %q", more[0])
		}
	}
	jobs := 0
	for _, is := range []bool{adds || removes, c.Bool("list"), c.Bool("edit"), c.IsSet("from"), c.Bool("check")} {
		if is {
			jobs++
		}
	}
	switch {
	case jobs > 1:
		return change, usagef("deps", "one of --list, --add and --remove, --edit, --from and --check at a time")
	case c.IsSet("archive") && !c.Bool("check"):
		return change, usagef("deps", "--archive goes with --check")
	case c.Bool("json") && jobs == 1 && !c.Bool("check") && !c.Bool("list"):
		return change, usagef("deps", "--json goes with --check and --list, or alone")
	}
	for _, line := range change.add {
		if _, err := series.ParsePrerequisite(line); err != nil {
			return change, usagef("deps", "%v", err)
		}
	}
	return change, nil
}

// changeDeps removes first: what is removed may stand in the way.
func (e *env) changeDeps(ctx context.Context, s *series.Series, change depsChange) error {
	changed, err := s.ChangePrerequisites(ctx, change.add, change.remove)
	if err != nil {
		return err
	}
	e.noteDeps(changed)
	return nil
}

func (e *env) noteDeps(changed bool) {
	if !changed {
		e.notef("nothing to change")
		return
	}
	e.notef("the prerequisites are stored; see whether they hold with 'kprep deps --check'")
}

// depsHelp stands below the lines in the editor.
const depsHelp = `
# What this series depends on, one a line; an empty list is no dependency.
# Lines that start with "#" do not count.
#
#   change-id: CHANGE-ID:vN   that revision of a series
#   message-id: <ID>          the series in that thread
#   patch-id: HEX             a patch, as 'git patch-id --stable' prints it
#   base-commit: COMMIT       what the mail names as base commit
`

func (e *env) editDeps(ctx context.Context, repo *gitrepo.Repo, s *series.Series) error {
	// Before the editor opens: what cannot be stored is not worth writing.
	if err := s.CheckRewritable(ctx); err != nil {
		return err
	}
	before := strings.Join(s.Tracking.Prerequisites, "\n")
	d := draft{verb: "deps", what: "the list of prerequisites", name: "prereqs.yaml", text: before + "\n" + depsHelp}
	return e.edit(ctx, repo, d, func(text string) error {
		now, err := series.Load(ctx, repo, s.Branch)
		if err != nil {
			return err
		}
		if strings.Join(now.Tracking.Prerequisites, "\n") != before {
			return fmt.Errorf("the prerequisites changed while you edited them")
		}
		return e.storeDeps(ctx, now, text)
	})
}

func (e *env) storeDeps(ctx context.Context, s *series.Series, text string) error {
	unknown, changed, err := s.SetPrerequisites(ctx, text)
	if err != nil {
		return err
	}
	for _, p := range unknown {
		e.warnf("kprep does not know the kind of %q: the line is kept, and nothing is mailed of it", patchmail.PrintableLine(p.String()))
	}
	e.noteDeps(changed)
	return nil
}

// A depsReport is the JSON document of the prerequisites.
type depsReport struct {
	Schema        int       `json:"schema"` // 1
	ChangeID      string    `json:"change-id"`
	Prerequisites []depFact `json:"prerequisites"` // in order
	BaseCommit    string    `json:"base-commit"`   // as the mail names it
	Mailed        []string  `json:"mailed"`        // the lines of the mail
}

type depFact struct {
	Line  string `json:"line"`
	Kind  string `json:"kind,omitempty"` // none for a line that cannot be read
	Value string `json:"value"`
}

func (e *env) printDeps(c *cli.Context, s *series.Series) error {
	if !c.Bool("json") {
		for _, line := range s.Tracking.Prerequisites {
			if _, err := fmt.Fprintln(e.stdout, patchmail.PrintableLine(line)); err != nil {
				return err
			}
		}
		if len(s.Tracking.Prerequisites) == 0 {
			e.notef("the series depends on nothing; 'kprep deps --add LINE' changes that")
		}
		return nil
	}
	base, lines, err := s.Stands(c.Context)
	if err != nil {
		return err
	}
	report := depsReport{Schema: 1, ChangeID: s.Tracking.ChangeID, Prerequisites: []depFact{}, BaseCommit: base, Mailed: append([]string{}, lines...)}
	for i, p := range s.Prerequisites() {
		report.Prerequisites = append(report.Prerequisites, depFact{Line: s.Tracking.Prerequisites[i], Kind: p.Kind, Value: p.Value})
	}
	return e.printJSON(report)
}

// A depsCheck is the JSON document of a check of the prerequisites.
type depsCheck struct {
	Schema        int                 `json:"schema"` // 1
	Passed        bool                `json:"passed"`
	BaseCommit    string              `json:"base-commit"`
	Prerequisites []series.CheckedDep `json:"prerequisites"` // in order
	Applied       int                 `json:"applied"`       // patches, prerequisites among them
	Failed        []series.CheckedDep `json:"failed"`        // the patch that does not apply, if any
}

func (e *env) checkDeps(c *cli.Context, s *series.Series) error {
	mail, err := e.archives(c, s, c.StringSlice("archive"))
	if err != nil {
		return err
	}
	got, err := s.CheckDeps(c.Context, mail)
	if err != nil {
		return err
	}
	if err := s.RememberDeps(c.Context, got, e.now()); err != nil {
		return err
	}
	if c.Bool("json") {
		err = e.printJSON(depsCheck{Schema: 1, Passed: got.Passed(), BaseCommit: got.Base, Applied: got.Applied,
			Prerequisites: append([]series.CheckedDep{}, got.Lines...), Failed: append([]series.CheckedDep{}, got.Patches...)})
	} else {
		err = e.printCheckedDeps(got)
	}
	if err == nil && got.Outdated() {
		e.notef("'kprep restack' moves the patches onto the newer revision")
	}
	if err == nil && got.Absent() {
		e.notef("what others have mailed is found with '--archive FILE', or for good with 'git config --add kprep.archive FILE'")
	}
	if err == nil && !got.Passed() {
		err = &exitError{status: statusFailed}
	}
	return err
}

func (e *env) printCheckedDeps(got *series.CheckedDeps) error {
	config, err := e.repo.Config()
	if err != nil {
		return err
	}
	colour := e.coloured(config)
	var b strings.Builder
	line := func(ok bool, format string, words ...any) {
		verdict := submission.Good
		if !ok {
			verdict = submission.Failed
		}
		fmt.Fprintf(&b, "%s %s\n", e.mark(verdict, colour), patchmail.PrintableLine(fmt.Sprintf(format, words...)))
	}
	for _, d := range got.Lines {
		line(d.OK, "%s: %s", d.Line, d.Text)
	}
	short := gitrepo.ID(got.Base).Short()
	for _, d := range got.Patches {
		line(false, "%q does not apply to %s, after %s: %s", d.Line, short, plural(got.Applied, "patch", "patches"), d.Text)
	}
	if n := got.Applied; len(got.Patches) == 0 && n > 0 {
		line(true, "%s to %s", plural(n, "patch applies", "patches apply"), short)
	}
	_, err = e.stdout.Write([]byte(b.String()))
	return err
}
