package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/archive"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func cleanupCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "cleanup",
		Category:  groupState,
		Usage:     "put finished series away, and bring them back",
		ArgsUsage: "[BRANCH...]",
		Description: "Writes everything about a series into an archive: the commits, the patches and\n" +
			"cover letter of every revision, the tracking data and the sent tags. Then removes\n" +
			"the branch, its sent tags and its configuration; 'kprep undo' takes that back.\n" +
			"The git notes of the commits, kprep's state of the series and the journals of its\n" +
			"sends are in the archive too; notes and journals also stay in the repository.\n" +
			"Archives are below $XDG_DATA_HOME/kprep/archive, and are never overwritten.",
		Flags: []cli.Flag{
			&cli.IntFlag{Name: "older-than", Usage: "every series whose last commit is more than `DAYS` days old"},
			&cli.StringFlag{Name: "restore", Usage: "bring back the series in the archive `FILE`"},
			&cli.BoolFlag{Name: "list", Usage: "list the archives"},
			&cli.BoolFlag{Name: "json", Usage: "with --list: print JSON"},
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n"}, Usage: "say what would be removed, change nothing"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
		},
		Action: func(c *cli.Context) error {
			names, err := argsBetween(c, 0, -1)
			if err != nil {
				return err
			}
			if err := checkCleanup(c, names); err != nil {
				return err
			}
			switch {
			case c.Bool("list"):
				return e.listArchives(c.Bool("json"))
			case c.IsSet("restore"):
				return e.restoreArchive(c.Context, c.String("restore"))
			}
			return e.cleanUp(c, names)
		},
	}
}

// maxDays is about a century: far more would overflow into the future.
const maxDays = 36500

// checkCleanup refuses what is wrong by the words alone.
func checkCleanup(c *cli.Context, names []string) error {
	ways := 0
	for _, given := range []bool{len(names) > 0, c.IsSet("older-than"), c.IsSet("restore"), c.Bool("list")} {
		if given {
			ways++
		}
	}
	switch {
	case ways != 1:
		return usagef("cleanup", "give either branches, --older-than, --list or --restore")
	case c.Int("older-than") < 0 || c.Int("older-than") > maxDays:
		return usagef("cleanup", "--older-than takes a number of days from 0 to %d", maxDays)
	case c.Bool("json") && !c.Bool("list"):
		return usagef("cleanup", "--json goes with --list")
	case (c.Bool("list") || c.IsSet("restore")) && (c.Bool("dry-run") || c.Bool("yes")):
		return usagef("cleanup", "--list and --restore ask nothing: --yes and --dry-run do not go with them")
	}
	return nil
}

// cleanUp puts away the named series, or the old ones.
func (e *env) cleanUp(c *cli.Context, names []string) error {
	ctx := c.Context
	dir, err := archive.Dir(e.getenv)
	if err != nil {
		return err
	}
	repo, log, err := e.openLog(ctx)
	if err != nil {
		return err
	}
	var removals []*archive.Removal
	if len(names) > 0 {
		removals, err = namedRemovals(ctx, repo, names)
	} else {
		removals, err = e.oldRemovals(ctx, repo, c.Int("older-than"))
	}
	if err != nil {
		return err
	}
	if len(removals) == 0 {
		e.notef("no series is older than %s", plural(c.Int("older-than"), "day", "days"))
		return nil
	}
	if c.Bool("dry-run") {
		for _, r := range removals {
			fmt.Fprintln(e.stdout, removalLine(r))
			e.noteUnsent(r)
		}
		return nil
	}
	if !c.Bool("yes") && !e.mayPrompt() {
		return errors.New("there is no terminal to ask on: nothing was changed; --yes does not ask")
	}
	kept := 0
	for i, r := range removals {
		e.progress.count("putting series away", i, len(removals))
		err := e.putAway(ctx, repo, log, r, dir, c.Bool("yes"))
		if errors.Is(err, errDeclined) && len(removals) > 1 {
			e.notef("%q stays", r.Series.Name())
			kept++
			continue
		}
		if err != nil {
			return err
		}
	}
	if kept == len(removals) {
		return errDeclined
	}
	return nil
}

func (e *env) openLog(ctx context.Context) (*gitrepo.Repo, *oplog.Log, error) {
	repo, err := e.openRepo(ctx)
	if err != nil {
		return nil, nil, err
	}
	return repo, oplog.New(repo, oplog.Options{Now: e.now}), nil
}

// namedRemovals refuses all when one cannot be put away.
func namedRemovals(ctx context.Context, repo *gitrepo.Repo, names []string) ([]*archive.Removal, error) {
	var removals []*archive.Removal
	seen := map[string]bool{}
	for _, name := range names {
		if name == "" {
			return nil, usagef("cleanup", "the name of a branch is empty")
		}
		s, err := series.Load(ctx, repo, name)
		if err != nil {
			return nil, err
		}
		if seen[s.Branch] {
			continue
		}
		seen[s.Branch] = true
		r, err := prepareRemoval(ctx, repo, s)
		if err != nil {
			return nil, err
		}
		removals = append(removals, r)
	}
	return removals, nil
}

// oldRemovals leaves out what is in use, and says so.
func (e *env) oldRemovals(ctx context.Context, repo *gitrepo.Repo, days int) ([]*archive.Removal, error) {
	all, err := series.List(ctx, repo, func(err error) { e.warnf("%v", err) })
	if err != nil {
		return nil, err
	}
	limit := e.now().Add(-time.Duration(days) * 24 * time.Hour)
	var removals []*archive.Removal
	for _, s := range all {
		tip, err := repo.Commit(string(s.Tip))
		if err != nil {
			return nil, err
		}
		if !tip.Committer.When.Before(limit) {
			continue
		}
		r, err := prepareRemoval(ctx, repo, s)
		if err != nil {
			e.warnf("%q stays: %v", s.Name(), err)
			continue
		}
		removals = append(removals, r)
	}
	return removals, nil
}

func prepareRemoval(ctx context.Context, repo *gitrepo.Repo, s *series.Series) (*archive.Removal, error) {
	if err := submission.CheckNoneOpen(ctx, repo, s); err != nil {
		return nil, err
	}
	return archive.Prepare(ctx, repo, s)
}

// removalLine says what would go.
func removalLine(r *archive.Removal) string {
	return fmt.Sprintf("%s: %s, %s (%s)", patchmail.PrintableLine(r.Series.Name()), plural(len(r.Series.Patches), "patch", "patches"),
		plural(len(r.Tags), "sent tag", "sent tags"), patchmail.PrintableLine(r.Series.Tracking.ChangeID))
}

// noteUnsent names the patches that only this branch holds.
func (e *env) noteUnsent(r *archive.Removal) {
	if len(r.Unsent) == 0 {
		return
	}
	e.warnf("never sent as they are, and in no remote branch:")
	for _, p := range r.Unsent {
		e.printLine("  %s %s", p.ID.Short(), patchmail.PrintableLine(p.Subject()))
	}
}

// putAway asks, and removes one series. A send of it cannot begin meanwhile.
func (e *env) putAway(ctx context.Context, repo *gitrepo.Repo, log *oplog.Log, r *archive.Removal, dir string, sure bool) error {
	if !sure {
		e.noteUnsent(r)
		if err := e.confirm(ctx, "Put away "+removalLine(r)+"?", "nothing was changed; --yes does not ask"); err != nil {
			return err
		}
	}
	lock, err := submission.Lock(repo, r.Series.Tracking.ChangeID)
	if err != nil {
		return err
	}
	defer lock.Release()
	if err := submission.CheckNoneOpen(ctx, repo, r.Series); err != nil {
		return err
	}
	file, err := r.Apply(ctx, log, dir, e.now())
	if err != nil {
		return err
	}
	fmt.Fprintln(e.stdout, patchmail.PrintableLine(file))
	e.notef("%q is put away; 'kprep cleanup --restore FILE' brings it back", r.Series.Name())
	return nil
}

func (e *env) restoreArchive(ctx context.Context, file string) error {
	repo, log, err := e.openLog(ctx)
	if err != nil {
		return err
	}
	a, changed, err := archive.Restore(ctx, repo, log, e.path(file), e.now())
	if err != nil {
		return err
	}
	if !changed {
		e.notef("%q is there already, as in the archive", a.BranchName())
		return nil
	}
	e.notef("%q is back, with %s; the archive stays", a.BranchName(), plural(len(a.Tags), "sent tag", "sent tags"))
	return nil
}
