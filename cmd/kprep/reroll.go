package main

import (
	"errors"
	"fmt"
	"strings"

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
			if errors.As(err, new(*series.NotPreparedError)) && id != "" {
				return e.plainBranch(c, err, id)
			}
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

// A plainBranchError says how a branch that is no series joins with what was
// mailed of it.
type plainBranchError struct {
	cause   error
	command string
}

func (e *plainBranchError) Error() string { return e.cause.Error() }
func (e *plainBranchError) Unwrap() error { return e.cause }

// plainBranch finds the command for a branch of which the message id was
// mailed: its revision is in the mail, 1 without it, and BASE is left out where
// enroll finds it.
func (e *env) plainBranch(c *cli.Context, cause error, id string) error {
	revision := 1
	if c.IsSet("mail") {
		sent, err := inbox.FindSubject(c.Context, e.path(c.String("mail")), id)
		if err != nil {
			return err
		}
		revision = sent.Revision
	}
	command := "kprep enroll"
	if _, err := series.FindBase(c.Context, e.repo, false); err != nil {
		command += " BASE"
	}
	word := fmt.Sprintf("v%d=HEAD,%s", revision, id)
	if strings.ContainsFunc(id, func(r rune) bool {
		return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || strings.ContainsRune("@.+-_=", r))
	}) {
		word = shellQuote(word)
	}
	return &plainBranchError{cause: cause, command: command + " --sent " + word}
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
