package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

func claimCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "claim",
		Category:    groupState,
		Usage:       "take over a series that somebody else committed",
		ArgsUsage:   "[BRANCH]",
		Description: "Makes you the committer of the commits that are somebody else's. Authors,\nmessages and contents stay as they are.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
		},
		Action: func(c *cli.Context) error {
			given, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			branch := ""
			if len(given) == 1 {
				branch = given[0]
			}
			s, err := series.Load(c.Context, repo, branch)
			if err != nil {
				return err
			}
			claim, err := s.PrepareClaim(c.Context)
			if err != nil {
				return err
			}
			if len(claim.Foreign) == 0 {
				e.notef("every commit of %q is yours already", s.Name())
				return nil
			}
			for _, f := range claim.Foreign {
				fmt.Fprintf(e.stderr, "  %s %s (committed by %s <%s>)\n", f.ID.Short(), patchmail.PrintableLine(f.Subject()),
					patchmail.PrintableLine(f.Committer.Name), patchmail.PrintableLine(f.Committer.Email))
			}
			if !c.Bool("yes") {
				question := fmt.Sprintf("Commit %s again in your name?", plural(len(claim.Foreign), "commit", "commits"))
				if err := e.confirm(c.Context, question, "nothing was changed; --yes does not ask"); err != nil {
					return err
				}
			}
			if err := claim.Apply(c.Context); err != nil {
				return err
			}
			e.notef("%q is yours; the authors are as they were", s.Name())
			return nil
		},
	}
}
