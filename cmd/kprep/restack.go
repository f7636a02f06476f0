package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

func restackCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "restack",
		Category: groupWork,
		Usage:    "follow the series that this one depends on to where it is now",
		Description: "Looks for the series that the tracking data name as prerequisites, on your\n" +
			"branches, in sent tags, and in the mail of --from or kprep.archive, and moves the\n" +
			"patches onto its newest state. Patches in mail are applied to the base commit that\n" +
			"the mail names, below the series. Where git stops, resolve and go on with\n" +
			"--continue or --abort.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "say what has moved, change nothing"},
			&cli.StringSliceFlag{Name: "from", Usage: "look for it in `ARCHIVE` too, a file, a folder or the URL of a public-inbox, instead of kprep.archive"},
			offlineFlag(),
			&cli.StringFlag{Name: "base-branch", Usage: "record `BRANCH`, where the cover letter's storage needs one"},
			&cli.BoolFlag{Name: "continue", Usage: "go on after a stop"},
			&cli.BoolFlag{Name: "abort", Usage: "put everything back as it was"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			if err := exclusive(c, "dry-run", "continue", "abort"); err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			if repo.TopLevel == "" {
				return errNoWorkTree
			}
			var done *series.Rebased
			switch {
			case c.Bool("continue"):
				done, err = series.ContinueRebase(c.Context, repo, e.streams(false), false)
			case c.Bool("abort"):
				done, err = series.AbortRebase(c.Context, repo, e.streams(false))
			default:
				done, err = e.restack(c, repo)
			}
			if done != nil && err == nil {
				e.tellRebased(done)
			}
			return err
		},
	}
}

// restack returns nil when there is nothing to do, or it was only asked.
func (e *env) restack(c *cli.Context, repo *gitrepo.Repo) (*series.Rebased, error) {
	s, err := series.Load(c.Context, repo, "")
	if err != nil {
		return nil, err
	}
	mail, err := e.archives(c, s, c.StringSlice("from"))
	if err != nil {
		return nil, err
	}
	if c.Bool("dry-run") {
		newer, err := s.Newer(c.Context, mail)
		for _, n := range newer {
			e.tellNewer(n)
		}
		if err == nil && len(newer) == 0 {
			e.notef("%q is on the newest state of what it depends on", s.Name())
		}
		return nil, err
	}
	program, err := e.selfCommand("rebase")
	if err != nil {
		return nil, err
	}
	done, newer, err := s.Restack(c.Context, mail, series.RebaseOptions{BaseBranch: c.String("base-branch"), Quiet: e.quiet,
		Program: program, Streams: e.streams(false)})
	if newer != nil {
		e.tellNewer(*newer)
	} else if err == nil {
		e.notef("%q is on the newest state of what it depends on", s.Name())
	}
	return done, err
}

func (e *env) tellNewer(n series.Newer) {
	text := fmt.Sprintf("%s has moved from v%d to v%d: %s", n.ChangeID, n.Was, n.Now, n.Where)
	if n.Onto != "" {
		text += " is at " + n.Onto.Short()
	}
	e.notef("%s", patchmail.PrintableLine(text))
}
