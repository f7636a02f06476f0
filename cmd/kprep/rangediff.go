package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/rangediff"
)

func rangeDiffCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "range-diff",
		Category:  groupOthers,
		Usage:     "compare two versions of a branch, as git range-diff",
		ArgsUsage: "[OPTIONS] (OLD-RANGE NEW-RANGE | OLD...NEW | BASE OLD NEW) [-- PATH...]",
		Description: "Takes the options of git range-diff, prints the same and ends with the same\n" +
			"status. What kprep does not do itself, it has git do.",
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			words := c.Args().Slice()
			err := e.rangeDiff(c.Context, words)
			if errors.Is(err, errNotOurs) {
				return e.gitRangeDiff(c.Context, words)
			}
			return err
		},
	}
}

// errNotOurs says that git itself is to carry out the command, for kprep would
// not do exactly the same. Nothing was printed when it is returned.
var errNotOurs = errors.New("left to git")

// gitRangeDiff has git do it.
func (e *env) gitRangeDiff(ctx context.Context, words []string) error {
	args := []string{"range-diff"}
	if e.noPager {
		args = []string{"--no-pager", "range-diff"}
	}
	if e.colour != "auto" {
		args = append(args, "--color="+e.colour)
	}
	opts := gitrepo.Options{Env: e.environ, Config: e.config}
	var stdout io.Writer = e.stdout
	if e.terminal.stdout { // git is to see the terminal itself
		stdout = e.stdout.w
	}
	status, err := gitrepo.RunGit(ctx, e.dir, opts, e.stdin, stdout, e.stderr, append(args, words...)...)
	if err == nil && status != 0 {
		err = &exitError{status: status}
	}
	return err
}

// rangeDiff compares two ranges, or returns errNotOurs.
func (e *env) rangeDiff(ctx context.Context, words []string) error {
	given, ok := readRangeDiffWords(words, e.colour)
	if !ok {
		return errNotOurs
	}
	repo, err := gitrepo.Open(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config})
	if err != nil {
		return errNotOurs
	}
	e.repo = repo
	old, new, err := given.ranges(ctx, repo)
	if err != nil {
		return err
	}
	printer, err := e.rangeDiffPrinter(repo, given)
	if err != nil {
		return err
	}
	commits, err := e.readRanges(ctx, repo, []string{old, new}, given.logArgs())
	if err != nil {
		return errors.Join(ctx.Err(), errNotOurs)
	}
	pairs := rangediff.Compare(commits[0], commits[1], given.creationFactor)
	if !e.terminal.stdout {
		return printer.Print(e.stdout, pairs)
	}
	var text bytes.Buffer
	if err := printer.Print(&text, pairs); err != nil {
		return err
	}
	return e.page(ctx, repo, e.shownColoured(text.Bytes()))
}

// readRanges reads the commits of several ranges at once.
func (e *env) readRanges(ctx context.Context, repo *gitrepo.Repo, ranges, rest []string) ([][]rangediff.Commit, error) {
	headings, err := repo.StartHeadings(ctx)
	if err != nil {
		return nil, err
	}
	commits := make([][]rangediff.Commit, len(ranges))
	var group errgroup.Group
	for n, r := range ranges {
		group.Go(func() error {
			args := slices.Concat(rangediff.LogOptions(), []string{r}, rest)
			return repo.LogOf(ctx, args, func(log io.Reader) (err error) {
				commits[n], err = rangediff.ParseLog(log)
				return err
			})
		})
	}
	if err := group.Wait(); err != nil {
		headings.Close()
		return nil, err
	}
	return commits, nameCommits(headings, commits)
}

// nameCommits gives the commits their short ids and subjects.
func nameCommits(headings *gitrepo.HeadingReader, lists [][]rangediff.Commit) error {
	var ids []string
	for _, commits := range lists {
		for i := range commits {
			ids = append(ids, commits[i].ID)
		}
	}
	if len(ids) == 0 {
		headings.Close() // without revisions git log would take HEAD
		return nil
	}
	names, err := headings.Read(ids)
	if err != nil {
		return err
	}
	for _, commits := range lists {
		for i := range commits {
			c := &commits[i]
			c.Short, c.Subject = names[c.ID].Short, names[c.ID].Subject
		}
	}
	return nil
}

// ranges turns the arguments into two ranges for git log.
func (g *rangeDiffWords) ranges(ctx context.Context, repo *gitrepo.Repo) (old, new string, err error) {
	if len(g.arguments) == 1 {
		left, right, symmetric := strings.Cut(g.arguments[0], "...")
		if !symmetric || strings.Contains(right, "...") {
			return "", "", errNotOurs
		}
		left, right = orHead(left), orHead(right)
		return right + ".." + left, left + ".." + right, nil
	}
	parsed, err := repo.ParseRevisions(ctx, g.arguments)
	if err != nil {
		return "", "", errors.Join(ctx.Err(), errNotOurs)
	}
	if len(parsed) == 2 && isRange(parsed[0]) && isRange(parsed[1]) {
		return g.arguments[0], g.arguments[1], nil
	}
	if len(parsed) == 3 && isCommit(parsed[0]) && isCommit(parsed[1]) && isCommit(parsed[2]) {
		base := g.arguments[0]
		return base + ".." + g.arguments[1], base + ".." + g.arguments[2], nil
	}
	return "", "", errNotOurs
}

func orHead(name string) string {
	if name == "" {
		return "HEAD"
	}
	return name
}

// isRange reports whether something is excluded and something else included.
func isRange(ids []string) bool {
	included := slices.ContainsFunc(ids, func(id string) bool {
		return id[0] != '^' && !slices.Contains(ids, "^"+id)
	})
	return included && slices.ContainsFunc(ids, func(id string) bool { return id[0] == '^' })
}

func isCommit(ids []string) bool { return len(ids) == 1 && ids[0][0] != '^' }
