package main

import (
	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/series"
)

func enrollCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "enroll",
		Category:  groupStart,
		Usage:     "make the current branch a series",
		ArgsUsage: "BASE",
		Description: "Puts a cover letter below the commits that are on the branch but not in BASE,\n" +
			"a branch, tag or commit. The commits must be your own, and without merges.",
		Action: func(c *cli.Context) error {
			base, err := args(c, 1)
			if err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			origin, err := e.origin(c, repo, "", base[0])
			if err != nil {
				return err
			}
			s, err := series.Enroll(c.Context, repo, base[0], origin)
			if err != nil {
				return err
			}
			e.notef("branch %q is a series of %s from %s", s.Name(), plural(len(s.Patches), "patch", "patches"), s.Base.Short())
			e.notef("write the cover letter with 'kprep cover', find recipients with 'kprep collect'")
			return nil
		},
	}
}
