package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

// settleFlags are the options for a send that is not over.
func settleFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "allow-out-of-order", Usage: "let a recipient have a later message before one that is deferred"},
		&cli.BoolFlag{Name: "status", Usage: "show what became of every message for every recipient"},
		&cli.BoolFlag{Name: "continue", Usage: "go on with a send that broke off"},
		&cli.BoolFlag{Name: "abandon", Usage: "give up a send that broke off"},
		&cli.StringSliceFlag{Name: "arrived", Usage: "settle what is unknown: the message `ID` arrived, or those in @FILE"},
		&cli.StringSliceFlag{Name: "not-arrived", Usage: "settle what is unknown: the message `ID` did not arrive, or those in @FILE, or all"},
		&cli.StringSliceFlag{Name: "check-archive", Usage: "look for messages of unknown fate in `ARCHIVE`: a file, a folder or the URL of a public-inbox"},
		&cli.StringFlag{Name: "id-on-wire", Usage: "the message-id `ID` that the server gave the first message"},
		&cli.BoolFlag{Name: "accept-refusals", Usage: "leave it at that where a To was refused"},
		insecureFlag(),
		&cli.BoolFlag{Name: "debug", Usage: "show what is said to the mail server, without secrets and messages"},
		&cli.BoolFlag{Name: "json", Usage: "print what became of every message as JSON"},
		&cli.BoolFlag{Name: "json-stream", Usage: "print what happens as it does, an event of JSON a line"},
	}
}

// settling are the options that say something about a send that is not over.
func settling() []string {
	return []string{"arrived", "not-arrived", "check-archive", "id-on-wire", "accept-refusals"}
}

func settles(c *cli.Context) bool { return slices.ContainsFunc(settling(), c.IsSet) }

// exclusiveSettling refuses options together that want different things.
func exclusiveSettling(c *cli.Context) error {
	for _, does := range [][]string{{"continue"}, settling()} {
		for _, one := range does {
			for _, other := range []string{"dry-run", "output", "reflect", "preview-to", "resend", "abandon", "status"} {
				if err := exclusive(c, one, other); err != nil {
					return err
				}
			}
		}
	}
	for _, one := range []string{"dry-run", "output", "reflect", "preview-to", "resend"} {
		if err := exclusive(c, one, "status", "abandon"); err != nil {
			return err
		}
	}
	for _, other := range []string{"dry-run", "output", "abandon", "status"} {
		if err := exclusive(c, "insecure", other); err != nil {
			return err
		}
	}
	for _, other := range []string{"json", "dry-run", "output", "abandon", "status"} {
		if err := exclusive(c, "json-stream", other); err != nil {
			return err
		}
	}
	return nil
}

// sendPolicy is how patient a send is.
func (e *env) sendPolicy(c *cli.Context, mail sendmail.Settings) sendmail.Policy {
	policy := mail.Policy()
	policy.OutOfOrder = c.Bool("allow-out-of-order")
	return policy
}

// insecureFlag is never read from the configuration: it is said each time.
func insecureFlag() cli.Flag {
	return &cli.BoolFlag{Name: "insecure", Usage: "do not check the server's certificate, where sendemail.smtpSSLCertPath is empty"}
}

// connecting sets what the user says of the connection this time.
func (e *env) connecting(c *cli.Context, mail *sendmail.Settings) {
	mail.Trace, mail.Insecure = e.trace(c), c.Bool("insecure")
	if mail.Insecure && mail.Unchecked() {
		e.warnf("%s", sendmail.InsecureWarning)
	}
}

// trace shows the conversation with a server under --debug.
func (e *env) trace(c *cli.Context) func(string) {
	if !c.Bool("debug") {
		return nil
	}
	return func(line string) { e.printLine("%s", line) }
}

// continueSend settles what the user knows, and goes on where he wants that.
func (e *env) continueSend(c *cli.Context, s *series.Series) error {
	arrived, err := e.messageIDs(c.StringSlice("arrived"))
	if err != nil {
		return err
	}
	lost, err := e.messageIDs(c.StringSlice("not-arrived"))
	if err != nil {
		return err
	}
	open, err := submission.Reopen(c.Context, e.repo, s)
	if errors.Is(err, submission.ErrNothingOpen) {
		e.notef("%v; 'kprep send' starts one", err)
		if c.Bool("json") {
			return e.printSends()
		}
		return nil
	}
	if err != nil {
		return err
	}
	defer open.Close()
	progress := e.sendProgress(c)
	progress.signer = open.Signer()
	out, err := e.settleAndGoOn(c, open, progress, arrived, lost)
	unfinished := (*submission.UnfinishedError)(nil)
	if err != nil && c.Context.Err() != nil && !errors.As(err, &unfinished) {
		out, err = open.Interrupted()
	}
	return e.reportSend(c, submission.KindSend, progress, out, err)
}

// settleAndGoOn does what is asked of a send that is open: the messages named
// arrived, or were lost.
func (e *env) settleAndGoOn(c *cli.Context, open *submission.Open, progress *sendProgress, arrived, lost []string) (out submission.Outcome, err error) {
	if err := e.askClock(c, open); err != nil {
		return out, err
	}
	moved, err := open.Moved(c.Context)
	if err != nil {
		return out, err
	}
	if moved {
		e.notef("the branch has changed since the send began; what goes out is what was planned then")
	}
	if err := e.checkArchives(c, open); err != nil {
		return out, err
	}
	if err := e.settle(open, arrived, lost); err != nil {
		return out, err
	}
	if c.IsSet("id-on-wire") {
		if err := open.Renamed(bare(c.String("id-on-wire"))); err != nil {
			return out, err
		}
	}
	if c.Bool("continue") {
		e.askEndpoint(c, open)
	}
	if c.Bool("continue") && !c.Bool("yes") && e.mayPrompt() {
		if err := e.askFate(c, open); err != nil {
			return out, err
		}
	}
	if c.Bool("continue") {
		out, err = e.goOn(c, open, progress)
	} else {
		out, err = open.Finish(c.Context)
	}
	unfinished := (*submission.UnfinishedError)(nil)
	if c.Bool("accept-refusals") && errors.As(err, &unfinished) && unfinished.Err == nil && !unfinished.Refs {
		if unfinished.Err = open.AcceptRefusals(); unfinished.Err == nil {
			out, err = open.Finish(c.Context)
		}
	}
	return out, err
}

// mailSettings reads how mail is sent now.
func (e *env) mailSettings(c *cli.Context, open *submission.Open) (sendmail.Settings, error) {
	config, err := e.repo.Config()
	if err != nil {
		return sendmail.Settings{}, err
	}
	identity, known := c.String("identity"), c.IsSet("identity") || c.Bool("no-identity")
	if !known { // nobody changes accounts in mid-series unasked
		identity, known = open.Identity()
	}
	mail, err := sendmail.ReadSettings(config, identity, known)
	mail.Trace, mail.UseEndpoint, mail.Agent = e.trace(c), c.Bool("use-web-endpoint"), agent()
	return mail, err
}

// askEndpoint settles what the web endpoint can tell. That it cannot be asked
// leaves everything as it is.
func (e *env) askEndpoint(c *cli.Context, open *submission.Open) {
	inquiry, err := e.inquire(c, open)
	switch {
	case err != nil:
		e.warnf("the web endpoint could not be asked what it has: %v", err)
	case inquiry.Asked > 0:
		e.notef("the web endpoint told the fate of %d of %s", inquiry.Settled, plural(inquiry.Asked, "message", "messages"))
	}
}

func (e *env) inquire(c *cli.Context, open *submission.Open) (submission.Inquiry, error) {
	var none submission.Inquiry
	if len(open.Doubts()) == 0 {
		return none, nil
	}
	mail, err := e.mailSettings(c, open)
	if err != nil {
		return none, err
	}
	a, err := e.attestation(c.Context, "")
	if err != nil {
		return none, err
	}
	signing := submission.SigningOf(a.settings, a.gitDir(), false).On(true)
	if signing.Signer == nil {
		return none, signing.Err
	}
	stamp, err := e.stamp()
	if err != nil {
		return none, err
	}
	return open.Ask(c.Context, mail, signing.Signer, stamp)
}

func (e *env) goOn(c *cli.Context, open *submission.Open, progress *sendProgress) (submission.Outcome, error) {
	mail, err := e.mailSettings(c, open)
	if err != nil {
		return submission.Outcome{}, err
	}
	e.connecting(c, &mail)
	if err := e.askRoute(c, open, mail); err != nil {
		return submission.Outcome{}, err
	}
	if open.Nameless(mail) && !c.Bool("yes") && e.mayPrompt() {
		if err := e.askID(c, open); err != nil {
			return submission.Outcome{}, err
		}
	}
	ctx, done := hurried(c.Context)
	defer done()
	return open.Continue(ctx, mail, e.sendPolicy(c, mail), progress.tell)
}

// askRoute tells of another way than the send began with, and asks where it may.
func (e *env) askRoute(c *cli.Context, open *submission.Open, mail sendmail.Settings) error {
	route, began, differs := open.Detour(mail)
	if !differs {
		return nil
	}
	e.notef("the rest goes through %s; the send began through %s", route, began)
	if c.Bool("yes") || !e.mayPrompt() {
		return nil
	}
	return e.confirm(c.Context, "Go on?", "nothing was sent")
}

// askClock asks before anything is sent by a clock that was set back: the dates
// of the messages stand, but those of the journal would not be in order.
func (e *env) askClock(c *cli.Context, open *submission.Open) error {
	behind := open.Behind(time.Now()).Round(time.Second)
	if behind < clockSlack || !c.Bool("continue") {
		return nil
	}
	e.warnf("the clock is %v behind the last entry of this send's journal; the messages keep the dates that they have", behind)
	if c.Bool("yes") {
		return nil
	}
	return e.confirm(c.Context, "Go on?", "nothing was sent; set the clock, or --yes goes on all the same")
}

// clockSlack is how far clocks are corrected in passing.
const clockSlack = time.Minute

// messageIDs reads message-ids, with or without brackets; @FILE holds any
// number of them, one a line.
func (e *env) messageIDs(given []string) ([]string, error) {
	var ids []string
	for _, word := range given {
		words := []string{word}
		if file, ok := strings.CutPrefix(word, "@"); ok {
			text, err := os.ReadFile(e.path(file))
			if err != nil {
				return nil, fmt.Errorf("read message-ids: %w", err)
			}
			words = strings.Fields(string(text))
		}
		for _, id := range words {
			if id = bare(id); id != "" {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

// bare is a message-id without its brackets.
func bare(id string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
}

// everything stands for all messages of unknown fate.
const everything = "all"

// settle records what the user says of messages of unknown fate. Who says both
// is believed that a message arrived.
func (e *env) settle(open *submission.Open, arrived, lost []string) error {
	left := open.Doubts()
	for _, d := range left {
		var err error
		switch {
		case slices.ContainsFunc(d.IDs(), func(id string) bool { return slices.Contains(arrived, id) }):
			err = open.Settle(d, true)
			e.notef("settled: %s arrived", d.Planned.Name)
		case slices.Contains(lost, everything), slices.ContainsFunc(d.IDs(), func(id string) bool { return slices.Contains(lost, id) }):
			err = open.Settle(d, false)
			e.notef("settled: %s did not arrive", d.Planned.Name)
		}
		if err != nil {
			return err
		}
	}
	lost = slices.DeleteFunc(slices.Clone(lost), func(word string) bool { return word == everything })
	for _, id := range slices.Concat(arrived, lost) { // that all arrived is nothing to say in a word
		known := slices.ContainsFunc(left, func(d sendmail.Doubt) bool { return slices.Contains(d.IDs(), id) })
		if !known {
			e.notef("ignored: the fate of %q is not unknown", id)
		}
	}
	return nil
}

// askFate asks about each message of unknown fate; no answer settles nothing.
func (e *env) askFate(c *cli.Context, open *submission.Open) error {
	doubts := open.Doubts()
	if len(doubts) == 0 {
		return nil
	}
	mask, err := open.LinkMask(c.Context)
	if err != nil {
		return err
	}
	for _, d := range doubts {
		fmt.Fprintf(e.stderr, "%s\n  <%s>\n  %s\n", patchmail.PrintableLine(d.Planned.Subject), patchmail.PrintableLine(d.Planned.ID),
			patchmail.PrintableLine(submission.AboutDoubt(d, mask)))
		fmt.Fprint(e.stderr, "Did it arrive? [y]es, [n]o, or nothing if you do not know: ")
		answer, err := e.readLine(c.Context)
		if !strings.HasSuffix(answer, "\n") {
			fmt.Fprintln(e.stderr)
		}
		if err != nil {
			return err
		}
		switch strings.ToLower(strings.TrimSpace(answer)) {
		case "y", "yes":
			err = open.Settle(d, true)
		case "n", "no":
			err = open.Settle(d, false)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// askID asks what the server made of the first message-id.
func (e *env) askID(c *cli.Context, open *submission.Open) error {
	fmt.Fprint(e.stderr, "The server gives messages new message-ids. That of the first, as your copy has it, or nothing if you do not know: ")
	answer, err := e.readLine(c.Context)
	if err != nil || bare(answer) == "" {
		return err
	}
	return open.Renamed(bare(answer))
}
