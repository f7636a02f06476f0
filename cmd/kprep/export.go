package main

import (
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// exportForms are what 'send -o' can write.
func exportForms() []string { return []string{"eml", "mbox", "attach"} }

func checkFormat(c *cli.Context, form string) error {
	if !slices.Contains(exportForms(), form) {
		return usagef(c.Command.Name, "--format takes eml, mbox or attach, not %q", form)
	}
	return nil
}

// exported are the files for somebody else to send: a message each, all in one
// mailbox, or one mail with the patches attached. "" stands for eml.
func exported(form string, sub *submission.Submission) ([]sendmail.File, error) {
	switch form {
	case "mbox":
		return sub.Mailbox(), nil
	case "attach":
		one, err := sub.Attached()
		return []sendmail.File{one}, err
	}
	return sub.Files(), nil
}
