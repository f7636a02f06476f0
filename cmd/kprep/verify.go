package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
)

func verifyCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "verify",
		Category:  groupReview,
		Usage:     "check the signatures of messages",
		ArgsUsage: "[FILE…]",
		Description: "Checks each message in an mbox, a Maildir, a folder or a file, or on standard\n" +
			"input: whether its signature holds, whether who signed is who wrote it, and why\n" +
			"the key counts as theirs. A key is remembered when it first signs for somebody\n" +
			"whom no keyring knows; another one is refused later, see 'kprep key'.\n" +
			"Ends as 'patatt validate' does, with the worst of all: 0 passed, 4 not signed,\n" +
			"8 unknown key, 16 not understood, 32 bad.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "keyring", Usage: "look for keys in `DIR` or ref:REPO:REF:DIR alone"},
			&cli.StringFlag{Name: "dkim-keys", Usage: "check DKIM signatures by the TXT records in `FILE`; nothing is looked up"},
			&cli.BoolFlag{Name: "trim-body", Usage: "check as much of the body as was signed; drop the rest before you use it"},
			&cli.BoolFlag{Name: "as-patatt", Usage: "judge as patatt does, with its weaknesses, and remember nothing"},
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			files, err := argsBetween(c, 0, -1)
			if err != nil {
				return err
			}
			if len(files) == 0 {
				if e.terminal.stdin {
					return usagef("verify", "name a file, or give messages on standard input")
				}
				files = []string{"-"}
			}
			return e.verify(c, files)
		},
	}
}

func (e *env) verify(c *cli.Context, files []string) error {
	a, err := e.attestation(c.Context, "")
	if err != nil {
		return err
	}
	if rings := c.StringSlice("keyring"); len(rings) > 0 {
		a.settings.Keyrings = rings
	}
	rings, closeRings, err := a.settings.OpenKeyrings(c.Context, a.repo)
	if err != nil {
		return err
	}
	defer closeRings()
	v := &attest.Verifier{Keyrings: rings, Programs: a.settings.Programs, Now: e.now(),
		OwnGPG: !c.IsSet("keyring"), TrimBody: c.Bool("trim-body") || a.settings.TrimBody, AsPatatt: c.Bool("as-patatt")}
	if !c.IsSet("keyring") && !v.AsPatatt {
		if v.Pins, err = attest.UserPins(e.getenv); err != nil {
			return err
		}
	}
	dkim, err := e.readDKIMKeys(c.String("dkim-keys"))
	if err != nil {
		return err
	}
	checked, err := e.checkMail(c.Context, v, dkim, files)
	if err != nil {
		return err
	}
	if err := e.rememberKeys(v.Pins, checked); err != nil {
		return err
	}
	worst := attest.Pass
	for _, m := range checked {
		worst = max(worst, m.status())
	}
	if c.Bool("json") {
		err = e.printJSON(verifyReport(checked, worst))
	} else {
		err = e.printVerified(checked, v.AsPatatt)
	}
	if err == nil && worst != attest.Pass {
		err = &exitError{status: worst.ExitCode()}
	}
	return err
}

// A checkedMail is one message with what was found.
type checkedMail struct {
	file    string
	number  int
	subject patchmail.Subject
	list    string // List-Id, "" when it has none
	dkim    []attest.DKIMResult
	report  *attest.Report
	err     error // why there is no report
}

func (m *checkedMail) status() attest.Status {
	if m.err != nil {
		return attest.Error
	}
	return m.report.Status()
}

// errNoMail means that there was nothing to check; patatt would call that a
// success.
var errNoMail = errors.New("there is no message to check")

// checkMail checks every message that the files hold. One that cannot be read
// does not keep the others from it.
func (e *env) checkMail(ctx context.Context, v *attest.Verifier, keys attest.DKIMKeys, files []string) ([]*checkedMail, error) {
	var all []*checkedMail
	visit := func(mail inbox.Mail) error {
		m := &checkedMail{file: mail.File, number: mail.Number}
		m.subject, m.list = headerFacts(mail.Raw)
		var err error
		if m.dkim, err = attest.CheckDKIM(mail.Raw, keys); err != nil {
			e.debugf("no DKIM signature of message %d in %s can be read: %v", m.number, m.file, err)
		}
		if m.report, m.err = v.Check(ctx, mail.Raw); ctx.Err() != nil {
			return ctx.Err()
		}
		all = append(all, m)
		return nil
	}
	broken := func(err error) {
		unread := (*inbox.MailError)(nil)
		if errors.As(err, &unread) {
			all = append(all, &checkedMail{file: unread.File, number: unread.Number, err: unread.Err})
		}
	}
	for _, file := range files {
		var err error
		if file == "-" {
			err = inbox.WalkReader(ctx, e.stdin, "standard input", visit, broken)
		} else {
			err = inbox.Walk(ctx, e.path(file), visit, broken)
		}
		if err != nil {
			return nil, err
		}
	}
	if len(all) == 0 {
		return nil, errNoMail
	}
	return all, nil
}

// readDKIMKeys reads the file of --dkim-keys, "" for none.
func (e *env) readDKIMKeys(name string) (attest.DKIMKeys, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Open(e.path(name))
	if err != nil {
		return nil, fmt.Errorf("read DKIM keys: %w", err)
	}
	defer file.Close()
	keys, err := attest.ReadDKIMKeys(file)
	if err != nil {
		return nil, fmt.Errorf("read DKIM keys: %s: %w", name, err)
	}
	return keys, nil
}

// rememberKeys notes which keys signed, once all messages are checked: a series
// is met as a whole. Two keys for one person that are both new are refused.
func (e *env) rememberKeys(pins *attest.Pins, checked []*checkedMail) error {
	if pins == nil {
		return nil
	}
	for _, m := range checked {
		if m.report == nil {
			continue
		}
		for i := range m.report.Signatures {
			s := &m.report.Signatures[i]
			where := m.list
			if where == "" {
				where = m.file
			}
			err := pins.Note(*s, attest.Sighting{Time: e.now().UTC().Truncate(time.Second), MessageID: m.report.MessageID, Where: where})
			if changed := (*attest.ChangedError)(nil); errors.As(err, &changed) {
				s.Status, s.Trust, s.Changed = attest.BadSig, attest.Untrusted, true
				s.Reasons = append(s.Reasons, changed.Error())
			} else if err != nil {
				return err
			}
		}
	}
	return nil
}

// missingParts names the parts of a series that were not among the messages.
func missingParts(checked []*checkedMail) []int {
	total, seen := 0, []int{}
	for _, m := range checked {
		if m.report != nil && m.subject.Total > 1 {
			total = max(total, m.subject.Total)
			seen = append(seen, m.subject.Counter)
		}
	}
	var missing []int
	for n := 1; n <= total && n <= maxPatches; n++ {
		if !slices.Contains(seen, n) {
			missing = append(missing, n)
		}
	}
	return missing
}
