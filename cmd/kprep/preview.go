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
			"message-ids are new when the series is sent. Nothing is sent and nothing changes.\n" +
			"The approval that it ends with can be required by 'kprep send --approved'.",
		Flags: append(renderFlags(),
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write one file per message into `DIR` instead"},
			&cli.BoolFlag{Name: "plain", Usage: "patches to give away: from their authors, without recipients and tracking"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"}),
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			for _, other := range []string{"to", "cc", "json"} {
				if err := exclusive(c, "plain", other); err != nil {
					return err
				}
			}
			if err := exclusive(c, "json", "output"); err != nil {
				return err
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			sub, err := e.prepare(c, s, submission.KindSend)
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return e.printJSON(reportPreview(sub))
			}
			files := sub.Files()
			if c.Bool("plain") {
				if files, err = sub.Plain(); err != nil {
					return err
				}
			} else {
				e.warnCovers(c.Context, s)
				e.warnProblems(sub.Problems(nil))
			}
			if c.IsSet("output") {
				err = e.writeFiles(c, files, "")
			} else {
				err = e.printFiles(c.Context, files)
			}
			if err == nil && !c.Bool("plain") {
				e.noteApproval(sub)
			}
			return err
		},
	}
}

// noteApproval tells what was done to the patches on their way into mail, and
// what pins the messages that were shown.
func (e *env) noteApproval(sub *submission.Submission) {
	for _, m := range sub.Messages {
		for _, note := range m.Notes() {
			e.notef("%s: %s", m.Name, note)
		}
	}
	e.noteSigning(sub)
	e.notef("approval %s", sub.Approval())
}

// A previewReport is the JSON document of a preview.
type previewReport struct {
	Schema       int                  `json:"schema"` // 1
	Approval     string               `json:"approval"`
	Route        string               `json:"route"` // "" when none is configured
	EnvelopeFrom string               `json:"envelope-from"`
	Signer       *sendmail.Signer     `json:"signer,omitempty"` // of every message, which a preview does not sign
	Bcc          int                  `json:"bcc"`              // recipients of every message that no header names
	Messages     []previewedMessage   `json:"messages"`
	Problems     []submission.Problem `json:"problems"`
}

type previewedMessage struct {
	File       string   `json:"file"`
	Commit     string   `json:"commit,omitempty"`
	Subject    string   `json:"subject"`
	To         []string `json:"to"`
	Cc         []string `json:"cc"`
	Recipients int      `json:"recipients"` // of the envelope
	Size       int      `json:"size"`
	Encoding   string   `json:"encoding"`
	Notes      []string `json:"notes"` // what was done to it
}

func reportPreview(sub *submission.Submission) previewReport {
	r := previewReport{Schema: 1, Approval: sub.Approval(), Route: sub.Route(), EnvelopeFrom: sub.Envelope, Signer: sub.Signer(), Bcc: sub.Bcc(),
		Problems: append([]submission.Problem{}, sub.Problems(nil)...)}
	for _, m := range sub.Messages {
		p := previewedMessage{File: m.Name, Subject: m.Draft.Message.Subject, To: []string{}, Cc: []string{},
			Recipients: len(m.Recipients), Size: m.Size, Encoding: m.Encoding, Notes: append([]string{}, m.Notes()...)}
		if m.Draft.Commit != nil {
			p.Commit = string(m.Draft.Commit.ID)
		}
		for _, a := range m.Draft.Message.To {
			p.To = append(p.To, a.String())
		}
		for _, a := range m.Draft.Message.Cc {
			p.Cc = append(p.Cc, a.String())
		}
		r.Messages = append(r.Messages, p)
	}
	return r
}

// writeFiles puts the files, of one of [exportForms], into the directory of -o.
func (e *env) writeFiles(c *cli.Context, files []sendmail.File, format string) error {
	dir := c.String("output")
	if dir == "" {
		return usagef(c.Command.Name, "-o needs the name of a directory")
	}
	if err := sendmail.NewDirectory(e.path(dir)).Write(files); err != nil {
		return err
	}
	switch what := plural(len(files), "message", "messages"); format {
	case "mbox":
		e.notef("wrote a mailbox to %s; apply it with 'git am --patch-format=mboxrd'", dir)
	case "attach":
		e.notef("wrote a mail with the patches attached to %s; send it with any mail program", dir)
	default:
		e.notef("wrote %s to %s; apply them with 'git am'", what, dir)
	}
	return nil
}
