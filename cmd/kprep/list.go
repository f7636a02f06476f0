package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func listCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "list",
		Category: groupLook,
		Usage:    "list all my series",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			all, err := series.Summaries(c.Context, repo, func(err error) { e.warnf("%s", withHint(err)) })
			if err != nil {
				return err
			}
			e.warnStrays(c.Context, repo, all)
			if c.Bool("json") {
				return e.printJSON(all)
			}
			if len(all.Series) == 0 {
				e.notef("there is no series in this repository; start one with 'kprep new NAME'")
				return nil
			}
			w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
			for _, s := range all.Series {
				mark := " "
				if s.Current {
					mark = "*"
				}
				fmt.Fprintf(w, "%s %s\tv%d\t%s\t%s\t%s\n", mark, patchmail.PrintableLine(s.Branch), s.Revision,
					plural(s.Patches, "patch", "patches"), s.State(), patchmail.PrintableLine(s.Title))
			}
			return w.Flush()
		},
	}
}

// warnStrays tells of sends that are not over and whose branches are gone.
func (e *env) warnStrays(ctx context.Context, repo *gitrepo.Repo, all series.Listing) {
	var ids []string
	for _, s := range all.Series {
		ids = append(ids, s.ChangeID)
	}
	strays, err := submission.Strays(ctx, repo, ids)
	for _, stray := range strays {
		e.warnf("%s", withHint(stray))
	}
	if err != nil {
		e.warnf("look for sends that are not over: %s", withHint(err))
	}
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
