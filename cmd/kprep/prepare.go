package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

// renderFlags are the options that change what the messages are.
func renderFlags() []cli.Flag {
	return []cli.Flag{
		addressFlag("to", "send to `ADDRESS` too, instead of to sendemail.to"),
		addressFlag("cc", "copy `ADDRESS` too, instead of sendemail.cc"),
		addressFlag("bcc", "blind-copy `ADDRESS` too, instead of sendemail.bcc"),
		&cli.BoolFlag{Name: "force-cover-letter", Usage: "a cover letter also for a single patch"},
		&cli.BoolFlag{Name: "force-in-body-from", Usage: "name the author in the body too, for lists that rewrite From"},
		&cli.BoolFlag{Name: "range-diff", Usage: "a range-diff against the revision before in the cover letter"},
		&cli.StringFlag{Name: "identity", Usage: "use the settings sendemail.`NAME`.*"},
		&cli.BoolFlag{Name: "no-identity", Usage: "use no identity, whatever is configured"},
		&cli.BoolFlag{Name: "not-me-too", Usage: "no copy for yourself"},
		&cli.BoolFlag{Name: "no-trailer-to-cc", Usage: "leave out whom cover letter and commits name; --to and the settings stay"},
		&cli.StringFlag{Name: "same-thread", Usage: "answer an earlier revision: `WHICH` is no, previous or first", Action: checkThread},
		&cli.StringFlag{Name: "in-reply-to", Usage: "answer the message `MSGID`, or the URL of it"},
		&cli.BoolFlag{Name: "use-web-endpoint", Usage: "through the web endpoint, whatever other way is configured"},
		&cli.BoolFlag{Name: "no-sign", Usage: "do not sign, whatever key is configured"},
		&cli.StringFlag{Name: "cc-from-thread", Usage: "copy all who take part in the thread in `FILE`, or of the message-id in kprep.archive"},
		offlineFlag(),
	}
}

// checkThread refuses a word that names no revision.
func checkThread(c *cli.Context, word string) error {
	if !slices.Contains([]string{"no", "previous", "first"}, word) {
		return usagef(c.Command.Name, "--same-thread takes no, previous or first, not %q", word)
	}
	return nil
}

// agent is the name of the program as HTTP has it.
func agent() string { return "kprep/" + programVersion() }

// prepare renders the series on the current branch.
func (e *env) prepare(c *cli.Context, s *series.Series, kind submission.Kind) (*submission.Submission, error) {
	if err := exclusive(c, "same-thread", "in-reply-to"); err != nil {
		return nil, err
	}
	for _, other := range []string{"no-sign", "preview-to"} {
		if err := exclusive(c, "use-web-endpoint", other); err != nil {
			return nil, err
		}
	}
	random, err := e.randomHex(12)
	if err != nil {
		return nil, err
	}
	o := submission.Options{Kind: kind, Now: e.now(), Random: random, Mailer: "kprep " + programVersion(), Agent: agent(), UseEndpoint: c.Bool("use-web-endpoint"), Home: e.getenv("HOME"),
		ForceCover: c.Bool("force-cover-letter"), InBodyFrom: c.Bool("force-in-body-from"), Identity: c.String("identity"), IdentitySet: c.IsSet("identity") || c.Bool("no-identity"), Plain: c.Bool("plain"), RangeDiff: c.Bool("range-diff"),
		To: c.StringSlice("to"), Cc: c.StringSlice("cc"), Bcc: c.StringSlice("bcc"), Env: e.environ, Patience: e.patience(),
		PreviewTo: c.StringSlice("preview-to"), SameThread: c.String("same-thread"), NotMeToo: c.Bool("not-me-too"), NoTrailers: c.Bool("no-trailer-to-cc")}
	if o.InReplyTo, err = e.inReplyTo(c); err != nil {
		return nil, err
	}
	if o.FromThread, err = e.fromThread(c); err != nil {
		return nil, err
	}
	a, err := e.attestation(c.Context, "")
	if err != nil {
		return nil, err
	}
	o.Signing = submission.SigningOf(a.settings, a.gitDir(), c.Bool("no-sign"))
	o.Signed = func(done, total int) { e.progress.count("signing messages", done, total) }
	e.progress.doing("making the messages")
	sub, err := submission.Prepare(c.Context, e.repo, s, o)
	e.progress.doing("")
	if err != nil {
		return nil, err
	}
	if config, err := e.repo.Config(); err == nil {
		if _, err := series.KeepDays(config); err != nil {
			e.warnf("%v; the operation log is kept", err)
		}
	}
	for _, w := range sub.Mail.Warnings {
		e.warnf("%s", w)
	}
	return sub, nil
}

// patience is with the user's own commands: at a terminal somebody sits and
// wonders.
func (e *env) patience() submission.Patience {
	p := submission.Patience{After: 5 * time.Second, Tell: func(what string) { e.notef("waiting for %s", what) }}
	if e.terminal.stderr {
		p.After = time.Second
	}
	return p
}

// noteSigning tells how messages that are shown will be signed: a signature is
// made over the message-id, so that they have none yet.
func (e *env) noteSigning(sub *submission.Submission) {
	if sub.Signing.Signer == nil {
		e.notef("%s", sub.Signing)
	} else {
		e.notef("will be %s when sent", sub.Signing)
	}
}

// loadCurrent opens the repository and loads the series that is checked out.
func (e *env) loadCurrent(ctx context.Context) (*series.Series, error) {
	repo, err := e.openRepo(ctx)
	if err != nil {
		return nil, err
	}
	return series.Load(ctx, repo, "")
}

// warnProblems tells what speaks against sending, and what to do about it.
func (e *env) warnProblems(problems []submission.Problem) {
	for _, p := range problems {
		text := p.Text
		if p.Next != "" {
			text += "; " + p.Next
		}
		e.warnf("%s: %s", p.Name, text)
	}
}

// printFiles prints messages for reading: as they would leave, escaped for a
// terminal.
func (e *env) printFiles(ctx context.Context, files []sendmail.File) error {
	return e.pageFrom(ctx, e.repo, func(w io.Writer) error {
		var text bytes.Buffer
		for i, f := range files {
			text.Reset()
			if i > 0 {
				text.WriteString("\n")
			}
			fmt.Fprintf(&text, "--- %s\n", f.Name)
			if err := f.Write(&text); err != nil {
				return err
			}
			shown := text.Bytes()
			if e.terminal.stdout {
				shown = []byte(patchmail.Printable(string(shown)))
			}
			if _, err := w.Write(shown); err != nil {
				return err
			}
		}
		return nil
	})
}
