package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func rerollCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "reroll",
		Category: groupWork,
		Usage:    "make the next revision of a series that was mailed by other means",
		Description: "Does what 'kprep send' does when the mail is out: the patches as they are get\n" +
			"the sent tag of this revision, and the branch becomes the next one.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "manual", Usage: "the first message that was sent was `MSGID`, or the URL of it"},
			&cli.StringFlag{Name: "mail", Aliases: []string{"m"}, Usage: "compare with that message in `FILE`, an mbox or a Maildir"},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			id := ""
			if c.IsSet("manual") {
				var err error
				if id, err = parseMessageID("reroll", c.String("manual")); err != nil {
					return err
				}
			} else if c.IsSet("mail") {
				return usagef("reroll", "--mail goes with --manual, which names the message")
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			lock, err := submission.Lock(e.repo, s.Tracking.ChangeID)
			if err != nil {
				return err
			}
			defer lock.Release()
			if s, err = series.Load(c.Context, e.repo, s.Branch); err != nil {
				return err
			}
			return e.reroll(c, s, id)
		},
	}
}

// reroll makes the next revision, after the user agreed to what it will be.
func (e *env) reroll(c *cli.Context, s *series.Series, id string) error {
	sub, err := e.prepare(c, s, submission.KindSend)
	if err != nil {
		return err
	}
	if c.IsSet("mail") {
		sent, err := inbox.FindSubject(c.Context, e.path(c.String("mail")), id)
		if err != nil {
			return err
		}
		same, err := sub.CheckMailed(id, sent)
		if err != nil {
			return err
		}
		if !same {
			e.warnf("the message has another title: %q", sent.Title)
		}
	}
	r, err := sub.ByHand(c.Context, id)
	if err != nil {
		return err
	}
	if !c.Bool("yes") {
		e.notef("v%d of branch %q, %s, is recorded as mailed; this cannot be undone", r.Revision-1, s.Name(), plural(len(s.Patches), "patch", "patches"))
		question := fmt.Sprintf("Tag them %s, and go on with v%d?", r.Tag, r.Revision)
		if err := e.confirm(c.Context, question, "nothing was changed; --yes does not ask"); err != nil {
			return err
		}
	}
	if err := sub.FinishByHand(c.Context, r); err != nil {
		return err
	}
	e.notef("v%d has the tag %q; the branch is v%d now", r.Revision-1, r.Tag, r.Revision)
	e.notef("say what changes with 'kprep cover', compare with 'kprep diff'")
	return nil
}
