package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func infoCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "info",
		Category:  groupLook,
		Usage:     "print facts about the series",
		ArgsUsage: "[KEY]",
		Description: "Prints one \"key: value\" a line, under b4's names; with KEY the bare value.\n" +
			"A key without a value is left out, and asking for it prints an empty line.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "branch", Usage: "of `BRANCH` instead of the current one"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			keys, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			s, err := series.Load(c.Context, repo, c.String("branch"))
			if err != nil {
				return err
			}
			e.warnAhead(c.Context, s)
			e.warnOnce(s)
			e.warnCovers(c.Context, s)
			facts, err := e.facts(c.Context, s)
			if err != nil {
				return err
			}
			switch {
			case len(keys) == 1:
				return e.printFact(facts, keys[0], c.Bool("json"))
			case c.Bool("json"):
				return e.printJSON(facts)
			}
			for _, f := range facts.List() {
				fmt.Fprintf(e.reader(), "%s: %s\n", f.Key, patchmail.PrintableLine(f.Value))
			}
			return nil
		},
	}
}

// facts gathers what the series says of itself, and what it needs, at the
// same time.
func (e *env) facts(ctx context.Context, s *series.Series) (*series.Facts, error) {
	var facts *series.Facts
	var needs *series.Needs
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		facts, err = s.Facts(ctx)
		return err
	})
	group.Go(func() (err error) {
		needs, err = submission.Needs(ctx, e.repo, s, e.getenv("HOME"))
		return err
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	facts.Needs = needs
	return facts, nil
}

func (e *env) printFact(facts *series.Facts, key string, asJSON bool) error {
	for _, f := range facts.List() {
		if f.Key == key {
			if asJSON {
				return e.printJSON(f.Value)
			}
			_, err := fmt.Fprintln(e.stdout, e.shown(f.Value))
			return err
		}
	}
	if series.IsFact(key) {
		_, err := fmt.Fprintln(e.stdout)
		return err
	}
	return usagef("info", "unknown key %q; the keys are %s%s", key, strings.Join(series.FactNames(), ", "), suggestion(key, series.FactNames()))
}
