package main

import (
	"context"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/rangediff/words"
	"github.com/kprep/kprep/series"
)

// wordsFlag says when the words that changed inside a line are set off.
func wordsFlag() cli.Flag {
	return &optionalFlag{StringFlag: cli.StringFlag{Name: "words", Value: "auto",
		Usage: "`WHEN` to mark the words that changed in a line: always, never, or auto, with colours"}, bare: "always"}
}

// diffPrinter writes a range-diff in the user's colours, and marks words when
// he wants it. Without colours nothing is marked.
func (e *env) diffPrinter(ctx context.Context, marking string) (*rangediff.Printer, error) {
	if marking == "always" && e.colour == "auto" {
		e.colour = "always"
	}
	colours, err := e.diffColours(ctx, e.repo)
	if err != nil {
		return nil, err
	}
	printer := series.Printer(colours)
	printer.Escape = e.shown
	if marking != "never" {
		printer.Mark = words.Mark
	}
	return printer, nil
}

// exclusiveDiff refuses options of diff that do not go together.
func exclusiveDiff(c *cli.Context) error {
	if when := c.String("words"); !slices.Contains([]string{"always", "never", "auto"}, when) {
		return usagef("diff", "--words is always, never or auto, not %q", when)
	}
	if c.IsSet("html") && c.String("html") == "" {
		return usagef("diff", "--html wants a file name, or - for standard output")
	}
	if c.Bool("force") && !c.IsSet("html") {
		return usagef("diff", "--force goes with --html")
	}
	if c.IsSet("words") {
		if err := exclusive(c, "words", "summary", "json", "html"); err != nil {
			return err
		}
	}
	return exclusive(c, "summary", "json", "html")
}
