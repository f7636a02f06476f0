package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/series"
)

func diffCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "diff",
		Category:  groupLook,
		Usage:     "compare two revisions, sent or current, patch by patch",
		ArgsUsage: "[REV[..REV]]",
		Description: "Says what became of each patch since REV, otherwise since the last revision sent,\n" +
			"and then prints a range-diff. REV is v1, v2 … or HEAD, the branch as it is. v1.. is\n" +
			"v1 against the branch, ..v3 the revision sent before v3 against v3.",
		Flags: append([]cli.Flag{
			&cli.BoolFlag{Name: "base-neutral", Usage: "take the old patches to the new base first, so that a rebase is not seen"},
			&cli.BoolFlag{Name: "summary", Usage: "only say what became of each patch"},
			&cli.UintFlag{Name: "creation-factor", Value: rangediff.DefaultCreationFactor, Usage: "pair patches that differ by up to `N` percent, as git range-diff; otherwise 60"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
			wordsFlag(),
		}, pageFlags()...),
		Action: func(c *cli.Context) error {
			given, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			if err := exclusiveDiff(c); err != nil {
				return err
			}
			if c.Uint("creation-factor") > maxCreationFactor {
				return usagef("diff", "--creation-factor is at most %d, not %d", maxCreationFactor, c.Uint("creation-factor"))
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			word := strings.Join(given, "")
			o := series.CompareOptions{CreationFactor: int(c.Uint("creation-factor")), BaseNeutral: c.Bool("base-neutral")}
			if c.IsSet("html") {
				return e.diffPage(c.Context, s, word, o, c.String("html"), c.Bool("force"))
			}
			old, new, err := parseRevisions(s, word)
			if err != nil {
				return err
			}
			e.progress.doing("comparing revisions")
			comparison, err := compareRevisions(c.Context, s, old, new, o)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return e.printJSON(factsOfDiff(s, comparison))
			}
			return e.printDiff(c.Context, comparison, c.Bool("summary"), c.String("words"))
		},
	}
}

// maxCreationFactor is far beyond any use, and no product with it overflows.
const maxCreationFactor = 10_000

// printDiff says in a line each what became of the patches, then how.
func (e *env) printDiff(ctx context.Context, c *series.Comparison, summary bool, marking string) error {
	for _, note := range c.Notes {
		e.notef("note: %s", note)
	}
	if c.Rebased() && !c.Options.BaseNeutral {
		e.notef("note: the base has changed; --base-neutral leaves out what that changed in the patches")
	}
	for _, title := range sameTitle(c.Changes) {
		e.notef("note: %q is dropped and new, with too little in common; a larger --creation-factor makes it a pair", title)
	}
	text := fmt.Appendf(nil, "%s -> %s: %s\n", c.Old, c.New, rangediff.Tally(c.Changes))
	if len(c.Changes) > 0 {
		text = rangediff.AppendSummary(append(text, '\n'), c.Changes)
	}
	all := bytes.NewBufferString(e.shown(string(text)))
	if !summary && len(c.Changes) > 0 {
		printer, err := e.diffPrinter(ctx, marking)
		if err != nil {
			return err
		}
		all.WriteByte('\n')
		if err := printer.Print(all, c.Pairs()); err != nil {
			return err
		}
	}
	return e.page(ctx, e.repo, all.Bytes())
}

// sameTitle lists the subjects that an old patch and a new one without partner
// have in common.
func sameTitle(changes []rangediff.Change) []string {
	dropped := map[string]bool{}
	for _, c := range changes {
		dropped[c.Subject()] = dropped[c.Subject()] || c.Kind == rangediff.KindDropped
	}
	var titles []string
	for _, c := range changes {
		if c.Kind == rangediff.KindNew && dropped[c.Subject()] {
			titles = append(titles, c.Subject())
			dropped[c.Subject()] = false
		}
	}
	return titles
}

// diffColours are those that git would use for a range-diff; nil for none.
func (e *env) diffColours(ctx context.Context, repo *gitrepo.Repo) (*rangediff.Colours, error) {
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	if !e.coloured(config, "color.diff", "diff.color") {
		return nil, nil
	}
	colours, err := configuredColours(ctx, repo, config)
	if errors.Is(err, errNotOurs) {
		return rangediff.DefaultColours(), nil
	}
	return colours, err
}

// parseRevisions reads "v1", "v1..v2", "v1.." or "..v2" into revision numbers
// as [series.Series.Sides] takes them.
func parseRevisions(s *series.Series, word string) (old, new int, err error) {
	left, right, _ := strings.Cut(word, "..")
	if strings.HasPrefix(right, ".") {
		return 0, 0, usagef("diff", "two revisions have two dots between them, not %q", word)
	}
	old, new = series.SentBefore, series.OnBranch
	if left != "" {
		old, err = parseState(s, left)
	}
	if right != "" && err == nil {
		new, err = parseState(s, right)
	}
	return old, new, err
}

func parseState(s *series.Series, word string) (int, error) {
	if word == "HEAD" || word == s.Name() {
		return series.OnBranch, nil
	}
	return parseRevision("diff", word)
}

// parseRevision reads "v2" or "2".
func parseRevision(verb, word string) (int, error) {
	n, err := strconv.Atoi(strings.TrimPrefix(word, "v"))
	if err != nil || n < 1 {
		return 0, usagef(verb, "%q is no revision: they are called v1, v2 and so on", word)
	}
	return n, nil
}
