package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func sendCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "send",
		Category: groupSend,
		Usage:    "mail the series on the current branch",
		Description: "Shows everything that will happen and asks before it does. Afterwards the\n" +
			"revision has a tag \"sent/...\", and the branch is the next revision.",
		Flags: append(append(renderFlags(),
			&cli.BoolFlag{Name: "dry-run", Aliases: []string{"n", "d"}, Usage: "print the messages instead of sending them"},
			&cli.StringFlag{Name: "output", Aliases: []string{"o", "output-dir"}, Usage: "write one file per message into `DIR` instead of sending them"},
			&cli.StringFlag{Name: "format", Usage: "what -o writes: `FORM` is eml, mbox or attach (one mail with the patches attached)", Action: checkFormat},
			addressFlag("preview-to", "send to `ADDRESS` alone, to have a look, headers as for everybody"),
			&optionalFlag{StringFlag: cli.StringFlag{Name: "resend", Usage: "send `REVISION` once more as it was, the last one unless said"}, bare: "last", accepts: isRevision},
			&cli.BoolFlag{Name: "reflect", Usage: "send to yourself alone, headers as for everybody"},
			&cli.StringFlag{Name: "approved", Usage: "send only what has the approval `HASH`, as 'kprep preview' printed it", Action: checkApproval},
			&cli.BoolFlag{Name: "yes", Aliases: []string{"y"}, Usage: "do not ask"},
			&cli.StringSliceFlag{Name: "allow", Usage: "pass over `NAME`: " + strings.Join(submission.Allowable(), ", "), Action: checkAllow},
		), append(settleFlags(), authFlags()...)...),
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			if line, err := authLine(c); err != nil {
				return err
			} else if line != nil {
				return e.carryOut(c.Context, [][]string{line})
			}
			for _, nowhere := range []string{"dry-run", "output"} { // these two agree
				if err := exclusive(c, nowhere, "reflect", "continue", "abandon"); err != nil {
					return err
				}
			}
			if err := exclusive(c, "reflect", "preview-to", "resend", "continue", "abandon"); err != nil {
				return err
			}
			if err := exclusive(c, "resend", "same-thread"); err != nil {
				return err
			}
			if c.IsSet("format") && !c.IsSet("output") {
				return usagef("send", "--format goes with -o, which says where to write")
			}
			if err := exclusiveSettling(c); err != nil {
				return err
			}
			if c.Bool("status") {
				return e.sendStatus(c)
			}
			s, err := e.loadCurrent(c.Context)
			if noSeries(err) && (c.Bool("continue") || c.Bool("abandon") || settles(c)) {
				return submission.Away(c.Context, e.repo, err)
			}
			if err != nil {
				return err
			}
			e.warnAhead(c.Context, s)
			e.warnOnce(s)
			if c.Bool("dry-run") || c.IsSet("output") {
				return e.sendNowhere(c, s)
			}
			lock, err := submission.Lock(e.repo, s.Tracking.ChangeID)
			if err != nil {
				return err
			}
			defer lock.Release()
			if s, err = series.Load(c.Context, e.repo, s.Branch); err != nil {
				return err
			}
			switch {
			case c.Bool("abandon"):
				return e.abandonSend(c, s)
			case c.Bool("continue") || settles(c):
				return e.continueSend(c, s)
			}
			return e.send(c, s)
		},
	}
}

// checkAllow refuses names that allow nothing: a slip must not look like a
// problem that came back.
func checkAllow(c *cli.Context, names []string) error {
	for _, name := range names {
		if !slices.Contains(submission.Allowable(), strings.ToLower(name)) {
			return usagef(c.Command.Name, "--allow takes %s, not %q", strings.Join(submission.Allowable(), ", "), name)
		}
	}
	return nil
}

// checkApproval refuses what no preview can have printed.
func checkApproval(c *cli.Context, approval string) error {
	if !submission.IsApproval(approval) {
		return usagef(c.Command.Name, "--approved takes what 'kprep preview' prints, not %q", approval)
	}
	return nil
}

// exclusive refuses two of the named options together.
func exclusive(c *cli.Context, names ...string) error {
	var given []string
	for _, name := range names {
		if c.IsSet(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 1 {
		return usagef(c.Command.Name, "%s cannot be used together", strings.Join(given, " and "))
	}
	return nil
}

// sendNowhere does all of a send but the transport, and ends as the send would.
func (e *env) sendNowhere(c *cli.Context, s *series.Series) error {
	kind, s, err := e.kindOf(c, s)
	if err != nil {
		return err
	}
	sub, err := e.prepare(c, s, kind)
	if err != nil {
		return err
	}
	allow := c.StringSlice("allow")
	format := c.String("format")
	if c.IsSet("output") && sub.TakesOneMail() {
		format, allow = cmp.Or(format, "attach"), append(allow, "one-mail") // files are no mails
	}
	problems, err := sub.Preflight(c.Context, allow)
	if err != nil {
		return err
	}
	refused := sub.Check(c.Context, allow)
	if c.IsSet("approved") && refused == nil {
		refused = sub.CheckApproved(c.String("approved"))
	}
	e.warnProblems(slices.DeleteFunc(problems, func(p submission.Problem) bool { return p.Refusal && refused != nil })) // it names them
	if c.IsSet("output") {
		files, err := exported(format, sub)
		if err != nil {
			return err
		}
		if err := e.writeFiles(c, files, format); err != nil {
			return err
		}
		e.noteSigning(sub)
		return refused
	}
	if err := e.printFiles(c.Context, sub.Files()); err != nil {
		return err
	}
	e.noteApproval(sub)
	if refused == nil {
		e.notef("dry run: nothing was sent")
	}
	return refused
}

func (e *env) send(c *cli.Context, s *series.Series) error {
	kind, s, err := e.kindOf(c, s)
	if err != nil {
		return err
	}
	if err := submission.CheckNoneOpen(c.Context, e.repo, s); err != nil {
		return err
	}
	sub, err := e.prepare(c, s, kind)
	if err != nil {
		return err
	}
	if c.IsSet("approved") {
		if err := sub.CheckApproved(c.String("approved")); err != nil {
			return err
		}
	}
	e.connecting(c, &sub.Mail)
	ready, err := sub.Ready(c.Context, c.StringSlice("allow"))
	e.progress.doing("")
	if err != nil {
		return err
	}
	problems, err := sub.Preflight(c.Context, c.StringSlice("allow"))
	if err != nil {
		return err
	}
	if c.Bool("yes") || sub.Mail.Confirm == "never" {
		e.warnProblems(problems)
		e.notef("%s", sub.Signing)
		if from := ready.From(); from != "" {
			e.notef("%s", from)
		}
	} else {
		if err := e.showPlan(ready, problems); err != nil {
			return err
		}
		if err := e.confirm(c.Context, "Send?", "nothing was sent; --yes sends without asking"); err != nil {
			return err
		}
	}
	ctx, done := hurried(c.Context)
	defer done()
	progress := e.sendProgress(c)
	progress.signer = sub.Signer()
	out, err := ready.Send(ctx, e.sendPolicy(c, sub.Mail), progress.tell)
	return e.reportSend(c, kind, progress, out, err)
}

// kindOf is what a send is for, and the series that it sends.
func (e *env) kindOf(c *cli.Context, s *series.Series) (submission.Kind, *series.Series, error) {
	switch {
	case c.Bool("reflect"):
		return submission.KindReflect, s, nil
	case c.IsSet("preview-to"):
		return submission.KindPreview, s, nil
	case c.IsSet("resend"):
		revision := 0
		if word := c.String("resend"); word != "last" {
			n, err := strconv.Atoi(strings.TrimPrefix(word, "v"))
			if !isRevision(word) || err != nil {
				return "", nil, usagef("send", "--resend takes a revision such as v2, not %q", word)
			}
			revision = n
		}
		sent, err := s.Resent(c.Context, revision)
		return submission.KindResend, sent, err
	}
	return submission.KindSend, s, nil
}

// isRevision is true of v2 and of 2.
func isRevision(word string) bool {
	n, err := strconv.Atoi(strings.TrimPrefix(word, "v"))
	return err == nil && n > 0 && strings.TrimPrefix(word, "v") == strconv.Itoa(n)
}

// confirm asks a question on the terminal. Without one, or at the end of
// input, the answer is no.
func (e *env) confirm(ctx context.Context, question, otherwise string) error {
	if !e.mayPrompt() {
		return fmt.Errorf("there is no terminal to ask on: %s", otherwise)
	}
	fmt.Fprintf(e.stderr, "%s [y/N] ", question)
	answer, err := e.readLine(ctx)
	if !strings.HasSuffix(answer, "\n") {
		fmt.Fprintln(e.stderr) // the cursor still stands behind the question
	}
	if err != nil {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return errDeclined
}
