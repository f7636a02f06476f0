package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/oplog"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
)

func undoCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "undo",
		Category:  groupState,
		Usage:     "take back the last operation, or the last N",
		ArgsUsage: "[N]",
		Description: "Restores branch, cover letter, tags, notes and configuration exactly. Commits\n" +
			"that came on top since are put on the restored state. A send cannot be undone;\n" +
			"'kprep log' lists what can. On the branch of a series only that series is meant.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "of any branch, in the order of 'kprep log --all'"},
			&cli.BoolFlag{Name: "force", Usage: "take back even what was changed since"},
			&cli.BoolFlag{Name: "past-send", Usage: "restore the patches and the cover letter from before the last send; the revision stays"},
		},
		Action: func(c *cli.Context) error {
			n, err := stepCount(c)
			if err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			if c.Bool("past-send") {
				return e.undoPastSend(c)
			}
			op, err := series.Undo(c.Context, repo, n, series.UndoOptions{All: c.Bool("all"), Force: c.Bool("force")})
			return e.reportUndo(op, err)
		},
	}
}

func redoCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "redo",
		Category:  groupState,
		Usage:     "bring back what was undone",
		ArgsUsage: "[N]",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "of any branch"},
			&cli.BoolFlag{Name: "force", Usage: "bring it back over what was changed since"},
		},
		Action: func(c *cli.Context) error {
			n, err := stepCount(c)
			if err != nil {
				return err
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			op, err := series.Redo(c.Context, repo, n, series.UndoOptions{All: c.Bool("all"), Force: c.Bool("force")})
			return e.reportUndo(op, err)
		},
	}
}

// stepCount reads how many operations are meant, 1 unless said otherwise.
func stepCount(c *cli.Context) (int, error) {
	given, err := argsBetween(c, 0, 1)
	if err != nil || len(given) == 0 {
		return 1, err
	}
	n, err := strconv.Atoi(given[0])
	if err != nil || n < 1 {
		return 0, usagef(c.Command.Name, "%q is no number of operations", given[0])
	}
	return n, nil
}

func (e *env) reportUndo(op *series.Undone, err error) error {
	if err != nil {
		return err
	}
	for _, change := range op.Operation.Changes() {
		e.notef("  %s", change)
	}
	if op.Replayed > 0 {
		e.notef("  %s on top kept", plural(op.Replayed, "commit", "commits"))
	}
	e.notef("%s is done", patchmail.PrintableLine(op.Operation.Title()))
	return nil
}

func (e *env) undoPastSend(c *cli.Context) error {
	s, err := e.loadCurrent(c.Context)
	if err != nil {
		return err
	}
	changed, err := s.RestoreFromBeforeSend(c.Context)
	if err != nil {
		return err
	}
	if !changed {
		e.notef("the series is as it was before it was sent")
		return nil
	}
	e.notef("patches and cover letter are as before the last send; the branch stays v%d", s.Tracking.Revision)
	return nil
}

func logCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "log",
		Category:    groupState,
		Usage:       "list what kprep did to this repository, newest first",
		Description: "'*' marks what 'kprep undo' takes back first, '!' a send, which stays.",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "all", Usage: "of every series, not only of the current one"},
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
			log := oplog.New(repo, oplog.Options{Now: e.now})
			all, err := log.List()
			if err != nil {
				return err
			}
			next, err := series.NextUndo(c.Context, repo, log)
			if err != nil {
				return err
			}
			if !c.Bool("all") {
				s, err := series.Load(c.Context, repo, "")
				if err == nil {
					all = ofSeries(all, s.Tracking.ChangeID)
				}
			}
			if c.Bool("json") {
				return e.printJSON(logDocument(all, next))
			}
			if len(all) == 0 {
				e.notef("kprep remembers nothing that it did here")
			}
			for _, op := range all {
				mark := " "
				if op.Barrier {
					mark = "!"
				} else if next != nil && op.ID == next.ID {
					mark = "*"
				}
				fmt.Fprintf(e.reader(), "%s%4d  %s  %s\n", mark, op.ID, op.Time.Local().Format("2006-01-02 15:04"), patchmail.PrintableLine(op.Title()))
				for _, change := range op.Changes() {
					fmt.Fprintf(e.reader(), "         %s\n", patchmail.PrintableLine(change))
				}
			}
			return nil
		},
	}
}

func ofSeries(all []*oplog.Operation, changeID string) []*oplog.Operation {
	var out []*oplog.Operation
	for _, op := range all {
		if op.ChangeID == changeID || op.ChangeID == "" {
			out = append(out, op)
		}
	}
	return out
}

// A logEntry is one operation in the JSON of 'kprep log'.
type logEntry struct {
	ID       int      `json:"id"`
	Time     string   `json:"time"` // RFC 3339
	Title    string   `json:"title"`
	ChangeID string   `json:"change-id,omitempty"`
	Branch   string   `json:"branch,omitempty"`
	Barrier  bool     `json:"barrier"` // mail had left: undo stops here
	Status   string   `json:"status"`
	Next     bool     `json:"next"` // what undo takes back first
	Changes  []string `json:"changes"`
}

func logDocument(all []*oplog.Operation, next *oplog.Operation) any {
	entries := []logEntry{}
	for _, op := range all {
		entries = append(entries, logEntry{ID: op.ID, Time: op.Time.UTC().Format("2006-01-02T15:04:05Z"), Title: op.Title(),
			ChangeID: op.ChangeID, Branch: op.Branch, Barrier: op.Barrier, Status: string(op.Status),
			Next: next != nil && op.ID == next.ID, Changes: op.Changes()})
	}
	return struct {
		Schema     int        `json:"schema"` // 1
		Operations []logEntry `json:"operations"`
	}{1, entries}
}

var errNothingToForget = errors.New("nothing is remembered of that series")

func forgetCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "forget",
		Category:    groupState,
		Usage:       "remove what kprep remembers of a series",
		ArgsUsage:   "[CHANGE-ID]",
		Description: "Removes the operations of the series, so that they cannot be undone any more.\nBranch, tags and the record of what was sent stay.",
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
			var id string
			if len(given) == 1 {
				id = given[0]
			} else {
				s, err := series.Load(c.Context, repo, "")
				if err != nil {
					return err
				}
				id = s.Tracking.ChangeID
			}
			log := oplog.New(repo, oplog.Options{Now: e.now})
			all, err := log.List()
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(all, func(op *oplog.Operation) bool { return id != "" && op.ChangeID == id }) {
				return errNothingToForget
			}
			if !c.Bool("yes") {
				if err := e.confirm(c.Context, fmt.Sprintf("Forget the operations of %s?", patchmail.PrintableLine(id)), "nothing was changed; --yes does not ask"); err != nil {
					return err
				}
			}
			n, err := log.Forget(c.Context, id)
			if err != nil {
				return err
			}
			if n == 0 { // another process was faster
				return errNothingToForget
			}
			e.notef("forgot %s", plural(n, "operation", "operations"))
			return nil
		},
	}
}
