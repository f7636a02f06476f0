package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangecache"
	"github.com/kprep/kprep/rangediff"
	"github.com/urfave/cli/v2"
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
	status, err := gitrepo.RunGit(ctx, e.dir, opts, e.stdin, stdout, e.complaints(), append(args, words...)...)
	if err == nil && status != 0 {
		err = &exitError{status: status}
	}
	return err
}

// rangeDiff compares two ranges, or returns errNotOurs.
func (e *env) rangeDiff(ctx context.Context, words []string) error {
	given, ok := readRangeDiffWords(words, e.colour)
	if !ok || len(given.paths) > 0 && !e.atTopLevel() {
		return errNotOurs
	}
	repo, err := gitrepo.Attach(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config})
	if err != nil {
		return err
	}
	e.repo = repo
	old, new, ok := given.ranges()
	if !ok {
		return errNotOurs
	}
	answer, err := e.readRanges(ctx, repo, given, []string{old, new})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return errNotOurs
	}
	defer answer.Close()
	commits := answer.Commits
	if !given.accepted(answer) || e.localeDecides(commits) || given.overflows(commits) {
		return errNotOurs
	}
	printer, err := e.rangeDiffPrinter(ctx, repo, given)
	if err != nil {
		return err
	}
	e.progress.doing(fmt.Sprintf("comparing %s with %d", plural(len(commits[0]), "commit", "commits"), len(commits[1])))
	pairs := rangediff.Compare(commits[0], commits[1], given.creationFactor)
	if err := e.printRangeDiff(ctx, repo, printer, pairs); err != nil {
		return err
	}
	if err := answer.Keep(ctx); err != nil { // the next time takes as long
		e.debugf("cache of range-diff: %v", err)
	}
	return nil
}

// printRangeDiff prints pairs, on a terminal through the pager.
func (e *env) printRangeDiff(ctx context.Context, repo *gitrepo.Repo, printer *rangediff.Printer, pairs []rangediff.Pair) error {
	if !e.terminal.stdout {
		return printer.Print(e.stdout, pairs)
	}
	var text bytes.Buffer
	printer.Escape = patchmail.Printable
	if err := printer.Print(&text, pairs); err != nil {
		return err
	}
	return e.page(ctx, repo, text.Bytes())
}

// atTopLevel reports whether we certainly are at the top of a work tree.
// git range-diff takes paths from there, wherever it was started.
func (e *env) atTopLevel() bool {
	_, err := os.Stat(filepath.Join(e.dir, ".git"))
	return err == nil && e.getenv("GIT_DIR") == "" && e.getenv("GIT_WORK_TREE") == ""
}

// readRanges reads the commits of several ranges at once. git log starts before
// it is known that git accepts the arguments as they are understood here.
func (e *env) readRanges(ctx context.Context, repo *gitrepo.Repo, given *rangeDiffWords, ranges []string) (*rangecache.Answer, error) {
	headings, err := repo.StartHeadings(ctx)
	if err != nil {
		return nil, err
	}
	rest := given.logArgs()
	answer, err := rangecache.Ask(ctx, repo, rangecache.Question{
		Words:   given.revisions(ranges),
		Ranges:  given.rangeIDs,
		Options: rest,
		// With paths it counts where we are, and git refuses a range that
		// is a file too.
		Never: len(given.paths) > 0 || slices.ContainsFunc(ranges, e.isFile),
		Log: func(ctx context.Context, nth int, options []string, read func(io.Reader) error) error {
			return repo.LogOf(ctx, slices.Concat(options, ranges[nth:nth+1], rest), read)
		},
	}, len(ranges))
	if err != nil {
		headings.Close()
		return nil, err
	}
	if err := nameCommits(headings, answer.Commits); err != nil {
		answer.Close()
		return nil, err
	}
	return answer, nil
}

func (e *env) isFile(name string) bool {
	_, err := os.Lstat(e.path(name))
	return !errors.Is(err, fs.ErrNotExist)
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

// ranges turns the arguments into two ranges for git log; false when they
// cannot be any.
func (g *rangeDiffWords) ranges() (old, new string, ok bool) {
	switch words := g.arguments; len(words) {
	case 1:
		left, right, symmetric := strings.Cut(words[0], "...")
		if !symmetric || strings.Contains(right, "...") {
			return "", "", false
		}
		left, right = orHead(left), orHead(right)
		return right + ".." + left, left + ".." + right, true
	case 2:
		return words[0], words[1], true
	default:
		return words[0] + ".." + words[1], words[0] + ".." + words[2], true
	}
}

// revisions are the words that git is to read.
func (g *rangeDiffWords) revisions(ranges []string) []string {
	if len(g.arguments) == 1 {
		return ranges
	}
	return g.arguments
}

// rangeIDs are the ids of the ranges, by those of revisions.
func (g *rangeDiffWords) rangeIDs(revisions [][]string) [][]string {
	if len(revisions) < 3 {
		return revisions
	}
	var ranges [][]string
	for _, tip := range revisions[1:] {
		ids := slices.Clone(tip)
		for _, id := range revisions[0] {
			ids = append(ids, "^"+id)
		}
		ranges = append(ranges, ids)
	}
	return ranges
}

// accepted reports whether git understands the arguments as ranges does.
func (g *rangeDiffWords) accepted(answer *rangecache.Answer) bool {
	if len(g.arguments) == 1 {
		return true
	}
	want := isRange
	if len(g.arguments) == 3 {
		want = isCommit
	}
	return answer.State != nil && !slices.ContainsFunc(answer.State.Revisions, func(ids []string) bool { return !want(ids) })
}

// overflows reports whether git, which computes with 32 bits, would get other
// costs.
func (g *rangeDiffWords) overflows(commits [][]rangediff.Commit) bool {
	return slices.ContainsFunc(slices.Concat(commits...), func(c rangediff.Commit) bool {
		return c.DiffLines*g.creationFactor > math.MaxInt32
	})
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
