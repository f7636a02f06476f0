package main

import (
	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

func previewCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "preview",
		Category: groupLook,
		Usage:    "show the exact messages",
		Description: "Prints every message as it would leave, headers and all. Only dates and\n" +
			"message-ids are new when the series is sent. Nothing is sent and nothing changes.",
		Flags: append(renderFlags(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write one file per message into `DIR` instead"},
			&cli.BoolFlag{Name: "plain", Usage: "patches to give away: from their authors, without recipients and tracking"}),
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			for _, recipients := range []string{"to", "cc"} {
				if err := exclusive(c, "plain", recipients); err != nil {
					return err
				}
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			sub, err := e.prepare(c, s, submission.KindSend)
			if err != nil {
				return err
			}
			messages := sub.Outgoing()
			if c.Bool("plain") {
				if messages, err = sub.Plain(); err != nil {
					return err
				}
			} else {
				e.warnProblems(sub.Problems(nil))
			}
			if c.IsSet("output") {
				return e.writeMessages(c, messages)
			}
			return e.printMessages(c.Context, messages)
		},
	}
}

// writeMessages puts one file per message into the directory of -o.
func (e *env) writeMessages(c *cli.Context, messages []sendmail.Outgoing) error {
	dir := c.String("output")
	if dir == "" {
		return usagef(c.Command.Name, "-o needs the name of a directory")
	}
	if err := sendmail.NewDirectory(e.path(dir)).Write(c.Context, messages); err != nil {
		return err
	}
	e.notef("wrote %s to %s; apply them with 'git am'", plural(len(messages), "message", "messages"), dir)
	return nil
}
