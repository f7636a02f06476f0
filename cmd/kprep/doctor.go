package main

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/submission"
)

func doctorCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "doctor",
		Category: groupSetUp,
		Usage:    "test the set-up without sending",
		Description: "Checks who sends, how commits and patches are signed, and the way to the mail\n" +
			"server, by a session that ends before a message begins, or to the web endpoint.\n" +
			"Ends with 1 when mail could not leave.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "identity", Usage: "use the settings sendemail.`NAME`.*"},
			&cli.BoolFlag{Name: "no-identity", Usage: "use no identity, whatever is configured"},
			&cli.BoolFlag{Name: "use-web-endpoint", Usage: "test the way through the web endpoint, whatever other is configured"},
			&cli.BoolFlag{Name: "offline", Usage: "connect to nothing"},
			insecureFlag(),
			&cli.BoolFlag{Name: "debug", Usage: "show what is said to the mail server, without secrets"},
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
			a, err := e.attestation(c.Context, "")
			if err != nil {
				return err
			}
			stamp, err := e.stamp()
			if err != nil {
				return err
			}
			d, err := submission.Diagnose(c.Context, repo, submission.Checkup{
				Identity: c.String("identity"), IdentitySet: c.IsSet("identity") || c.Bool("no-identity"), UseEndpoint: c.Bool("use-web-endpoint"),
				Offline: c.Bool("offline"), Signing: submission.SigningOf(a.settings, a.gitDir(), false), Agent: agent(), Stamp: stamp, Insecure: c.Bool("insecure"), Trace: e.trace(c),
			})
			if err != nil {
				return err
			}
			if err := c.Context.Err(); err != nil {
				return err // what failed then is no news
			}
			if err := e.printDiagnosis(c, d); err != nil {
				return err
			}
			if d.Failed() {
				return &exitError{status: statusFailed}
			}
			return nil
		},
	}
}

func (e *env) printDiagnosis(c *cli.Context, d *submission.Diagnosis) error {
	if c.Bool("json") {
		return e.printJSON(struct {
			Schema int  `json:"schema"` // 1
			OK     bool `json:"ok"`
			*submission.Diagnosis
		}{1, !d.Failed(), d})
	}
	for _, f := range d.Findings {
		if _, err := fmt.Fprintf(e.reader(), "%-8s %s: %s\n", f.State, f.Check, patchmail.PrintableLine(f.Text)); err != nil {
			return err
		}
		next := hint(f.Err)
		if next == "" {
			next = serverHint(f.Err)
		}
		if f.Err != nil && next != "" {
			fmt.Fprintf(e.reader(), "         %s\n", patchmail.PrintableLine(next))
		}
	}
	if d.Failed() {
		fmt.Fprintf(e.reader(), "%s: %s\n", d.Provider.Name, d.Provider.Advice)
	}
	return nil
}
