package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
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
		ArgsUsage: "[FILE|MESSAGE-ID…]",
		Description: "Checks each message in an mbox, a Maildir, a folder or a file, or on standard\n" +
			"input: whether its signature holds, whether who signed is who wrote it, and why\n" +
			"the key counts as theirs. A key is remembered when it first signs for somebody\n" +
			"whom no keyring knows; another one is refused later, see 'kprep key'.\n" +
			"A message-id, or its URL, means the series that the message belongs to: it is\n" +
			"looked up in the mail of kprep.archive, then on the server of b4.midmask.\n" +
			"Ends as 'patatt validate' does, with the worst of all: 0 passed, 4 not signed,\n" +
			"8 unknown key, 16 not understood, 32 bad.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "keyring", Usage: "look for keys in `DIR` or ref:REPO:REF:DIR alone"},
			&cli.StringFlag{Name: "dkim-keys", Usage: "check DKIM signatures by the TXT records in `FILE`; nothing is looked up"},
			&cli.BoolFlag{Name: "trim-body", Usage: "check as much of the body as was signed; drop the rest before you use it"},
			&cli.BoolFlag{Name: "as-patatt", Usage: "judge as patatt does, with its weaknesses, and remember nothing"},
			offlineFlag(),
			&cli.BoolFlag{Name: "json", Usage: "print JSON"},
		},
		Action: func(c *cli.Context) error {
			files, err := argsBetween(c, 0, -1)
			if err != nil {
				return err
			}
			if len(files) == 0 {
				if e.terminal.stdin {
					return usagef("verify", "name a file or a message-id, or give messages on standard input")
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
	a.offline = c.Bool("offline")
	if rings := c.StringSlice("keyring"); len(rings) > 0 {
		a.settings.Keyrings = rings
	}
	rings, closeRings, err := a.settings.OpenKeyrings(c.Context, a.repo)
	if err != nil {
		return err
	}
	defer closeRings()
	v := &attest.Verifier{Keyrings: rings, Programs: a.settings.Programs, Now: e.now(),
		Staleness: a.settings.Staleness, OwnGPG: !c.IsSet("keyring"), TrimBody: c.Bool("trim-body") || a.settings.TrimBody, AsPatatt: c.Bool("as-patatt")}
	if !c.IsSet("keyring") && !v.AsPatatt {
		if v.Pins, err = attest.UserPins(e.getenv, e.now); err != nil {
			return err
		}
		v.Past = e.past(a)
	}
	dkim, err := e.readDKIMKeys(c.String("dkim-keys"))
	if err != nil {
		return err
	}
	checked, err := e.checkMail(c.Context, a, v, dkim, files)
	if err != nil {
		return err
	}
	e.rememberKeys(v.Pins, checked)
	worst := attest.Pass
	for _, m := range checked {
		worst = max(worst, m.status())
	}
	if c.Bool("json") {
		err = e.printJSON(verifyReport(checked, worst, v.AsPatatt))
	} else {
		e.printVerified(checked, v.AsPatatt)
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
	list    string         // List-Id, "" when it has none
	message *inbox.Message // nil when it has no message-id
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
func (e *env) checkMail(ctx context.Context, a *attestation, v *attest.Verifier, keys attest.DKIMKeys, words []string) ([]*checkedMail, error) {
	var all []*checkedMail
	defer e.progress.doing("")
	visit := func(mail inbox.Mail) error {
		e.progress.count("checking messages", len(all), 0)
		m := &checkedMail{file: mail.File, number: mail.Number}
		m.subject, m.list = headerFacts(mail.Raw)
		var err error
		if m.message, err = inbox.Parse(mail, trackedID); err != nil {
			e.debugf("message %d in %s belongs to no series: %v", m.number, m.file, err)
		}
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
	for _, word := range words {
		if err := e.walkWord(ctx, a, word, visit, broken); err != nil {
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
// is met as a whole. Two keys for one person that are both new are refused. What
// cannot be written down leaves the verdicts as they are: a first use stays one.
func (e *env) rememberKeys(pins *attest.Pins, checked []*checkedMail) {
	if pins == nil {
		return
	}
	met := map[string][]attest.Meeting{} // by identity
	from := map[string][]*attest.Signature{}
	var identities []string
	for _, m := range checked {
		if m.report == nil {
			continue
		}
		where := m.list
		if where == "" {
			where = m.file
		}
		for i := range m.report.Signatures {
			s := &m.report.Signatures[i]
			who := strings.ToLower(s.Identity)
			if met[who] == nil {
				identities = append(identities, who)
			}
			at := attest.Sighting{Time: e.now().UTC().Truncate(time.Second), MessageID: m.report.MessageID, Where: where}
			met[who], from[who] = append(met[who], attest.Meeting{Signature: *s, At: at}), append(from[who], s)
		}
	}
	for _, who := range identities {
		changed, err := pins.Note(who, met[who])
		if err != nil {
			e.warnf("nothing is remembered: %v", err)
			return
		}
		for i, err := range changed {
			s := from[who][i]
			s.Status, s.Trust, s.Changed = attest.BadSig, attest.Untrusted, true
			s.Reasons = append(s.Reasons, err.Error())
		}
	}
}
