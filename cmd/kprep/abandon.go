package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

// abandonSend gives up what is not over of a send, once the user agrees.
func (e *env) abandonSend(c *cli.Context, s *series.Series) error {
	notOver := submission.CheckNoneOpen(c.Context, e.repo, s)
	revision := 0
	open, damaged, lost := (*submission.OpenSendError)(nil), (*submission.DamagedSendError)(nil), (*submission.LostSendError)(nil)
	switch {
	case notOver == nil:
		e.notef("%v", submission.ErrNothingOpen)
		if c.Bool("json") {
			return e.printSends()
		}
		return nil
	case errors.As(notOver, &open):
		revision = open.Revision
	case errors.As(notOver, &damaged):
		revision = damaged.Revision
	case errors.As(notOver, &lost):
		revision = lost.Revision
	default:
		return notOver
	}
	if !c.Bool("yes") {
		fmt.Fprintln(e.stderr, notOver)
		if err := e.confirm(c.Context, "Give it up?", "nothing was changed; --yes does not ask"); err != nil {
			return err
		}
	}
	out, err := submission.Abandon(c.Context, e.repo, s, func() (*submission.Submission, error) {
		return e.prepare(c, s, submission.KindSend)
	})
	if err != nil {
		return err
	}
	given := "given up after " + out.Summary.String()
	if lost != nil {
		given = "given up"
	}
	switch {
	case out.NextRevision > 0 && out.Tag != "":
		e.notef("%s: tagged %s; the branch is now v%d", given, out.Tag, out.NextRevision)
	case out.NextRevision > 0:
		e.notef("%s: the branch is now v%d", given, out.NextRevision)
	case out.Tag != "":
		e.notef("%s: tagged %s", given, out.Tag)
	case damaged != nil, out.Summary.Accepted+out.Summary.Unknown > 0: // of a resend nothing else follows
		e.notef("%s", given)
	default:
		e.notef("given up: nothing of v%d was sent", revision)
	}
	if damaged != nil || lost != nil {
		e.notef("the list's archive shows what of v%d arrived", revision)
	}
	switch {
	case c.Bool("json") && out.Journal == "":
		return e.printSends()
	case c.Bool("json"):
		return e.reportJSON(c.Context, out.Journal, 0)
	}
	return nil
}
